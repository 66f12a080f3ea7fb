// SPDX-License-Identifier: ISC
#include "chatd/handler/typed/typing.hh"

#include "chatd/handler/typed/commands.hh"
#include "chatd/handler/typed/typed_conversation.hh"
#include "chatd/words.hh"
#include "common/text.hh"

#include <algorithm>
#include <array>
#include <utility>

using namespace common;

namespace chatd {
namespace {

bool is_command(std::string_view line) {
    return !line.empty() && line[0] == '/' && line.substr(0, 2) != "//";
}

// What a line says in a room, made harmless; no value for a command and for what is empty or too long. The
// hub does the same again: it trusts no handler.
std::optional<std::string> speech_of(const Line& line) {
    std::string_view words = line.text;
    if (line.too_long || words.empty() || is_command(words)) return {};
    if (words[0] == '/') words.remove_prefix(1);
    std::string harmless = neutralise(words);
    if (harmless.size() > max_text) return {};
    return harmless;
}

// What is secret stands in commands that have a code, a password or a token.
bool holds_secret(std::string_view line) {
    constexpr std::array<std::string_view, 3> commands{"/join", "/oper", "/resume"};
    return std::any_of(commands.begin(), commands.end(),
                       [&](std::string_view command) { return line.rfind(command, 0) == 0; });
}

std::string say_frame(std::string_view lines, std::uint32_t room, bool is_paste) {
    return SayFrame::make(lines, room, static_cast<std::uint8_t>(Kind::said),
                          static_cast<std::uint8_t>(is_paste ? 1 : 0));
}

} // namespace

void Paste::add(const Line& line) {
    if (fault_) return;
    const std::string words = line.text.empty() ? " " : neutralise(line.text);
    if (line.too_long || words.size() > max_text)
        fault_ = Phrase::paste_line_too_long;
    else if (lines_.size() + words.size() + 1 > max_batch || count_ == max_paste_lines)
        fault_ = Phrase::paste_too_long;
    if (fault_) return lines_.clear();
    lines_.append(count_++ == 0 ? "" : "\n").append(words);
}

void Typing::obey(const Line& line) {
    if (paste_) return line.text == "." && !line.too_long ? end_paste() : add_to_paste(line);
    using State = Registration::State;
    const State state = conversation_.registration.state();
    if (state == State::inside) return speak(line);
    // At the question for a code, a word that is not a command may be a code.
    const bool is_for_us = !line.too_long && ((state == State::asking_name && is_command(line.text)) ||
                                              (state == State::asking_code && is_known_command(line.text)));
    if (is_for_us) return obey_command(conversation_, line.text);
    conversation_.registration.answer(line);
}

// A person at chat(1) has the lines again when the connection breaks. A pipe may never end its paste, and
// waits until its lines are dealt with before it ends.
void Typing::begin_paste() {
    paste_.emplace();
    if (!conversation_.option.is_plain()) conversation_.input.hold_count();
}

void Typing::add_to_paste(const Line& line) {
    paste_->add(line);
    if (paste_->fault()) conversation_.input.release_count();
}

// In a room, or in none.
void Typing::speak(const Line& line) {
    TypedConversation& c = conversation_;
    const bool is_block = line.text.find('\n') != line.text.npos;
    if (line.too_long) {
        c.option.count_refusal();
        return is_block ? refuse_paste(Phrase::paste_too_long) : c.output.refuse(Refusal::text_too_long);
    }
    if (line.text.empty()) return;
    remember(line.text);
    if (is_block) return say_block(line.text);
    if (is_command(line.text)) return obey_command(c, line.text);
    if (c.rooms.current() == nullptr) {
        c.option.count_refusal();
        return c.output.say(Phrase::in_no_room);
    }
    if (std::optional<std::string> words = speech_of(line)) return say(*std::move(words));
    c.option.count_refusal();
    c.output.refuse(Refusal::text_too_long);
}

// For the history of the line editor, which is to hold nothing secret.
void Typing::remember(const std::string& line) {
    TelnetDialect* const telnet = conversation_.output.telnet();
    LineEditor* const editor = telnet == nullptr ? nullptr : telnet->edited_line().editor();
    if (editor != nullptr && !holds_secret(line)) editor->remember(line);
}

// Lines that have come together go to the hub together: a pipe's hundred cost what one costs.
void Typing::say(std::string lines) {
    TypedConversation& c = conversation_;
    for (std::size_t count = 1; count < most_lines_ && lines.size() + 1 + max_text <= max_batch; ++count) {
        std::optional<Line> next = c.input.next_line();
        if (!next) break;
        const std::optional<std::string> more = speech_of(*next);
        if (!more) {
            c.input.put_back(*std::move(next));
            break;
        }
        lines.append("\n").append(*more);
    }
    c.hub.ask(say_frame(lines, c.rooms.current_number(), false), {.what = Message::say});
}

void Typing::say_slashed(std::string_view line) {
    std::string words = neutralise(line);
    if (words.size() <= max_text) return say(std::move(words));
    conversation_.option.count_refusal();
    conversation_.output.refuse(Refusal::text_too_long);
}

// What an editor took as one paste: as between /paste and its dot.
void Typing::say_block(std::string_view lines) {
    paste_.emplace();
    for (const std::string& line : split_lines(lines)) paste_->add(Line{line});
    end_paste();
}

void Typing::end_paste() {
    const Paste whole = *std::move(paste_);
    paste_.reset();
    TypedConversation& c = conversation_;
    c.input.release_count();
    if (whole.fault()) return refuse_paste(*whole.fault());
    if (whole.count() == 0) return c.output.say(Phrase::paste_empty);
    if (c.rooms.current() == nullptr) return c.output.say(Phrase::in_no_room);
    c.hub.ask(say_frame(whole.lines(), c.rooms.current_number(), true), {.what = Message::say});
}

void Typing::refuse_paste(Phrase fault) {
    const bool is_line = fault == Phrase::paste_line_too_long;
    conversation_.output.say(fault, text(is_line ? max_text : max_batch), text(max_paste_lines));
}

} // namespace chatd
