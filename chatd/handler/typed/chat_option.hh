// SPDX-License-Identifier: ISC
// The handler's end of chat(1)'s telnet option: it tells chat explicitly what is asked and how far
// things have come, so that chat can resume a connection that breaks (session_option.hh). While the client
// is not chat, nothing is told. Run by handlers, which trust nothing the client sends.
#pragma once

#include "chatd/handler/followed_rooms.hh"
#include "chatd/handler/hub_talk.hh"
#include "chatd/handler/typed/client_input.hh"
#include "chatd/handler/typed/lookup.hh"
#include "chatd/terminal/session_option.hh"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace chatd {

class ChatOption {
public:
    ChatOption(ClientOutput& output, ClientInput& input, HubTalk& hub, const FollowedRooms& rooms,
               const Lookup& lookup)
        : output_(output), input_(input), hub_(hub), rooms_(rooms), lookup_(lookup) {}

    // The client has said that it is chat.
    void begin(const Hello& hello);
    bool is_on() const { return told_.has_value(); }
    bool is_plain() const { return told_ && told_->is_plain; } // chat between pipes

    // Tells the progress, then what is asked; if nothing is, the client's name goes with it.
    void tell_question(Asked asked);
    void tell_name(); // it is another one now
    void tell_token(std::string_view token);
    // Its lines stand in the logs under this number.
    void be_client(std::uint64_t number);
    // It was here on an earlier connection, and nobody knows what of its own was dealt with then: it is told
    // which of the lines since then may be its own. Before it is told that it is inside.
    void look_for_own();
    bool looks_for_own() const { return told_ && told_->looks; }
    // A line of a room from before its joining, which is its own if its name is.
    void tell_own(const Record& record);
    // In this room, too, up to its joining.
    void look_through(std::uint32_t room);
    // After all that was shown: how far that is, how many of the client's bytes were dealt with, and whether
    // this is the end.
    void tell_progress();
    // Notes that what output still holds has not been written.
    void note_written();

    // A line was refused.
    void count_refusal();
    // So many bytes were dealt with on the connection before; the count goes on from there.
    void resume(std::uint64_t counted);

private:
    void tell_asked(Asked asked);
    void tell_count();
    bool has_looked() const;

    struct Told {
        bool is_plain = false;
        std::uint64_t dealt = 0;                     // of its bytes
        std::uint64_t refused = 0, told_refused = 0; // lines
        std::string place{};
        std::size_t placed = 0; // bytes of the output that stand before a place
        bool end = false;
        std::uint64_t client = 0;
        bool mark_is_due = false;
        bool looks = false;
        std::vector<std::uint32_t> looked_through{}; // rooms
    };

    ClientOutput& output_;
    ClientInput& input_;
    HubTalk& hub_;
    const FollowedRooms& rooms_;
    const Lookup& lookup_;
    std::optional<Told> told_; // no value: the client is not chat
};

} // namespace chatd
