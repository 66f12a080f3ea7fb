// SPDX-License-Identifier: ISC
// An FTP client for tests: a control connection that can log in and move bytes over data connections, each
// step in the test's hands.
#pragma once

#include "tests/e2e/daemon.hh"
#include "tests/e2e/wire.hh"

namespace e2e {

class FtpClient : public Connection {
public:
    // Connects and reads the greeting.
    explicit FtpClient(const common::Address& address, Seconds limit = patience);
    explicit FtpClient(const Daemon& daemon, Seconds limit = patience)
        : FtpClient(daemon.addresses().at(0), limit) {}

    FtpClient& login(); // as anonymous, then TYPE I

    // EPSV, and a data connection to where it says.
    Connection open_data();
    // A whole transfer over a connection of its own: what came, or after what was sent the last reply's text.
    std::string fetch(std::string_view line);
    std::string store(std::string_view line, std::string_view bytes);

    // Sends a line and returns the code of the reply.
    int code_of(std::string_view line);
    // An in-band GET: what came, its 226 checked against the cksum of it.
    std::string get(std::string_view path);
    // An in-band PUT with its length announced; the reply's text.
    std::string put(std::string_view path, std::string_view bytes, int code = 226);

private:
    common::Address server_;
    Seconds limit_;
};

FtpClient connect_logged_in(const Daemon& daemon);

bool has_ipv6(); // whether [::1] can be listened on

// A port of the client's own for PORT and EPRT.
class DataListener {
public:
    explicit DataListener(std::string_view host); // "127.0.0.1", "[::1]"
    std::string port_argument() const;            // of PORT: h1,h2,h3,h4,p1,p2
    std::string eprt_argument() const;            // of EPRT: |1|127.0.0.1|40123|
    Connection accept();                          // throws Failure when nobody connects

private:
    common::Fd listener_;
    common::Address address_;
};

// As `cksum' of POSIX prints it for standard input: "SUM SIZE".
std::string cksum_of(std::string_view bytes);

// A file that the sessions' user may write into.
void write_shared(const Path& path, std::string_view bytes);

// Everything that is in a folder, by name, the server's own names too.
Words names_in(const Path& folder);

} // namespace e2e
