// SPDX-License-Identifier: ISC
// What was typed and is not dealt with: what is sent once more when a connection has come back, and what is
// held.
#include "chatd/chat/backlog.hh"

#include <doctest/doctest.h>

using chatd::Backlog;

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
