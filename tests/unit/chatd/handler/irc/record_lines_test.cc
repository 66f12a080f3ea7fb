// SPDX-License-Identifier: ISC
// Records of a room's log as a client of IRC is shown them.
#include "chatd/handler/irc/record_lines.hh"

#include "chatd/handler/irc/client_line.hh"

#include <doctest/doctest.h>

using namespace chatd::irc;
using chatd::Kind;
using chatd::Record;

namespace {

constexpr std::int64_t when = 1796047509120000;

Record record(Kind kind, std::string name, std::string text = {}) {
    return {.kind = kind,
            .line = 7,
            .time = when,
            .speaker = 3,
            .name = std::move(name),
            .text = std::move(text)};
}

std::string joined(const std::vector<ServerLine>& lines) {
    std::string all;
    for (const ServerLine& line : lines) all += line.str();
    return all;
}

struct Shown {
    explicit Shown(const std::string& wanted = "") { capabilities.take({"REQ", wanted}, 400); }
    std::string now(const Record& what, std::string_view room = "lobby", bool is_own = false,
                    std::string_view label = {}) {
        return joined(lines.lines_of(what, {room, 31}, is_own, label));
    }
    std::string earlier(const Record& what) { return joined(lines.earlier_lines_of(what, {"lobby", 31})); }

    Capabilities capabilities{true};
    Accounts accounts;
    RecordLines lines{capabilities, accounts};
};

} // namespace

