// SPDX-License-Identifier: ISC
// A relay between a client and a server, which breaks their connection when a test wants it: at once, or
// after it has kept back what one of them had said last, as a network does.
#pragma once

#include "common/fd.hh"
#include "tests/e2e/process.hh"

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
    void hold(Way way); // nothing goes this way any more
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
    void run();
    static bool copy(int from, int to);
    void accept();
    void wake();

    common::Fd listener_, wake_reading_, wake_writing_;
    std::mutex mutex_;
    std::condition_variable changed_;
    std::uint16_t server_;
    std::vector<Pair> pairs_;
    bool holds_to_server_ = false, holds_to_client_ = false;
    bool is_closed_ = false;
    bool is_over_ = false;
    unsigned connections_ = 0;
    std::thread thread_;
};

} // namespace e2e
