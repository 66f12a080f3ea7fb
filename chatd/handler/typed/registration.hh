// SPDX-License-Identifier: ISC
// How a client comes in: the questions for name, password and code, what the rooms are that it may enter, and
// how it is welcomed, or taken back after its connection broke. Run by handlers; the hub decides.
#pragma once

#include "chatd/handler/conversation.hh"
#include "chatd/handler/hub_talk.hh"
#include "chatd/handler/room_view.hh"
#include "chatd/handler/typed/chat_option.hh"
#include "chatd/handler/typed/client_input.hh"
#include "common/line_reader.hh"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace chatd {

class Registration {
public:
    enum class State { asking_name, asking_password, asking_code, inside };
    enum class Why { greeting, help, rooms }; // one who is not let in yet is told of rooms

    Registration(ClientOutput& output, ClientInput& input, HubTalk& hub, ChatOption& option)
        : output_(output), input_(input), hub_(hub), option_(option) {}

    State state() const { return state_; }
    bool is_inside() const { return state_ == State::inside; }
    unsigned tries_left() const { return tries_left_; }

    void ask_for_name();
    // The question that the client is at once more; none inside. After the last try this is the end.
    void ask_again();
    // What the client has typed for it, commands excepted.
    void answer(const common::Line& line);
    // It is chat(1), and begins with this, once and before anything else; else it is passed over.
    void begin_session(std::string_view bytes);
    // It is a program, and greeted as one.
    void be_bot() { is_bot_ = true; }

    // Asks the hub for the rooms that the client may be told of; then it is asked for a code again.
    void look_at_rooms(Why why);
    // Of the hub's list, a row; whether it is shown.
    bool take_room(std::string_view row);
    void describe_rooms(); // the list is whole

    // What the hub has decided.
    void accept_name(const std::string& name);
    void refuse(const HubRequest& request, Refusal why);
    void enter(const HubRequest& request, RoomView& room, const Conversation::Entrance& entrance);
    void resume(const std::string& name, std::uint64_t counted);
    void take_token(const std::string& token); // to resume with
    // To a hub that follows another, as long as it matters.
    void repeat_seen();

private:
    void ask(Asked asked);
    void tell_seen();
    void refuse_login(Refusal why);
    void drop_answers();
    bool is_for_a_program();
    void greet(const std::vector<std::string>& present, std::uint32_t others);
    void tell_token();

    // The rooms that need no code.
    struct OpenRooms {
        std::string first; // by an empty line
        std::string names; // the first ones, with commas
        std::size_t count = 0;
    };

    ClientOutput& output_;
    ClientInput& input_;
    HubTalk& hub_;
    ChatOption& option_;

    State state_ = State::asking_name;
    unsigned tries_left_ = max_tries;
    Why why_ = Why::rooms;
    OpenRooms open_rooms_{};
    bool is_bot_ = false;
    bool is_script_ = false; // it sent its answers before it was asked
    std::string token_;      // to be shown when it is in a room
    std::string place_;      // of chat(1)'s earlier connection
    bool has_told_seen_ = false;
};

} // namespace chatd
