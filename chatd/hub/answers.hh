// SPDX-License-Identifier: ISC
// What the hub answers a client's handler. A handler has one question open and drains its pair, so there is
// room for every answer, unless it misbehaves: then it is killed. An answer that the system itself does not
// let through, since too many descriptors of this user are on their way (unix(7), ETOOMANYREFS), is none of
// the handler's faults, and is sent a little later; and so is one that rests on a deposit which the keeper
// has no room for yet. Run by the hub.
#pragma once

#include "chatd/hub/client.hh"
#include "chatd/hub/deposits.hh"
#include "chatd/hub/people.hh"
#include "chatd/protocol.hh"
#include "common/fd.hh"
#include "common/loop.hh"

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace chatd {

class Answers {
public:
    // What becomes of a client whose handler gets no answer, when the present work is done.
    struct Faults {
        std::function<void(const Client&, std::string_view why)> kill;
        std::function<void(const Client&)> doubt; // it seems to have ended
    };
    // loop, people and deposits must outlive this.
    Answers(common::Loop& loop, People& people, Deposits& deposits, Faults faults)
        : loop_(loop), people_(people), deposits_(deposits), faults_(std::move(faults)) {}
    Answers(Answers&) = delete;
    Answers& operator=(Answers&) = delete;

    // A frame, with a descriptor when passed is one. Nothing for a client whose handler is gone already. What
    // the system does not let through is tried again for 10 s, and then the handler is killed.
    void send(const Client& client, std::string_view frame, int passed = -1);
    // The same for what it has asked. What the request has changed is deposited first.
    void answer(Client& client, std::string_view frame, int passed = -1);
    // What an earlier hub has answered to the last request, which may have been lost: once more.
    void repeat(const Client& client, std::string_view frame, int passed = -1) {
        deposits_.note_settled(client.number);
        send(client, frame, passed);
    }
    // It is done; words: what there is to say of it.
    void confirm(Client& client, std::string_view words = {});
    void refuse(Client& client, Refusal why);
    // As many of the lines after the skipped ones as one frame takes.
    void list(Client& client, std::uint32_t skip, const std::vector<std::string>& lines);
    // The same of so many lines, of which only those are made that go with it.
    void list(Client& client, std::uint32_t skip, std::size_t count,
              const std::function<std::string(std::size_t)>& line_at);
    // Whether none waits.
    bool are_all_sent() const { return late_.empty(); }
    // The keeper has taken all deposits again.
    void on_deposited();

private:
    enum class Sent { done, later, never };
    struct Late {
        std::string frame;
        common::Fd passed;
    };
    struct LateOnes { // of a client, in their order
        std::deque<Late> frames;
        common::Clock::time_point since = common::Clock::now();
    };

    Sent try_to_send(const Client& client, std::string_view frame, int passed);
    void send_later(const Client& client, std::string_view frame, int passed);
    void try_again_soon();
    void try_again();
    bool send_late_ones(const Client& client, LateOnes& late);

    common::Loop& loop_;
    People& people_;
    Deposits& deposits_;
    Faults faults_;
    std::map<ClientNumber, LateOnes> late_;
    bool will_try_ = false; // a timer is set
};

} // namespace chatd
