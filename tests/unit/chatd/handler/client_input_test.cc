// SPDX-License-Identifier: ISC
// The lines of a client and how far they were dealt with; and what waits to be written to it.
#include "chatd/handler/client_input.hh"

#include "tests/unit/chatd/handler/talk_place.hh"

using namespace chatd;

TEST_SUITE("unit") {
    TEST_CASE("input: a line that was put back is the next one again") {
        TalkPlace place;
        ClientInput& input = place.talk.input;
        place.talk.hub.ask(NameFrame::make("x"), {.what = Message::name}); // so that lines wait
        place.type("one\ntwo\n");
        CHECK(input.next_line()->text == "one");
        auto two = input.next_line();
        REQUIRE(two);
        CHECK_FALSE(input.has_lines());
        input.put_back(*std::move(two));
        CHECK(input.has_lines());
        CHECK(input.next_line()->text == "two");
        CHECK_FALSE(input.next_line());
    }

    TEST_CASE("input: of a client of telnet the bytes of a line that was put back are not dealt with") {
        TalkPlace place;
        ClientInput& input = place.talk.input;
        // WILL chat, WONT TERMINAL-TYPE, DONT ECHO, DONT SGA
        place.type("\xff\xfb\xd5\xff\xfc\x18\xff\xfe\x01\xff\xfe\x03");
        REQUIRE(place.talk.output.telnet() != nullptr);
        place.talk.hub.ask(NameFrame::make("x"), {.what = Message::name});
        place.type("one\r\ntwo\r\nhalf");
        CHECK(input.next_line()->text == "one");
        const std::uint64_t first = input.dealt_with();
        CHECK(first >= 4);
        auto two = input.next_line();
        CHECK(input.dealt_with() > first);
        input.put_back(*std::move(two));
        CHECK(input.dealt_with() == first);
        input.settle_count();
        CHECK(input.dealt_with() == first);
        CHECK(input.next_line()->text == "two");
        input.settle_count();
        CHECK(input.dealt_with() == 10);
        input.count_from(100);
        CHECK(input.dealt_with() == 100);
    }

    TEST_CASE("input: nothing is read while nothing could be shown and at the end") {
        TalkPlace place;
        ClientOutput& output = place.talk.output;
        CHECK(place.talk.input.wants_more());
        output.show(std::string(ClientOutput::max_waiting, 'x'));
        CHECK_FALSE(output.has_room());
        CHECK_FALSE(place.talk.input.wants_more());
        CHECK(place.shown().size() == ClientOutput::max_waiting);
        CHECK(place.talk.input.wants_more());
        output.finish("bye\n", End::come_again);
        CHECK(output.is_ending());
        CHECK(output.end() == End::come_again);
        CHECK_FALSE(place.talk.input.wants_more());
        CHECK(place.shown() == "bye\n");
        CHECK(output.is_empty());
    }

    TEST_CASE("output: lines end as the client's first one did and nothing is made of nothing") {
        TalkPlace place;
        place.talk.output.show({});
        CHECK(place.shown().empty());
        place.type("/quiet\r\n/bell all\r\n");
        place.talk.output.say(Phrase::here);
        const std::string shown = place.shown();
        CHECK(shown.size() > 2);
        CHECK(shown.substr(shown.size() - 2) == "\r\n");
    }
}
