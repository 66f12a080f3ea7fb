// SPDX-License-Identifier: ISC
// What a handler tells chat(1) beside what is shown: what is asked, how far things have come, and the end.
#include "chatd/handler/typed/chat_option.hh"

#include "chatd/terminal/telnet.hh"
#include "common/text.hh"
#include "tests/unit/chatd/handler/typed/talk_place.hh"
#include "tests/unit/chatd/room_log/room_log_place.hh"

using namespace chatd;

namespace {

// The messages in what was shown, by their letters, each with its body where that is text: "An P hello";
// without marks.
std::string messages(const std::string& shown) {
    std::string all;
    telnet::Decoder decoder;
    for (std::string_view left = shown; const auto event = decoder.next(left);) {
        if (event->kind != telnet::Event::Kind::subnegotiation) continue;
        const auto message = read_session(event->bytes);
        REQUIRE(message);
        if (message->message == SessionMessage::mark) continue;
        all += common::text(all.empty() ? "" : " ", static_cast<char>(message->message));
        if (message->message == SessionMessage::dealt) {
            const auto [bytes, refused] = Dealt::unpack(message->body);
            all += common::text(bytes, '/', refused);
        } else if (message->message != SessionMessage::place)
            all += message->body;
    }
    return all;
}

// As chat does it that edits its lines itself: WILL chat, WONT TERMINAL-TYPE, DONT ECHO, DONT SGA.
constexpr std::string_view negotiation = "\xff\xfb\xd5\xff\xfc\x18\xff\xfe\x01\xff\xfe\x03";

struct Chat : TalkPlace {
    explicit Chat(bool is_plain = false) {
        type(negotiation);
        shown();
        talk.registration.begin_session(hello({.is_plain = is_plain}));
        CHECK(messages(shown()) == "An P");
    }
    static std::string hello(const Hello& said) {
        const std::string whole = encode_hello(said);
        telnet::Decoder decoder;
        std::string_view left = whole;
        return std::string{decoder.next(left)->bytes};
    }
};

} // namespace

