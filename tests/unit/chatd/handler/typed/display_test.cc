// SPDX-License-Identifier: ISC
// What a client is shown: the words for each event and refusal, the stamps before them, whom it ignores, and
// how its dialect ends lines.
#include "chatd/handler/typed/display.hh"
#include "chatd/handler/typed/line_dialect.hh"

#include <doctest/doctest.h>
#include <set>

using namespace chatd;

namespace {

constexpr auto now = Display::When::now;
constexpr auto earlier = Display::When::earlier;

// Line 812, said on 2026-11-21 at 07:26:05 UTC.
Record record_of(Kind kind, std::string text = "hello") {
    return {kind, 812, 1'795'245'965'000'000, 7, "张三", std::move(text)};
}

struct Shown : Display {
    Shown() : Display(catalogues(), Language::english, nc()) {}
    static const LineDialect& nc() {
        static const LineDialect dialect;
        return dialect;
    }
    static const Catalogues& catalogues() {
        static const Catalogues all;
        return all;
    }
};

// With what is marked in angle brackets.
std::string marked(std::string_view text, std::string_view name) {
    std::string all = paint_mentions(text, name);
    for (const auto& [from, to] : {std::pair{"\x1b[1m", "<"}, std::pair{"\x1b[22m", ">"}})
        for (std::size_t at = 0; (at = all.find(from)) != all.npos;)
            all.replace(at, std::string_view{from}.size(), to);
    return all;
}

} // namespace

TEST_SUITE("unit") {
    TEST_CASE("display: events are shown as one line each") {
        const Shown display;
        const std::pair<Kind, std::string_view> lines[]{
            {Kind::joined, "张三 joined\n"},
            {Kind::left, "张三 left\n"},
            {Kind::said, "张三 say: hello\n"},
            {Kind::announced, "administrator say: hello\n"},
            {Kind::acted, "* 张三 hello\n"},
            {Kind::renamed, "张三 is now hello\n"},
            {Kind::topic, "张三 set the topic: hello\n"},
            {Kind::kicked, "张三 kicked hello\n"},
            {Kind::muted, "张三 muted hello\n"},
            {Kind::unmuted, "张三 unmuted hello\n"},
            {Kind::banned, "张三 banned hello\n"},
            {Kind::unbanned, "张三 unbanned hello\n"},
            {Kind::moderated, "张三 lets only those with a voice speak\n"},
            {Kind::unmoderated, "张三 lets everybody speak\n"},
            {Kind::voiced, "张三 gave a voice to hello\n"},
            {Kind::unvoiced, "张三 took the voice of hello\n"},
            {Kind::segment_start, ""},
            {Kind::segment_end, ""},
            {Kind{99}, ""},
        };
        for (const auto& [kind, line] : lines)
            CHECK(display.record(record_of(kind, kind == Kind::left ? "" : "hello"), {}, now) == line);
        CHECK(display.record(record_of(Kind::left, "good night"), {}, now) == "张三 left (good night)\n");
        Record by_administrator = record_of(Kind::kicked, "bob");
        by_administrator.name.clear();
        CHECK(display.record(by_administrator, {}, now) == "administrator kicked bob\n");
    }

    TEST_CASE("display: earlier lines have number and time and lines of another room its name") {
        Shown display;
        const Record said = record_of(Kind::said);
        CHECK(display.record(said, "plans", now) == "[plans] 张三 say: hello\n");
        CHECK(display.record(said, {}, earlier) == "[812 2026-11-21 07:26 UTC] 张三 say: hello\n");
        CHECK(display.record(said, "plans", earlier) == "[plans 812 2026-11-21 07:26 UTC] 张三 say: hello\n");
        display.taste().zone = 8 * 60;
        CHECK(display.record(said, {}, now) == "[812 15:26] 张三 say: hello\n");
        CHECK(display.record(said, "plans", now) == "[plans 812 15:26] 张三 say: hello\n");
        display.taste().zone = -8 * 60;
        CHECK(display.record(said, {}, earlier) == "[812 2026-11-20 23:26] 张三 say: hello\n");
        display.taste().zone = 0;
        CHECK(display.record(said, {}, now) == "[812 07:26 UTC] 张三 say: hello\n");
        display.taste().zone = std::nullopt;
        CHECK(display.record(said, {}, now) == "张三 say: hello\n");
    }

    TEST_CASE("display: a zone is hours and perhaps minutes with a sign") {
        CHECK(parse_zone("+8") == 480);
        CHECK(parse_zone("-3:30") == -210);
        CHECK(parse_zone("+05:45") == 345);
        CHECK(parse_zone("+0") == 0);
        for (const std::string_view wrong :
             {"", "+", "8", "+15", "+8:", "+8:60", "+8:0:0", "+ 8", "UTC", "+-8"})
            CHECK_FALSE(parse_zone(wrong));
    }

    TEST_CASE(
        "display: whom a client ignores it does not see under any number until it asks for them again") {
        Shown display;
        CHECK_FALSE(display.taste().ignores_anybody());
        display.taste().ignore(5, 7, "Bob"); // the person 5, which is the client 7
        display.taste().ignore(5, 9, "rob");
        Record said = record_of(Kind::said); // of 7
        CHECK(display.record(said, {}, now).empty());
        CHECK(display.record(said, {}, earlier).empty());
        said.name = "other";
        CHECK(display.record(said, {}, now).empty());
        said.speaker = 9;
        CHECK(display.record(said, {}, now).empty());
        said.speaker = 8;
        said.name = "Bob"; // a stranger
        CHECK_FALSE(display.record(said, {}, now).empty());
        CHECK(display.taste().ignored_names() == "rob");
        display.taste().show_again(5);
        said.speaker = 9;
        CHECK_FALSE(display.record(said, {}, now).empty());
        CHECK(display.taste().ignored_names().empty());
        CHECK_FALSE(display.taste().ignores_anybody());
        CHECK(display.told("bob", "psst") == "bob tells you: psst\n");
    }

    TEST_CASE("display: a quiet client sees nobody come and go but everything that is said") {
        Shown display;
        display.taste().is_quiet = true;
        for (const Kind kind : {Kind::joined, Kind::left, Kind::renamed})
            CHECK(display.record(record_of(kind), {}, now).empty());
        for (const Kind kind : {Kind::said, Kind::acted, Kind::kicked, Kind::announced, Kind::topic})
            CHECK_FALSE(display.record(record_of(kind), {}, now).empty());
    }

    TEST_CASE("display: the bell rings for what the client has chosen and never for earlier lines") {
        Shown display;
        display.set_own_name("Ada");
        const auto rings = [&](const std::string& shown) { return shown.find('\a') != shown.npos; };
        const Record mention = record_of(Kind::said, "hello, ADA!"), other = record_of(Kind::said);
        CHECK_FALSE(rings(display.record(mention, {}, now) + display.told("bob", "psst")));
        display.taste().bell = Taste::Bell::mention;
        CHECK(rings(display.record(mention, {}, now)));
        CHECK(rings(display.told("bob", "psst")));
        CHECK_FALSE(rings(display.record(other, {}, now)));
        CHECK_FALSE(rings(display.record(mention, {}, earlier)));
        display.taste().bell = Taste::Bell::all;
        CHECK(rings(display.record(other, {}, now)));
        CHECK_FALSE(rings(display.record(record_of(Kind::joined), {}, now)));
        CHECK_FALSE(rings(display.record(other, {}, earlier)));
    }

    TEST_CASE("display: each refusal has words of its own and so has each farewell") {
        const Shown display;
        std::set<std::string> all;
        int refusals = 0;
        const std::string unknown = display.refused(Refusal{255}, 3);
        for (int number = 1; number < 255; ++number) {
            const std::string words = display.refused(static_cast<Refusal>(number), 3);
            if (words == unknown) continue;
            ++refusals;
            all.insert(words);
        }
        CHECK(refusals == 38);
        CHECK(all.size() == 38);
        CHECK(display.refused(Refusal::wrong_code, 2) == "No room has that code. Tries left: 2.\n");
        CHECK(display.refused(Refusal::wrong_code, 0) == "No room has that code. That was the last try.\n");
        CHECK(display.refused(Refusal::muted, 0).find("last try") == std::string::npos);
        CHECK(display.farewell(Farewell::stopping_with_words, "at ten") ==
              "The server is stopping: at ten\n");
        for (int number = 1; number <= 7; ++number)
            CHECK(display.farewell(static_cast<Farewell>(number), "") != display.farewell(Farewell{99}, ""));
    }

    TEST_CASE("display: rows of lists say what the flags mean") {
        const Shown display;
        CHECK(display.who_row("ada\t\t") == "ada\n");
        CHECK(display.who_row("ada\tovma\tat lunch") == "ada (operator, voice, muted, away: at lunch)\n");
        CHECK(display.room_row("lobby\t\t2\t") == "lobby 2 here\n");
        CHECK(display.room_row("plans\tcmi\t1\tworld peace") ==
              "plans (code, moderated, you are in it) 1 here: world peace\n");
        CHECK(display.ban_row("bob\tlobby\t7\tada") == "bob (lobby) by ada, 7 minutes left\n");
        CHECK(display.ban_row("bob\tlobby\t7\tada\t") == "bob (lobby) by ada, 7 minutes left\n");
        CHECK(display.ban_row("bob\tlobby\t7\tada\ta") ==
              "bob and the address (lobby) by ada, 7 minutes left\n");
        CHECK(display.ban_row("10.0.0.7\t\t\t") == "10.0.0.7 by administrator, for good\n");
        CHECK(display.who_row("") == "\n");
    }

    TEST_CASE("display: questions have no line end and colours are shown to who wants them") {
        Shown display;
        display.set_own_name("Ada");
        CHECK(display.question(Asked::name) == "Your name: ");
        CHECK(display.question(Asked::password) == "Password: ");
        CHECK(display.question(Asked::code) == "Room code: ");
        CHECK(display.question(Asked::nothing).empty());
        const Record mention = record_of(Kind::said, "hello ada");
        CHECK(display.record(mention, {}, now) == "张三 say: hello ada\n");
        display.taste().colours = true;
        const std::string painted = paint_name("张三");
        CHECK(display.record(mention, {}, now) == painted + " say: hello \x1b[1mada\x1b[22m\n");
        CHECK(display.told("张三", "psst") == painted + " tells you: psst\n");
        CHECK(display.record(record_of(Kind::renamed, "eve"), {}, now) ==
              painted + " is now " + paint_name("eve") + "\n");
        display.taste().colours = false;
        CHECK(display.record(mention, {}, now) == "张三 say: hello ada\n");
    }

    TEST_CASE("a name has one colour in whatever case and names have several") {
        CHECK(paint_name("ada").substr(0, 5) == paint_name("ADA").substr(0, 5));
        CHECK(paint_name("张三").find("张三\x1b[39m") == 5);
        std::set<std::string> colours;
        for (const char* const name : {"ada", "bob", "eve", "mallory", "trent", "张三", "李四", "peggy"})
            colours.insert(paint_name(name).substr(0, 5));
        CHECK(colours.size() > 2);
    }

    TEST_CASE("the own name is marked where it stands as a word") {
        CHECK(marked("hello ada, and ADA!", "Ada") == "hello <ada>, and <ADA>!");
        CHECK(marked("adamant canada", "ada") == "adamant canada");
        CHECK(marked("请张三来", "张三") == "请<张三>来");
        CHECK(marked("x张三y", "张三") == "x<张三>y");
        CHECK(marked("ada", "") == "ada");
        CHECK(marked("", "ada") == "");
        CHECK(marked("ad", "ada") == "ad");
        CHECK(marked("ａｄａ", "ada") == "<ａｄａ>"); // of full width
    }
}
