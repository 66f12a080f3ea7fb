// SPDX-License-Identifier: ISC
#include "ftpd/command.hh"

#include <doctest/doctest.h>

using namespace ftpd;
using namespace std::string_literals;

namespace {

std::string decoded(std::string_view line) { return decode_telnet(line).text; }

// Every beginning of a line that ends within its telnet part leaves what stands before it.
void check_truncated(const std::string& before, const std::string& telnet) {
    for (std::size_t length = 1; length <= telnet.size(); ++length) {
        CAPTURE(length);
        CHECK(decoded(before + telnet.substr(0, length)) == before);
    }
}

} // namespace

TEST_SUITE("unit") {
    TEST_CASE("command: the verbs of web clients are known") {
        for (const char* const verb : {"POST", "HEAD", "OPTIONS", "CONNECT"}) CHECK(is_http_verb(verb));
        for (const char* const verb : {"GET", "PUT", "OPTS", "", "POSTX"}) CHECK_FALSE(is_http_verb(verb));
    }

    TEST_CASE("command: telnet commands and options are dropped wherever they stand") {
        CHECK(decoded("") == "");
        CHECK(decoded("LIST \xc3\xa4") == "LIST \xc3\xa4");
        CHECK(decoded("\xff\xf4\xff\xf2"s + "ABOR") == "ABOR");                     // IP, DM: the Synch
        CHECK(decoded("A\xff\xf1"s + "B\xff\xf9") == "AB");                         // NOP, GA
        CHECK(decoded("\xff\xfb\x01\xff\xfc\x02\xff\xfd\x03\xff\xfe\x04Q") == "Q"); // WILL to DONT
        CHECK(decoded("\xff\xfd\xff"s + "Q") == "Q");                               // an option of number 255
        CHECK(decoded("a\xff\xfa\x18\x01xterm\xff\xf0z") == "az");                  // a subnegotiation
        CHECK(decoded("a\xff\xfa\x18\0z\xff\xf0z"s) == "az");
    }

    TEST_CASE("command: every option of telnet is refused and nothing else is answered") {
        CHECK(decode_telnet("LS\xff\xfd\x03").answer == "\xff\xfc\x03");                         // DO: WONT
        CHECK(decode_telnet("\xff\xfb\x1f\xff\xfd\x06LS").answer == "\xff\xfe\x1f\xff\xfc\x06"); // WILL: DONT
        for (const std::string_view quiet : {"\xff\xfc\x01", "\xff\xfe\x01", "\xff\xf4\xff\xf2", "\xff\xf6",
                                             "\xff\xff", "\xff\xfd", "\xff\xfa\x18\x01\xff\xf0"})
            CHECK(decode_telnet(quiet).answer == "");
        CHECK(decode_telnet("\xff\xfb\x1fLS").negotiates);
        CHECK_FALSE(decode_telnet("\xff\xf4\xff\xf2"
                                  "ABOR")
                        .negotiates); // programs send this, too
    }

    TEST_CASE("command: CRs before the line's end belong to it unless NUL follows") {
        CHECK(decoded("TYPE I\r") == "TYPE I");
        CHECK(decoded("a\rb\r\r") == "a\rb");
        CHECK(decoded("\r") == "");
        CHECK(decoded("a\r\0\r"s) == "a\r");
    }

    TEST_CASE("command: blanks behind words are none of them") {
        CHECK(without_trailing_blanks("12 ") == "12");
        CHECK(without_trailing_blanks("A N \t ") == "A N");
        CHECK(without_trailing_blanks(" ") == "");
        CHECK(without_trailing_blanks("") == "");
        CHECK(without_trailing_blanks(" 12") == " 12");
    }

    TEST_CASE("command: two IACs are one byte and CR NUL is CR") {
        CHECK(decoded("a\xff\xff"s + "b") == "a\xff"s + "b");
        CHECK(decoded("\xff\xff\xff\xff") == "\xff\xff");
        CHECK(decoded("\xff\xff\xff\xf1") == "\xff");
        CHECK(decoded("a\r\0b\r\0"s) == "a\rb\r");
        CHECK(decoded("a\rb") == "a\rb");
        CHECK(decoded("a\0b"s) == "a\0b"s);
        CHECK(decoded("\r\0\0"s) == "\r\0"s);
    }

    TEST_CASE("command: a doubled IAC inside a subnegotiation does not end it") {
        CHECK(decoded("a\xff\xfa\x18\xff\xff\xf0 more\xff\xf0z") == "az");
    }

    TEST_CASE("command: a telnet sequence that is cut short takes nothing else with it") {
        check_truncated("a", "\xff\xf4");
        check_truncated("a", "\xff\xfb\x01");
        check_truncated("a", "\xff\xfa\x18\x01xterm\xff\xf0");
        check_truncated("", "\xff\xfd\xff");
        check_truncated("\xc3\xa4", "\xff\xfa\xff\xff\xff\xf0");
    }

    TEST_CASE("command: any bytes whatever are decoded to no more than there were") {
        for (int first = 0; first < 256; ++first)
            for (int second = 0; second < 256; ++second) {
                const std::string line{static_cast<char>(first), static_cast<char>(second), 'x'};
                const std::string plain = decoded(line);
                REQUIRE(plain.size() <= line.size());
                if (first != 0xff && !(first == '\r' && second == 0) && second != 0xff)
                    REQUIRE(plain == line);
            }
    }

    TEST_CASE("command: the verb ends at the first space and the rest is its argument") {
        const auto check = [](std::string_view line, std::string_view verb, std::string_view argument,
                              bool has) {
            CAPTURE(std::string{line});
            const Command command = parse_command(line);
            CHECK(command.verb == verb);
            CHECK(command.argument == argument);
            CHECK(command.has_argument == has);
        };
        check("", "", "", false);
        check("quit", "QUIT", "", false);
        check("quit ", "QUIT", "", true);
        check("cWd a b", "CWD", "a b", true);
        check("CWD  a ", "CWD", " a ", true);
        check(" CWD", "", "CWD", true);
        check("cwd\ta", "CWD\tA", "", false);
        check("\xe4 x", "\xe4", "x", true);
    }

    TEST_CASE("command: the first line of a browser is known by its end") {
        for (const char* http : {"GET / HTTP/1.1", "POST /x HTTP/1.0", "PRI * HTTP/2.0", " HTTP/9.9"})
            CHECK(is_http_request(http));
        for (const char* other :
             {"", "GET /", "HTTP/1.1", "GET / HTTP/1.", "GET / HTTP/11", "GET / HTTP/1.1 ", "GET /HTTP/1.1",
              "GET / http/1.1", "GET / HTTP/x.1", "GET HTTP/1.1/x"}) {
            CAPTURE(other);
            CHECK_FALSE(is_http_request(other));
        }
    }
}
