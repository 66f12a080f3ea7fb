// SPDX-License-Identifier: ISC
// A handler's talk with the hub: one request at a time, and what comes without being asked for.
#include "chatd/handler/hub_talk.hh"

#include "tests/unit/chatd/handler/talk_place.hh"

using namespace chatd;

TEST_SUITE("unit") {
    TEST_CASE("hub talk: a request waits until it is answered and then nothing is asked") {
        TalkPlace place;
        HubTalk& hub = place.talk.hub;
        CHECK_FALSE(hub.is_waiting());
        hub.ask(WhoFrame::make("plans", std::uint32_t{7}), {.what = Message::who, .about = "plans"});
        CHECK(hub.is_waiting());
        CHECK(place.sent_as<WhoFrame>().second == "plans");
        const HubRequest request = hub.take_answer();
        CHECK(request.what == Message::who);
        CHECK(request.about == "plans");
        CHECK_FALSE(hub.is_waiting());
        CHECK(hub.take_answer().what == Message{}); // to nothing
    }

    TEST_CASE("hub talk: a request with several answers waits for the last of them") {
        TalkPlace place;
        HubTalk& hub = place.talk.hub;
        hub.ask(ResumeFrame::make("token", std::uint64_t{0}, std::uint8_t{0}, std::uint8_t{5}),
                {.what = Message::resume});
        hub.expect(hub.take_answer(), 2);
        CHECK(hub.is_waiting());
        CHECK(hub.take_answer().what == Message::resume);
        CHECK(hub.is_waiting());
        CHECK(hub.take_answer().what == Message::resume);
        CHECK_FALSE(hub.is_waiting());
        hub.expect({.what = Message::resume}, 0);
        CHECK_FALSE(hub.is_waiting());
    }

    TEST_CASE("hub talk: wakes and frames and the end are told apart") {
        const auto [hubs, handlers] = common::make_packet_pair();
        TalkPlace place;
        HubTalk hub{common::Fd{::dup(handlers.get())}, place.talk.input, false};
        using Kind = HubTalk::Heard::Kind;
        CHECK_FALSE(hub.hear());
        CHECK(common::send_packet(hubs.get(), wake) == common::IoState::done);
        CHECK(common::send_packet(hubs.get(), TokenFrame::make("abc")) == common::IoState::done);
        CHECK_FALSE(hub.hear()); // nobody has said that there is something to read
        hub.set_ready();
        CHECK(hub.hear()->kind == Kind::waking);
        const auto heard = hub.hear();
        REQUIRE(heard);
        CHECK(heard->kind == Kind::frame);
        CHECK(TokenFrame::read(heard->packet).second == "abc");
        CHECK_FALSE(hub.hear());
        common::checked("shutdown", {}, [&end = hubs] { return ::shutdown(end.get(), SHUT_WR); });
        hub.set_ready();
        CHECK(hub.hear()->kind == Kind::end);
    }

    TEST_CASE("hub talk: behind a wake nothing is read where the poller reports again") {
        const auto [hubs, handlers] = common::make_packet_pair();
        TalkPlace place;
        HubTalk hub{common::Fd{::dup(handlers.get())}, place.talk.input, true};
        for (int i = 0; i < 2; ++i) CHECK(common::send_packet(hubs.get(), wake) == common::IoState::done);
        CHECK(hub.hear());
        CHECK_FALSE(hub.hear());
        hub.set_ready();
        CHECK(hub.hear());
    }

    TEST_CASE("hub talk: whoever asks a hub that is gone is told so") {
        TalkPlace place;
        place.leave_hub();
        CHECK_THROWS_AS(place.talk.hub.ask(QuitFrame::make({}), {.what = Message::quit}), Gone);
    }

    TEST_CASE("hub talk: the count of the client's bytes goes before a request only when it is another") {
        TalkPlace place;
        HubTalk& hub = place.talk.hub;
        const auto ask = [&] { hub.ask(BansFrame::make({}, std::uint32_t{0}), {.what = Message::bans}); };
        ask();
        place.sent_as<BansFrame>(); // nobody counts
        hub.announce_from(5);
        ask();
        CHECK(std::get<0>(place.sent_as<CountedFrame>().first) == 0);
        place.sent_as<BansFrame>();
        ask();
        place.sent_as<BansFrame>();
    }

    TEST_CASE("hub talk: private messages are acknowledged together and once") {
        TalkPlace place;
        HubTalk& hub = place.talk.hub;
        hub.acknowledge_told();
        CHECK(place.sent().empty());
        hub.count_told();
        hub.count_told();
        hub.acknowledge_told();
        CHECK(std::get<0>(place.sent_as<TookFrame>().first) == 2);
        hub.acknowledge_told();
        CHECK(place.sent().empty());
    }

    TEST_CASE("conversation: a frame that is not for a handler is the hub's fault") {
        TalkPlace place;
        CHECK_THROWS_AS(place.hear(KillFrame::make({}, std::uint64_t{1}, std::uint8_t{9})),
                        common::PeerError);
        CHECK_THROWS_AS(place.hear("x"), common::PeerError);
        CHECK_THROWS_AS(place.hear(TokenFrame::make(std::string(max_token + 1, 'a'))), common::PeerError);
    }

    TEST_CASE("conversation: private messages are shown and answered unless they are ignored") {
        TalkPlace place;
        place.be_inside("ada", 1, "lobby");
        place.type("/reply hello\n");
        CHECK(place.shown() == "Nobody has sent you a private message yet.\n");
        place.hear(ToldFrame::make("bobpsst", std::uint64_t{4}, std::uint32_t{0}, std::uint8_t{3}));
        CHECK(place.shown() == "bob tells you: psst\n");
        place.type("/reply hello\n");
        const auto [fields, words] = place.sent_as<TellFrame>();
        CHECK(std::get<0>(fields) == 4);
        CHECK(words == "hello");
        place.accept("bob\tlunch");
        CHECK(place.shown().find("lunch") != std::string::npos);
        place.type("/ignore eve\n");
        CHECK(place.sent_as<IgnoreFrame>().second == "eve");
        const auto eve = Former::pack(std::uint64_t{5});
        const std::string eves{eve.data(), eve.size()};
        place.accept('+' + eves + eves);
        CHECK(place.shown() == "You no longer see what eve says: /ignore eve again ends this.\n");
        place.hear(
            ToldFrame::make("eveagain", std::uint64_t{6}, std::uint32_t{0}, std::uint8_t{3})); // a stranger
        CHECK(place.shown() == "eve tells you: again\n");
        place.hear(ToldFrame::make("bobpsst", std::uint64_t{4}, std::uint32_t{0}, std::uint8_t{3}));
        place.shown();
        place.hear(ToldFrame::make("evepsst", std::uint64_t{5}, std::uint32_t{0}, std::uint8_t{3}));
        CHECK(place.shown().empty());
        CHECK(place.talk.last_teller == 4);
        const auto later = Former::pack(std::uint64_t{7});
        place.hear(KnownAsFrame::make("eva" + std::string{later.data(), later.size()}, std::uint64_t{5},
                                      std::uint8_t{3}));
        place.hear(ToldFrame::make("evapsst", std::uint64_t{7}, std::uint32_t{0}, std::uint8_t{3}));
        CHECK(place.shown().empty());
        place.type("/ignore\n");
        CHECK(place.shown() == "Ignored: eva\n");
        place.type("/ignore eva\n");
        place.sent_as<IgnoreFrame>();
        place.accept('-' + eves);
        CHECK(place.shown() == "You see again what eva says.\n");
        place.hear(ToldFrame::make("evapsst", std::uint64_t{7}, std::uint32_t{0}, std::uint8_t{3}));
        CHECK(place.shown() == "eva tells you: psst\n");
    }
}
