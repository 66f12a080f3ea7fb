// SPDX-License-Identifier: ISC
#include "common/line_reader.hh"
#include "ftpd/command.hh"

#include "tests/e2e/process.hh"

#include <doctest/doctest.h>

using namespace std::string_literals;
using ftpd::encode_command;

namespace {

// What a session makes of the bytes, when an earlier line has ended in CR LF.
std::string received(const std::string& wire) {
    const auto [reading, writing] = e2e::make_pipe();
    common::LineReader reader{1000, common::LineEnds::first_decides};
    const std::string all = "NOOP\r\n" + wire;
    CHECK(common::write_some(writing.get(), all).bytes == all.size());
    reader.fill(reading.get());
    CHECK(reader.next()->text == "NOOP");
    const std::optional<common::Line> line = reader.next();
    REQUIRE(line);
    CHECK(reader.buffered().empty());
    CHECK(!ftpd::is_http_request(line->text));
    return ftpd::decode_telnet(line->text).text;
}

} // namespace

TEST_SUITE("unit") {
    TEST_CASE("a command on the wire doubles 0xff and follows CR with NUL") {
        CHECK(encode_command("GET a b") == "GET a b\r\n");
        CHECK(encode_command("GET a\nb") == "GET a\nb\r\n");
        CHECK(encode_command("GET \xff\r\r\n") == "GET \xff\xff\r\0\r\0\n\r\n"s);
        CHECK(encode_command("GET a HTTP/1.1") == "GET a HTTP/1.1\xff\xf1\r\n");
        CHECK(encode_command("GET a HTTP/1.1 ") == "GET a HTTP/1.1 \r\n");
    }

    TEST_CASE("every path without NUL arrives as it was sent") {
        std::string every_byte;
        for (int byte = 1; byte < 256; ++byte) every_byte += static_cast<char>(byte);
        for (const std::string& path : {every_byte, "\r\n"s, "\n\r"s, "\xff"s, "\xff\xf1\xff"s, "\r"s, ""s,
                                        " a "s, "x HTTP/1.0"s, "\xff HTTP/1.1"s})
            CHECK(received(encode_command("GET " + path)) == "GET " + path);
    }
}
