// SPDX-License-Identifier: ISC
// The conversation with a client that people type at, line by line, over the dialects line and telnet: it is
// asked for a name and a code, says lines and commands, and is shown words in its language. Its parts, each
// of which knows those before it; commands and typed lines act on all of them. Run by handlers, which trust
// the hub and nothing that the client sends.
#pragma once

#include "chatd/handler/conversation.hh"
#include "chatd/handler/typed/chat_option.hh"
#include "chatd/handler/typed/client_input.hh"
#include "chatd/handler/typed/client_output.hh"
#include "chatd/handler/typed/completer.hh"
#include "chatd/handler/typed/lookup.hh"
#include "chatd/handler/typed/registration.hh"
#include "chatd/handler/typed/typing.hh"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace chatd {

class TypedConversation : public Conversation {
public:
    // language: until the client chooses; lines_at_once: that may go to the hub together, 0: no limit.
    TypedConversation(const HandlerSide& side, const Catalogues& catalogues, Language language,
                      std::size_t lines_at_once);

    void begin() override { registration.ask_for_name(); }
    Intake& intake() override { return output.dialect(); }
    bool read() override;
    bool obey_next() override;
    bool has_more() const override { return input.has_lines(); }
    bool is_busy() const override { return hub.is_waiting() || lookup.holds_client(); }
    bool serve() override;
    std::optional<Clock::time_point> waits_until() const override { return output.dialect().waits_until(); }
    void prepare_output() override;
    void note_written() override { option.note_written(); }

    bool is_working() const override { return lookup.is_running(); }
    bool work() override { return lookup.go_on(); }
    bool holds_rooms() const override { return lookup.holds_rooms(); }

    void settle() override { input.settle_count(); }
    std::uint64_t settled() const override { return input.settled(); }

    void show(const RoomView& room, const Record& record, bool is_earlier) override;
    void lose_lines(const RoomView& room, std::uint64_t count) override;
    void lose_room(const std::string& name, bool was_current) override;
    IgnoredPeople* ignored() override { return &output.display().taste(); }

    void be_accepted(const HubRequest& request, const std::string& words) override;
    void be_refused(const HubRequest& request, Refusal why) override;
    void enter(const HubRequest& request, RoomView& room, const Entrance& entrance) override {
        registration.enter(request, room, entrance);
    }
    void take_list(const HubRequest& request, const std::string& lines, bool is_last) override;
    void take_log(const HubRequest& request, std::uint32_t segment, common::Fd log, std::uint64_t offset,
                  std::uint64_t next) override;
    void resume(const HubRequest&, const std::string& name, std::uint64_t counted) override {
        registration.resume(name, counted);
    }

    void be_told(std::uint64_t from, std::string_view name, std::string_view words) override;
    void take_token(const std::string& token) override { registration.take_token(token); }
    void be_slowed(SlowedBy by, std::uint32_t lines, std::uint32_t seconds) override;
    void tell_next_hub() override { registration.repeat_seen(); }

    void be_dismissed(Farewell why, const std::string& words) override;
    void part(Parting why, std::chrono::seconds idle) override;
    void tell_of_wait() override { output.say(Phrase::hub_is_slow); }

    ClientOutput output;
    ClientInput input{output};
    Lookup lookup{output, hub};
    ChatOption option{output, input, hub, rooms, lookup};
    Registration registration{output, input, hub, option};
    Completer completer{output, hub, rooms, registration};
    Typing typing{*this};
    std::uint64_t last_teller = 0; // who told this client something last; 0: nobody
};

} // namespace chatd
