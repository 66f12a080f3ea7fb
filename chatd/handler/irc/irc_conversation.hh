// SPDX-License-Identifier: ISC
// The conversation with a client of IRC: its commands are what they are in the Modern IRC documents, a room
// is a channel of its name behind a #, and what IRC has no word for is told in words. Its parts act on it,
// and so do its commands (irc_commands.hh). Run by handlers, which trust the hub and nothing that the client
// sends.
//
// A command may ask the hub several things, one after the other: those wait as steps. Only when all is
// answered, the command is, and the next line is looked at.
#pragma once

#include "chatd/handler/conversation.hh"
#include "chatd/handler/irc/accounts.hh"
#include "chatd/handler/irc/capabilities.hh"
#include "chatd/handler/irc/client_line.hh"
#include "chatd/handler/irc/deeds.hh"
#include "chatd/handler/irc/history.hh"
#include "chatd/handler/irc/irc_input.hh"
#include "chatd/handler/irc/irc_registration.hh"
#include "chatd/handler/irc/places.hh"
#include "chatd/handler/irc/record_lines.hh"
#include "chatd/handler/irc/replies.hh"
#include "chatd/handler/irc/silence.hh"
#include "chatd/handler/irc/stamps.hh"
#include "chatd/handler/irc/steps.hh"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace chatd::irc {

class IrcConversation : public Conversation {
public:
    // lines_at_once: that may go to the hub together; 0: no limit. has_accounts: names may have passwords.
    IrcConversation(const HandlerSide& side, std::size_t lines_at_once, bool has_accounts);

    Intake& intake() override { return input; }
    bool read() override;
    bool obey_next() override;
    bool has_more() const override { return !steps_.is_empty() || is_answering_ || input.has_more(); }
    bool is_busy() const override { return Conversation::is_busy() || history.is_running(); }
    bool serve() override;
    bool was_asked_for() const override { return is_asked_for_; }
    std::optional<Clock::time_point> waits_until() const override;
    void prepare_output() override {
        places.end_earlier_where([this](std::uint32_t room) { return rooms.has_passed_joining(room); });
        if (!deeds.are_waiting() || is_entering_ || !rooms.has_caught_up()) return;
        for (std::size_t told = deeds.tell(replies); told > 0; --told) hub.take_told(0, 0);
    }
    bool is_working() const override { return history.is_running(); }
    bool work() override { return history.go_on(); }
    bool holds_rooms() const override { return is_entering_; }

    void show(const RoomView& room, const Record& record, bool is_earlier) override;
    void lose_lines(const RoomView& room, std::uint64_t count) override;
    void lose_room(const std::string& name, bool was_current) override;

    void be_accepted(const HubRequest& request, const std::string& words) override;
    void be_refused(const HubRequest& request, Refusal why) override;
    void enter(const HubRequest& request, RoomView& room, const Entrance& entrance) override;
    void take_list(const HubRequest& request, const std::string& lines, bool is_last) override;
    void take_log(const HubRequest&, std::uint32_t segment, common::Fd log, std::uint64_t offset,
                  std::uint64_t) override {
        history.open(segment, std::move(log), offset);
    }
    void be_told(std::uint64_t from, std::string_view name, std::string_view words) override;
    void be_told_as(Telling how, std::string_view name, std::string_view words) override;
    void be_told_of(Deed deed, std::string_view name, std::string_view guest,
                    std::string_view words) override {
        deeds.take({deed, std::string{name}, std::string{guest}, std::string{words}, now_in_microseconds()});
    }
    void be_slowed(SlowedBy by, std::uint32_t lines, std::uint32_t seconds) override;
    void be_dismissed(Farewell why, const std::string& words) override;
    void part(Parting why, std::chrono::seconds idle) override;
    void tell_of_wait() override;

    // --- For commands.
    using Answers = irc::Answers;
    // about: whom or what a refusal is about. packet: of a frame's make.
    void ask(Message what, std::string packet, std::string about, Answers answers);
    // The same for a request that has more than that.
    void ask(HubRequest request, std::string packet, Answers answers);
    // To be done when all that was asked is answered, before what was left to do earlier.
    void then(std::function<void()> step) { steps_.add(std::move(step)); }
    // The numeric of a refusal.
    void refuse(std::string_view about, Refusal why);
    // The last words, and the end. why: in ERROR.
    void finish(std::string_view why);

    // It has left the room, or the room is gone: nothing that is said there is shown any more.
    void leave(std::uint32_t room);
    // The rooms' records wait until what belongs to an entrance is told.
    void hold_rooms(bool hold) { is_entering_ = hold; }

    IrcInput input;
    Capabilities capabilities;
    Replies replies;
    Places places{replies};
    Echoes echoes;
    Accounts accounts;
    RecordLines records{capabilities, accounts};
    Deeds deeds{capabilities, records};
    IrcRegistration registration{*this};
    History history{*this};
    std::size_t lines_at_once;
    std::string real_name{};
    bool is_bot = false;   // user mode B
    std::string account{}; // that it has logged in to; empty: none
    Silence silence{Clock::now()};

private:
    void obey(const ClientLine& line);
    void end_command();

    Steps steps_;
    Answers answers_;
    bool is_answering_ = false; // a command
    bool is_asked_for_ = false; // the last line, by whoever sits there
    bool is_entering_ = false;
};

} // namespace chatd::irc
