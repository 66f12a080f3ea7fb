// SPDX-License-Identifier: ISC
// What was typed and is not dealt with: what is sent once more when a connection has come back, and what is
// held.
#include "chatd/chat/backlog.hh"

#include "chatd/words.hh"

#include <doctest/doctest.h>
#include <string>
#include <string_view>
#include <vector>

using chatd::Backlog;

namespace {

// What is left to be said when these lines, with serials from 8 on, were said by number 5, and the place was
// lost whose mark is: nothing dealt with, number 5, serial 7.
std::string left_of(std::string_view typed, const std::vector<std::string_view>& said,
                    bool are_keys = false) {
    Backlog backlog;
    backlog.take_place();
    backlog.note_mark({0, 5, 7});
    backlog.add(typed);
    backlog.lose_place(true);
    std::uint32_t serial = 7;
    for (const std::string_view line : said)
        backlog.drop_said(
            {5, ++serial, static_cast<std::uint32_t>(line.size()), line.substr(0, chatd::said_head)},
            are_keys);
    return backlog.take_held();
}

} // namespace

TEST_SUITE("unit") {
    TEST_CASE("backlog: what the server has dealt with is not sent once more") {
        Backlog backlog;
        backlog.take_place();
        backlog.add("one\ntwo\n");
        CHECK(backlog.take_up(4) == "two\n");
        backlog.deal_with(4); // told twice
        CHECK(backlog.size() == 4);
        backlog.deal_with(3); // and less than before
        CHECK(backlog.size() == 4);
        backlog.deal_with(UINT64_MAX); // of more than there is
        CHECK(backlog.is_empty());
    }

    TEST_CASE("backlog: what stands in the log is not said again nor what came before it") {
        CHECK(left_of("one\ntwo\nthree\n", {}) == "one\ntwo\nthree\n");
        CHECK(left_of("one\ntwo\nthree\n", {"one", "two"}) == "three\n");
        CHECK(left_of("x\nx\nx\ny\nx\n", {"x", "x"}) == "x\ny\nx\n"); // as often as it was said
        CHECK(left_of("/me waves\n\n/msg bob hi\none\ntwo\n", {"one"}) == "two\n");
        CHECK(left_of("one\ntwo\n", {"other"}) == "one\ntwo\n");
        CHECK(left_of("one\ntwo", {"two"}) == "one\ntwo"); // it was not whole
        const std::string long_line(2000, 'x');
        CHECK(left_of(long_line + "\none\n", {long_line}) == "one\n");
        CHECK(left_of(long_line + "\none\n", {long_line.substr(1)}) == long_line + "\none\n");
    }

    TEST_CASE("backlog: a line is known again as the server has made it harmless") {
        CHECK(left_of("a\tb\n//c\n/d e\n\x01\r\nnext\n",
                      {chatd::neutralise("a\tb"), "/c", "/d e", chatd::neutralise("\x01")}) == "next\n");
        CHECK(left_of("one\rtwo\r", {"one"}, true) == "two\r");
        CHECK(left_of("one\ro\x7ftwo\rtwo\r", {"one", "two"}, true) == "o\x7ftwo\rtwo\r");
    }

    TEST_CASE("backlog: lines behind a change of room or name are not looked for") {
        CHECK(left_of("one\n/join b\ntwo\n", {"one", "two"}) == "/join b\ntwo\n");
        CHECK(left_of("/nick eve\ntwo\n", {"two"}) == "/nick eve\ntwo\n");
        CHECK(left_of("/joined\ntwo\n", {"two"}).empty());
    }

    TEST_CASE("backlog: lines of others and those that were dealt with or looked at are not taken for ours") {
        Backlog backlog;
        backlog.take_place();
        backlog.add("x\nx\nx\n");
        backlog.note_mark({2, 5, 8});
        backlog.lose_place(true);
        const auto x = [](std::uint64_t client, std::uint32_t serial) {
            return chatd::SaidLine{client, serial, 1, "x"};
        };
        backlog.drop_said(x(5, 8), false); // dealt with
        backlog.drop_said(x(6, 9), false); // somebody's who had the name later
        CHECK(backlog.size() == 4);
        backlog.drop_said(x(5, 9), false);
        CHECK(backlog.size() == 2);
        backlog.lose_place(true); // once more, before all was looked at
        backlog.drop_said(x(5, 9), false);
        CHECK(backlog.size() == 2);
        backlog.hold("x\n"); // was never sent
        backlog.drop_said(x(5, 10), false);
        CHECK(backlog.size() == 2);
        backlog.drop_said(x(5, 11), false);
        CHECK(backlog.take_held() == "x\n");
    }

    TEST_CASE("backlog: without a mark of what was dealt with all is said again") {
        Backlog backlog;
        backlog.take_place();
        backlog.add("x\nx\n");
        backlog.note_mark({0, 5, 7});
        backlog.deal_with(2);
        backlog.lose_place(true);
        backlog.drop_said({5, 8, 1, "x"}, false);
        CHECK(backlog.take_held() == "x\n");
    }

    TEST_CASE("backlog: a server that has forgotten how far it had told counts on from what it knows") {
        Backlog backlog;
        backlog.take_place();
        backlog.add("\n\nsaid\n");
        backlog.deal_with(2); // of empty lines only that connection's end knew
        CHECK(backlog.take_up(0) == "said\n");
        backlog.deal_with(5);
        CHECK(backlog.is_empty());
    }

    TEST_CASE("backlog: the line that is being typed is made by other keys than those that were typed") {
        Backlog backlog;
        backlog.take_place();
        backlog.add("x\r\x1b[A!");
        backlog.deal_with(2);
        backlog.note_line(5, "before");
        CHECK(backlog.take_up(2) == "before!");
        CHECK(backlog.take_up(2) == "before!"); // noted once
        Backlog done;
        done.add("abc\r");
        done.note_line(3, "zzz");
        CHECK(done.take_up(4).empty()); // the line was sent meanwhile
    }

    TEST_CASE("backlog: without a connection keys are kept for the place or held until there is one") {
        Backlog backlog;
        backlog.keep("early");
        CHECK(backlog.take_up(0).empty());
        backlog.take_place();
        backlog.keep(" late");
        CHECK(backlog.take_up(0) == " late");
        CHECK(backlog.take_held() == "early");
        CHECK(backlog.holds_nothing());
    }

    TEST_CASE("backlog: with the place goes what was typed there or it is held before what came later") {
        Backlog backlog;
        backlog.take_place();
        backlog.add("said");
        backlog.lose_place(true);
        backlog.keep(" later");
        CHECK(backlog.take_held() == "said later");
        backlog.add("an answer");
        backlog.lose_place(false);
        CHECK(backlog.is_empty());
        CHECK_FALSE(backlog.has_place());
        backlog.take_place();
        backlog.add("new");
        backlog.deal_with(1); // counted anew
        CHECK(backlog.take_up(1) == "ew");
    }

    TEST_CASE("backlog: a line is taken when it is whole or nothing comes behind it") {
        Backlog backlog;
        backlog.hold("ada\n\nco");
        CHECK(backlog.take_line(false) == "ada");
        CHECK(backlog.take_line(false) == "");
        CHECK_FALSE(backlog.take_line(false));
        CHECK(backlog.size() == 2);
        CHECK(backlog.take_line(true) == "co");
        CHECK(backlog.take_line(true) == "");
    }

    TEST_CASE("backlog: there is room for so many bytes and no more") {
        Backlog backlog;
        backlog.add(std::string(Backlog::max_bytes - 1, 'x'));
        CHECK(backlog.has_room());
        backlog.hold("x");
        CHECK_FALSE(backlog.has_room());
        backlog.deal_with(1);
        CHECK(backlog.has_room());
    }
}
