// SPDX-License-Identifier: ISC
#include "common/line_reader.hh"
#include "tests/unit/common/each_backend.hh"

#include <doctest/doctest.h>
#include <vector>

using namespace common;
using waiting::Pair;

namespace {

using Lines = std::vector<std::string>;

// "<text>" for a line that was too long.
void take_lines(LineReader& reader, Lines& lines) {
    while (const std::optional<Line> line = reader.next())
        lines.push_back(line->too_long ? "<" + line->text + ">" : line->text);
}

// Sends bytes, and lets reader work until it has got all of them.
void feed(LineReader& reader, const Pair& pair, std::string_view bytes, Lines& lines) {
    do {
        const IoResult wrote = write_some(pair.far.get(), bytes);
        bytes.remove_prefix(wrote.bytes);
        for (;;) {
            take_lines(reader, lines);
            const IoState state = reader.fill(pair.near.get());
            if (state == IoState::would_block && !reader.full()) break;
            REQUIRE((state == IoState::done || state == IoState::would_block));
        }
    } while (!bytes.empty());
    take_lines(reader, lines);
}

Lines read_all(std::string_view bytes, std::size_t most, LineEnds ends, std::vector<std::size_t> cuts = {}) {
    const Pair pair;
    LineReader reader{most, ends};
    Lines lines;
    std::size_t from = 0;
    cuts.push_back(bytes.size());
    for (const std::size_t to : cuts) {
        feed(reader, pair, bytes.substr(from, to - from), lines);
        from = to;
    }
    return lines;
}

// The lines are the same however the bytes are cut in two, and byte by byte.
void check_every_cut(std::string_view bytes, std::size_t most, LineEnds ends, const Lines& expected) {
    CAPTURE(std::string{bytes});
    CAPTURE(most);
    CHECK(read_all(bytes, most, ends) == expected);
    std::vector<std::size_t> each;
    for (std::size_t cut = 1; cut < bytes.size(); ++cut) {
        each.push_back(cut);
        CAPTURE(cut);
        CHECK(read_all(bytes, most, ends, {cut}) == expected);
    }
    CHECK(read_all(bytes, most, ends, each) == expected);
}

} // namespace

