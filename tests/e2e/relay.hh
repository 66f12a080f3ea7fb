// SPDX-License-Identifier: ISC
// A relay between a client and a server, which breaks their connection when a test wants it: at once, or
// after it has kept back what one of them had said last, as a network does.
#pragma once

#include "common/fd.hh"
#include "tests/e2e/process.hh"

#include <cstddef>
#include <cstdint>
#include <vector>

namespace e2e {

class Relay {
public:
    explicit Relay(std::uint16_t server); // of 127.0.0.1
    ~Relay();
    Relay(const Relay&) = delete;
    Relay& operator=(const Relay&) = delete;

    std::uint16_t port() const;
    void lead_to(std::uint16_t server); // those that come from now on

    enum class Way { to_server, to_client };
    void hold(Way way) { hold_after(way, 0); }   // nothing goes this way any more
    void hold_after(Way way, std::size_t bytes); // nothing but so many
    void wait_for_hold();                        // until they have gone
    void go_on();                                // what was held goes its way
    // Resets all connections; what was held is lost, and new ones go both ways. with_door: but they are
    // refused, until open_door().
    void cut();
    void cut_and_close_door();
    void open_door();
    // Waits until so many have come in all.
    void wait_for_connections(unsigned count);

private:
    struct Pair {
        common::Fd client, server;
        bool client_ended = false, server_ended = false;
    };
    struct Broken {};
    void run();
    bool copy(int from, int to, std::size_t& may_go);
    void accept();
    void wake();

    common::Fd listener_, wake_reading_, wake_writing_;
    std::mutex mutex_;
    std::condition_variable changed_;
    std::uint16_t server_;
    std::vector<Pair> pairs_;
    static constexpr std::size_t no_limit = static_cast<std::size_t>(-1);
    std::size_t to_server_ = no_limit, to_client_ = no_limit; // bytes that may go yet
    bool is_closed_ = false;
    bool is_over_ = false;
    unsigned connections_ = 0;
    std::thread thread_;
};

} // namespace e2e