TEST_SUITE("unit") {
    TEST_CASE("irc: each kind of record is a line of IRC") {
        Shown shown;
        const auto is = [&](Kind kind, std::string_view text, std::string_view line) {
            CHECK(shown.now(record(kind, "ada", std::string{text})) == std::string{line} + "\r\n");
        };
        is(Kind::joined, "", ":ada!u@chat JOIN #lobby");
        is(Kind::said, "hello there", ":ada!u@chat PRIVMSG #lobby :hello there");
        is(Kind::acted, "waves",
           ":ada!u@chat PRIVMSG #lobby :\x01"
           "ACTION waves\x01");
        is(Kind::renamed, "bob", ":ada!u@chat NICK bob");
        is(Kind::topic, "plans", ":ada!u@chat TOPIC #lobby :plans");
        is(Kind::kicked, "bob", ":ada!u@chat KICK #lobby bob :ada");
        is(Kind::banned, "bob 10m address", ":ada!u@chat MODE #lobby +b bob!*@*");
        is(Kind::unbanned, "10.0.0.0/8", ":ada!u@chat MODE #lobby -b *!*@10.0.0.0/8");
        is(Kind::moderated, "", ":ada!u@chat MODE #lobby +m");
        is(Kind::unmoderated, "", ":ada!u@chat MODE #lobby -m");
        is(Kind::voiced, "bob", ":ada!u@chat MODE #lobby +v bob");
        is(Kind::unvoiced, "bob", ":ada!u@chat MODE #lobby -v bob");
        is(Kind::muted, "bob 10m", ":chatd.local NOTICE #lobby :ada has muted bob: 10m");
        is(Kind::unmuted, "bob", ":chatd.local NOTICE #lobby :ada has unmuted bob");
        CHECK(shown.now(record(Kind::announced, "", "hear")) == ":chatd.local NOTICE #lobby :hear\r\n");
        CHECK(shown.now(record(Kind::noted, "", "3 new")) == ":chatd.local NOTICE #lobby :3 new\r\n");
        CHECK(shown.now(record(Kind::noticed, "ada", "3 new")) == ":ada!u@chat NOTICE #lobby :3 new\r\n");
        CHECK(shown.now(record(Kind::moderated, "")) == ":chatd.local MODE #lobby +m\r\n");
        CHECK(shown.now(record(Kind::segment_start, "lobby")).empty());
    }

    TEST_CASE("irc: tags are only for who asked for them") {
        Shown time{"server-time"}, both{"server-time message-tags"}, extended{"extended-join"};
        CHECK(time.now(record(Kind::said, "ada", "hi")) ==
              "@time=2026-11-30T14:05:09.120Z :ada!u@chat PRIVMSG #lobby :hi\r\n");
        CHECK(both.now(record(Kind::said, "ada", "hi")) ==
              "@time=2026-11-30T14:05:09.120Z;msgid=1f-7-0-lobby :ada!u@chat PRIVMSG #lobby :hi\r\n");
        CHECK(both.now(record(Kind::topic, "ada", "plans")) ==
              "@time=2026-11-30T14:05:09.120Z;msgid=1f-7-0-lobby :ada!u@chat TOPIC #lobby :plans\r\n");
        CHECK(both.now(record(Kind::renamed, "ada", "eve")) == // a line of each room that she is in
              "@time=2026-11-30T14:05:09.120Z :ada!u@chat NICK eve\r\n");
        CHECK(time.now(record(Kind::joined, "ada")) ==
              "@time=2026-11-30T14:05:09.120Z :ada!u@chat JOIN #lobby\r\n");
        CHECK(extended.now(record(Kind::joined, "ada")) == ":ada!u@chat JOIN #lobby * :ada\r\n");
        CHECK(extended.now(record(Kind::joined, "ada", "ada")) == ":ada!u@chat JOIN #lobby ada :ada\r\n");
    }

    TEST_CASE("irc: what one says oneself is shown to who wants an echo and has its label") {
        Shown without, with{"echo-message"};
        const Record said = record(Kind::said, "ada", "hi");
        CHECK(without.now(said, "lobby", true).empty());
        CHECK(with.now(said, "lobby", true, "l1") == "@label=l1 :ada!u@chat PRIVMSG #lobby :hi\r\n");
    }

    TEST_CASE("irc: a long text is several lines that are the text again") {
        Shown shown{"server-time message-tags"};
        std::string text;
        while (text.size() < 1990) text += "字 word ";
        const auto lines = shown.lines.lines_of(record(Kind::said, "ada", text), {"lobby", 31}, false);
        CHECK(lines.size() >= 4);
        std::string again;
        unsigned part = 0;
        for (const ServerLine& line : lines) {
            const std::string whole = line.str();
            CHECK(whole.find("msgid=1f-7-" + std::to_string(part++) + "-lobby") != whole.npos);
            const std::string rest = whole.substr(whole.find(' ') + 1);
            CHECK(rest.size() <= max_line);
            CHECK(is_utf8(rest));
            const std::size_t begin = rest.find(" :") + 2;
            again += rest.substr(begin, rest.size() - 2 - begin);
        }
        CHECK(again == text);
        for (const ServerLine& line :
             shown.lines.lines_of(record(Kind::acted, "ada", text), {"lobby", 31}, false)) {
            const std::string whole = line.str();
            CHECK(whole.find("\x01"
                             "ACTION ") != whole.npos);
            CHECK(whole[whole.size() - 3] == '\x01');
        }
    }

    TEST_CASE("irc: a new name is told once for all rooms") {
        Shown shown;
        const Record renamed = record(Kind::renamed, "ada", "bob");
        CHECK_FALSE(shown.now(renamed, "lobby").empty());
        CHECK(shown.now(renamed, "plans").empty());
        CHECK(shown.now(renamed, "third").empty());
        CHECK_FALSE(shown.now(renamed, "plans").empty()); // again, after the name was another one
        CHECK(shown.now(renamed, "lobby").empty());
        CHECK(shown.now(renamed, "lobby", true).empty()); // it knows that of itself
        // Of requests that are known, also where one log was read further than the other.
        std::vector<Record> to_and_fro{record(Kind::renamed, "ada", "bob"),
                                       record(Kind::renamed, "bob", "ada"),
                                       record(Kind::renamed, "ada", "bob")};
        for (std::uint32_t i = 0; i < 3; ++i) to_and_fro[i].serial = i + 1;
        for (const Record& one : to_and_fro) CHECK_FALSE(shown.now(one, "lobby").empty());
        for (const Record& one : to_and_fro) CHECK(shown.now(one, "plans").empty());
    }

    TEST_CASE("irc: who asks for it leaves one room and whose connection ends leaves all") {
        Shown shown;
        Record left = record(Kind::left, "ada", "bye now");
        left.serial = 5;
        CHECK(shown.now(left) == ":ada!u@chat PART #lobby :bye now\r\n");
        left.text.clear();
        CHECK(shown.now(left) == ":ada!u@chat PART #lobby\r\n");
        const Record gone = record(Kind::left, "ada", "bye now");
        CHECK(shown.now(gone) == ":ada!u@chat QUIT :bye now\r\n");
        CHECK(shown.now(gone, "plans").empty());
        Record other = gone;
        other.speaker = 4; // the same name, later
        CHECK(shown.now(other) == ":ada!u@chat QUIT :bye now\r\n");
    }

    TEST_CASE("irc: who was kicked does not leave as well") {
        Shown shown;
        shown.now(record(Kind::kicked, "ada", "bob"));
        CHECK(shown.now(record(Kind::left, "bob")).empty());
        CHECK(shown.now(record(Kind::left, "bob"), "plans") == ":bob!u@chat QUIT :\r\n");
        CHECK(shown.now(record(Kind::left, "bob"), "third").empty());
    }

    TEST_CASE("irc: what was said before has its time in a tag or in the words of a notice") {
        Shown with{"server-time"}, without;
        CHECK(with.earlier(record(Kind::said, "ada", "hi")) ==
              "@time=2026-11-30T14:05:09.120Z :ada!u@chat PRIVMSG #lobby :hi\r\n");
        CHECK(without.earlier(record(Kind::said, "ada", "hi")) ==
              ":ada!u@chat NOTICE #lobby :[2026-11-30 14:05 UTC] hi\r\n");
        CHECK(without.earlier(record(Kind::acted, "ada", "waves")) ==
              ":ada!u@chat NOTICE #lobby :[2026-11-30 14:05 UTC] * waves\r\n");
        for (const Kind kind :
             {Kind::joined, Kind::left, Kind::renamed, Kind::topic, Kind::kicked, Kind::moderated})
            CHECK(with.earlier(record(kind, "ada", "x")).empty());
    }

    TEST_CASE("irc: names of old logs do not break a line") {
        Shown shown;
        CHECK(shown.now(record(Kind::said, "a b!c", "hi"), "big room") ==
              ":a_b_c!u@chat PRIVMSG #big_room :hi\r\n");
    }
}
