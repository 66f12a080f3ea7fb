// SPDX-License-Identifier: ISC
// The telnet dialect byte by byte: how it is found, what is agreed on, and what the other side is shown while
// somebody types.
#include "chatd/dialect.hh"

#include "chatd/completion.hh"
#include "chatd/words.hh"
#include "common/errors.hh"
#include "tests/screen.hh"

#include <doctest/doctest.h>
#include <unistd.h>

using namespace chatd;
using namespace std::string_literals;

namespace {

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

const std::string offer = DO TTYPE;
const std::string asks_type = SB TTYPE "\x01" SE;
const std::string wants_keys = WILL ECHO_ WILL SGA DO NAWS DO ""s + '\0';
const std::string agrees = DO ECHO_ DO SGA;
std::string is_type(const std::string& name) { return SB TTYPE ""s + '\0' + name + SE; }
std::string has_size(unsigned char columns, unsigned char rows) {
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
        CHECK(common::write_some(to_server_.get(), bytes).bytes == bytes.size());
        while (dialect_->fill(from_client_.get()) == common::IoState::done)
            if (auto successor = dialect_->take_successor()) dialect_ = std::move(successor);
        return taken();
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
    common::Fd from_client_, to_server_;
    std::unique_ptr<Dialect> dialect_ = make_line_dialect();
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
std::string on_screen(const std::string& bytes, std::size_t width = 80) {
    tests::Screen screen{width};
    screen.write(bytes);
    return screen.text();
}

} // namespace

TEST_SUITE("unit") {
    TEST_CASE("telnet: only a first line in CR LF that comes alone is answered with an offer") {
        const std::pair<std::string, std::string> lines[]{
            {"ada\r\n", offer + '\r'}, {"\r\n", offer + '\r'}, {"ada\n", ""},    {"ada\r", ""},
            {"ada\r\n\r\n", ""},       {"ada\r\nb", ""},       {"a\nb\r\n", ""}, {"ada\r\0"s, ""},
        };
        for (const auto& [line, answer] : lines) {
            CAPTURE(line);
            Client client;
            CHECK(client.send(line) == answer);
        }
        Client second;
        second.send("ada\n");
        CHECK(second.lines() == "ada|");
        CHECK(second.send("bob\r\n").empty());
    }

    TEST_CASE("telnet: the first line waits until it is known who edits") {
        Client client;
        client.send("ada\r\n");
        CHECK(client.lines().empty());
        CHECK(client.dialect().waits_until());
        CHECK(client.send(WILL TTYPE) == asks_type);
        CHECK(client.send(is_type("xterm")) == wants_keys);
        CHECK(client.lines().empty());
        client.send(DO ECHO_);
        CHECK(client.lines().empty());
        client.send(DO SGA);
        CHECK_FALSE(client.dialect().waits_until());
        CHECK(client.lines() == "ada|");
    }

    TEST_CASE("telnet: a client that refuses everything edits its lines itself and is not asked twice") {
        Client client;
        client.send("ada\r\n");
        CHECK(client.send(WONT TTYPE) == wants_keys);
        CHECK(client.send(DONT ECHO_ DONT SGA WONT NAWS WONT ""s + '\0').empty());
        CHECK(client.lines() == "ada|");
        CHECK(client.ask(Question::code, "Room code: ") == "Room code: ");
        CHECK(client.ask(Question::nothing).empty()); // no prompt where nothing can be redrawn
        CHECK(client.show("hello") == "hello\r\n");
        CHECK(client.send("one\r\ntwo\r\0three\rfour\n"s).empty());
        CHECK(client.lines() == "one|two|three|four|");
        for (int i = 0; i < 5; ++i) CHECK(client.send(DONT ECHO_ WONT TTYPE DONT SGA).empty());
    }

    TEST_CASE("telnet: a client that offers first is telnet from its first byte on") {
        Client client;
        const std::string answer = client.send(WILL NAWS WILL TTYPE DO SGA WILL LINEMODE);
        CHECK(answer.starts_with(offer));
        CHECK(answer.find(asks_type) != answer.npos);
        CHECK(answer.find(DONT LINEMODE) != answer.npos);
        CHECK(client.send(WILL LINEMODE).empty()); // refused once
        client.send(is_type("xterm") + agrees);
        CHECK(client.send("ad") == "ad");
        CHECK(client.send("a\r\0"s) == "a\r\n");
        CHECK(client.lines() == "ada|");
    }

    TEST_CASE("telnet: the question that stands there is not shown twice") {
        Client client;
        client.send(WILL TTYPE);
        client.send(is_type("xterm"));
        CHECK(on_screen("Your name: " + client.send(agrees)) == "Your name:\n");
    }

    TEST_CASE("telnet: wherever reads cut the bytes the same comes of them") {
        Client whole, cut;
        const std::string bytes = IAC "\xfb\x18" + is_type("xterm") + agrees + has_size(80, 24) + "ada\r\n";
        whole.send(bytes);
        cut.send_one_by_one(bytes);
        CHECK(whole.lines() == "ada|");
        CHECK(cut.lines() == "ada|");
        CHECK(whole.ask(Question::nothing) == cut.ask(Question::nothing));
        CHECK(whole.send("张三") == cut.send_one_by_one("张三"));
    }

    TEST_CASE("telnet: keys are echoed and Enter is CR LF or CR NUL or CR or LF") {
        for (const std::string& enter : {"\r\n"s, "\r\0"s, "\r"s, "\n"s}) {
            Typist client;
            CHECK(client.send("hi") == "hi");
            CHECK(client.send(enter) == "\r\n> ");
            CHECK(client.send("you" + enter) == "you\r\n> ");
            CHECK(client.lines() == "hi|you|");
        }
    }

    TEST_CASE("telnet: DEL and BS and EC erase a character and EL the line") {
        Typist client;
        for (const char* const erase : {"\x7f", "\b", IAC "\xf7"}) {
            client.send("a你\U0001f469\u200d\U0001f467");
            CHECK(client.send(erase) == "\r\0\x1b[J> a你"s);
            CHECK(client.send(erase) == "\r\0\x1b[J> a"s);
            CHECK(client.send(IAC "\xf8") == "\r\0\x1b[J> "s);
        }
        CHECK(client.send(IAC "\xf7").empty()); // there is nothing
    }

    TEST_CASE("telnet: a line that arrives is shown above the one being typed in one piece") {
        Typist client;
        client.send("half a 张");
        CHECK(client.show("bob say: hello") == "\r\0\x1b[Jbob say: hello\r\n> half a 张"s);
        CHECK(client.taken().empty()); // nothing is drawn again and again
        client.send("\x1b[D\x1b[D");
        CHECK(client.taken().empty());
        CHECK(client.show("x") == "\r\0\x1b[Jx\r\n> half a 张\r\0> half a"s);
    }

    TEST_CASE("telnet: the window's size is followed and 0 by 0 is 80 by 24") {
        Typist client;
        CHECK(client.send(has_size(10, 24)).starts_with("\r")); // drawn anew
        CHECK(client.send("12345678") == "12345678 \r\0"s);     // a full row
        CHECK(client.send("9") == "9");
        CHECK(client.show("m") == "\r\0\x1b[1A\x1b[Jm\r\n> 123456789"s);
        client.send(has_size(0, 0));
        CHECK(client.show("m") == "\r\0\x1b[Jm\r\n> 123456789"s);
        client.send(SB NAWS "\x01" SE); // malformed
        CHECK(client.show("m") == "\r\0\x1b[Jm\r\n> 123456789"s);
        client.send(SB NAWS "\0\xff\xff\0\x18"s + SE); // 255 columns, doubled
        CHECK(client.send(std::string(240, 'x')) == std::string(240, 'x'));
    }

    TEST_CASE(
        "telnet: passwords and codes are not echoed and what is typed ahead of a question waits for it") {
        Typist client;
        client.ask(Question::code, "Room code: ");
        CHECK(client.send("s3cret").empty());
        CHECK(client.send("\r") == "\r\n");
        CHECK(client.lines() == "s3cret|");
        CHECK(client.send("ahead\rhello").empty()); // not shown: it may be one
        CHECK(client.lines().empty());
        CHECK(client.ask(Question::password, "Password: ") == "Password: \r\n");
        CHECK(client.lines() == "ahead|");
        CHECK(client.ask(Question::nothing) == "> hello");
    }

    TEST_CASE("telnet: on a dumb terminal the client edits and hides what is secret") {
        for (const char* const type : {"dumb", "UNKNOWN"}) {
            Client client;
            client.send("ada\r\n");
            client.send(WILL TTYPE);
            CHECK(client.send(is_type(type)).empty());
            CHECK(client.lines() == "ada|");
            CHECK(client.ask(Question::code, "Room code: ") == "Room code: " WILL ECHO_);
            client.send(DO ECHO_);
            client.send("s3cret\r\n");
            CHECK(client.lines() == "s3cret|");
            CHECK(client.ask(Question::nothing) == WONT ECHO_);
            CHECK_FALSE(client.dialect().shows_colours());
        }
    }

    TEST_CASE("telnet: colours and pastes are for terminals with a name and no other") {
        Typist named;
        CHECK(named.dialect().shows_colours());
        CHECK(named.close().ends_with("\x1b[?2004l"));
        for (const std::string& name : {""s, "\x1b[31m"s, "a b"s, std::string(41, 'x')}) {
            Typist nameless{name};
            CHECK_FALSE(nameless.dialect().shows_colours());
            CHECK(nameless.close().find("2004") == std::string::npos);
        }
    }

    TEST_CASE("telnet: a paste of several lines is one block and sent with Enter") {
        Typist client;
        CHECK(client.send("\x1b[200~one\rtwo\x1b[201~") == "one\u21b5two");
        CHECK(client.lines().empty());
        client.send("!\r");
        CHECK(client.lines() == "one\ntwo!|");
        client.send("\x1b[200~" + std::string(10'000, 'x') + "\x1b[201~");
        const auto refused = client.dialect().next_line();
        REQUIRE(refused);
        CHECK(refused->too_long);
        client.ask(Question::code, "Room code: ");
        client.send("\x1b[200~one\rtwo\x1b[201~\r");
        CHECK(client.lines() == "one|");
    }

    TEST_CASE(
        "telnet: ^C begins a line anew and so does IP and TIMING-MARK behind it is answered each time") {
        Typist client;
        client.send("oops");
        CHECK(client.send("\x03") == "\r\n> ");
        client.send("oops");
        CHECK(client.send(IAC "\xf4" DO TM) == "\r\n" WONT TM "> ");
        CHECK(client.send(DO TM) == WONT TM);
        client.send("fine\r");
        CHECK(client.lines() == "fine|");
    }

    TEST_CASE("telnet: ^D on an empty line is the end and ^L draws the screen anew") {
        Typist client;
        client.send("a\x04");
        CHECK_FALSE(client.dialect().has_ended());
        CHECK(client.send("\x0c").ends_with("\x1b[H\x1b[2J> a"));
        client.send("\x15\x04");
        CHECK(client.dialect().has_ended());
        CHECK(on_screen("> " + client.close()).empty()); // no prompt is left
    }

    TEST_CASE("telnet: AYT is a wish and AO and NOP and GA and DM are nothing") {
        Typist client;
        client.send("ab" IAC "\xf6"
                    "c");
        const auto wish = client.dialect().next_wish();
        REQUIRE(wish);
        CHECK(wish->kind == Wish::Kind::sign_of_life);
        CHECK(client.send(IAC "\xf5" IAC "\xf1" IAC "\xf9" IAC "\xf2").empty());
        CHECK_FALSE(client.dialect().next_wish());
        client.send("\r");
        CHECK(client.lines() == "abc|");
    }

    TEST_CASE("telnet: IAC IAC is a byte that is no text and no raw IAC comes back") {
        Typist client;
        CHECK(client.send("a" IAC IAC "b") == "ab\a");
        client.send("\r");
        CHECK(client.lines() == "ab|");
        Client line_mode;
        line_mode.send("x\r\n");
        line_mode.send(WONT TTYPE DONT ECHO_ DONT SGA);
        line_mode.send("a" IAC IAC "b\r\n");
        CHECK(line_mode.lines() == "x|a\xff"
                                   "b|");
    }

    TEST_CASE("telnet: a subnegotiation without an end costs no memory and nothing is lost behind it") {
        Typist client;
        client.send(SB TTYPE);
        for (int i = 0; i < 50; ++i) CHECK(client.send(std::string(4000, 'x')).empty());
        CHECK(client.send(SE "ab") == "ab");
        CHECK(client.send(SB NAWS + std::string(2000, '\x01') + SE "c") == "c");
        client.send(SB "\x63"
                       "abc" SE "d\r"); // of an option that nobody knows
        CHECK(client.lines() == "abcd|");
    }

    TEST_CASE("telnet: a client may change its mind and edit by itself and back") {
        Typist client;
        client.send("ab");
        CHECK(client.send(DONT ECHO_ DONT SGA).find("\x1b[?2004l") != std::string::npos);
        CHECK(client.show("m") == "m\r\n");
        CHECK(client.send("whole\r\n").empty());
        CHECK(client.lines() == "whole|");
        CHECK(client.send(agrees).ends_with("> "));
        CHECK(client.send("x") == "x");
    }

    TEST_CASE("telnet: Tab asks and an answer that comes too late changes nothing") {
        Typist client;
        client.send("hi a\t");
        auto wish = client.dialect().next_wish();
        REQUIRE(wish);
        CHECK(wish->kind == Wish::Kind::completion);
        CHECK(wish->words == "hi a");
        client.dialect().complete(wish->words, 3, {"ada ", {}});
        CHECK(client.taken() == "da ");
        client.dialect().complete(wish->words, 3, {"ada ", {}});
        CHECK(client.taken().empty());
        client.send("\t");
        client.dialect().complete("hi ada ", 7, {});
        CHECK(client.taken() == "\a");                 // there is none
        while (client.dialect().next_wish()) continue; // granted: keys go on
        client.ask(Question::password, "Password: ");
        CHECK(client.send("pass\t") == "\a");
        CHECK_FALSE(client.dialect().next_wish());
    }

    TEST_CASE("telnet: lines that wait are bounded and so are keys") {
        Typist client;
        client.send(std::string(200, '\r'));
        CHECK(client.dialect().is_full());
        client.lines();
        CHECK_FALSE(client.dialect().is_full());
        client.ask(Question::password, "Password: ");
        client.send("x\r");
        client.send(std::string(8000, 'k'));
        CHECK(client.dialect().is_full());
    }

    TEST_CASE("telnet: in BINARY each byte is itself") {
        Typist client;
        CHECK(client.send(DO ""s + '\0') == WILL ""s + '\0');
        client.send("a");
        CHECK(client.send("\x7f") == "\r\x1b[J> ");
        CHECK(client.show("m") == "\r\x1b[Jm\r\n> ");
    }
}
