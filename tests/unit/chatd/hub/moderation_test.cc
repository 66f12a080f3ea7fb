// SPDX-License-Identifier: ISC
// What operators and the administrator do to others, who may, and what is told of it.
#include "chatd/hub/moderation.hh"
#include "common/whole_file.hh"
#include "tests/unit/chatd/hub/hub_house.hh"

#include <doctest/doctest.h>
#include <filesystem>

using namespace chatd;

namespace {

using Arguments = std::vector<std::string>;

// A room with an operator, ada, and bob.
struct Moderated : HubHouse {
    Moderated() { ada.operator_rooms = {"lobby"}; }
    std::string act(const Client& client, Kind kind, const std::string& arguments,
                    std::string_view in = "lobby") {
        const ClientNumber number = client.number;
        send(client, ActFrame::make(arguments, room(in).number(), static_cast<std::uint8_t>(kind)));
        settle();
        return heard(number);
    }
    std::optional<Refusal> administer(Kind kind, const Arguments& arguments, Room* where) {
        return moderation.act(nullptr, where, kind, arguments);
    }
    Client& ada = enter("ada");
    Client& bob = enter("bob", "lobby", "10.0.0.8");
    ClientNumber bobs = bob.number;
};

} // namespace

TEST_SUITE("unit") {
    TEST_CASE("who is no operator of the room may do nothing to others in it") {
        Moderated house;
        house.join(house.ada, "cellar");
        for (const Kind kind : {Kind::kicked, Kind::muted, Kind::banned, Kind::moderated, Kind::voiced}) {
            CHECK(house.act(house.bob, kind, "ada") == HubHouse::refused(Refusal::not_operator));
            CHECK(house.act(house.ada, kind, "ada", "cellar") == HubHouse::refused(Refusal::not_operator));
        }
        CHECK(house.is_here(house.ada.number));
        CHECK(house.said_in("lobby") == "10, 10");
        house.bob.is_operator = true; // everywhere
        CHECK(house.act(house.bob, Kind::muted, "ada") == "accepted");
    }

    TEST_CASE("a kick ends the connection and its token and is told in the room and the log") {
        Moderated house;
        house.resumption.give_token(house.bob);
        house.heard(house.bobs);
        CHECK(house.act(house.ada, Kind::kicked, "BOB") == "accepted");
        CHECK_FALSE(house.is_here(house.bobs));
        CHECK(house.heard(house.bobs) == HubHouse::dismissed(Farewell::kicked));
        CHECK_FALSE(house.tickets.of(house.bobs));
        CHECK(house.said_in("lobby") == "10, 10, 20 bob, 11");
        CHECK(house.logged().find("kick bob by ada in lobby\n") != std::string::npos);
        CHECK(house.act(house.ada, Kind::kicked, "bob") == HubHouse::refused(Refusal::nobody));
    }

    TEST_CASE("an operator that kicks itself out is gone") {
        Moderated house;
        const ClientNumber adas = house.ada.number;
        CHECK(house.act(house.ada, Kind::kicked, "ada") == HubHouse::dismissed(Farewell::kicked));
        CHECK_FALSE(house.is_here(adas));
        CHECK(house.killed.empty());
    }

    TEST_CASE("an act is of members of the room and of as many words as it takes") {
        Moderated house;
        house.enter("eve", "cellar");
        for (const Kind kind : {Kind::kicked, Kind::muted, Kind::voiced, Kind::unmuted, Kind::unvoiced}) {
            CHECK(house.act(house.ada, kind, "eve") == HubHouse::refused(Refusal::nobody));
            CHECK(house.act(house.ada, kind, "") == HubHouse::refused(Refusal::nobody));
            CHECK(house.act(house.ada, kind, "bob 1h address myself more") ==
                  HubHouse::refused(Refusal::nobody));
        }
        for (const std::string_view wrong : {"bob 1h more", "bob more", "bob 1h 2h", "bob address 1h more"})
            for (const Kind kind : {Kind::muted, Kind::banned})
                CHECK(house.act(house.ada, kind, std::string{wrong}) ==
                      HubHouse::refused(Refusal::bad_duration));
        for (const Kind kind : {Kind::kicked, Kind::voiced, Kind::unmuted, Kind::unvoiced})
            CHECK(house.act(house.ada, kind, "bob more") == HubHouse::refused(Refusal::nobody));
        CHECK(house.act(house.ada, Kind::unbanned, "bob") == HubHouse::refused(Refusal::not_banned));
        CHECK(house.said_in("lobby") == "10, 10");
    }

    TEST_CASE("a mute may be for a while and a wrong length of time mutes nobody") {
        Moderated house;
        const auto may_speak = [&] { return !house.room().refuse_speech(house.bob, common::Clock::now()); };
        CHECK(house.act(house.ada, Kind::muted, "bob soon") == HubHouse::refused(Refusal::bad_duration));
        CHECK(may_speak());
        CHECK(house.act(house.ada, Kind::muted, " bob  2h ") == "accepted");
        CHECK_FALSE(may_speak());
        CHECK(house.room().refuse_speech(house.bob, common::Clock::now() + std::chrono::minutes{119}));
        CHECK_FALSE(house.room().refuse_speech(house.bob, common::Clock::now() + std::chrono::hours{2}));
        CHECK(house.act(house.ada, Kind::unmuted, "Bob") == "accepted");
        CHECK(may_speak());
        CHECK(house.said_in("lobby") == "10, 10, 21 bob 2h, 22 Bob");
    }

    TEST_CASE("a ban of a room ends those who are in it and one of an address all who are from there") {
        Moderated house;
        Client& eve = house.enter("eve", "cellar", "10.0.0.8");
        const ClientNumber eves = eve.number;
        CHECK(house.act(house.ada, Kind::banned, "10.0.0.8 1h") == "accepted");
        CHECK_FALSE(house.is_here(house.bobs));
        CHECK(house.is_here(eves)); // in another room
        CHECK(house.heard(house.bobs) == HubHouse::dismissed(Farewell::banned));
        const auto now = std::chrono::system_clock::now();
        CHECK(house.bans.keeps_out("10.0.0.8", "lobby", now));
        CHECK_FALSE(house.bans.keeps_out("10.0.0.8", "lobby", now + std::chrono::hours{2}));
        CHECK_FALSE(house.administer(Kind::banned, {"10.0.0.8"}, nullptr));
        CHECK_FALSE(house.is_here(eves));
        CHECK_FALSE(house.administer(Kind::banned, {"nobody-yet"}, nullptr));
        CHECK(house.bans.keeps_out("nobody-yet", "", now));
        CHECK(house.administer(Kind::banned, {"bob", "soon"}, nullptr) == Refusal::bad_duration);
        CHECK_FALSE(house.bans.keeps_out("bob", "", now));
    }

    TEST_CASE("a ban follows its person to another name and none can take the one that it had") {
        Moderated house;
        house.join(house.bob, "cellar");
        house.send(house.bob, LeaveFrame::make({}, house.room("cellar").number()));
        house.settle();
        house.heard(house.bobs);
        CHECK_FALSE(house.administer(Kind::banned, {"bob"}, &house.room("cellar")));
        CHECK(house.is_here(house.bobs)); // who was elsewhere
        house.send(house.bob, NickFrame::make("rob"));
        house.settle();
        CHECK(house.heard(house.bobs) == "accepted");
        house.send(house.bob, EnterFrame::make("sesame", std::uint8_t{0}));
        CHECK(house.heard(house.bobs) == HubHouse::refused(Refusal::room_banned));
        Client& eve = house.enter("eve", "cellar");
        house.send(eve, NickFrame::make("Bob"));
        CHECK(house.heard(eve.number) == HubHouse::refused(Refusal::name_banned));
        CHECK_FALSE(house.administer(Kind::unbanned, {"bob"}, &house.room("cellar")));
        house.send(house.bob, EnterFrame::make("sesame", std::uint8_t{0}));
        house.settle();
        CHECK(house.heard(house.bobs) == "entered");
    }

    TEST_CASE("a ban is of somebody whose connection has broken and may come back under that name") {
        Moderated house;
        house.resumption.give_token(house.bob);
        const std::string token = house.next_frame(house.bobs)->as<TokenFrame>().second;
        house.departures.end(house.bob);
        house.settle();
        CHECK_FALSE(house.administer(Kind::banned, {"Bob"}, &house.room("cellar")));
        Client& back = house.arrive();
        house.send(back, ResumeFrame::make(token, std::uint64_t{0}, std::uint8_t{0},
                                           static_cast<std::uint8_t>(token.size())));
        house.settle();
        house.heard(back.number);
        CHECK(back.person.first == house.bobs);
        house.send(back, NickFrame::make("rob"));
        house.settle();
        house.heard(back.number);
        house.send(back, EnterFrame::make("sesame", std::uint8_t{0}));
        CHECK(house.heard(back.number) == HubHouse::refused(Refusal::room_banned));
    }

    TEST_CASE("a ban of a network is of all who come from there and what is none is refused") {
        Moderated house;
        CHECK(house.administer(Kind::banned, {"10.0.0.0/33"}, nullptr) == Refusal::bad_network);
        CHECK(house.administer(Kind::banned, {"10.0.0/8"}, nullptr) == Refusal::bad_network);
        CHECK(house.administer(Kind::banned, {"\uff11\uff10.0.0.11"}, nullptr) == Refusal::name_unprintable);
        CHECK(house.administer(Kind::banned, {"a\nban b"}, nullptr) == Refusal::name_unprintable);
        CHECK_FALSE(house.administer(Kind::banned, {"10.0.0.8/30", "1h"}, nullptr));
        CHECK_FALSE(house.is_here(house.bobs));
        CHECK(house.is_here(house.ada.number));
        const auto now = std::chrono::system_clock::now();
        CHECK(house.bans.keeps_out("10.0.0.8/30", "", now));
        CHECK(house.bans.keeps_out(*common::parse_host("10.0.0.11"), "", now));
        CHECK_FALSE(house.bans.keeps_out(*common::parse_host("10.0.0.12"), "", now));
        CHECK_FALSE(house.administer(Kind::unbanned, {"10.0.0.10/30"}, nullptr));
        CHECK_FALSE(house.bans.keeps_out(*common::parse_host("10.0.0.11"), "", now));
    }

    TEST_CASE("a ban or a mute is of the address too where that is asked for") {
        Moderated house;
        CHECK(house.act(house.ada, Kind::banned, "bob address 1h") == "accepted");
        CHECK(house.said_in("lobby") == "10, 10, 23 bob address 1h, 11");
        const auto now = std::chrono::system_clock::now();
        CHECK(house.bans.keeps_out(*common::parse_host("10.0.0.8"), "lobby", now));
        CHECK_FALSE(
            house.bans.keeps_out(*common::parse_host("10.0.0.8"), "lobby", now + std::chrono::hours{1}));
        CHECK(house.act(house.ada, Kind::banned, "nobody1 address") ==
              HubHouse::refused(Refusal::no_address));
        CHECK(house.act(house.ada, Kind::banned, "eve 1h 2h") == HubHouse::refused(Refusal::bad_duration));
        Client &eve = house.enter("eve", "lobby", "2001:db8::1"),
               &zoe = house.enter("zoe", "lobby", "2001:db8::2");
        CHECK(house.act(house.ada, Kind::muted, "eve") == "accepted");
        CHECK_FALSE(house.room().refuse_speech(zoe, common::Clock::now()));
        CHECK(house.act(house.ada, Kind::muted, "eve address") == "accepted");
        CHECK(house.room().refuse_speech(zoe, common::Clock::now()) == Refusal::muted);
        CHECK(house.act(house.ada, Kind::unmuted, "eve") == "accepted");
        CHECK_FALSE(house.room().refuse_speech(eve, common::Clock::now()));
        CHECK_FALSE(house.room().refuse_speech(zoe, common::Clock::now()));
    }

    TEST_CASE("a ban given again for somebody who is gone is still of the person and the address") {
        Moderated house;
        house.bob.person.account = "robert";
        CHECK(house.act(house.ada, Kind::banned, "bob address") == "accepted");
        CHECK_FALSE(house.is_here(house.bobs));
        for (const std::string_view again : {"bob 1h", "bob 1h address"}) {
            CHECK(house.act(house.ada, Kind::banned, std::string{again}) == "accepted");
            const auto now = std::chrono::system_clock::now();
            const auto ban = house.bans.find("bob", "lobby", now);
            REQUIRE(ban);
            CHECK(ban->person.first == house.bobs);
            CHECK(ban->person.account == "robert");
            CHECK(house.bans.keeps_out(*common::parse_host("10.0.0.8"), "lobby", now));
            CHECK_FALSE(house.bans.keeps_out("bob", "lobby", now + std::chrono::hours{1}));
        }
        CHECK(house.act(house.ada, Kind::banned, "bob") == "accepted"); // for good again
        CHECK(house.bans.all(std::chrono::system_clock::now()).size() == 1);
        CHECK_FALSE(house.bans.find("bob", "lobby", std::chrono::system_clock::now())->until);
        CHECK(house.act(house.ada, Kind::unbanned, "bob") == "accepted");
        CHECK(house.act(house.ada, Kind::banned, "bob") == "accepted"); // anew, of the name alone
        CHECK_FALSE(
            house.bans.keeps_out(*common::parse_host("10.0.0.8"), "lobby", std::chrono::system_clock::now()));
    }

    TEST_CASE("a ban or a mute of oneself or of one's own address needs a word more") {
        Moderated house;
        Client& eve = house.enter("eve"); // from where ada is
        for (const std::string_view whom : {"ada", "10.0.0.7", "10.0.0.0/8 1h", "0.0.0.0/0", "eve address"})
            CHECK(house.act(house.ada, Kind::banned, std::string{whom}) ==
                  HubHouse::refused(Refusal::hits_oneself));
        CHECK(house.act(house.ada, Kind::muted, "eve address") == HubHouse::refused(Refusal::hits_oneself));
        CHECK(house.act(house.ada, Kind::muted, "eve address myself") == "accepted");
        CHECK(house.is_here(eve.number));
        CHECK(house.bans.all(std::chrono::system_clock::now()).empty());
        CHECK_FALSE(house.administer(Kind::banned, {"10.0.0.8"}, &house.room())); // who has no address
        const ClientNumber adas = house.ada.number;
        CHECK(house.act(house.ada, Kind::banned, "10.0.0.0/8 myself") ==
              HubHouse::dismissed(Farewell::banned));
        CHECK_FALSE(house.is_here(adas));
        CHECK(house.said_in("lobby").find("23 10.0.0.0/8,") != std::string::npos); // without the word
    }

    TEST_CASE("on a full disk what was done is done and said so and what was not is not") {
        Moderated house;
        {
            const FullDisk full;
            CHECK(house.act(house.ada, Kind::muted, "bob") == HubHouse::refused(Refusal::not_recorded));
            CHECK(house.room().refuse_speech(house.bob, common::Clock::now()));
            CHECK(house.act(house.ada, Kind::kicked, "bob") == HubHouse::refused(Refusal::not_recorded));
            CHECK_FALSE(house.is_here(house.bobs));
            house.send(house.ada, TopicFrame::make("wine", house.room().number()));
            house.settle();
            CHECK(house.heard(house.ada.number) == HubHouse::refused(Refusal::not_done));
            CHECK(house.room().topic().empty());
        }
    }

    TEST_CASE("in a room that a client made so many are banned and the bans end with the room") {
        Moderated house;
        RoomSettings settings = room_settings("den");
        settings.history = false;
        house.rooms.make(settings, &house.ada);
        house.join(house.ada, "den");
        const auto now = std::chrono::system_clock::now();
        for (int n = 0; n < 100; ++n)
            REQUIRE(house.act(house.ada, Kind::banned, "eve" + std::to_string(n), "den") == "accepted");
        const std::string too_many = HubHouse::refused(Refusal::too_many_bans);
        CHECK(house.act(house.ada, Kind::banned, "mallory", "den") == too_many);
        CHECK_FALSE(house.bans.keeps_out("mallory", "den", now));
        CHECK(house.act(house.ada, Kind::banned, "eve7 1h", "den") == "accepted"); // in place of the old one
        CHECK(house.act(house.ada, Kind::banned, "mallory") == "accepted");        // in another room
        CHECK_FALSE(house.administer(Kind::banned, {"mallory"}, &house.room("den")));
        CHECK(house.act(house.ada, Kind::unbanned, "eve7", "den") == "accepted");
        CHECK(house.act(house.ada, Kind::banned, "carol", "den") == "accepted");
        CHECK(house.bans.all(now).size() == 102);
        house.send(house.ada, LeaveFrame::make({}, house.room("den").number()));
        house.settle();
        CHECK(house.bans.all(now).size() == 2);
        CHECK(house.bans.keeps_out("mallory", "den", now)); // by the administrator
        CHECK(house.bans.keeps_out("mallory", "lobby", now));
    }

    TEST_CASE("in a room that a client made so many are muted or have a voice and another one is refused") {
        for (const Kind kind : {Kind::muted, Kind::voiced}) {
            Moderated house;
            RoomSettings settings = room_settings("den");
            settings.history = false;
            house.rooms.make(settings, &house.ada);
            house.join(house.ada, "den");
            const auto pass_through = [&](int n) { // whoever has gone is muted still
                const ClientNumber number = house.enter("eve" + std::to_string(n), "den").number;
                const std::string heard = house.act(house.ada, kind, "eve" + std::to_string(n), "den");
                if (n > 0) house.departures.end(*house.people.find(number));
                house.settle();
                return heard;
            };
            for (int n = 0; n < 50; ++n) REQUIRE(pass_through(n) == "accepted");
            const std::string too_many = HubHouse::refused(Refusal::too_many_marks);
            CHECK(pass_through(50) == too_many);
            CHECK(house.administer(kind, {"ada"}, &house.room("den")) == Refusal::too_many_marks);
            house.heard(house.ada.number);
            CHECK(house.act(house.ada, kind, "eve0", "den") == "accepted"); // in place of the old one
            CHECK(house.act(house.ada, kind, "bob") == "accepted");         // in another room
            const Kind back = kind == Kind::muted ? Kind::unmuted : Kind::unvoiced;
            CHECK(house.act(house.ada, back, "eve7", "den") == "accepted");
            CHECK(pass_through(51) == "accepted");
            CHECK(pass_through(52) == too_many);
        }
    }

    TEST_CASE(
        "in rooms of the configuration the oldest mute of too many ends and all together have so many") {
        Moderated house;
        const Client eve = [] {
            Client client;
            client.person.first = 1'000'000;
            return client;
        }();
        const auto now = common::Clock::now();
        for (std::size_t room = 0; room < max_marks_of_configured / max_marks_of_room; ++room) {
            house.rooms.make(room_settings("room" + std::to_string(room)));
            Marks& muted = house.room("room" + std::to_string(room)).muted();
            for (std::size_t n = 0; n <= max_marks_of_room; ++n) {
                Client one;
                one.person.first = eve.person.first + n;
                muted.set(one, {}, {}, now);
            }
            REQUIRE(muted.all().size() == max_marks_of_room);
            REQUIRE_FALSE(muted.has(eve, now));
        }
        CHECK(house.act(house.ada, Kind::muted, "bob") == HubHouse::refused(Refusal::too_many_marks));
        house.room("room0").muted().take_back({}, nullptr); // all of them: none has a name
        CHECK(house.act(house.ada, Kind::muted, "bob") == "accepted");
        CHECK(house.act(house.ada, Kind::muted, "bob 1h") == "accepted");
    }

    TEST_CASE("while too many changes of the bans cannot be saved nobody bans or unbans") {
        Moderated house;
        REQUIRE(house.act(house.ada, Kind::banned, "eve") == "accepted");
        for (std::uint64_t n = 1; n <= Deposits::max_ban_changes; ++n)
            house.deposits.put_ban_change(n, "ban");
        const std::string not_done = HubHouse::refused(Refusal::not_done);
        CHECK(house.act(house.ada, Kind::banned, "mallory") == not_done);
        CHECK(house.act(house.ada, Kind::unbanned, "eve") == not_done);
        CHECK(house.administer(Kind::unbanned, {"eve"}, &house.room()) == Refusal::not_done);
        house.deposits.note_saved_bans(1);
        CHECK(house.act(house.ada, Kind::unbanned, "eve") == "accepted");
    }

    TEST_CASE("what a hostile handler says of a ban is one line of the file without control characters") {
        Moderated house;
        const std::vector<std::string> all{
            "eve\nban bob", "10.0.0.0/8\nx", "10.0.0.0\n/8", "eve\x1b[2J",
            "::1%\n/64",    "\nban",         "eve 1h\n",     std::string{"e\0ve", 4}};
        for (const std::string& whom : all) {
            CAPTURE(whom);
            house.act(house.ada, Kind::banned, whom);
        }
        const std::string lines = house.bans.lines();
        CHECK(lines.find_first_of(std::string_view{"\0\x1b\t\r", 4}) == std::string::npos);
        const std::string path = house.folder / "bans";
        common::replace_file(path, lines);
        CHECK(Bans{path}.lines() == lines);
    }

    TEST_CASE(
        "the administrator acts in a room or everywhere and the room is needed where the act is of one") {
        Moderated house;
        CHECK_THROWS_AS(house.administer(Kind::muted, {"bob"}, nullptr), common::UserError);
        CHECK_THROWS_AS(house.administer(Kind::moderated, {}, nullptr), common::UserError);
        CHECK_THROWS_AS(house.administer(Kind::kicked, {}, nullptr), common::UserError);
        CHECK_THROWS_AS(house.administer(Kind::kicked, {"bob", "1h"}, nullptr), common::UserError);
        CHECK_THROWS_AS(house.administer(Kind::said, {"bob"}, nullptr), common::PeerError);
        CHECK_FALSE(house.administer(Kind::moderated, {}, &house.room()));
        CHECK(house.room().is_moderated());
        CHECK_FALSE(house.administer(Kind::voiced, {"bob"}, &house.room()));
        CHECK_FALSE(house.room().refuse_speech(house.bob, common::Clock::now()));
        CHECK_FALSE(house.administer(Kind::unvoiced, {"bob"}, &house.room()));
        CHECK(house.room().refuse_speech(house.bob, common::Clock::now()));
        CHECK_FALSE(house.administer(Kind::unmoderated, {}, &house.room()));
        house.join(house.bob, "cellar");
        CHECK_FALSE(house.administer(Kind::kicked, {"bob"}, nullptr));
        house.settle();
        CHECK(house.said_in("cellar") == "10, 20 bob, 11"); // in every room that he was in
        CHECK(house.logged().find("kick bob by administrator in all rooms\n") != std::string::npos);
    }

    TEST_CASE("an act that there is not ends the handler and one about a room that it is not in") {
        Moderated house;
        CHECK(house.act(house.ada, Kind::said, "bob") == "");
        CHECK(house.killed == std::vector<ClientNumber>{house.killed.at(0)});
        CHECK(house.act(house.bob, Kind::kicked, "ada", "cellar") == "");
        CHECK(house.killed.size() == 2);
        CHECK(house.people.count() == 0);
    }

    TEST_CASE("bans are listed to the operators of their rooms alone") {
        Moderated house;
        house.bans.add({"eve", "lobby", {}, "ada"});
        house.bans.add({"mallory", "cellar", {}, ""});
        house.bans.add({"trudy", "", {}, ""});
        house.send(house.bob, BansFrame::make({}, 0U));
        CHECK(house.heard(house.bobs) == HubHouse::refused(Refusal::not_operator));
        house.join(house.ada, "cellar");
        house.send(house.ada, BansFrame::make({}, 0U));
        const auto listing = house.next_frame(house.ada.number);
        REQUIRE(listing);
        CHECK(listing->as<ListingFrame>().second == "eve\tlobby\t\tada\t\n");
    }
}
