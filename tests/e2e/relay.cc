// SPDX-License-Identifier: ISC
#include "tests/e2e/relay.hh"

#include "common/address.hh"
#include "common/errors.hh"
#include "common/socket.hh"

#include <algorithm>
#include <array>
#include <poll.h>
#include <span>
#include <sys/socket.h>

namespace e2e {

using namespace common;

namespace {

Address loopback(std::uint16_t port) { return resolve_address("127.0.0.1:" + std::to_string(port)).at(0); }

void break_off(Fd& socket) {
    set_reset_on_close(socket.get());
    socket.reset();
}

} // namespace

Relay::Relay(std::uint16_t server) : listener_(listen_on(loopback(0))), server_(server) {
    std::tie(wake_reading_, wake_writing_) = make_pipe();
    set_nonblocking(wake_reading_.get());
    thread_ = std::thread([this] { run(); });
}

Relay::~Relay() {
    {
        const std::lock_guard lock{mutex_};
        is_over_ = true;
    }
    wake();
    thread_.join();
}

std::uint16_t Relay::port() const { return local_address(listener_.get()).port(); }

void Relay::wake() { write_some(wake_writing_.get(), "!"); }

void Relay::lead_to(std::uint16_t server) {
    const std::lock_guard lock{mutex_};
    server_ = server;
}

void Relay::hold_after(Way way, std::size_t bytes) {
    {
        const std::lock_guard lock{mutex_};
        (way == Way::to_server ? to_server_ : to_client_) = bytes;
    }
    wake();
}

void Relay::wait_for_hold() {
    std::unique_lock lock{mutex_};
    if (!changed_.wait_for(lock, patience, [&] { return to_server_ == 0 || to_client_ == 0; }))
        throw Failure{"so much does not come"};
}

void Relay::go_on() {
    {
        const std::lock_guard lock{mutex_};
        to_server_ = to_client_ = no_limit;
    }
    wake();
}

void Relay::cut() {
    {
        const std::lock_guard lock{mutex_};
        for (Pair& pair : pairs_) {
            break_off(pair.client);
            break_off(pair.server);
        }
        pairs_.clear();
        to_server_ = to_client_ = no_limit;
    }
    wake();
}

void Relay::cut_and_close_door() {
    {
        const std::lock_guard lock{mutex_};
        is_closed_ = true;
    }
    cut();
}

void Relay::open_door() {
    const std::lock_guard lock{mutex_};
    is_closed_ = false;
}

void Relay::wait_for_connections(unsigned count) {
    std::unique_lock lock{mutex_};
    if (!changed_.wait_for(lock, patience, [&] { return connections_ >= count; }))
        throw Failure{"no client comes again"};
}

void Relay::accept() {
    std::optional<Accepted> client = accept_from(listener_);
    if (!client) return;
    try {
        if (is_closed_) return break_off(client->socket);
        const std::vector<Address> server{loopback(server_)};
        pairs_.push_back(
            {std::move(client->socket), connect_to(server, std::chrono::steady_clock::now() + patience)});
    } catch (const std::system_error&) {
        break_off(client->socket); // nobody is there
    }
    ++connections_;
    changed_.notify_all();
}

// With the mutex held: what one call reads is small, and the other side takes it. True at the end; throws
// Broken when either has gone, as the other is to see it, too.
bool Relay::copy(int from, int to, std::size_t& may_go) {
    std::array<char, 4096> bytes{};
    const IoResult got = read_some(from, std::span{bytes}.first(std::min(bytes.size(), may_go)));
    if (got.state == IoState::would_block) return false;
    if (got.state == IoState::vanished) throw Broken{};
    if (got.state != IoState::done) {
        ::shutdown(to, SHUT_WR);
        return true;
    }
    if (may_go != no_limit) may_go -= got.bytes;
    if (may_go == 0) changed_.notify_all();
    for (std::string_view left{bytes.data(), got.bytes}; !left.empty();) {
        const IoResult wrote = send_some(to, left);
        if (wrote.state == IoState::vanished) throw Broken{};
        left.remove_prefix(wrote.bytes);
        if (wrote.state == IoState::would_block) {
            pollfd writable{to, POLLOUT, 0};
            ::poll(&writable, 1, 1000);
        }
    }
    return false;
}

void Relay::run() {
    for (;;) {
        std::vector<pollfd> watched;
        {
            const std::lock_guard lock{mutex_};
            if (is_over_) return;
            watched.push_back({wake_reading_.get(), POLLIN, 0});
            watched.push_back({listener_.get(), POLLIN, 0});
            for (const Pair& pair : pairs_) {
                watched.push_back({to_server_ == 0 || pair.client_ended ? -1 : pair.client.get(), POLLIN, 0});
                watched.push_back({to_client_ == 0 || pair.server_ended ? -1 : pair.server.get(), POLLIN, 0});
            }
        }
        retry([&] { return ::poll(watched.data(), watched.size(), -1); });
        const std::lock_guard lock{mutex_};
        std::array<char, 64> wakes{};
        read_some(wake_reading_.get(), wakes);
        // One that a test has cut meanwhile has closed its sockets, whose numbers may be others' by now.
        if (pairs_.size() * 2 + 2 == watched.size())
            for (std::size_t i = 0; i < pairs_.size(); ++i) {
                Pair& pair = pairs_[i];
                try {
                    if (watched[2 + 2 * i].revents != 0 && to_server_ != 0)
                        pair.client_ended = copy(pair.client.get(), pair.server.get(), to_server_);
                    if (watched[3 + 2 * i].revents != 0 && to_client_ != 0)
                        pair.server_ended = copy(pair.server.get(), pair.client.get(), to_client_);
                } catch (Broken) {
                    break_off(pair.client);
                    break_off(pair.server);
                }
            }
        std::erase_if(pairs_, [](const Pair& pair) { return !pair.client; });
        accept();
    }
}

} // namespace e2e
