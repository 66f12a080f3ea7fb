// SPDX-License-Identifier: ISC
#include "chatd/handler/irc/replies.hh"

#include "chatd/handler/irc/client_line.hh"
#include "chatd/handler/irc/names.hh"
#include "chatd/handler/irc/text_parts.hh"
#include "common/text.hh"

#include <algorithm>
#include <utility>

namespace chatd::irc {
namespace {

// Bytes of a word in an answer, which the client may have sent: a name in a mask has fewer, and three of that
// many leave room for what is said about them.
constexpr std::size_t most_repeated = 135;

} // namespace

void Replies::begin(std::string_view label) {
    held_.reset();
    batch_.clear();
    label_.clear();
    if (label.size() <= max_label && capabilities_.has(Capability::labeled_response)) label_ = label;
}

void Replies::end() {
    if (label_.empty()) return;
    if (!batch_.empty())
        event(ServerLine(server_word, "BATCH").word('-' + batch_));
    else if (held_)
        event(held_->tag("label", label_));
    else
        acknowledge(label_);
    begin({});
}

void Replies::acknowledge(std::string_view label) {
    event(ServerLine(server_word, "ACK").tag("label", label));
}

void Replies::answer(ServerLine line) {
    if (label_.empty()) return event(line);
    if (!held_ && batch_.empty()) {
        held_ = std::move(line);
        return;
    }
    if (held_) {
        batch_ = common::text("a", ++batches_);
        event(ServerLine(server_word, "BATCH")
                  .word('+' + batch_)
                  .word("labeled-response")
                  .tag("label", label_));
        event(held_->tag("batch", batch_));
        held_.reset();
    }
    event(line.tag("batch", batch_));
}

ServerLine Replies::begin_numeric(Numeric number, std::initializer_list<std::string_view> params) const {
    ServerLine line{server_word, digits_of(number)};
    line.word(nick_);
    for (const std::string_view param : params) line.word(beginning_of(param, most_repeated));
    return line;
}

void Replies::numeric(Numeric number, std::initializer_list<std::string_view> params) {
    numeric(number, params, words_of(number));
}

void Replies::numeric(Numeric number, std::initializer_list<std::string_view> params,
                      std::string_view words) {
    ServerLine line = begin_numeric(number, params);
    line.text(words);
    answer(std::move(line));
}

void Replies::bare_numeric(Numeric number, std::initializer_list<std::string_view> params) {
    answer(begin_numeric(number, params));
}

void Replies::fail(std::string_view command, std::string_view code, const std::vector<std::string>& context,
                   std::string_view words) {
    // Who asks for history that way knows how it is refused.
    if (!capabilities_.has(Capability::standard_replies) && !capabilities_.has(Capability::chathistory))
        return notice(words);
    ServerLine line{server_word, "FAIL"};
    line.word(command).word(code);
    for (const std::string& word : context) line.word(beginning_of(word, most_repeated));
    line.text(words);
    answer(std::move(line));
}

void Replies::notice(std::string_view words) {
    ServerLine line{server_word, "NOTICE"};
    line.word(nick_).text(words);
    answer(std::move(line));
}

std::string Replies::begin_batch(std::string_view type, std::string_view about, std::string_view label) {
    if (!capabilities_.has(Capability::batch)) return {};
    std::string batch = common::text("a", ++batches_);
    ServerLine line{server_word, "BATCH"};
    line.word('+' + batch).word(type);
    if (!about.empty()) line.word(about);
    if (!label.empty()) line.tag("label", label);
    event(line);
    if (!label.empty()) take_label();
    return batch;
}

void Replies::batch_event(const std::string& batch, ServerLine line) {
    event(batch.empty() ? line : line.tag("batch", batch));
}

void Replies::end_batch(const std::string& batch) {
    if (!batch.empty()) event(ServerLine(server_word, "BATCH").word('-' + batch));
}

std::string Echoes::expect(Echo echo) {
    std::string lost;
    if (all_.size() == most) {
        lost = std::move(all_.front().label);
        all_.erase(all_.begin());
    }
    all_.push_back(std::move(echo));
    return lost;
}

std::vector<std::string> Echoes::forget(std::uint32_t room) {
    std::vector<std::string> labels;
    for (const Echo& echo : all_)
        if (echo.room == room) labels.push_back(echo.label);
    std::erase_if(all_, [&](const Echo& echo) { return echo.room == room; });
    return labels;
}

std::string Echoes::take(std::uint32_t serial) {
    const auto found =
        std::find_if(all_.begin(), all_.end(), [&](const Echo& echo) { return echo.serial == serial; });
    if (found == all_.end()) return {};
    std::string label = std::move(found->label);
    all_.erase(found);
    return label;
}

} // namespace chatd::irc
