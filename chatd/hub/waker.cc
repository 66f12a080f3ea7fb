// SPDX-License-Identifier: ISC
#include "chatd/hub/waker.hh"

#include "chatd/protocol.hh"
#include "chatd/sleep_word.hh"
#include "common/errors.hh"
#include "common/socket.hh"

#include <cerrno>
#include <string>
#include <sys/socket.h>

using namespace common;

namespace chatd {

void Waker::wake(const Client& client) const {
    if (client.pair && SleepWord{pages_.page(client.page)}.tell_news()) send_wake(client, {});
}

// A full pair holds a wake already. Of any other failure the handler would sleep on, so it is tried again.
void Waker::send_wake(const Client& client, Patience patience) const {
    const auto sent =
        retry([&] { return ::send(client.pair.fd(), chatd::wake.data(), chatd::wake.size(), MSG_NOSIGNAL); });
    if (sent != -1 || errno == EAGAIN) return;
    if (means_vanished(errno)) return doubt(client);
    const auto pause = patience.fail(Clock::now());
    if (!pause) return give_up(client, "it cannot be woken");
    loop_.at(Clock::now() + *pause, [this, number = client.number, patience] {
        const Client* const asleep = people_.find(number);
        if (asleep != nullptr && asleep->pair) send_wake(*asleep, patience);
    });
}

void Waker::doubt(const Client& client) const {
    constexpr std::chrono::seconds patience{1};
    end_after(patience, client, "its pair takes nothing more");
}

void Waker::end_after(std::chrono::seconds time, const Client& client, std::string_view why) const {
    loop_.at(Clock::now() + time, [this, number = client.number, why = std::string{why}] {
        if (Client* const still_here = people_.find(number)) on_fault_(*still_here, why);
    });
}

} // namespace chatd
