// SPDX-License-Identifier: ISC
// The rooms that a client is in, as its handler follows them: their logs are read while the client takes what
// they look like, the next segment is asked for at the end of one, and the handler sleeps when all is read.
// Run by handlers.
#pragma once

#include "chatd/handler/client_socket.hh"
#include "chatd/handler/hub_talk.hh"
#include "chatd/handler/room_view.hh"
#include "chatd/sleep_word.hh"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace chatd {

class Conversation;

class FollowedRooms {
public:
    // page: the status page that the handler shares with the hub.
    FollowedRooms(const ClientSocket& client, HubTalk& hub, std::span<std::byte> page)
        : client_(client), hub_(hub), sleep_(page) {}
    // What is read of the rooms is shown to it. Before the first room is entered.
    void show_to(Conversation& conversation) { conversation_ = &conversation; }

    // What may be read is shown, as far as it can be without waiting; whether anything was done.
    bool follow();
    // Asks for the next segment of a room that is at the end of one, if it can; whether it did.
    bool ask_for_segments();
    // Its answer: the log of the room that was asked about goes on in this segment.
    void go_on(std::uint32_t room, std::uint32_t segment, common::Fd log, std::uint64_t offset);
    // Passes over all lines of the room before this one; how many those are.
    std::uint64_t skip(std::uint32_t room, std::uint64_t line, std::uint32_t segment, common::Fd log,
                       std::uint64_t offset);
    // Reads the current room on, so that what was said just now is shown.
    void catch_up();

    // The hub has written something.
    void wake();
    // Whether this handler can sleep: then the hub has written nothing since the logs were read, and wakes it
    // when it has. If not, there is something to do first.
    bool prepare_to_sleep();
    bool is_in_any() const { return !views_.empty(); }
    bool has_caught_up() const;
    bool has_read_all() const; // and no segment is to come

    // The new room is the current one.
    RoomView& enter(const RoomView::Start& start, const std::string& name, common::Fd log);
    // Its name. If it was the current one, the one that was entered last is that now.
    std::string leave(std::uint32_t room);
    void make_current(const RoomView& view) { current_ = view.number(); }
    bool is_current(const RoomView& view) const { return view.number() == current_; }
    // The room that is spoken in; nullptr: none.
    RoomView* current() { return find(current_); }
    std::uint32_t current_number() const { return current_; } // 0: none
    const RoomView& next_behind_current() const;              // when there is a current one
    RoomView* find(std::string_view name);
    bool follows(std::uint32_t room) { return find(room) != nullptr; }
    // Whether what is earlier than its joining is behind it, or the room is left.
    bool has_passed_joining(std::uint32_t room) const;
    // How far each has been shown, as a row of PlaceRoom.
    std::string place() const;

private:
    RoomView* find(std::uint32_t number);
    bool follow(RoomView& view);
    bool ask_for_segment(RoomView& view);
    bool hears_hub_before(RoomView& view, const Record& record);

    const ClientSocket& client_;
    HubTalk& hub_;
    Conversation* conversation_ = nullptr;
    SleepWord sleep_;
    std::vector<std::unique_ptr<RoomView>> views_; // in the order of entering
    std::uint32_t current_ = 0;
};

} // namespace chatd
