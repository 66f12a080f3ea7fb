// SPDX-License-Identifier: ISC
#include "chatd/hub/newcomers.hh"

#include <algorithm>

using namespace common;

namespace chatd {

Clock::time_point time_after_answer(Clock::time_point since, Clock::time_point until,
                                    std::chrono::seconds timeout) {
    return std::min(since + Newcomers::most_times * timeout, until + timeout);
}

void Newcomers::await(Client& client) {
    client.login_timeout = settings_.login_timeout;
    if (client.login_timeout.count() == 0) return;
    client.login_until = client.since + client.login_timeout;
    wait(client);
}

void Newcomers::await_again(Client& client) {
    if (client.state == Client::State::inside || client.login_timeout.count() == 0) return;
    client.login_until = time_after_answer(client.since, Clock::now(), client.login_timeout);
    wait(client);
}

void Newcomers::note_answer(Client& client) {
    client.login_until = time_after_answer(client.since, client.login_until, client.login_timeout);
}

void Newcomers::wait(Client& client) {
    client.login_timer = loop_.at(
        client.login_until, [this, number = client.number] { look_at(number); },
        [this, number = client.number](const std::exception& error) {
            if (Client* const slow = people_.find(number)) departures_.punish(*slow, error.what());
        });
}

// Departures cancels what is set for a client that has gone.
void Newcomers::look_at(ClientNumber number) {
    Client& client = *people_.find(number);
    client.login_timer = {};
    if (client.state == Client::State::inside) return;
    const auto now = Clock::now();
    if (client.owes_answer) // it was quick enough, and we are not
        client.login_until =
            time_after_answer(client.since, std::max(client.login_until, now), client.login_timeout);
    if (client.login_until > now) return wait(client);
    departures_.dismiss(client, Farewell::login_timeout);
}

} // namespace chatd
