// SPDX-License-Identifier: ISC
// A conversation is what a handler and its client say to each other: what becomes of what the client sends,
// what it is told of its rooms and of what the hub says, and how it comes in. The handler keeps the rest,
// which every kind of client needs alike (HandlerSide). Kinds are folders: chatd/handler/typed is the one
// that people type in. main.cc makes it; the hub knows no kinds. Run by handlers, which trust the hub and
// nothing that the client sends.
#pragma once

#include "chatd/handler/client_socket.hh"
#include "chatd/handler/followed_rooms.hh"
#include "chatd/handler/hub_talk.hh"
#include "chatd/handler/ignored_people.hh"
#include "chatd/protocol.hh"

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace chatd {

// The handler's side, as its conversation sees it, which it outlives.
struct HandlerSide {
    ClientSocket& client;
    HubTalk& hub;
    FollowedRooms& rooms;
};

// Why a handler ends the conversation by itself.
enum class Parting {
    all_done,       // the client has ended its input, and was answered
    server_ended,   // the hub is gone, and none follows
    other_version,  // one follows that this handler cannot speak with
    asked_to_leave, // by a signal
    idle            // for the time that is given with it, in seconds
};

class Conversation {
public:
    using Clock = std::chrono::steady_clock;
    // From now on the rooms are shown to it.
    explicit Conversation(const HandlerSide& side) : client(side.client), hub(side.hub), rooms(side.rooms) {
        rooms.show_to(*this);
    }
    virtual ~Conversation() = default;
    Conversation(const Conversation&) = delete;
    Conversation& operator=(const Conversation&) = delete;

    // --- The client. What it is sent goes into ClientSocket::waiting.
    // Before anything has come.
    virtual void begin() {}
    virtual Intake& intake() = 0;
    // One read of what the client sends; whether anything came, or was understood in another way now.
    virtual bool read() { return client.read(intake()); }
    // Acts on the next thing that has come, a line say, if there is one whole; whether there was. To be
    // called only while it is not busy: answers come in the order of what is asked.
    virtual bool obey_next() = 0;
    // Whether that was the wish of whoever sits there: not a program's sign that it lives.
    virtual bool was_asked_for() const { return true; }
    virtual bool has_more() const = 0; // to obey, or what may be that yet
    // What is next has to wait: for the hub's answer to what is asked, say.
    virtual bool is_busy() const { return hub.is_waiting(); }
    // What the client wants beside that, and what has to be done at a time; whether anything was.
    virtual bool serve() { return false; }
    // When obey_next, serve or prepare_output has to be called again though nothing has come.
    virtual std::optional<Clock::time_point> waits_until() const { return {}; }
    // Puts what has changed behind what waits to be written. Then note_written: how much of it was.
    virtual void prepare_output() {}
    virtual void note_written() {}

    // --- Work that goes on between everything else, as a search in a log does.
    virtual bool is_working() const { return false; }
    virtual bool work() { return false; }              // a slice, without waiting; whether anything was done
    virtual bool holds_rooms() const { return false; } // what is new in them waits for it

    // --- For a client that counts what it sends, to go on there after a break: chat(1).
    virtual void settle() {} // nothing is under way: all that was taken is dealt with
    virtual std::uint64_t settled() const { return 0; } // bytes, at the last settle

    // --- The rooms.
    // A record of the room, which is for this client. earlier: than it came in.
    virtual void show(const RoomView& room, const Record& record, bool is_earlier) = 0;
    virtual void lose_lines(const RoomView& room, std::uint64_t count) = 0; // they are gone for good
    // The hub has closed the room, which is followed no more.
    virtual void lose_room(const std::string& name, bool was_current) = 0;
    // Whom the client does not want to hear. nullptr: it cannot say so.
    virtual IgnoredPeople* ignored() { return nullptr; }

    // --- What the hub answers to what this conversation has asked.
    // Only without a function of the request's own.
    virtual void be_accepted(const HubRequest& request, const std::string& words) = 0;
    virtual void be_refused(const HubRequest& request, Refusal why) = 0;
    struct Entrance {
        std::string topic{};                // empty: none
        std::vector<std::string> present{}; // the first of those who are there
        std::uint32_t others = 0;           // how many there are
        bool is_newcomer = false;           // no earlier line was missed
    };
    // The client is in the room, which is followed from now on, and the current one.
    virtual void enter(const HubRequest& request, RoomView& room, const Entrance& entrance) = 0;
    // A piece of a list: lines. The next one is asked for after it, unless it is the last.
    virtual void take_list(const HubRequest& request, const std::string& lines, bool is_last) = 0;
    // The log that was asked for, open where the line is, or the first one after it. next: the room's next.
    virtual void take_log(const HubRequest& request, std::uint32_t segment, common::Fd log,
                          std::uint64_t offset, std::uint64_t next) = 0;
    // It is taken for who it was on an earlier connection; `enter' follows for each of its rooms.
    virtual void resume(const HubRequest&, const std::string& /*name*/, std::uint64_t /*counted*/) {}

    // --- What the hub says unasked.
    virtual void be_told(std::uint64_t from, std::string_view name, std::string_view words) = 0;
    virtual void be_told_as(Telling, std::string_view /*name*/, std::string_view /*words*/) {}
    // Of what somebody in the same room has done; guest: whom it has invited.
    virtual void be_told_of(Deed, std::string_view /*name*/, std::string_view /*guest*/,
                            std::string_view /*words*/) {}
    virtual void take_token(const std::string&) {} // to resume with
    // What was asked waits, since it was too much.
    virtual void be_slowed(SlowedBy by, std::uint32_t lines, std::uint32_t seconds) = 0;
    // Another hub has followed, and knows what the last one had put by. What that does not know is told now.
    virtual void tell_next_hub() {}

    // --- Last words, after which the client is finished with: ClientSocket::finish.
    virtual void be_dismissed(Farewell why, const std::string& words) = 0;
    virtual void part(Parting why, std::chrono::seconds idle = {}) = 0;
    // Not the last: the hub may be another one soon, and so long it is silent.
    virtual void tell_of_wait() = 0;

    // The handler's side, for whatever acts on a conversation: its commands do.
    ClientSocket& client;
    HubTalk& hub;
    FollowedRooms& rooms;
};

} // namespace chatd