TEST_SUITE("unit") {
    TEST_CASE("chat's option: who is not chat is told nothing") {
        TalkPlace place;
        place.talk.registration.ask_for_name();
        place.talk.option.count_refusal();
        place.talk.option.resume(7);
        CHECK(messages(place.shown()).empty());
        CHECK_FALSE(place.talk.option.is_on());
    }

    TEST_CASE("chat's option: what is asked is told and inside it is the name") {
        Chat chat;
        chat.be_named("ada");
        CHECK(messages(chat.shown()) == "D4/0 Ac P");
        chat.type("\n");
        chat.sent_as<EnterFrame>();
        chat.enter(1, "lobby", TalkPlace::empty_log());
        CHECK(messages(chat.shown()) == "D5/0 P Aiada P");
        chat.type("/nick eve\n");
        chat.sent_as<CountedFrame>(); // from the first request inside on
        chat.sent_as<NickFrame>();
        chat.accept("eve");
        CHECK(messages(chat.shown()) == "Aieve D15/0 P");
        chat.hear(TokenFrame::make("abc"));
        CHECK(messages(chat.shown()) == "Tabc P");
    }

    TEST_CASE(
        "chat's option: the lines of a paste are dealt with when it is said or refused and not before") {
        Chat chat;
        chat.be_named("ada");
        chat.type("\n");
        chat.sent();
        chat.enter(1, "lobby", TalkPlace::empty_log());
        chat.shown(); // 5 bytes
        chat.type("/paste\none\n");
        CHECK(messages(chat.shown()) == "P"); // below what /paste says
        chat.type("two\n.\n");
        CHECK(std::get<0>(chat.sent_as<CountedFrame>().first) == 22);
        CHECK(chat.sent_as<SayFrame>().second == "one\ntwo");
        CHECK(messages(chat.shown()).empty());
        chat.accept();
        CHECK(messages(chat.shown()) == "D22/0");
        chat.type("/paste\n" + std::string(max_text + 1, 'x') + '\n');
        CHECK(messages(chat.shown()) == common::text("D", 22 + 7 + max_text + 2, "/0 P"));
    }

    TEST_CASE("chat's option: what was dealt with is told while the next lines wait for an answer") {
        Chat chat;
        chat.be_named("ada");
        chat.type("\n");
        chat.sent();
        chat.enter(1, "lobby", TalkPlace::empty_log());
        chat.shown();
        chat.type("one\n/away tea\n"); // 5, 9 and 19 bytes
        chat.sent_as<CountedFrame>();
        chat.sent_as<SayFrame>();
        CHECK(messages(chat.shown()).empty());
        chat.hear(AcceptedFrame::make({}));
        chat.talk.input.settle_count();
        chat.obey();
        CHECK(messages(chat.shown()) == "D9/0");
        chat.accept();
        CHECK(messages(chat.shown()).starts_with("D19/0"));
    }

    TEST_CASE("chat's option: without a place to take again what was seen is told before the name") {
        const auto packed = PlaceRoom::pack(std::uint32_t{7}, std::uint64_t{30});
        const std::string place_of_it{packed.begin(), packed.end()};
        TalkPlace place;
        place.type(negotiation);
        place.shown();
        SUBCASE("no token") { place.talk.registration.begin_session(Chat::hello({.place = place_of_it})); }
        SUBCASE("a token that is good no more") {
            place.talk.registration.begin_session(Chat::hello({.token = "abc", .place = place_of_it}));
            place.sent_as<ResumeFrame>();
            place.refuse(Refusal::wrong_token);
        }
        CHECK(place.sent_as<SeenFrame>().second == place_of_it);
        CHECK(messages(place.shown()).find("An") != std::string::npos);
    }

    TEST_CASE(
        "chat's option: whoever was here before is told which lines may be its own and when all are told") {
        const auto packed = PlaceRoom::pack(std::uint32_t{1}, std::uint64_t{2});
        TalkPlace place;
        place.type(negotiation);
        place.talk.registration.begin_session(
            Chat::hello({.is_plain = true, .place = {packed.data(), packed.size()}}));
        place.sent_as<SeenFrame>();
        place.be_named("ada");
        place.type("\n");
        place.sent();
        place.shown();
        RoomPlace folder;
        RoomLog log = folder.open();
        say(log, 1); // was seen
        log.add(Kind::said, 7, "ada", "one", 4);
        log.add(Kind::said, 8, "eve", "not hers", 1);
        log.add(Kind::acted, 7, "ada", "waves", 5);
        log.add(Kind::joined, 9, "ada", {}, 2);
        log.add(Kind::said, 8, "ada", "later", 2);
        REQUIRE(log.flush());
        place.hear(EnteredFrame::make("lobby", std::uint32_t{1}, std::uint64_t{9}, std::uint64_t{5},
                                      std::uint64_t{2}, std::uint32_t{1}, std::uint64_t{0}, std::uint32_t{0}),
                   log.open_segment(1).fd.get());
        const std::string inside = place.shown();
        CHECK(inside.find(encode_own(true)) < inside.find(encode(SessionMessage::asks, "iada")));
        CHECK(inside.find(encode_mark({5, 9, 2})) != inside.npos); // name and code were two requests
        CHECK(inside.find(encode_own(false)) == inside.npos);
        place.talk.rooms.follow();
        const std::string followed = place.shown();
        CHECK(followed.find(encode_said(7, 4, "one")) != followed.npos);
        CHECK(messages(followed).find('S') == messages(followed).rfind('S')); // and no other
        CHECK(followed.ends_with(encode_own(false)));
    }

    TEST_CASE("chat's option: a mark tells what stands for the bytes that are not dealt with") {
        Chat chat{true};
        chat.be_named("ada");
        chat.type("\n");
        chat.sent();
        chat.enter(1, "lobby", TalkPlace::empty_log());
        CHECK(chat.shown().find(encode_mark({5, 9, 2})) != std::string::npos);
        chat.type("one\ntwo\n"); // serials 3 and 4
        chat.sent_as<CountedFrame>();
        chat.sent_as<SayFrame>();
        CHECK(chat.shown().empty());
        chat.accept();
        CHECK(chat.shown().starts_with(encode_mark({13, 9, 4}) + encode_dealt(13, 0)));
    }

    TEST_CASE("chat's option: what was seen is repeated to another hub as long as the client is in no room") {
        const auto packed = PlaceRoom::pack(std::uint32_t{7}, std::uint64_t{30});
        const std::string place_of_it{packed.begin(), packed.end()};
        TalkPlace place;
        place.type(negotiation);
        const auto again = [&] { place.hear(AgainFrame::make({}, protocol_version, std::uint32_t{2})); };
        again();
        place.sent_as<HereFrame>(); // nothing was told so far
        place.talk.registration.begin_session(Chat::hello({.place = place_of_it}));
        place.sent_as<SeenFrame>();
        again();
        place.sent_as<HereFrame>();
        CHECK(place.sent_as<SeenFrame>().second == place_of_it);
        place.be_named("ada");
        place.type("\n");
        const std::string enter = place.sent();
        again();
        place.sent_as<HereFrame>();
        CHECK(place.sent_as<SeenFrame>().second == place_of_it); // before what it is for
        CHECK(place.sent() == enter);
        place.enter(1, "lobby", TalkPlace::empty_log());
        again();
        place.sent_as<HereFrame>();
        CHECK(place.sent().empty());
    }

    TEST_CASE("chat's option: another hub hears how many bytes were dealt with and those of what is not") {
        Chat chat;
        chat.be_named("ada");
        chat.type("\n");
        chat.sent();
        chat.enter(1, "lobby", TalkPlace::empty_log());
        chat.shown(); // 5 bytes
        const auto again = AgainFrame::make({}, protocol_version, std::uint32_t{2});
        const auto bytes_here = [&] { return std::get<2>(chat.sent_as<HereFrame>().first); };
        chat.hear(again);
        CHECK(bytes_here() == 5);
        CHECK(chat.sent().empty());
        chat.type("one\n");
        CHECK(std::get<0>(chat.sent_as<CountedFrame>().first) == 9);
        const std::string said = chat.sent();
        CHECK(message_of(said) == Message::say);
        chat.hear(again);
        CHECK(bytes_here() == 5);
        CHECK(std::get<0>(chat.sent_as<CountedFrame>().first) == 9);
        CHECK(chat.sent() == said);
        CHECK(chat.sent().empty());
        SUBCASE("the answer of the last hub is before its end") {
            chat.accept();
            chat.hear(again);
            CHECK(bytes_here() == 9);
            CHECK(chat.sent().empty());
        }
        SUBCASE("lines of a paste come again as a whole") {
            chat.accept();
            chat.type("/paste\ntwo\n");
            chat.hear(again);
            CHECK(bytes_here() == 9);
            chat.type(".\n");
            CHECK(std::get<0>(chat.sent_as<CountedFrame>().first) == 22);
            chat.sent_as<SayFrame>();
            chat.hear(again);
            CHECK(bytes_here() == 9);
            CHECK(std::get<0>(chat.sent_as<CountedFrame>().first) == 22);
        }
    }

    TEST_CASE("chat's option: refused lines are counted inside") {
        Chat chat;
        chat.be_named("ada");
        chat.type("\n");
        chat.sent();
        chat.enter(1, "lobby", TalkPlace::empty_log());
        chat.shown();
        chat.type(std::string(max_text + 1, 'x') + '\n');
        CHECK(messages(chat.shown()).find("/1") != std::string::npos);
        chat.type("hello\n");
        chat.sent();
        chat.refuse(Refusal::muted);
        CHECK(messages(chat.shown()).find("/2") != std::string::npos);
    }

    TEST_CASE(
        "chat's option: a second greeting and one behind the name and a malformed one are passed over") {
        Chat chat;
        chat.talk.registration.begin_session(Chat::hello({.is_plain = true}));
        CHECK_FALSE(chat.talk.option.is_plain());
        TalkPlace late;
        late.be_named("ada");
        late.talk.registration.begin_session(Chat::hello({}));
        CHECK_FALSE(late.talk.option.is_on());
        TalkPlace wrong;
        for (const std::string_view bytes : {"", "H", "Hx", "A", "T"})
            wrong.talk.registration.begin_session(bytes);
        CHECK_FALSE(wrong.talk.option.is_on());
    }

    TEST_CASE("chat's option: with a token the place is asked for and counted on from there") {
        TalkPlace place;
        place.type(negotiation);
        place.shown();
        place.talk.registration.begin_session(Chat::hello({.token = "abc"}));
        const auto [fields, words] = place.sent_as<ResumeFrame>();
        CHECK(words == "abc");
        CHECK(std::get<1>(fields) == counts_or_looks);
        place.hear(ResumedFrame::make("ada", std::uint32_t{1}, std::uint64_t{40}, std::uint8_t{3}));
        place.enter(1, "lobby", TalkPlace::empty_log());
        CHECK(messages(place.shown()) == "D40/0 P Aiada P"); // and nothing is said: it never left
        place.talk.hub.ask(BansFrame::make({}, std::uint32_t{0}), {.what = Message::bans});
        place.sent_as<BansFrame>(); // the hub knows of the 40
    }

    TEST_CASE("chat's option: who is back and whose bytes nobody has counted looks through all its rooms") {
        TalkPlace place;
        place.type(negotiation);
        place.shown();
        place.talk.registration.begin_session(Chat::hello({.is_plain = true, .token = "abc"}));
        place.sent_as<ResumeFrame>();
        place.hear(TokenFrame::make("def"));
        CHECK(messages(place.shown()) == "Tdef P");
        place.hear(ResumedFrame::make("ada", std::uint32_t{2}, unknown_count, std::uint8_t{3}));
        const std::string back = place.shown();
        CHECK(back.find(encode_own(true)) < back.find(encode(SessionMessage::asks, "iada")));
        CHECK(back.find(encode(SessionMessage::token, "def")) >
              back.find(encode(SessionMessage::asks, "iada")));
        CHECK(back.find(encode_own(false)) == back.npos);
        CHECK(messages(back).find('D') == std::string::npos); // it counts from here
        RoomPlace folder;
        RoomLog log = folder.open();
        log.add(Kind::said, 7, "ada", "one", 4);
        log.add(Kind::said, 8, "eve", "not hers", 1);
        log.add(Kind::joined, 9, "ada", {}, 1);
        REQUIRE(log.flush());
        for (const std::uint32_t room : {1U, 2U}) {
            place.hear(EnteredFrame::make(room == 1 ? "lobby" : "plans", room, std::uint64_t{9},
                                          std::uint64_t{3}, std::uint64_t{1}, std::uint32_t{1},
                                          std::uint64_t{0}, std::uint32_t{0}),
                       log.open_segment(1).fd.get());
            place.talk.rooms.follow();
            const std::string followed = place.shown();
            CHECK(followed.find(encode_said(7, 4, "one")) != followed.npos);
            CHECK((followed.find(encode_mark({0, 9, 0})) != followed.npos) == (room == 1));
            CHECK((followed.find(encode_own(false)) != followed.npos) == (room == 2)); // when all are there
        }
    }

    TEST_CASE("chat's option: a place in several rooms has a mark") {
        TalkPlace place;
        place.type(negotiation);
        place.shown();
        place.talk.registration.begin_session(Chat::hello({.token = "abc"}));
        place.sent_as<ResumeFrame>();
        place.hear(ResumedFrame::make("ada", std::uint32_t{2}, std::uint64_t{40}, std::uint8_t{3}));
        place.enter(1, "lobby", TalkPlace::empty_log());
        place.enter(2, "den", TalkPlace::empty_log());
        CHECK(place.shown().find(encode_mark({40, 9, 1})) != std::string::npos);
    }

    TEST_CASE("chat's option: a language that is not there is said to be so") {
        TalkPlace place;
        place.talk.registration.begin_session(Chat::hello({.language = "tlh"}));
        CHECK(place.shown().find("tlh") != std::string::npos);
    }

    TEST_CASE("chat's option: the end is told once and whether to come again") {
        Chat chat;
        chat.hear(DismissedFrame::make({}, static_cast<std::uint8_t>(Farewell::stopping)));
        const std::string told = messages(chat.shown());
        CHECK(told == "P Ea");
        CHECK(messages(chat.shown()).find('E') == std::string::npos);
        Chat kicked;
        kicked.hear(DismissedFrame::make({}, static_cast<std::uint8_t>(Farewell::kicked)));
        CHECK(messages(kicked.shown()) == "P Eo");
    }

    TEST_CASE("chat's option: a pipe's line that only looks like a command is said") {
        Chat pipe{true};
        CHECK(pipe.talk.option.is_plain());
        pipe.be_named("ada");
        pipe.type("\n");
        pipe.sent();
        pipe.enter(1, "lobby", TalkPlace::empty_log());
        pipe.type("/usr/bin/ld: cannot find -lm\n");
        pipe.sent_as<CountedFrame>();
        CHECK(pipe.sent_as<SayFrame>().second == "/usr/bin/ld: cannot find -lm");
    }
}
