// SPDX-License-Identifier: ISC
// A telnet client as tests of the dialect play one: what stands on the wire, without a network between.
#pragma once

#include "chatd/handler/typed/line_dialect.hh"
#include "chatd/handler/typed/telnet_dialect.hh"
#include "common/errors.hh"
#include "tests/screen.hh"

#include <doctest/doctest.h>
#include <memory>
#include <string>
#include <string_view>
#include <sys/socket.h>
#include <thread>
#include <unistd.h>

namespace telnet_wire {

using namespace chatd;
using namespace std::string_literals;

// Telnet's commands and options, as they stand on the wire.
#define IAC "\xff"
#define DONT IAC "\xfe"
#define DO IAC "\xfd"
#define WONT IAC "\xfc"
#define WILL IAC "\xfb"
#define SB IAC "\xfa"
#define SE IAC "\xf0"
#define BINARY "\0"
#define ECHO_ "\x01"
#define SGA "\x03"
#define TM "\x06"
#define TTYPE "\x18"
#define NAWS "\x1f"
#define LINEMODE "\x22"
#define EOR "\x19"
#define CHARSET "\x2a"
#define GA IAC "\xf9"

inline const std::string offer = DO TTYPE;
inline const std::string asks_type = SB TTYPE "\x01" SE;
inline const std::string wants_keys = WILL ECHO_ WILL SGA DO NAWS DO ""s + '\0' + WILL CHARSET;
inline const std::string agrees = DO ECHO_ DO SGA;
inline std::string is_type(const std::string& name) { return SB TTYPE ""s + '\0' + name + SE; }
inline std::string has_size(unsigned char columns, unsigned char rows) {
    return SB NAWS ""s + '\0' + static_cast<char>(columns) + '\0' + static_cast<char>(rows) + SE;
}

// A client that has been asked for its name, without a network between.
class Client {
public:
    Client() {
        int ends[2]; // no pipe's: of an ordinary user's that may take no more than a few bytes at once
        common::checked("socketpair", {}, [&] { return ::socketpair(AF_UNIX, SOCK_STREAM, 0, ends); });
        from_client_.reset(ends[0]);
        to_server_.reset(ends[1]);
        common::set_nonblocking(ends[0]);
        CHECK(dialect().ask(Asked::name, "Your name: ") == "Your name: ");
    }
    // What is sent in answer to these bytes, which come at once.
    std::string send(std::string_view bytes) {
        send_and_go_on(bytes);
        // The time in which more than a first line could have come.
        if (const auto until = dialect().waits_until(); until && !telnet_) {
            std::this_thread::sleep_until(*until);
            take_successor();
        }
        return taken();
    }
    void send_and_go_on(std::string_view bytes) {
        CHECK(common::write_some(to_server_.get(), bytes).bytes == bytes.size());
        while (dialect().fill(from_client_.get()) == common::IoState::done) take_successor();
    }
    std::string send_one_by_one(std::string_view bytes) {
        std::string answers;
        for (const char byte : bytes) answers += send({&byte, 1});
        return answers;
    }
    std::string taken() {
        std::string out;
        lay(out);
        return out;
    }
    // The time in which the window might have changed again.
    std::string rest() {
        if (const auto until = dialect().waits_until()) std::this_thread::sleep_until(*until);
        return taken();
    }
    // What is sent for words of the server.
    std::string show(std::string_view words) {
        std::string out;
        if (telnet_) telnet_->edited_line().lift(out);
        const std::size_t from = out.size();
        out += dialect().line(words);
        if (telnet_) telnet_->translate(out, from);
        lay(out);
        return out;
    }
    std::string ask(Asked question, std::string_view words = {}) {
        std::string out;
        const std::string shown = dialect().ask(question, words);
        if (telnet_ && !shown.empty()) telnet_->edited_line().lift(out);
        const std::size_t from = out.size();
        out += shown;
        if (telnet_) telnet_->translate(out, from);
        if (telnet_) out += telnet_->prompt_end();
        lay(out);
        return out;
    }
    // The lines that the server has got, each with a bar behind it.
    std::string lines() {
        std::string all;
        while (const auto line = dialect().next_line()) all += line->text + '|';
        return all;
    }
    std::string close() {
        std::string out;
        if (telnet_) telnet_->edited_line().close(out);
        return out + taken();
    }
    Dialect& dialect() { return telnet_ ? static_cast<Dialect&>(*telnet_) : line_; }
    TelnetDialect& telnet() { return *telnet_; }

private:
    void take_successor() {
        if (!telnet_) telnet_ = line_.take_successor();
    }
    void lay(std::string& out) {
        if (telnet_) telnet_->edited_line().lay(out);
    }

    common::Fd from_client_, to_server_;
    LineDialect line_;
    std::unique_ptr<TelnetDialect> telnet_; // once it is taken for telnet
};

// One that is in a room, in front of an empty line.
struct Typist : Client {
    explicit Typist(const std::string& type = "XTERM") {
        send("ada\r\n");
        send(WILL TTYPE);
        send(is_type(type) + agrees);
        CHECK(lines() == "ada|");
        ask(Asked::nothing);
    }
};

// What stands on a terminal after these bytes.
inline std::string on_screen(const std::string& bytes, std::size_t width = 80) {
    tests::Screen screen{width};
    screen.write(bytes);
    return screen.text();
}

} // namespace telnet_wire
