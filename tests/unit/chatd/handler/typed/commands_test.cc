// SPDX-License-Identifier: ISC
// The commands of a client: where they are allowed, what they ask the hub for, and what its answers show.
#include "chatd/handler/typed/commands.hh"

#include "common/text.hh"
#include "tests/unit/chatd/handler/typed/talk_place.hh"

#include <set>

using namespace chatd;

TEST_SUITE("unit") {
    TEST_CASE("commands: each name and each line of help stands once in the table") {
        std::set<std::string_view> names;
        std::set<Phrase> helps;
        for (const SlashCommand& command : slash_commands()) {
            CAPTURE(command.name);
            CHECK(names.insert(command.name).second);
            CHECK(helps.insert(command.help).second);
            CHECK((command.run == nullptr) != (command.act == Kind{}));
            CHECK(is_known_command(common::text('/', command.name, " x")));
        }
        for (const std::string_view other : {"", "/", "//join", "join", "/joined", "/ join"})
            CHECK_FALSE(is_known_command(other));
    }

    TEST_CASE("commands: what is not allowed at a question is refused and the question put again") {
        TalkPlace place;
        place.type("/who\n");
        CHECK(place.shown().find("\nYour name: ") != std::string::npos);
        place.type("/rooms\n");
        CHECK(place.sent().empty());
        place.be_named("ada");
        place.shown();
        for (const std::string_view command : {"/who", "/me waves", "/bot", "/resume abc"}) {
            place.type(common::text(command, '\n'));
            CHECK(place.sent().empty());
            CHECK(place.shown().find("\nRoom code: ") != std::string::npos);
        }
        place.type("/rooms\n");
        place.sent_as<RoomsFrame>();
        place.hear(ListingFrame::make("lobby\tf\t2\t", std::uint32_t{0}));
        CHECK(place.shown() == "lobby 2 here\nRoom code: ");
    }

    TEST_CASE("commands: in no room most are refused and asking for one's own bans is not") {
        TalkPlace place;
        place.be_inside("ada", 1, "lobby");
        place.type("/leave\n");
        CHECK(std::get<0>(place.sent_as<LeaveFrame>().first) == 1);
        place.accept();
        CHECK(place.shown().find("lobby") != std::string::npos);
        const Catalogues catalogues;
        const LineDialect nc;
        const std::string in_no_room = Display{catalogues, Language::english, nc}.line(Phrase::in_no_room);
        for (const std::string_view command :
             {"/me waves", "/topic", "/history", "/kick bob", "/who", "hi"}) {
            place.type(common::text(command, '\n'));
            CHECK(place.sent().empty());
            CHECK(place.shown() == in_no_room);
        }
        place.type("/bans\n");
        place.sent_as<BansFrame>();
        place.hear(ListingFrame::make({}, std::uint32_t{0}));
        CHECK(place.shown() == "Nobody is banned.\n");
    }

    TEST_CASE("commands: wrong arguments show the usage and misspelt words the nearest") {
        TalkPlace place;
        place.be_inside("ada", 1, "lobby");
        const std::pair<std::string_view, std::string_view> wrong[]{{"/leave now", "/leave"},
                                                                    {"/me", "/me TEXT"},
                                                                    {"/msg bob", "/msg NAME TEXT"},
                                                                    {"/history many", "/history [N]"},
                                                                    {"/history 0", "/history [N]"},
                                                                    {"/since", "/since NUMBER"},
                                                                    {"/bell maybe", "/bell off|mention|all"},
                                                                    {"/time noon", "/time off|on|ZONE"},
                                                                    {"/moderate perhaps", "/moderate on|off"},
                                                                    {"/oper root", "/oper NAME PASSWORD"},
                                                                    {"/colour blue", "/colour on|off"}};
        for (const auto& [given, usage] : wrong) {
            const std::string_view typed = given;
            CAPTURE(typed);
            place.type(common::text(typed, '\n'));
            CHECK(place.shown().find(usage) != std::string::npos);
            CHECK(place.sent().empty());
        }
        place.type("/whp\n");
        CHECK(place.shown().find("/who") != std::string::npos);
        place.type("/xyzzy\n");
        CHECK(place.shown().find("xyzzy") != std::string::npos);
    }

    TEST_CASE("commands: what is too long for the hub is refused here") {
        TalkPlace place;
        place.be_inside("ada", 1, "lobby");
        const std::string long_name(max_name + 1, 'n'), long_room(max_room_name + 1, 'r');
        for (const std::string& typed :
             {common::text("/nick ", long_name), common::text("/msg ", long_name, " hi"),
              common::text("/who ", long_room), common::text("/join ", long_room, " code"),
              common::text("/oper ", long_name, " x"),
              common::text("/topic ", std::string(max_topic + 1, 't')),
              common::text("/away ", std::string(max_topic + 1, 't'))}) {
            CAPTURE(typed);
            place.type(typed + '\n');
            CHECK(place.sent().empty());
            CHECK_FALSE(place.shown().empty());
        }
    }

    TEST_CASE("commands: the topic is asked for or set and away tells which way it went") {
        TalkPlace place;
        place.be_inside("ada", 1, "lobby");
        place.type("/topic\n");
        CHECK(place.sent_as<TopicFrame>().second.empty());
        place.accept("peace");
        CHECK(place.shown() == "The topic of lobby: peace\n");
        place.type("/topic\n");
        place.sent();
        place.accept();
        CHECK(place.shown() == "lobby has no topic.\n");
        place.type("/topic war\n");
        CHECK(place.sent_as<TopicFrame>().second == "war");
        place.accept(); // everybody sees it in the log
        CHECK(place.shown().empty());
        place.type("/away lunch\n");
        CHECK(std::get<0>(place.sent_as<AwayFrame>().first) == 1);
        place.accept();
        const std::string gone = place.shown();
        place.type("/away\n");
        CHECK(std::get<0>(place.sent_as<AwayFrame>().first) == 0);
        place.accept();
        CHECK(place.shown() != gone);
    }

    TEST_CASE("commands: who leaves is in the room entered last and switching goes around") {
        TalkPlace place;
        place.be_inside("ada", 1, "one");
        for (const std::uint32_t room : {2U, 3U}) {
            place.type("/join x\n");
            place.sent();
            place.enter(room, room == 2 ? "two" : "three", TalkPlace::empty_log());
        }
        const auto current = [&] { return place.talk.rooms.current()->name(); };
        CHECK(current() == "three");
        place.type("/switch\n");
        CHECK(current() == "one");
        place.type("/switch two\n");
        CHECK(current() == "two");
        place.type("/switch four\n");
        CHECK(current() == "two");
        place.type("/leave\n");
        place.sent();
        place.accept();
        CHECK(current() == "three");
    }

    TEST_CASE(
        "commands: acts of operators go to the hub with their arguments and quitting ends at its word") {
        TalkPlace place;
        place.be_inside("ada", 1, "lobby");
        place.type("/ban  bob 1h \n");
        const auto [fields, arguments] = place.sent_as<ActFrame>();
        CHECK(static_cast<Kind>(std::get<1>(fields)) == Kind::banned);
        CHECK(arguments == "bob 1h");
        place.refuse(Refusal::not_operator);
        place.shown();
        place.type("/moderate off\n");
        CHECK(static_cast<Kind>(std::get<1>(place.sent_as<ActFrame>().first)) == Kind::unmoderated);
        place.accept();
        place.type("/quit good night\n");
        CHECK(place.sent_as<QuitFrame>().second == "good night");
        CHECK_FALSE(place.talk.output.is_ending());
        place.accept();
        CHECK(place.shown() == "Goodbye.\n");
        CHECK(place.talk.output.is_ending());
    }

    TEST_CASE("commands: who has no name yet quits without asking the hub") {
        TalkPlace place;
        place.type("/quit\n");
        CHECK(place.sent().empty());
        CHECK(place.shown() == "Goodbye.\n");
        CHECK(place.talk.output.end() == End::for_good);
    }
}
