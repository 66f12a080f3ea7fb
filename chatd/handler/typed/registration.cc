// SPDX-License-Identifier: ISC
#include "chatd/handler/typed/registration.hh"

#include "common/text.hh"

#include <algorithm>
#include <array>
#include <utility>

using namespace common;

namespace chatd {
namespace {

// For one that is too long, and so can only be wrong; the hub counts it, so it is asked. No line has it.
constexpr std::string_view no_secret = "\n";

} // namespace

void Registration::ask(Asked asked) {
    option_.tell_question(asked);
    output_.ask(asked);
}

void Registration::ask_for_name() { ask(Asked::name); }

void Registration::ask_again() {
    if (tries_left_ == 0) return output_.finish();
    switch (state_) {
    case State::asking_name: return ask(Asked::name);
    case State::asking_password: return ask(Asked::password);
    case State::asking_code: return ask(Asked::code);
    case State::inside: return;
    }
}

void Registration::answer(const Line& line) {
    switch (state_) {
    case State::asking_name:
        if (!line.too_long && line.text.size() <= max_name)
            return hub_.ask(NameFrame::make(line.text), {.what = Message::name});
        output_.refuse(Refusal::name_too_long, tries_left_);
        return ask_again();
    case State::asking_password: {
        if (line.text.empty() && !line.too_long) {
            state_ = State::asking_name;
            return ask_again();
        }
        const bool is_too_long = line.too_long || line.text.size() > max_code;
        return hub_.ask(LoginFrame::make(is_too_long ? no_secret : line.text), {.what = Message::login});
    }
    case State::asking_code: {
        std::string_view code = line.too_long ? no_secret : line.text;
        if (code.substr(0, 2) == "//") code.remove_prefix(1); // as in a room
        return hub_.ask(EnterFrame::make(code.substr(0, max_code), std::uint8_t{0}),
                        {.what = Message::enter});
    }
    case State::inside: return;
    }
}

void Registration::begin_session(std::string_view bytes) {
    const std::optional<SessionText> said = read_session(bytes);
    if (!said || said->message != SessionMessage::hello) return;
    const std::optional<Hello> hello = read_hello(said->body);
    if (!hello || option_.is_on() || state_ != State::asking_name || hub_.is_waiting()) return;
    option_.begin(*hello);
    const std::optional<Language> language = find_language(hello->language);
    const bool is_known = hello->language.empty() || (language && output_.display().set_language(*language));
    place_ = hello->place;
    if (hello->token.empty()) {
        tell_seen();
        ask(Asked::name);
    } else
        hub_.ask(ResumeFrame::make(text(hello->token, hello->place), std::uint64_t{0}, counts_or_looks,
                                   static_cast<std::uint8_t>(hello->token.size())),
                 {.what = Message::resume});
    if (!is_known)
        output_.say(Phrase::no_language, escape(hello->language, 32), output_.display().known_languages());
}

// It enters as a newcomer; but what it was shown before is not shown once more, and nothing is left out.
void Registration::tell_seen() {
    if (place_.empty()) return;
    hub_.tell(SeenFrame::make(place_));
    has_told_seen_ = true;
}

void Registration::repeat_seen() {
    if (has_told_seen_ && !is_inside()) tell_seen();
}

// Nobody is there to be greeted: it says so, has sent its next line before it was asked, or sends no more.
bool Registration::is_for_a_program() {
    is_script_ = is_script_ || input_.has_ended() || input_.has_lines();
    return is_script_ || is_bot_ || option_.is_plain();
}

void Registration::look_at_rooms(Why why) {
    why_ = why;
    open_rooms_ = {};
    hub_.ask(RoomsFrame::make({}, std::uint32_t{0}), {.what = Message::rooms});
}

bool Registration::take_room(std::string_view row) {
    if (state_ != State::asking_code) return true;
    OpenRooms& open = open_rooms_;
    const std::string_view name = row.substr(0, row.find('\t'));
    const std::string_view rest = row.substr(std::min(name.size() + 1, row.size()));
    if (rest.substr(0, rest.find('\t')).find('f') != rest.npos) open.first = name;
    if (++open.count <= max_present) open.names += text(open.count == 1 ? "" : ", ", name);
    if (open.count == max_present + 1) open.names += ", ...";
    return why_ == Why::rooms;
}

// Before the question for a code, or when somebody asked what it is about.
void Registration::describe_rooms() {
    if (state_ != State::asking_code) return;
    const OpenRooms& open = open_rooms_;
    if (why_ == Why::help) output_.say(Phrase::code_help);
    if (why_ != Why::greeting && open.count == 0) output_.say(Phrase::no_open_rooms);
    if (why_ != Why::rooms && !open.first.empty()) output_.say(Phrase::enter_alone, open.first);
    if (why_ != Why::rooms && open.count > (open.first.empty() ? 0 : 1))
        output_.say(Phrase::open_rooms, open.names, text(open.count));
    ask_again();
}

void Registration::accept_name(const std::string& name) {
    output_.display().set_own_name(name);
    state_ = State::asking_code;
    if (is_for_a_program())
        ask_again();
    else
        look_at_rooms(Why::greeting);
}

void Registration::refuse(const HubRequest& request, Refusal why) {
    if (why == Refusal::password_needed) {
        state_ = State::asking_password;
        return ask(Asked::password);
    }
    if (why == Refusal::help_wanted) return look_at_rooms(Why::help);
    if (request.what == Message::login) return refuse_login(why);
    if (is_inside() && request.what != Message::resume) option_.count_refusal();
    if (!is_inside() && request.what == Message::resume) tell_seen();
    if (!is_inside() && (why == Refusal::wrong_code || why == Refusal::wrong_token)) --tries_left_;
    // Inside, the number of tries is the hub's to count.
    if (is_inside() && why == Refusal::wrong_code)
        output_.say(Phrase::wrong_code);
    else
        output_.refuse(why, tries_left_);
    // Nobody could be asked whether the name has a password, which may be what was sent ahead.
    if (request.what == Message::name && why == Refusal::not_now) drop_answers();
    ask_again();
}

// What the client has sent ahead was meant for other questions than those that it is asked now: a password or
// a code would be taken for a name, which all others see.
void Registration::drop_answers() {
    if (input_.drop()) output_.say(Phrase::answers_dropped);
}

// What is typed next may be the password once more, so it is not taken for a name.
void Registration::refuse_login(Refusal why) {
    constexpr std::array about_password{Refusal::wrong_password, Refusal::held_off, Refusal::not_now};
    const bool is_about_password =
        std::find(about_password.begin(), about_password.end(), why) != about_password.end();
    output_.refuse(why, tries_left_);
    if (why != Refusal::wrong_password) drop_answers();
    if (is_about_password)
        output_.say(Phrase::another_name);
    else
        state_ = State::asking_name;
    ask_again();
}

void Registration::enter(const HubRequest& request, RoomView& room, const Conversation::Entrance& entrance) {
    if (is_bot_) room.hide_earlier();
    const bool is_return = request.what == Message::resume;
    const bool was_here = !is_inside() && has_told_seen_ && !entrance.is_newcomer;
    if (was_here) option_.look_for_own();
    if (was_here || (is_return && option_.looks_for_own())) {
        room.tell_own();
        option_.look_through(room.number());
    }
    state_ = State::inside;
    option_.be_client(room.client());
    if (option_.is_on() && is_return) return; // it never left
    if (option_.is_plain() && entrance.is_newcomer) room.hide_earlier();
    ask(Asked::nothing);
    output_.say(Phrase::entered, room.name());
    if (!entrance.topic.empty()) output_.say(Phrase::topic_is, room.name(), entrance.topic);
    if (!is_return && !is_for_a_program()) greet(entrance.present, entrance.others);
    tell_token();
}

// others: how many there are, of whom those present are the first.
void Registration::greet(const std::vector<std::string>& present, std::uint32_t others) {
    std::string names;
    for (const std::string& name : present) names += text(names.empty() ? "" : ", ", name);
    if (others == 0)
        output_.say(Phrase::nobody_present);
    else if (others == present.size())
        output_.say(Phrase::present, names);
    else
        output_.say(Phrase::present_and_more, names, text(others - present.size()));
}

void Registration::resume(const std::string& name, std::uint64_t counted) {
    if (is_inside()) return; // it comes again, from a hub that follows the one that was asked
    state_ = State::inside;
    output_.display().set_own_name(name);
    if (counted == unknown_count)
        option_.look_for_own();
    else
        option_.resume(counted);
    ask(Asked::nothing);
    // A chat(1) that is asked at once takes the token that it came with for lost, and the new one, too.
    if (counted == unknown_count) option_.tell_token(token_);
    if (option_.is_on()) return;
    output_.say(Phrase::welcome_back, name);
    if (!hub_.is_waiting()) tell_token();
}

void Registration::take_token(const std::string& token) {
    token_ = token;
    if (option_.is_on()) option_.tell_token(token);
}

void Registration::tell_token() {
    if (!option_.is_on() && !token_.empty()) output_.say(Phrase::token_is, std::exchange(token_, {}));
}

} // namespace chatd
