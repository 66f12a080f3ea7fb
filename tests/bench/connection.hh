// SPDX-License-Identifier: ISC
// A client's blocking connection to a server on this machine, as lean as it can be: what the generator spends
// is missing at the servers. Nothing waits longer than 20 seconds.
#pragma once

#include "common/fd.hh"

#include <array>
#include <cstdint>
#include <netinet/in.h>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>

namespace bench {

// A server did not do what it was measured doing.
struct Failure : std::runtime_error {
    using runtime_error::runtime_error;
};

// A TCP connection to 127.0.0.1, blocking, from that address or another one of 127.0.0.0/8: each has ports of
// its own. Throws std::system_error.
common::Fd connect_to_port(std::uint16_t port, std::uint32_t from = INADDR_LOOPBACK);

class Connection {
public:
    explicit Connection(std::uint16_t port) : socket_(connect_to_port(port)) {}

    int fd() const { return socket_.get(); }
    void send(std::string_view bytes);
    // Some bytes; 0 at the end.
    std::size_t receive(std::span<char> into);
    // Receives and counts, without copying, at most so many bytes, until the end.
    std::size_t discard(std::size_t most = SIZE_MAX);
    // No more from us; the other side's goes on.
    void finish_sending();
    // The next line, without its end, from a buffer; valid until the next call. Throws Failure at the end.
    std::string_view read_line();
    // Closes with a reset. Of a connection that the server has ended already, which so leaves no TIME_WAIT
    // behind, or thousands of them would make the next ports hard to find.
    void drop();

private:
    common::Fd socket_;
    std::array<char, 4096> buffer_{};
    std::size_t begin_ = 0, end_ = 0;
};

// The first size bytes of a file, with sendfile(2).
void send_file(Connection& to, int file, std::size_t size);

} // namespace bench
