// SPDX-License-Identifier: ISC
// A telnet client as tests of the dialect play one: what stands on the wire, without a network between.
#pragma once

#include "chatd/handler/dialect.hh"
#include "chatd/words.hh"
#include "common/errors.hh"
#include "tests/screen.hh"

#include <doctest/doctest.h>
#include <memory>
#include <string>
#include <string_view>
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

inline const std::string offer = DO TTYPE;
inline const std::string asks_type = SB TTYPE "\x01" SE;
inline const std::string wants_keys = WILL ECHO_ WILL SGA DO NAWS DO ""s + '\0';
inline const std::string agrees = DO ECHO_ DO SGA;
inline std::string is_type(const std::string& name) { return SB TTYPE ""s + '\0' + name + SE; }
inline std::string has_size(unsigned char columns, unsigned char rows) {
    return SB NAWS ""s + '\0' + static_cast<char>(columns) + '\0' + static_cast<char>(rows) + SE;
}

// A client that has been asked for its name, without a network between.
class Client {
public:
    Client() {
        REQUIRE(use_utf8_locale());
        int ends[2];
        common::checked("pipe", {}, [&] { return ::pipe(ends); });
        from_client_.reset(ends[0]);
        to_server_.reset(ends[1]);
        common::set_nonblocking(ends[0]);
        CHECK(dialect_->ask(Question::name, "Your name: ") == "Your name: ");
    }
    // What is sent in answer to these bytes, which come at once.
    std::string send(std::string_view bytes) {
        send_and_go_on(bytes);
        // The time in which more than a first line could have come.
        if (const auto until = dialect_->waits_until(); until && is_first_) {
            std::this_thread::sleep_until(*until);
            take_successor();
        }
        return taken();
    }
    void send_and_go_on(std::string_view bytes) {
        CHECK(common::write_some(to_server_.get(), bytes).bytes == bytes.size());
        while (dialect_->fill(from_client_.get()) == common::IoState::done) take_successor();
    }
    std::string send_one_by_one(std::string_view bytes) {
        std::string answers;
        for (const char byte : bytes) answers += send({&byte, 1});
        return answers;
    }
    std::string taken() {
        std::string out;
        dialect_->lay(out);
        return out;
    }
    // What is sent for words of the server.
    std::string show(std::string_view words) {
        std::string out;
        dialect_->lift(out);
        out += dialect_->line(words);
        dialect_->lay(out);
        return out;
    }
    std::string ask(Question question, std::string_view words = {}) {
        std::string out = dialect_->ask(question, words);
        dialect_->lay(out);
        return out;
    }
    // The lines that the server has got, each with a bar behind it.
    std::string lines() {
        std::string all;
        while (const auto line = dialect_->next_line()) all += line->text + '|';
        return all;
    }
    std::string close() {
        std::string out;
        dialect_->close(out);
        return out + taken();
    }
    Dialect& dialect() { return *dialect_; }

private:
    void take_successor() {
        auto successor = dialect_->take_successor();
        if (!successor) return;
        dialect_ = std::move(successor);
        is_first_ = false;
    }

    common::Fd from_client_, to_server_;
    std::unique_ptr<Dialect> dialect_ = make_line_dialect();
    bool is_first_ = true; // not yet taken for telnet
};

// One that is in a room, in front of an empty line.
struct Typist : Client {
    explicit Typist(const std::string& type = "XTERM") {
        send("ada\r\n");
        send(WILL TTYPE);
        send(is_type(type) + agrees);
        CHECK(lines() == "ada|");
        ask(Question::nothing);
    }
};

// What stands on a terminal after these bytes.
inline std::string on_screen(const std::string& bytes, std::size_t width = 80) {
    tests::Screen screen{width};
    screen.write(bytes);
    return screen.text();
}

} // namespace telnet_wire
