// SPDX-License-Identifier: ISC
#include "chatd/handler/typed/chat_option.hh"

#include "common/text.hh"

#include <algorithm>
#include <utility>

using namespace common;

namespace chatd {

void ChatOption::begin(const Hello& hello) {
    told_.emplace(Told{.is_plain = hello.is_plain});
    TelnetDialect* const telnet = output_.telnet();
    if (hello.is_plain && telnet != nullptr) telnet->edited_line().be_plain();
}

void ChatOption::tell_question(Asked asked) {
    tell_progress();
    tell_asked(asked);
}

void ChatOption::tell_name() { tell_asked(Asked::nothing); }

void ChatOption::tell_asked(Asked asked) {
    if (!told_) return;
    const bool is_inside = asked == Asked::nothing;
    if (is_inside && !hub_.announces()) hub_.announce_from(0);
    output_.append(
        encode(SessionMessage::asks,
               text(static_cast<char>(asked), is_inside ? output_.display().own_name() : std::string{})));
}

void ChatOption::be_client(std::uint64_t number) {
    if (!told_) return;
    if (std::exchange(told_->client, number) != number) told_->mark_is_due = true;
}

void ChatOption::look_for_own() {
    if (!told_) return;
    told_->looks = true;
    output_.append(encode_own(true));
}

void ChatOption::tell_own(const Record& record) {
    if (record.kind != Kind::said || record.name != output_.display().own_name()) return;
    output_.append(encode_said(record.speaker, record.serial, record.text));
}

void ChatOption::look_through(std::uint32_t room) {
    if (told_) told_->looked_through.push_back(room);
}

// Of a return, not before all of its rooms are there.
bool ChatOption::has_looked() const {
    if (hub_.request() && hub_.request()->what == Message::resume) return false;
    return std::all_of(told_->looked_through.begin(), told_->looked_through.end(),
                       [this](std::uint32_t room) { return rooms_.has_passed_joining(room); });
}

void ChatOption::tell_token(std::string_view token) { output_.append(encode(SessionMessage::token, token)); }

void ChatOption::tell_progress() {
    if (!told_) return;
    const bool has_shown = output_.size() > told_->placed;
    tell_count();
    std::string place = rooms_.place();
    if (place != told_->place || has_shown) {
        output_.append(encode(SessionMessage::place, place));
        told_->place = std::move(place);
        told_->placed = output_.size();
    }
    if (told_->looks && has_looked()) {
        output_.append(encode_own(false));
        told_->looks = false;
        told_->looked_through.clear();
    }
    if (!output_.end() || std::exchange(told_->end, true)) return;
    output_.append(encode(SessionMessage::over, std::string(1, static_cast<char>(*output_.end()))));
}

void ChatOption::tell_count() {
    if (!hub_.is_waiting() && !lookup_.holds_client()) input_.settle_count();
    const bool is_same = input_.settled() == told_->dealt && told_->refused == told_->told_refused;
    if (told_->client != 0 && (!is_same || told_->mark_is_due)) {
        output_.append(encode_mark({input_.settled(), told_->client, hub_.unanswered_serial() - 1}));
        told_->mark_is_due = false;
    }
    if (is_same) return;
    told_->dealt = input_.settled();
    told_->told_refused = told_->refused;
    output_.append(encode_dealt(told_->dealt, told_->refused));
}

void ChatOption::note_written() {
    if (told_) told_->placed = output_.size();
}

void ChatOption::count_refusal() {
    if (told_) ++told_->refused;
}

void ChatOption::resume(std::uint64_t counted) {
    if (!told_) return;
    input_.count_from(counted);
    hub_.announce_from(counted);
    told_->dealt = counted;
    output_.append(encode_dealt(counted, 0));
}

} // namespace chatd
