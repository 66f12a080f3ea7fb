// SPDX-License-Identifier: ISC
// A room full of clients of one chat server, all served by one thread: some speak, the others listen, and are
// those who are counted. A client that the server disconnects, or a lost line, is a Failure.
#pragma once

#include "common/fd.hh"
#include "common/poller.hh"
#include "tests/bench/chat_dialect.hh"
#include "tests/bench/spoken.hh"

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace bench {

class Crowd {
public:
    struct Size {
        unsigned listeners;
        unsigned speakers;
    };
    // Returns when all are in. prefix begins their names; first_address: the first of them comes from there,
    // the next from the one after it, and so on; else all come from the same.
    Crowd(std::uint16_t port, const ChatDialect& dialect, std::string room, Size size,
          std::string prefix = "", std::optional<std::uint32_t> first_address = {});

    // All speakers speak as fast as the listeners hear, with at most window lines on their way; until the
    // time is over, or so many lines are said. Returns lines heard, by all listeners together, a second,
    // until the last was heard by all.
    double flood(std::chrono::milliseconds duration) { return flood(duration, UINT64_MAX); }
    double flood(std::uint64_t lines) { return flood(std::chrono::hours{1}, lines); }

    // So many lines are heard a second, by all listeners together, as long as the server keeps up: one
    // speaker after the other says one, at even intervals. Returns how long after it was due each line was
    // heard by each listener, in milliseconds.
    std::vector<double> offer(double deliveries_a_second, std::chrono::milliseconds duration);

    // Until nobody is being announced any more.
    void hear_until_quiet();

private:
    struct Client {
        common::Fd socket{};
        int speaker = -1; // its number; -1: listens
        std::string unsent{};
        std::string unfinished{}; // of what it heard
        std::uint64_t said = 0;
    };
    using Hear = std::function<void(Client&, std::string_view bytes)>;

    void enter(unsigned first, unsigned end);
    double flood(std::chrono::milliseconds duration, std::uint64_t lines);
    void say(Client& speaker, std::uint64_t lines, std::chrono::microseconds due);
    void send_more(Client& client);
    // Waits once, at most so long, and hands on all that came; false if nothing happened.
    bool serve(std::chrono::milliseconds at_most, const Hear& hear);

    const ChatDialect& dialect_;
    std::string room_, prefix_;
    Size size_;
    std::uint16_t port_;
    std::optional<std::uint32_t> first_address_;
    std::vector<Client> clients_; // the speakers first
    std::vector<unsigned> by_descriptor_;
    std::unique_ptr<common::Poller> poller_ = common::Poller::make(common::best_backend());
    std::vector<char> buffer_ = std::vector<char>(256 * 1024);
    Witness witness_; // of the last client
};

} // namespace bench
