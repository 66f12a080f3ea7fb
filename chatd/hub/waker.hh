// SPDX-License-Identifier: ISC
// Wakes the handlers that sleep (chatd/sleep_word.hh), and ends those clients whose handlers cannot be
// worked with any more; but not at once, since whoever works for a client may be in the middle of others.
// Run by the hub.
#pragma once

#include "chatd/hub/people.hh"
#include "common/loop.hh"
#include "common/status_pages.hh"

#include <chrono>
#include <functional>
#include <string_view>

namespace chatd {

class Waker {
public:
    // on_fault: to end a client, for this reason. All must outlive this.
    Waker(common::Loop& loop, const common::StatusPages& pages, People& people,
          std::function<void(Client&, std::string_view why)> on_fault)
        : loop_(loop), pages_(pages), people_(people), on_fault_(std::move(on_fault)) {}

    // Its handler, if that sleeps. What goes wrong with that ends this client alone.
    void wake(const Client& client) const;
    // Something went wrong for a client: it is ended when what is done now is done.
    void give_up(const Client& client, std::string_view why) const { end_after({}, client, why); }
    // Its handler takes nothing more, and has ended: reading tells, after its last words. If that does not
    // come to pass, the client is ended.
    void doubt(const Client& client) const;

private:
    void send_wake(const Client& client, common::Patience patience) const;
    void end_after(std::chrono::seconds time, const Client& client, std::string_view why) const;

    common::Loop& loop_;
    const common::StatusPages& pages_;
    People& people_;
    std::function<void(Client&, std::string_view)> on_fault_;
};

} // namespace chatd