TEST_SUITE("unit") {
    TEST_CASE("line reader: lines end at LF with or without CR however the bytes arrive") {
        check_every_cut("one\ntwo\r\n\n\r\nfive\n", 8, LineEnds::newline, {"one", "two", "", "", "five"});
        check_every_cut("a\rb\n\r\r\n", 8, LineEnds::newline, {"a\rb", "\r"});
        check_every_cut("half", 8, LineEnds::newline, {});
        check_every_cut(std::string_view{"nul\0in\n", 7}, 8, LineEnds::newline, {std::string{"nul\0in", 6}});
    }

    TEST_CASE("line reader: after a first line with CR LF a bare LF is data") {
        check_every_cut("USER x\r\na\nb\r\nc\rd\r\n\r\r\ne\n", 8, LineEnds::first_decides,
                        {"USER x", "a\nb", "c\rd", "\r"});
    }

    TEST_CASE("line reader: after a first line with a bare LF every LF ends a line") {
        check_every_cut("ls\nb\r\nc\n", 8, LineEnds::first_decides, {"ls", "b", "c"});
        check_every_cut("\n\r\n", 8, LineEnds::first_decides, {"", ""});
    }

    TEST_CASE("line reader: the whole lines that wait can be seen without being taken") {
        const Pair pair;
        const auto seen = [](const LineReader& reader) {
            Lines lines;
            for (const std::string_view line : reader.waiting_lines()) lines.emplace_back(line);
            return lines;
        };
        LineReader reader{8, LineEnds::first_decides};
        reader.add("a\r\n");
        CHECK(reader.next()->text == "a");
        CHECK(seen(reader).empty());
        reader.add("b\nc\r\n\r\nd");
        CHECK(seen(reader) == Lines{"b\nc", ""});
        CHECK(seen(reader) == Lines{"b\nc", ""}); // they are still there
        CHECK(reader.next()->text == "b\nc");
        CHECK(seen(reader) == Lines{""});
        CHECK(reader.next()->text.empty());
        reader.add("23456789");
        CHECK(reader.add("0") == 1); // full
        CHECK_FALSE(reader.next());
        reader.add("1\r\ne\r\n");
        CHECK(seen(reader) == Lines{"e"}); // what ends before it was too long
        CHECK(reader.next()->too_long);
        CHECK(reader.next()->text == "e");
    }

    TEST_CASE("line reader: a person is told from a program by the first line") {
        const Pair pair;
        for (const bool person : {true, false}) {
            LineReader reader{16, LineEnds::first_decides};
            Lines lines;
            CHECK_FALSE(reader.saw_bare_newline());
            feed(reader, pair, person ? "a\nb\r\n" : "a\r\nb\nc\r\n", lines);
            CHECK(reader.saw_bare_newline() == person);
        }
        LineReader plain{16, LineEnds::newline};
        Lines lines;
        feed(plain, pair, "a\n", lines);
        CHECK_FALSE(plain.saw_bare_newline());
    }

    TEST_CASE("line reader: a line of the cap is whole and one byte more is too long") {
        for (const std::string end : {"\n", "\r\n"}) {
            for (const LineEnds ends : {LineEnds::newline, LineEnds::first_decides}) {
                const std::string start = "x" + end;
                check_every_cut(start + "12345678" + end + "z" + end, 8, ends, {"x", "12345678", "z"});
                for (const std::string longer : {"123456789", "1234567890", "12345678901234567890"}) {
                    const Lines lines = read_all(start + longer + end + "z" + end, 8, ends);
                    REQUIRE(lines.size() == 3);
                    CHECK(lines[1].substr(0, 3) == "<12");
                    CHECK(lines[2] == "z");
                }
            }
        }
    }

    TEST_CASE("line reader: a line that is too long is reported once whatever its cuts") {
        for (const std::string end : {"\n", "\r\n"})
            for (std::size_t length = 9; length < 40; ++length) {
                const std::string bytes = "a" + end + std::string(length, 'x') + end + "b" + end;
                for (std::size_t cut = 1; cut < bytes.size(); ++cut) {
                    const Lines lines = read_all(bytes, 8, LineEnds::first_decides, {cut});
                    REQUIRE(lines.size() == 3);
                    CHECK(lines[1].substr(0, 2) == "<x");
                    CHECK(lines[2] == "b");
                }
            }
    }

    TEST_CASE("line reader: of a megabyte without an end some bytes are kept and the next line is right") {
        const std::string bytes = "PUT " + std::string(1 << 20, 'x') + " the end\r\nnext\r\n";
        for (const std::size_t most : {10U, 62U, 63U, 100U, 512U, 4096U}) {
            const Lines lines = read_all(bytes, most, LineEnds::first_decides);
            REQUIRE(lines.size() == 2);
            CHECK(lines[0].substr(0, 5) == "<PUT ");
            CHECK(lines[0].size() <= 2 * LineReader::kept_of_too_long + 2);
            CHECK(lines[1] == "next");
        }
        CHECK(read_all(bytes, 512, LineEnds::newline).at(0).find(" the end>") != std::string::npos);
    }

    TEST_CASE("line reader: the bytes of a body stay in place between lines") {
        const Pair pair;
        LineReader reader{16, LineEnds::first_decides};
        Lines lines;
        waiting::send_text(pair.far, "PUT x\r\nbo\r\ndyLS\r\n");
        REQUIRE(reader.fill(pair.near.get()) == IoState::done);
        CHECK(reader.next()->text == "PUT x");
        CHECK(reader.buffered().substr(0, 6) == "bo\r\ndy");
        reader.consume(4);
        CHECK(reader.buffered().substr(0, 2) == "dy");
        reader.consume(2);
        CHECK(reader.next()->text == "LS");
        CHECK(reader.buffered().empty());
        CHECK_FALSE(reader.next());
    }

    TEST_CASE("line reader: never more than its buffer is read ahead") {
        const Pair pair;
        LineReader reader{8, LineEnds::newline};
        waiting::send_text(pair.far, "1\n2\n3\n4\n5\n6\n7\n8\n");
        while (!reader.full()) REQUIRE(reader.fill(pair.near.get()) == IoState::done);
        CHECK(reader.buffered() == "1\n2\n3\n4\n5\n");
        CHECK(reader.fill(pair.near.get()) == IoState::would_block);
        CHECK(reader.next()->text == "1");
        CHECK(reader.fill(pair.near.get()) == IoState::done); // what was taken makes room
        CHECK(reader.buffered() == "2\n3\n4\n5\n6\n");
    }

    TEST_CASE("line reader: the end and half a line before it are told apart") {
        Pair pair;
        LineReader reader{16, LineEnds::newline};
        waiting::send_text(pair.far, "whole\nhalf");
        pair.far.reset();
        REQUIRE(reader.fill(pair.near.get()) == IoState::done);
        CHECK(reader.fill(pair.near.get()) == IoState::ended);
        CHECK(reader.next()->text == "whole");
        CHECK_FALSE(reader.next());
        CHECK(reader.buffered() == "half");
    }

    TEST_CASE("line reader: of a peer that sends much at once ever more is read together") {
        const Pair pair;
        const std::string bytes = [] {
            std::string all;
            while (all.size() < 60'000) all += "a line\n";
            return all;
        }();
        for (const std::size_t at_once : {std::size_t{0}, std::size_t{65'536}}) {
            REQUIRE(write_some(pair.far.get(), bytes).bytes == bytes.size());
            LineReader reader{100, LineEnds::newline, at_once};
            Lines lines;
            int reads = 0;
            for (; reader.fill(pair.near.get()) == IoState::done; ++reads) take_lines(reader, lines);
            CHECK(lines.size() == bytes.size() / 7);
            CHECK((reads < 12) == (at_once > 0));
        }
    }
}
