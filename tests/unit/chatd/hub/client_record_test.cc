// SPDX-License-Identifier: ISC
// What the next hub reads of a client, of one that has left, of a ticket, of a room and of a mute is what
// this one wrote; and nothing else is taken for it.
#include "chatd/hub/client_record.hh"
#include "chatd/hub/room_record.hh"
#include "common/errors.hh"

#include <doctest/doctest.h>
#include <string>

using namespace chatd;

namespace {

ClientRecord whole_record() {
    ClientRecord record;
    ClientFacts& facts = record.facts;
    facts.number = 1234567890123456789;
    facts.address = common::resolve_address("[2001:db8::7]:40000").front();
    facts.since = common::Clock::time_point{common::Clock::duration{77}};
    facts.page = 9;
    facts.spawner = 4711;
    facts.pid = 4712;
    facts.protocol = 513;
    facts.listener = "listen 127.0.0.1:2323";
    facts.state = ClientFacts::State::inside;
    facts.login_timeout = std::chrono::seconds{60};
    facts.done = 42;
    facts.answer = std::string{"\0answer", 7};
    facts.ignored = {{{5, "eve"}, "Eve"}, {{6, ""}, "Mallory"}};
    facts.person = {3, "ada"};
    facts.name = "Ada";
    facts.claimed = "Bob";
    facts.is_operator = true;
    facts.operator_rooms = {"lobby", "cellar"};
    facts.wrong_passwords = 1;
    facts.wrong_codes = 2;
    facts.wrong_tokens = 3;
    facts.away = "";
    facts.last_words = "bye";
    facts.has_quit = true;
    facts.formers = {1, 2};
    facts.seen = {{7, 70}};
    record.rooms = {{0x80000001U, 10}, {2, 20}};
    record.tokens = {std::string(32, 'a'), std::string(32, 'b')};
    return record;
}

// Whatever is cut off, and whatever follows, is seen.
template <class Unpack>
void check_length(const std::string& bytes, Unpack unpack) {
    for (std::size_t size = 0; size < bytes.size(); ++size)
        CHECK_THROWS_AS(unpack(bytes.substr(0, size)), common::PeerError);
    CHECK_THROWS_AS(unpack(bytes + '\0'), common::PeerError);
    CHECK_THROWS_AS(unpack('\xff' + bytes.substr(1)), common::PeerError); // another version
}

} // namespace

