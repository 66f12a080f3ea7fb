// SPDX-License-Identifier: ISC
// The lines of a client and how far they were dealt with; and what waits to be written to it.
#include "chatd/handler/typed/client_input.hh"

#include "common/tls/tls_frames.hh"
#include "tests/unit/chatd/handler/typed/talk_place.hh"

#include <optional>
#include <string>

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

    TEST_CASE(
        "input: under TLS the last line counts without its end only where the client has ended itself") {
        struct Case {
            std::optional<common::RelayEnd> end; // none: the relay has died
            std::string lines;
        };
        using common::RelayEnd;
        for (const Case& one : {Case{RelayEnd::clean, "one two half "},
                                {RelayEnd::bare, "one two "},
                                {RelayEnd::cut, "gone"},
                                {std::nullopt, "gone"}}) {
            TalkPlace place;
            auto [relay, own] = common::make_packet_pair();
            place.hear(RelayFrame::make({}), own.get());
            own.reset();
            ClientTls& tls = place.client.tls();
            REQUIRE(tls.is_there());
            CHECK(tls.is_awaited());
            common::send_tls_frame(relay.get(), {common::TlsWord::secured, 0, 3, "(TLS1.3)-(X)-(AES)"});
            tls.hear();
            CHECK_FALSE(tls.is_awaited());
            CHECK(tls.words() == "1.3/AES");
            if (one.end)
                common::send_tls_frame(relay.get(),
                                       {common::TlsWord::ended, 0, static_cast<unsigned>(*one.end), {}});
            else
                relay.reset();
            place.send_unread("one\ntwo\nhalf");
            std::string lines;
            try {
                place.end_input();
                while (const auto line = place.talk.input.next_line()) lines += line->text + ' ';
                CHECK_FALSE(place.talk.input.has_lines());
            } catch (const Gone&) {
                lines = "gone";
            }
            CHECK(lines == one.lines);
        }
    }

    TEST_CASE("input: a relay that is not brought with its word is a fault and one that ends says why") {
        TalkPlace place;
        CHECK_FALSE(place.client.tls().is_there());
        place.client.tls().say_whole(); // to nobody
        CHECK_THROWS_AS(place.hear(RelayFrame::make({})), common::PeerError);
        auto [relay, own] = common::make_packet_pair();
        place.hear(RelayFrame::make({}), own.get());
        common::send_tls_frame(relay.get(), {common::TlsWord::ended, 0, 1, "no handshake: x"});
        place.client.tls().hear();
        CHECK(place.client.tls().words() == "no tls: no handshake: x");
        CHECK(place.client.tls().was_cut());
        place.client.tls().say_whole();
        CHECK(common::receive_tls_frame(relay.get(), {common::TlsWord::whole}).state ==
              common::IoState::done);
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
