// SPDX-License-Identifier: ISC
// A handler's talk with the hub: one request at a time, and what comes without being asked for.
#include "chatd/handler/hub_talk.hh"

#include "tests/unit/chatd/handler/typed/talk_place.hh"

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
        HubTalk hub{common::Fd{::dup(handlers.get())}, false};
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
        HubTalk hub{common::Fd{::dup(handlers.get())}, true};
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
        CHECK(hub.take_told(4, 1));
        CHECK_FALSE(hub.take_told(4, 1)); // also one that came before
        hub.acknowledge_told();
        CHECK(std::get<0>(place.sent_as<TookFrame>().first) == 2);
        hub.acknowledge_told();
        CHECK(place.sent().empty());
    }

    TEST_CASE("hub talk: requests have serials and lines that are said one each and what is told has none") {
        TalkPlace place;
        HubTalk& hub = place.talk.hub;
        const auto serial_of_next = [&] { return serial_of(place.sent()); };
        hub.ask(WhoFrame::make({}, std::uint32_t{0}), {.what = Message::who});
        CHECK(serial_of_next() == 1);
        hub.take_answer();
        hub.ask(SayFrame::make("one\ntwo\nthree", std::uint32_t{1}, std::uint8_t{12}, std::uint8_t{0}),
                {.what = Message::say});
        CHECK(serial_of_next() == 2);
        hub.take_answer();
        hub.tell(SeenFrame::make({}));
        CHECK(place.sent() == SeenFrame::make({}));
        hub.ask(SayFrame::make("four", std::uint32_t{1}, std::uint8_t{12}, std::uint8_t{0}),
                {.what = Message::say});
        CHECK(serial_of_next() == 5);
        hub.take_answer();
        hub.ask(QuitFrame::make({}), {.what = Message::quit});
        CHECK(serial_of_next() == 6);
    }

    TEST_CASE(
        "hub talk: a message that a sender's serial says was here is passed over for the last senders") {
        TalkPlace place;
        HubTalk& hub = place.talk.hub;
        CHECK(hub.take_told(4, 7));
        CHECK_FALSE(hub.take_told(4, 7));
        CHECK_FALSE(hub.take_told(4, 6));
        CHECK(hub.take_told(4, 8));
        CHECK(hub.take_told(5, 7));                                         // of another
        for (int times = 0; times < 2; ++times) CHECK(hub.take_told(4, 0)); // it has none
        for (std::uint64_t other = 100; other < 100 + HubTalk::max_tellers; ++other)
            CHECK(hub.take_told(other, 1));
        CHECK(hub.take_told(5, 7)); // who told nothing for the longest time is forgotten
        CHECK_FALSE(hub.take_told(5, 7));
        CHECK_FALSE(hub.take_told(100 + HubTalk::max_tellers - 1, 1));
    }

    TEST_CASE("hub talk: who waits for an answer that comes at once is told once unless it knows why") {
        TalkPlace place;
        HubTalk& hub = place.talk.hub;
        const auto ask = [&](Message what) {
            const auto before = HubTalk::Clock::now();
            hub.ask(RoomsFrame::make({}, std::uint32_t{0}), {.what = what});
            const auto& when = hub.will_tell_of_wait();
            CHECK((!when || (*when >= before + HubTalk::patience &&
                             *when <= HubTalk::Clock::now() + HubTalk::patience)));
            return when.has_value();
        };
        CHECK_FALSE(hub.will_tell_of_wait());
        for (const Message quick : {Message::say, Message::leave, Message::who, Message::topic, Message::tell,
                                    Message::resume, Message::next_segment, Message::quit}) {
            CHECK(ask(quick));
            hub.take_answer();
            CHECK_FALSE(hub.will_tell_of_wait());
        }
        for (const Message asks_authd :
             {Message::name, Message::login, Message::enter, Message::nick, Message::oper}) {
            CHECK_FALSE(ask(asks_authd));
            hub.take_answer();
        }
        CHECK(ask(Message::say));
        hub.forget_wait();
        CHECK_FALSE(hub.will_tell_of_wait());
        place.hear(AgainFrame::make({}, protocol_version, std::uint32_t{2}));
        CHECK_FALSE(hub.will_tell_of_wait()); // not a second time
        hub.take_answer();
        CHECK(ask(Message::say));
        place.hear(SlowedFrame::make({}, 1U, 1U, std::uint8_t{0}));
        CHECK_FALSE(hub.will_tell_of_wait());
    }

    TEST_CASE("conversation: a hub that follows another hears where the client is and what is unanswered") {
        TalkPlace place;
        const auto again = [&] { place.hear(AgainFrame::make({}, protocol_version, std::uint32_t{2})); };
        const auto check_here = [&](std::uint32_t room) {
            const auto [hub, in, bytes, open] = place.sent_as<HereFrame>().first;
            CHECK(hub == 2);
            CHECK(in == room);
            CHECK((open != 0) == place.talk.hub.is_waiting());
            CHECK(bytes == 0); // it does not count
        };
        again();
        check_here(0);
        place.type("ada\n");
        std::string asked = place.sent();
        for (int times = 0; times < 2; ++times) {
            again();
            check_here(0);
            CHECK(place.sent() == asked);
            CHECK(place.sent().empty());
        }
        place.accept("ada");
        place.sent_as<RoomsFrame>();
        place.hear(ListingFrame::make({}, std::uint32_t{0}));
        again();
        check_here(0);
        CHECK(place.sent().empty());
        place.type("\n");
        place.sent_as<EnterFrame>();
        place.enter(1, "lobby", TalkPlace::empty_log());
        place.type("one\ntwo\n");
        asked = place.sent();
        CHECK(message_of(asked) == Message::say);
        again();
        check_here(1);
        CHECK(place.sent() == asked);
        place.accept();
        place.obey();
        const std::string next = place.sent(); // if the lines did not go together
        CHECK(next != asked);
    }

    TEST_CASE("conversation: a wake that a dead hub did not send is made up for") {
        TalkPlace place;
        place.be_inside("ada", 1, "lobby");
        CHECK_FALSE(place.talk.rooms.follow());
        CHECK(place.talk.rooms.has_caught_up());
        place.hear(AgainFrame::make({}, protocol_version, std::uint32_t{2}));
        CHECK_FALSE(place.talk.rooms.has_caught_up());
    }

    TEST_CASE("conversation: a handler that only writes to its end answers a hub that follows another") {
        const auto again = [](TalkPlace& place) {
            place.hear(AgainFrame::make({}, protocol_version, std::uint32_t{2}));
            const auto [hub, in, bytes, open] = place.sent_as<HereFrame>().first;
            CHECK(hub == 2);
            CHECK(in == 1);
            return open;
        };
        TalkPlace quits;
        quits.be_inside("ada", 1, "lobby");
        quits.type("/quit\n");
        quits.sent_as<QuitFrame>();
        quits.accept();
        REQUIRE(quits.talk.output.is_ending());
        CHECK(again(quits) == 0);
        CHECK(quits.sent().empty());
        TalkPlace is_asked_to_leave;
        is_asked_to_leave.be_inside("bob", 1, "lobby");
        is_asked_to_leave.type("last\n");
        const std::string said = is_asked_to_leave.sent();
        is_asked_to_leave.talk.output.finish(); // while that is unanswered
        CHECK(again(is_asked_to_leave) == serial_of(said));
        CHECK(is_asked_to_leave.sent() == said);
        is_asked_to_leave.accept();
        CHECK(again(is_asked_to_leave) == 0);
    }

    TEST_CASE("conversation: a hub whose version is too far from ours lets its clients come again") {
        for (const int version : {protocol_version - 1, protocol_version + 1}) {
            TalkPlace place;
            place.hear(AgainFrame::make({}, static_cast<std::uint16_t>(version), 2U));
            place.sent_as<HereFrame>();
            CHECK_FALSE(place.talk.output.is_ending());
        }
        for (const int version : {0, protocol_version - 2, protocol_version + 2, 65535}) {
            TalkPlace place;
            place.hear(AgainFrame::make({}, static_cast<std::uint16_t>(version), 2U));
            CHECK(place.sent().empty());
            CHECK(place.talk.output.end() == End::come_again);
            CHECK(place.shown().find("come again") != std::string::npos);
            place.hear(AgainFrame::make({}, static_cast<std::uint16_t>(version), 2U)); // and once is enough
            CHECK(place.shown().empty());
        }
    }

    TEST_CASE("conversation: a room that is closed is left when the client has read what was said there") {
        TalkPlace place;
        place.be_inside("ada", 1, "lobby");
        place.hear(ClosedFrame::make({}, std::uint32_t{2})); // which it is not in
        CHECK(place.shown().empty());
        place.type("/join plans\n");
        place.sent_as<EnterFrame>();
        place.enter(2, "plans", TalkPlace::empty_log());
        place.shown();
        place.type("/join attic\n"); // and waits for the answer
        place.hear(ClosedFrame::make({}, std::uint32_t{2}));
        CHECK(place.shown() == "plans is closed: you are not in it any more.\nYou now speak in lobby.\n");
        CHECK(place.talk.rooms.current_number() == 1);
        CHECK_FALSE(place.talk.rooms.follows(2));
        CHECK(place.talk.hub.is_waiting());
        place.refuse(Refusal::no_such_room);
        CHECK_FALSE(place.talk.hub.is_waiting());
    }

    TEST_CASE("conversation: a room that was closed before its leaving was answered is spoken of once") {
        TalkPlace place;
        place.be_inside("ada", 1, "lobby");
        place.type("/leave\n");
        place.sent_as<LeaveFrame>();
        place.hear(ClosedFrame::make({}, std::uint32_t{1}));
        CHECK(place.shown() == "lobby is closed: you are not in it any more.\n");
        place.accept();
        CHECK(place.shown().empty());
        CHECK_FALSE(place.talk.hub.is_waiting());
    }

    TEST_CASE("conversation: a private message that a second hub tells once more is shown once") {
        TalkPlace place;
        place.be_inside("ada", 1, "lobby");
        for (int times = 0; times < 2; ++times) {
            place.hear(ToldFrame::make("bobpsst", std::uint64_t{4}, std::uint32_t{9}, std::uint8_t{3}));
            place.hear(AgainFrame::make({}, protocol_version, std::uint32_t{2}));
            place.sent_as<HereFrame>();
            CHECK(place.shown() == (times == 0 ? "bob tells you: psst\n" : ""));
        }
        place.talk.hub.acknowledge_told();
        CHECK(std::get<0>(place.sent_as<TookFrame>().first) == 2); // to the hub it is there all the same
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