TEST_SUITE("unit") {
    TEST_CASE("a client's record is read as it was written") {
        const std::string bytes = pack_client(whole_record());
        const ClientRecord read = unpack_client(bytes);
        CHECK_EQ(pack_client(read), bytes);
        CHECK_FALSE(read.has_left);
        CHECK_EQ(read.facts.address.shown(), "[2001:db8::7]:40000");
        CHECK_EQ(read.facts.ignored.at(1).name, "Mallory");
        CHECK_EQ(read.facts.ignored.at(0).person.account, "eve");
        CHECK_EQ(read.facts.pid, 4712);
        CHECK_EQ(read.facts.protocol, 513);
        CHECK_EQ(read.facts.listener, "listen 127.0.0.1:2323");
        CHECK_EQ(read.facts.away, std::optional<std::string>{""});
        CHECK_EQ(read.facts.seen.at(7), 70);
        CHECK_EQ(read.facts.answer.size(), 7);
        CHECK_EQ(read.rooms.at(0).room, 0x80000001U);
        CHECK_EQ(read.tokens.at(1), std::string(32, 'b'));
        check_length(bytes, unpack_client);
    }

    TEST_CASE("a client's record of the version before is read and its handler's protocol is known") {
        ClientRecord record = whole_record();
        record.facts.listener.clear();
        std::string bytes = pack_client(record);
        bytes.resize(bytes.size() - 4); // without protocol and listener
        bytes[0] = 1;
        const ClientRecord read = unpack_client(bytes);
        CHECK_EQ(read.facts.protocol, 7);
        CHECK_EQ(read.facts.listener, "");
        CHECK_EQ(read.facts.name, "Ada");
        CHECK_EQ(read.tokens, record.tokens);
        bytes[0] = 0;
        CHECK_THROWS_AS(unpack_client(bytes), common::PeerError);
    }

    TEST_CASE("a client's record tells what it says of itself and is as before where that is nothing") {
        ClientRecord record = whole_record();
        CHECK_EQ(pack_client(record).front(), 2);
        record.facts.is_program = true;
        const ClientRecord program = unpack_client(pack_client(record));
        CHECK(program.facts.is_program);
        CHECK_EQ(program.facts.real_name, "");
        record.facts.real_name = "Ada L.";
        const std::string bytes = pack_client(record);
        CHECK_EQ(bytes.front(), 3);
        CHECK_EQ(unpack_client(bytes).facts.real_name, "Ada L.");
        CHECK_EQ(pack_client(unpack_client(bytes)), bytes);
        check_length(bytes, unpack_client);
        record.facts.real_name = std::string(max_topic + 1, 'x');
        CHECK_THROWS_AS(unpack_client(pack_client(record)), common::PeerError);
    }

    TEST_CASE("a client's record that says too much is refused") {
        ClientRecord record = whole_record();
        record.facts.name = std::string(max_name + 1, 'x');
        CHECK_THROWS_AS(unpack_client(pack_client(record)), common::PeerError);
        record = whole_record();
        record.facts.formers.resize(max_formers + 1);
        CHECK_THROWS_AS(unpack_client(pack_client(record)), common::PeerError);
        record = whole_record();
        record.rooms.resize(max_rooms + 1);
        CHECK_THROWS_AS(unpack_client(pack_client(record)), common::PeerError);
        record = whole_record();
        record.facts.last_words = std::string(70000, 'x');
        CHECK_THROWS_AS(pack_client(record), common::PeerError);
        record = whole_record();
        record.facts.state = static_cast<ClientFacts::State>(3);
        CHECK_THROWS_AS(unpack_client(pack_client(record)), common::PeerError);
    }

    TEST_CASE("the ticket of one that has left is read as it was written") {
        Tickets::Kept kept;
        kept.ticket = {.client = 7,
                       .name = "Ada",
                       .person = {3, "ada"},
                       .ignored = {{{5, ""}, "Eve"}},
                       .stays = {{1, 2, 3}, {4, 5, 6}},
                       .counted = 99,
                       .formers = {1},
                       .is_left = true,
                       .expires = Tickets::Time{Tickets::Time::duration{123}},
                       .network = "10.0.0.7"};
        kept.tokens = {std::string(32, 'c')};
        const std::string bytes = pack_ticket(kept);
        const Tickets::Kept read = unpack_ticket(bytes);
        CHECK_EQ(pack_ticket(read), bytes);
        CHECK(read.ticket.is_left);
        CHECK_EQ(read.ticket.stays.at(1).entry, 6);
        CHECK_EQ(read.ticket.network, "10.0.0.7");
        CHECK(read.ticket.counted == 99U);
        check_length(bytes, unpack_ticket);
    }

    TEST_CASE("a ticket whose bytes nobody has counted is none to the version before") {
        Tickets::Kept kept;
        kept.ticket = {.client = 7, .name = "ada", .counted = 99, .is_left = true};
        const std::string counted = pack_ticket(kept);
        CHECK_EQ(counted.at(0), 1); // as ever
        kept.ticket.counted = {};
        const std::string unknown = pack_ticket(kept);
        CHECK_EQ(unknown.at(0), 2);
        CHECK_FALSE(unpack_ticket(unknown).ticket.counted);
        check_length(unknown, unpack_ticket);
        CHECK_THROWS_AS(unpack_ticket("\3" + unknown.substr(1)), common::PeerError);
    }

    TEST_CASE("a room's record is read as it was written") {
        RoomRecord record;
        record.number = 17;
        record.settings.name = "cellar";
        record.settings.code = "sesame";
        record.settings.topic = "wine";
        record.settings.max_members = 5;
        record.settings.hidden = true;
        record.settings.history = false;
        record.settings.keep_age = std::chrono::hours{48};
        record.state = {true, true, true, "10.0.0.7", {1, 2, 3}};
        record.place = std::string{"some\0where", 10};
        const std::string bytes = pack_room(record);
        const RoomRecord read = unpack_room(bytes);
        CHECK_EQ(pack_room(read), bytes);
        CHECK(read.settings.hidden);
        CHECK_FALSE(read.settings.history);
        CHECK(read.state.is_made_by_client);
        CHECK(read.state.is_closing);
        CHECK_EQ(read.state.operators.size(), 3);
        check_length(bytes, unpack_room);
        record.topic_by = "ada";
        record.topic_time = 77;
        CHECK_EQ(pack_room(record, true), bytes); // for the version before
        const std::string with_topic = pack_room(record);
        CHECK_EQ(unpack_room(with_topic).topic_by, "ada");
        CHECK_EQ(unpack_room(with_topic).topic_time, 77);
        CHECK_EQ(pack_room(unpack_room(with_topic)), with_topic);
        check_length(with_topic, unpack_room);
    }

    TEST_CASE("a mute is read as it was written") {
        for (const bool is_limited : {true, false}) {
            CAPTURE(is_limited);
            Marks::Mark mark{
                .whom = {9, "eve"}, .name = "eve", .network = common::Network::parse("10.0.0.0/8")};
            if (is_limited) mark.until = Marks::Time{Marks::Time::duration{5}};
            const std::string bytes = pack_mark(mark);
            const Marks::Mark read = unpack_mark(bytes);
            CHECK_EQ(pack_mark(read), bytes);
            CHECK_EQ(read.network->shown(), "10.0.0.0/8");
            CHECK_EQ(read.until.has_value(), is_limited);
            check_length(bytes, unpack_mark);
        }
    }
}
