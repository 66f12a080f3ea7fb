// SPDX-License-Identifier: ISC
#include "chatd/chat/chat_session.hh"

#include "common/errors.hh"
#include "common/text.hh"

#include <algorithm>

using namespace common;

namespace chatd {
namespace {

using telnet::Command;
using telnet::Option;
using telnet::Side;

constexpr std::size_t max_last_words = 1000;               // bytes
constexpr std::size_t max_unplaced = std::size_t{1} << 20; // bytes; a handler holds far fewer back

// The last line that has something in it.
std::string_view last_line(std::string_view words) {
    while (!words.empty() && (words.back() == '\n' || words.back() == '\r')) words.remove_suffix(1);
    return words.substr(words.find_last_of("\r\n") + 1);
}

} // namespace

void ChatSession::begin() {
    decoder_ = {};
    options_ = {};
    if (!profile_.is_plain) {
        for (const Option option : {Option::echo, Option::suppress_go_ahead, Option::binary})
            options_.allow(Side::theirs, option);
        for (const Option option :
             {Option::suppress_go_ahead, Option::binary, Option::window_size, Option::terminal_type})
            options_.allow(Side::ours, option);
    }
    asked_.reset();
    end_.reset();
    greeting_.clear();
    name_was_tried_ = code_was_tried_ = is_resuming_ = false;
    kept_out_.clear();
    out_ = options_.turn_on(Side::ours, Option::chat);
}

void ChatSession::lose() {
    out_.clear();
    unplaced_.clear(); // it is shown again, or was not whole
    asked_.reset();
    looks_for_own_ = false;
    refused_before_ = refused_;
    // What was an answer is asked again; what was typed inside is said when it is inside again.
    if (!backlog_.has_place())
        backlog_.lose_place(false);
    else if (token_.empty())
        backlog_.lose_place(true);
}

std::string ChatSession::hear(std::string_view bytes) {
    while (const auto event = decoder_.next(bytes)) {
        switch (event->kind) {
        case telnet::Event::Kind::data:
            if (!is_understood())
                greeting_ += event->bytes;
            else if (asked_) { // what came before is of a dialect that was not ours
                unplaced_ += event->bytes;
                last_words_ += event->bytes;
                last_words_.erase(0, last_words_.size() - std::min(last_words_.size(), max_last_words));
            }
            break;
        case telnet::Event::Kind::command: break;
        case telnet::Event::Kind::option: hear_option(event->command, event->option); break;
        case telnet::Event::Kind::subnegotiation:
            if (event->option == Option::terminal_type && options_.is_on(Side::ours, Option::terminal_type) &&
                telnet::asks_terminal_type(event->bytes))
                out_ += telnet::tell_terminal_type(profile_.terminal_type);
            if (const auto message = read_session(event->bytes);
                message && event->option == Option::chat && is_understood())
                hear_message(*message);
        }
    }
    if (unplaced_.size() > max_unplaced) placed_ += std::exchange(unplaced_, {});
    return std::exchange(placed_, {});
}

void ChatSession::hear_option(Command verb, Option option) {
    const bool was_understood = is_understood(),
               told_window = options_.is_on(Side::ours, Option::window_size);
    out_ += options_.receive(verb, option);
    if (!was_understood && is_understood()) { // then who we are is said, before anything else
        greeting_.clear();
        if (!profile_.is_plain)
            for (const Option each : {Option::window_size, Option::terminal_type, Option::binary})
                out_ += options_.turn_on(Side::ours, each);
        out_ += encode_hello({profile_.is_plain, profile_.language, token_, place_});
        is_resuming_ = !token_.empty();
    }
    if (!told_window && options_.is_on(Side::ours, Option::window_size)) resize(window_);
}

void ChatSession::hear_message(const SessionText& message) {
    const std::string_view body = message.body;
    switch (message.message) {
    case SessionMessage::asks: return be_asked(body);
    case SessionMessage::token:
        if (!body.empty() && body.size() <= max_token) token_ = body;
        return;
    case SessionMessage::place:
        if (is_inside() && body.size() <= max_place) place_ = body;
        placed_ += std::exchange(unplaced_, {});
        return;
    case SessionMessage::dealt: {
        if (body.size() != Dealt::size) return;
        const auto [bytes, refused] = Dealt::unpack(body);
        refused_ = refused_before_ + refused;
        if (std::exchange(is_resuming_, false)) return take_up(bytes);
        return backlog_.deal_with(bytes);
    }
    case SessionMessage::line:
        if (body.size() < Count::size) return;
        backlog_.note_line(std::get<0>(Count::unpack_from(body)), body.substr(Count::size));
        return;
    case SessionMessage::mark: {
        if (body.size() != MarkFields::size) return;
        const auto [bytes, client, serial] = MarkFields::unpack(body);
        if (looks_for_own_)
            next_mark_ = {bytes, client, serial};
        else
            backlog_.note_mark({bytes, client, serial});
        return;
    }
    case SessionMessage::own:
        if (body.size() == Flag::size) look_for_own(std::get<0>(Flag::unpack(body)));
        return;
    case SessionMessage::said:
        if (const auto said = read_said(body); said && looks_for_own_)
            backlog_.drop_said(*said, !profile_.is_plain);
        return;
    case SessionMessage::over:
        if (!body.empty()) end_ = static_cast<End>(body[0]);
        return;
    case SessionMessage::hello: return; // ours
    }
}

// Until that is done, nothing that was typed is said.
void ChatSession::look_for_own(bool looks) {
    if (looks == std::exchange(looks_for_own_, looks)) return;
    if (looks)
        next_mark_ = {};
    else {
        backlog_.note_mark(next_mark_);
        pump();
    }
}

// The place is ours again: what the server did not deal with is sent once more.
void ChatSession::take_up(std::uint64_t dealt) {
    asked_ = Asked::nothing;
    return_ = Return::resumed;
    was_inside_ = true;
    is_answered_ = false;
    out_ += telnet::encode_data(backlog_.take_up(dealt));
    backlog_.take_place(); // the connection may have broken before we had heard that we were inside
    pump();
}

void ChatSession::be_asked(std::string_view body) {
    if (body.empty()) return;
    const auto asked = static_cast<Asked>(body[0]);
    bool is_back = false; // and nobody knows how much was dealt with
    if (std::exchange(is_resuming_, false)) {
        backlog_.lose_place(true);
        is_back = asked == Asked::nothing;
        if (!is_back) token_.clear(); // it is good no more
    }
    asked_ = asked;
    is_answered_ = false;
    // A name may have been answered by a wish, with a password to follow.
    if (asked_ != Asked::name) is_at_secret_ = asked_ != Asked::nothing;
    name_was_ours_ = name_was_ours_ || asked_ == Asked::code || asked_ == Asked::nothing;
    const std::string_view name = body.substr(1);
    if (asked_ == Asked::nothing) {
        if (!name.empty() && name.size() <= max_name) profile_.name = name;
        if (was_inside_ && !backlog_.has_place()) return_ = is_back ? Return::resumed : Return::joined_again;
        was_inside_ = true;
        backlog_.take_place();
    }
    if (!answer_by_profile()) pump();
}

// By what was said on the command line, once on each connection. Throws where a pipe cannot go on.
bool ChatSession::answer_by_profile() {
    const auto refused = [&](std::string_view what) {
        return PeerError(text("the server does not accept the ", what, ": ", escape(last_line(last_words_))));
    };
    if (asked_ == Asked::name) {
        if (!profile_.name.empty() && !name_was_tried_) {
            name_was_tried_ = is_answered_ = true;
            return answer(profile_.name), true;
        }
        if (!profile_.is_plain || !name_was_tried_) return false;
        const PeerError fault = refused(text("name ", escape(profile_.name)));
        if (!name_was_ours_) throw fault;
        kept_out_ = fault.what();
        return is_answered_ = true;
    }
    if (asked_ == Asked::code) {
        if (profile_.code && !code_was_tried_) {
            code_was_tried_ = is_answered_ = true;
            return answer(*profile_.code), true;
        }
        if (profile_.is_plain && code_was_tried_) throw refused("room's code");
    }
    if (asked_ == Asked::password && profile_.is_plain)
        throw PeerError(text("the name ", escape(profile_.name),
                             " has a password, which has to be typed at a terminal: choose another name"));
    return false;
}

void ChatSession::answer(std::string_view line) { say(text(line, profile_.is_plain ? '\n' : '\r')); }

// What waits until it can be said: inside, or, of a pipe, a line for each question.
void ChatSession::pump() {
    if (!asked_ || is_resuming_ || is_answered_) return;
    if (is_inside() && looks_for_own_) return;
    if (is_inside()) return say(backlog_.take_held());
    if (!profile_.is_plain || was_inside_) return;
    if (input_ended_ && backlog_.holds_nothing() && asked_ == Asked::name)
        throw PeerError("the server asks for a name: give one, as in NAME@HOST");
    const std::optional<std::string> line = backlog_.take_line(input_ended_);
    if (!line) return;
    (asked_ == Asked::name ? profile_.name : profile_.code.emplace()) = *line;
    (asked_ == Asked::name ? name_was_tried_ : code_was_tried_) = true;
    is_answered_ = true;
    answer(*line);
}

bool ChatSession::type(std::string_view keys) {
    if (profile_.is_plain) {
        backlog_.hold(keys);
        pump();
        return true;
    }
    if (!backlog_.has_room()) return false;
    if (is_inside() && looks_for_own_) return backlog_.hold(keys), true;
    if (asked_ && !is_resuming_) return say(keys), true;
    if (!was_inside_ || is_at_secret_) return false; // the rest of a password is not said in a room
    backlog_.keep(keys);
    return true;
}

void ChatSession::end_input() {
    input_ended_ = true;
    pump();
}

void ChatSession::say(std::string_view keys) {
    backlog_.add(keys);
    out_ += telnet::encode_data(keys);
}

void ChatSession::resize(telnet::WindowSize size) {
    window_ = size;
    if (options_.is_on(Side::ours, Option::window_size)) out_ += telnet::tell_window_size(size);
}

void ChatSession::ask_whether_there() { out_ += telnet::encode(Command::do_it, Option::timing_mark); }

} // namespace chatd
