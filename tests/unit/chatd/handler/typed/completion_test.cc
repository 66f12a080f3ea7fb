// SPDX-License-Identifier: ISC
// What the Tab key makes of a word, and where the words come from.
#include "chatd/handler/typed/completion.hh"

#include <doctest/doctest.h>

using namespace chatd;
using Of = Completion::Of;

namespace {

constexpr CommandShape shapes[]{{"join", "[ROOM] [CODE]"},
                                {"msg", "NAME TEXT"},
                                {"mute", "NAME [DURATION]"},
                                {"bell", "off|mention|all"},
                                {"ban", "NAME|ADDRESS [DURATION]"},
                                {"help", "[COMMAND]"},
                                {"lang", "LANGUAGE"},
                                {"bans", ""}};

Completion of(std::string_view before) { return find_completion(before, shapes); }
// The line after Tab; the choice in brackets.
std::string completed(std::string_view before, std::vector<std::string> hub = {}) {
    const Completion wanted = of(before);
    const Completed done = complete(wanted, wanted.of == Of::words ? wanted.words : std::move(hub));
    std::string line{before};
    if (!done.word.empty()) line.replace(wanted.from, line.npos, done.word);
    for (const std::string& one : done.choice) line += " [" + one + ']';
    return line;
}

} // namespace

TEST_SUITE("unit") {
    TEST_CASE("completion: what can stand at a place is seen from the command's arguments") {
        CHECK(of("a").of == Of::names);
        CHECK(of("hello a").of == Of::names);
        CHECK(of("//jo").of == Of::names);
        CHECK(of("/jo").of == Of::words);
        CHECK(of("/join ").of == Of::rooms);
        CHECK(of("/join  lob").of == Of::rooms);
        CHECK(of("/join lobby x").of == Of::nothing); // a code
        CHECK(of("/msg a").of == Of::names);
        CHECK(of("/msg ada tell b").of == Of::names); // in a text
        CHECK(of("/mute ada 1").of == Of::nothing);
        CHECK(of("/ban a").of == Of::names);
        CHECK(of("/bell ").words == std::vector<std::string>{"off", "mention", "all"});
        CHECK(of("/help ").words.size() == std::size(shapes));
        CHECK(of("/lang ").words == std::vector<std::string>{"en", "zh"});
        CHECK(of("/bans x").of == Of::nothing);
        CHECK(of("/nonsense x").of == Of::nothing);
        CHECK(of("").of == Of::names);
    }

    TEST_CASE("completion: a word that is determined is completed and ends") {
        CHECK(completed("/j") == "/join ");
        CHECK(completed("/bell m") == "/bell mention ");
        CHECK(completed("/help ms") == "/help msg ");
        CHECK(completed("a", {"ada", "bob"}) == "ada: "); // spoken to
        CHECK(completed("hi A", {"ada", "bob"}) == "hi ada ");
        CHECK(completed("hi 张", {"张三", "李四"}) == "hi 张三 ");
        CHECK(completed("/join 会", {"会议", "lobby"}) == "/join 会议 ");
    }

    TEST_CASE("completion: of several words as much as they agree in and then the choice") {
        CHECK(completed("/b") == "/b [ban] [bans] [bell]");
        CHECK(completed("/m") == "/m [msg] [mute]");
        CHECK(completed("x", {"xaver", "Xander"}) == "Xa");
        CHECK(completed("xa", {"xaver", "Xander"}) == "xa [Xander] [xaver]");
        CHECK(completed("张", {"张三丰", "张三"}) == "张三");
        CHECK(completed("", {"ada", "bob"}) == " [ada] [bob]");
    }

    TEST_CASE("completion: a name is completed behind whatever mark it follows without a blank") {
        const std::vector<std::string> all{"ada", "bob", "o'neil", "_x", "张三"};
        CHECK(completed("@a", all) == "@ada "); // a word by itself
        CHECK(completed("hi @A", all) == "hi @ada ");
        CHECK(completed("(a", all) == "(ada"); // what closes it follows
        CHECK(completed("see \"a", all) == "see \"ada");
        CHECK(completed("ada/b", all) == "ada/bob");
        CHECK(completed("hi,b", all) == "hi,bob");
        CHECK(completed("'o'", all) == "'o'neil");
        CHECK(completed("@_", all) == "@_x ");
        CHECK(completed("你好，张", all) == "你好，张三");
        CHECK(completed("“张", all) == "“张三");
        CHECK(completed("/msg ada (b", all) == "/msg ada (bob");
        CHECK(completed("/msg ada ask @b", all) == "/msg ada ask @bob ");
        CHECK(completed("/msg @b", all) == "/msg @b"); // it takes a name and nothing else
        CHECK(completed("ada.b", all) == "ada.b");     // may be one name
        CHECK(completed("(zz", all) == "(zz");
    }

    TEST_CASE("completion: nothing is made of a word that nothing begins with") {
        CHECK(completed("/x") == "/x");
        CHECK(completed("zz", {"ada"}) == "zz");
        CHECK(completed("zz") == "zz");
        CHECK(completed("\xff", {"ada"}) == "\xff");
    }
}
