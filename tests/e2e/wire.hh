// SPDX-License-Identifier: ISC
// A client's end of a connection, byte by byte, with a deadline for everything it waits for.
#pragma once

#include "common/address.hh"
#include "tests/e2e/process.hh"

#include <cstdint>
#include <initializer_list>

namespace e2e {

// A reply of FTP (RFC 959 4.2): all its lines, less the last CRLF.
struct Reply {
    int code;
    std::string text;
};

class Connection {
public:
    explicit Connection(std::uint16_t port, Seconds limit = patience); // of 127.0.0.1
    explicit Connection(const common::Address& address, Seconds limit = patience);
    explicit Connection(common::Fd socket, Seconds limit = patience); // connected already

    void send(std::string_view bytes);     // all of it; throws Failure when the other side is gone
    bool try_send(std::string_view bytes); // false when the other side is gone
    std::string read_line();               // less its CRLF or LF
    std::string read_exactly(std::size_t size);
    std::string read_to_end(); // throws Failure after a reset
    // Reads and forgets until the other side ends the connection, in either way.
    void wait_for_end();
    // True if the other side has written something, or ended, that was not read yet.
    bool has_input();

    Reply read_reply();
    std::string expect(int code); // the next reply's text; throws Failure when its code is another
    // Sends the line with CRLF, and expects.
    std::string command(std::string_view line, int code);

    void half_close(); // no more from us; the other side's goes on
    void reset();      // RST instead of FIN, and closed
    void close() { socket_.reset(); }
    int fd() const { return socket_.get(); }
    common::Address local() const;
    // A narrow one makes the other side's writes block early: SO_RCVBUF, in bytes.
    void set_receive_buffer(int bytes);

private:
    enum class Got { some, end, reset };
    Got read_more();
    void wait(short events);

    common::Fd socket_;
    Seconds limit_;
    std::string buffer_; // read from the socket, not yet by the test
};

// Reads the port of a 229 (EPSV, RFC 2428) or 227 (PASV) reply.
std::uint16_t passive_port(std::string_view reply);

} // namespace e2e
