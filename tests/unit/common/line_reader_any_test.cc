// SPDX-License-Identifier: ISC
// Lines as a chat has them (LineEnds::any): whatever a client ends its lines with, they are the same lines.
#include "common/line_reader.hh"
#include "tests/unit/common/each_backend.hh"

#include <doctest/doctest.h>
#include <vector>

using namespace common;
using waiting::Pair;

namespace {

using Lines = std::vector<std::string>;

constexpr std::size_t most = 100;

// What a reader makes of the pieces; "<...>" for a line that was too long, "^" after one that ended in CR LF.
Lines read_pieces(const std::vector<std::string_view>& pieces) {
    const Pair pair;
    LineReader reader{most, LineEnds::any};
    Lines lines;
    for (std::string_view piece : pieces) {
        if (!piece.empty()) waiting::send_text(pair.far, piece);
        for (;;) {
            while (const std::optional<Line> line = reader.next()) {
                lines.push_back(line->too_long ? '<' + line->text.substr(0, 3) + '>' : line->text);
                if (reader.ended_in_crlf()) lines.back() += '^';
            }
            if (reader.fill(pair.near.get()) == IoState::would_block && !reader.full()) break;
        }
    }
    return lines;
}

// The same bytes from elsewhere than a descriptor.
Lines read_added(std::string_view bytes) {
    LineReader reader{most, LineEnds::any};
    Lines lines;
    while (!bytes.empty()) {
        bytes.remove_prefix(reader.add(bytes));
        while (const std::optional<Line> line = reader.next())
            lines.push_back(line->too_long ? '<' + line->text.substr(0, 3) + '>' : line->text);
    }
    return lines;
}

// The same in one piece and cut in two at every place. The CR LF mark is left out: it depends on the cut.
void check_all_cuts(std::string_view bytes, const Lines& expected) {
    for (std::size_t cut = 0; cut <= bytes.size(); ++cut) {
        CAPTURE(cut);
        Lines found = read_pieces({bytes.substr(0, cut), bytes.substr(cut)});
        for (std::string& line : found)
            if (line.ends_with('^')) line.pop_back();
        CHECK(found == expected);
    }
    std::vector<std::string_view> bytewise;
    for (std::size_t at = 0; at < bytes.size(); ++at) bytewise.push_back(bytes.substr(at, 1));
    CHECK(read_pieces(bytewise) == expected);
    CHECK(read_added(bytes) == expected);
}

} // namespace

TEST_SUITE("unit") {
    TEST_CASE(
        "line reader any: LF and CR LF and CR and NUL and CR NUL each end one line wherever it is cut") {
        using namespace std::string_view_literals;
        check_all_cuts("ada\nbob\n"sv, {"ada", "bob"});
        check_all_cuts("ada\r\nbob\r\n"sv, {"ada", "bob"});
        check_all_cuts("ada\rbob\r"sv, {"ada", "bob"});
        check_all_cuts("ada\0bob\0"sv, {"ada", "bob"});
        check_all_cuts("ada\r\0bob\r\0"sv, {"ada", "bob"});
        check_all_cuts("a\nb\r\nc\rd\0e\r\0f"sv, {"a", "b", "c", "d", "e"});
    }

    TEST_CASE("line reader any: empty lines are lines") {
        using namespace std::string_view_literals;
        check_all_cuts("\n\n"sv, {"", ""});
        check_all_cuts("\r\n\r\n"sv, {"", ""});
        check_all_cuts("\r\r"sv, {"", ""});
        check_all_cuts("\0\0"sv, {"", ""});
        check_all_cuts("\n\r"sv, {"", ""}); // not CR LF
        check_all_cuts("\r\0\n"sv, {"", ""});
        check_all_cuts("\r\n\0"sv, {"", ""});
    }

    TEST_CASE("line reader any: it is known that a line ended in CR LF when both came together") {
        CHECK(read_pieces({"ada\r\nbob\n"}) == Lines{"ada^", "bob"});
        CHECK(read_pieces({"ada\rbob\r\n"}) == Lines{"ada", "bob^"});
        CHECK(read_pieces({"ada\n\nbob\n"}) == Lines{"ada", "", "bob"});
    }

    TEST_CASE("line reader any: a line over the cap is reported once and costs no other") {
        const std::string fits(most, 'f'), longer(most + 1, 'l'), huge(1000, 'h');
        for (const std::string& end : {std::string{"\n"}, std::string{"\r\n"}, std::string{"\r"},
                                       std::string("\0", 1), std::string("\r\0", 2)})
            for (const std::string& tail : {longer, huge}) {
                const std::string bytes = fits + end + tail + end + "after" + end;
                check_all_cuts(bytes, {fits, tail == huge ? "<hhh>" : "<lll>", "after"});
            }
    }

    TEST_CASE("line reader any: what is dropped goes with the rest of the line that was begun") {
        LineReader reader{most, LineEnds::any};
        const auto lines_of = [&](std::string_view bytes) {
            Lines lines;
            for (std::string_view rest = bytes; !rest.empty();) {
                rest.remove_prefix(reader.add(rest));
                while (const auto line = reader.next()) lines.push_back(line->text);
            }
            return lines;
        };
        CHECK_FALSE(reader.drop());
        CHECK(reader.add("one\r\ntwo\r") == 9);
        CHECK(reader.drop());
        CHECK(reader.buffered().empty());
        CHECK(lines_of("\nthree\n") == Lines{"three"}); // that was all of two's end
        CHECK_FALSE(reader.drop());
        CHECK(reader.add("one\nha") == 6);
        CHECK(reader.drop());
        CHECK(lines_of("lf\nwhole\n") == Lines{"whole"});
        const std::string huge(3 * most, 'h');
        CHECK(lines_of(huge).empty());
        CHECK(reader.drop());
        CHECK(lines_of(huge + "\nwhole\n") == Lines{"whole"});
    }
}
