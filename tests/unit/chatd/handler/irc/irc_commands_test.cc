// SPDX-License-Identifier: ISC
// What commands of IRC ask the hub beside those of conversation, and what they are answered.
#include "tests/unit/chatd/handler/irc/irc_place.hh"

#include "chatd/handler/irc/stamps.hh"
#include "common/text.hh"

using namespace chatd;
using common::text;

namespace {

constexpr std::uint8_t a_room = 0, a_person = 1;

// The hub is asked for people so.
void expect_people(IrcPlace& place, std::string_view name, std::uint8_t of) {
    const auto [fields, words] = place.asked_as<PeopleFrame>();
    CHECK(words == name);
    CHECK(std::get<0>(fields) == 0);
    CHECK(std::get<1>(fields) == of);
}
void expect_act(IrcPlace& place, Kind kind, std::string_view words) {
    const auto [fields, asked] = place.asked_as<ActFrame>();
    CHECK(std::get<0>(fields) == 4);
    CHECK(std::get<1>(fields) == static_cast<std::uint8_t>(kind));
    CHECK(asked == words);
}
void expect_describe(IrcPlace& place, std::string_view name, bool is_program) {
    const auto [fields, words] = place.asked_as<DescribeFrame>();
    CHECK(((std::get<0>(fields) & says_program) != 0) == is_program);
    CHECK(words == name);
}

const std::string ada = "ada\to\tcountess\t70\t7\to:lobby\t1.3/X\t\tAda L.\t";
const std::string bob = "bob\tvab\t\t70\t7\tv:lobby,:den\t\t10.0.0.7:4\tBob\ttea";

} // namespace

TEST_SUITE("unit") {
    TEST_CASE("irc: WHO of a channel tells of all in it") {
        IrcPlace place;
        place.be_inside("ada");
        place.send("WHO #LOBBY\r\n");
        expect_people(place, "lobby", a_room);
        place.list(ada + '\n' + bob);
        CHECK(place.sent() == ":chatd.local 352 ada #lobby u chat chatd.local ada H@ :0 Ada L.\r\n"
                              ":chatd.local 352 ada #lobby u chat chatd.local bob G+B :0 Bob\r\n"
                              ":chatd.local 315 ada #LOBBY :End of WHO list\r\n");
        place.send("WHO #lobby %cuhsnfdar\r\n"); // as WeeChat asks
        expect_people(place, "lobby", a_room);
        place.list(ada);
        CHECK(place.sent() == ":chatd.local 354 ada #lobby u chat chatd.local ada H@ 0 countess :Ada L.\r\n"
                              ":chatd.local 315 ada #lobby :End of WHO list\r\n");
        place.send("WHO #den\r\n");
        expect_people(place, "den", a_room);
        place.refuse(Refusal::no_such_room);
        CHECK(place.sent() == ":chatd.local 315 ada #den :End of WHO list\r\n");
        place.send("WHO #\r\n");
        CHECK(place.sent() == ":chatd.local 315 ada # :End of WHO list\r\n");
    }

    TEST_CASE("irc: WHO of more people than a frame holds goes on where that ended") {
        IrcPlace place;
        place.be_inside("ada");
        place.send("WHO #lobby\r\n");
        expect_people(place, "lobby", a_room);
        place.hear(ListingFrame::make(ada, std::uint32_t{17}));
        const auto [fields, words] = place.asked_as<PeopleFrame>();
        CHECK(words == "lobby");
        CHECK(std::get<0>(fields) == 17);
        CHECK(std::get<1>(fields) == a_room);
        place.list(bob);
        const std::string sent = place.sent();
        CHECK(sent.find(" ada H@ ") < sent.find(" bob G+B "));
        CHECK(sent.ends_with(" 315 ada #lobby :End of WHO list\r\n"));
    }

    TEST_CASE("irc: WHO of a name tells of that one and of a mask of those that share a room") {
        IrcPlace place;
        place.be_inside("ada");
        place.send("WHO bob\r\n");
        expect_people(place, "bob", a_person);
        place.list(bob);
        CHECK(place.sent() == ":chatd.local 352 ada #lobby u chat chatd.local bob G+B :0 Bob\r\n"
                              ":chatd.local 315 ada bob :End of WHO list\r\n");
        place.send("WHO eve\r\n");
        expect_people(place, "eve", a_person);
        place.refuse(Refusal::nobody);
        CHECK(place.sent() == ":chatd.local 315 ada eve :End of WHO list\r\n");
        place.send("WHO b*\r\n");
        expect_people(place, "lobby", a_room);
        place.list(ada + '\n' + bob);
        const std::string sent = place.sent();
        CHECK(sent == ":chatd.local 352 ada #lobby u chat chatd.local bob G+B :0 Bob\r\n"
                      ":chatd.local 315 ada b* :End of WHO list\r\n");
        place.send("WHO * o\r\n");
        expect_people(place, "lobby", a_room);
        place.list("ada\tO\t\t\t\t\t\t\t\t\n" + bob);
        CHECK(place.sent() == ":chatd.local 352 ada #lobby u chat chatd.local ada H* :0 \r\n"
                              ":chatd.local 315 ada * :End of WHO list\r\n");
        place.send("WHO\r\n");
        expect_people(place, "lobby", a_room);
        place.list(bob);
        CHECK(place.sent().find(" 352 ada #lobby ") != std::string::npos);
        place.send("WHO " + std::string(200, 'x') + "\r\n");
        CHECK(place.asked().empty());
        CHECK(place.sent().find(" 315 ada xxx") != std::string::npos);
    }

    TEST_CASE("irc: WHOIS tells all that may be known of somebody") {
        IrcPlace place;
        place.be_inside("ada");
        place.send("WHOIS bob\r\n");
        expect_people(place, "bob", a_person);
        place.list("bob\tOab\tb\t70\t7\tv:lobby,o:den\t1.3/X\t10.0.0.7:4\tBob\ttea");
        std::string sent = place.sent();
        const std::size_t idle = sent.find(":chatd.local 317 ada bob 7 1");
        REQUIRE(idle != sent.npos);
        CHECK(sent.substr(0, idle) == ":chatd.local 311 ada bob u chat * :Bob\r\n"
                                      ":chatd.local 319 ada bob :+#lobby @#den\r\n"
                                      ":chatd.local 312 ada bob chatd.local :chat\r\n"
                                      ":chatd.local 313 ada bob :is an IRC operator\r\n"
                                      ":chatd.local 335 ada bob :is a bot\r\n"
                                      ":chatd.local 330 ada bob b :is logged in as\r\n"
                                      ":chatd.local 671 ada bob :is using a secure connection\r\n"
                                      ":chatd.local 378 ada bob :is connecting from *@10.0.0.7 10.0.0.7\r\n"
                                      ":chatd.local 301 ada bob :tea\r\n");
        CHECK(sent.ends_with(" :seconds idle, signon time\r\n"
                             ":chatd.local 318 ada bob :End of /WHOIS list\r\n"));
        place.send("WHOIS chatd.local eve,bob\r\n");
        expect_people(place, "eve", a_person);
        place.refuse(Refusal::nobody);
        CHECK(place.sent() == ":chatd.local 401 ada eve :No such nick/channel\r\n"
                              ":chatd.local 318 ada eve :End of /WHOIS list\r\n");
        place.send("WHOIS\r\nWHOWAS\r\nWHOWAS eve 3\r\n");
        CHECK(place.sent() == ":chatd.local 431 ada :No nickname given\r\n"
                              ":chatd.local 431 ada :No nickname given\r\n"
                              ":chatd.local 406 ada eve :There was no such nickname\r\n"
                              ":chatd.local 369 ada eve :End of WHOWAS\r\n");
    }

    TEST_CASE("irc: the rooms of WHOIS are as many lines as they need") {
        IrcPlace place;
        place.be_named("ada");
        std::string rooms;
        for (int nth = 0; nth < 16; ++nth) rooms += text(nth == 0 ? "" : ",", ":", std::string(60, 'r'), nth);
        place.send("WHOIS bob\r\n");
        expect_people(place, "bob", a_person);
        place.list("bob\t\t\t70\t7\t" + rooms + "\t\t\t\t");
        const std::string sent = place.sent();
        std::size_t lines = 0, words = 0;
        for (const std::string& line : common::split_lines(sent)) {
            CHECK(line.size() < 512);
            if (line.find(" 319 ") == line.npos) continue;
            ++lines;
            words += common::split(line.substr(line.find(" :") + 2), ' ').size();
        }
        CHECK(lines == 3);
        CHECK(words == 16);
    }

    TEST_CASE("irc: ISON and USERHOST tell of those who are there in one line") {
        IrcPlace place;
        place.be_named("ada");
        place.send("ISON bob :eve ada\r\n");
        expect_people(place, "bob", a_person);
        place.list(bob);
        expect_people(place, "eve", a_person);
        place.refuse(Refusal::nobody);
        expect_people(place, "ada", a_person);
        place.list(ada);
        CHECK(place.sent() == ":chatd.local 303 ada :bob ada\r\n");
        place.send("USERHOST bob eve\r\n");
        expect_people(place, "bob", a_person);
        place.list(bob);
        expect_people(place, "eve", a_person);
        place.list("eve\tO\t\t\t\t\t\t\t\t");
        CHECK(place.sent() == ":chatd.local 302 ada :bob=-u@chat eve*=+u@chat\r\n");
        place.send("USERHOST 1 2 3 4 5 6\r\n");
        for (const std::string_view name : {"1", "2", "3", "4", "5"}) {
            expect_people(place, name, a_person);
            place.refuse(Refusal::nobody);
        }
        CHECK(place.sent() == ":chatd.local 302 ada :\r\n");
        place.send("ISON :\r\nISON\r\n");
        CHECK(place.sent() == ":chatd.local 303 ada :\r\n"
                              ":chatd.local 461 ada ISON :Not enough parameters\r\n");
    }

    TEST_CASE("irc: INVITE tells somebody of a room that the client is in") {
        IrcPlace place;
        place.be_inside("ada");
        place.send("INVITE eve #Lobby\r\n");
        expect_people(place, "eve", a_person);
        place.list("eve\t\t\t\t\t:den\t\t\t\t");
        const auto [fields, words] = place.asked_as<TellAsFrame>();
        CHECK(words == "evelobby");
        CHECK(std::get<0>(fields) == static_cast<std::uint8_t>(Telling::invited));
        CHECK(std::get<2>(fields) == 3);
        place.accept("eve\ttea");
        CHECK(place.sent() == ":chatd.local 341 ada eve #lobby\r\n"
                              ":chatd.local 301 ada eve :tea\r\n");
        place.send("INVITE bob #lobby\r\n");
        expect_people(place, "bob", a_person);
        place.list(bob);
        place.send("INVITE eve #den\r\nINVITE eve\r\n");
        place.send("INVITE nil #lobby\r\n");
        expect_people(place, "nil", a_person);
        place.refuse(Refusal::nobody);
        CHECK(place.sent() == ":chatd.local 443 ada bob #lobby :is already on channel\r\n"
                              ":chatd.local 442 ada #den :You're not on that channel\r\n"
                              ":chatd.local 461 ada INVITE :Not enough parameters\r\n"
                              ":chatd.local 401 ada nil :No such nick/channel\r\n");
        place.send("INVITE eve #lobby\r\n");
        expect_people(place, "eve", a_person);
        place.list("eve\t\t\t\t\t\t\t\t\t");
        place.asked_as<TellAsFrame>();
        place.refuse(Refusal::behind);
        CHECK(place.sent().find(" 404 ada eve :") != std::string::npos);
    }

    TEST_CASE("irc: LIST tells of the rooms that the hub tells of as far as they are asked for") {
        IrcPlace place;
        place.be_named("ada");
        const std::string rooms = "den\tc\t2\t\nlobby\tfi\t12\tto talk";
        place.send("LIST\r\n");
        place.asked_as<RoomsFrame>();
        place.list(rooms);
        CHECK(place.sent() == ":chatd.local 321 ada Channel :Users  Name\r\n"
                              ":chatd.local 322 ada #den 2 :\r\n"
                              ":chatd.local 322 ada #lobby 12 :to talk\r\n"
                              ":chatd.local 323 ada :End of /LIST\r\n");
        for (const std::string_view asked : {"#LOBBY", "*b*", ">2", "!#den"}) {
            place.send(text("LIST ", asked, "\r\n"));
            place.asked_as<RoomsFrame>();
            place.list(rooms);
            CHECK(place.sent() == ":chatd.local 321 ada Channel :Users  Name\r\n"
                                  ":chatd.local 322 ada #lobby 12 :to talk\r\n"
                                  ":chatd.local 323 ada :End of /LIST\r\n");
        }
    }

    TEST_CASE("irc: LUSERS tells how many clients and rooms there are") {
        IrcPlace place;
        place.be_named("ada");
        place.send("LUSERS\r\n");
        CHECK(place.asked_as<StateFrame>().second.empty());
        place.list("\t\t12\t100\t0\t\t0\t");
        place.asked_as<RoomsFrame>();
        place.list("den\tc\t2\t\nlobby\tfi\t12\tto talk");
        CHECK(place.sent() == ":chatd.local 251 ada :There are 12 users and 0 invisible on 1 servers\r\n"
                              ":chatd.local 254 ada 2 :channels formed\r\n"
                              ":chatd.local 255 ada :I have 12 clients and 0 servers\r\n"
                              ":chatd.local 265 ada :Current local users 12, of 100 that there may be\r\n"
                              ":chatd.local 266 ada :Current global users 12, of 100 that there may be\r\n");
    }

    TEST_CASE("irc: MODE of a channel is what the room is and a key is only said to be there") {
        IrcPlace place;
        place.be_inside("ada");
        place.send("MODE #lobby\r\n");
        CHECK(place.asked_as<StateFrame>().second == "lobby");
        place.list("lobby\tik\t2\t0\t1700000000000000\t\t0\t");
        place.send("MODE #Plans\r\n");
        CHECK(place.asked_as<StateFrame>().second == "Plans");
        place.list("plans\tcmh\t2\t10\t0\t\t0\t");
        place.send("MODE #den\r\n");
        CHECK(place.asked_as<StateFrame>().second == "den");
        place.refuse(Refusal::no_such_room);
        place.send("MODE #\r\n");
        CHECK(place.sent() == ":chatd.local 324 ada #lobby +n\r\n"
                              ":chatd.local 329 ada #lobby 1700000000\r\n"
                              ":chatd.local 324 ada #plans +klmns * 10\r\n"
                              ":chatd.local 403 ada #den :No such channel\r\n"
                              ":chatd.local 403 ada # :No such channel\r\n");
    }

    TEST_CASE("irc: MODE moderates and gives a voice and bans as the hub's acts do") {
        IrcPlace place;
        place.be_inside("ada");
        place.send("MODE #lobby +mv-vb+b bob eve mallory!*@* *!*@10.0.0.0/8\r\n");
        expect_act(place, Kind::moderated, "");
        place.accept();
        expect_act(place, Kind::voiced, "bob");
        place.accept();
        expect_act(place, Kind::unvoiced, "eve");
        place.refuse(Refusal::nobody);
        expect_act(place, Kind::unbanned, "mallory");
        place.refuse(Refusal::not_banned);
        expect_act(place, Kind::banned, "10.0.0.0/8");
        place.refuse(Refusal::not_operator);
        CHECK(place.sent() == ":chatd.local 441 ada eve #lobby :They aren't on that channel\r\n"
                              ":chatd.local 400 ada #lobby :Nobody is banned by that mask\r\n"
                              ":chatd.local 482 ada #lobby :You're not channel operator\r\n");
        place.send("MODE #lobby -m\r\n");
        expect_act(place, Kind::unmoderated, "");
        place.accept();
        place.log(Kind::unmoderated, "ada");
        CHECK(place.sent() == ":ada!u@chat MODE #lobby -m\r\n");
    }

    TEST_CASE("irc: MODE refuses in words what cannot be changed here") {
        IrcPlace place;
        place.be_inside("ada");
        const auto answer = [&](std::string_view modes) {
            place.send(text("MODE #lobby ", modes, "\r\n"));
            CHECK(place.asked().empty());
            return place.sent();
        };
        for (const std::string_view modes :
             {"+o bob", "-o bob", "+l 5", "-l", "+k key", "-k key", "+s", "-n"})
            CHECK(answer(modes).starts_with(":chatd.local 482 ada #lobby :"));
        CHECK(answer("+n").empty());
        CHECK(answer("+b bob!b*@*") ==
              ":chatd.local 696 ada #lobby b bob!b*@* :A ban is of a name, NICK!*@*, or of an "
              "address, *!*@ADDRESS\r\n");
        CHECK(answer("+v") == ":chatd.local 696 ada #lobby v * :That mode needs a parameter\r\n");
        CHECK(answer("+Ix") == ":chatd.local 472 ada I :is unknown mode char to me\r\n"
                               ":chatd.local 472 ada x :is unknown mode char to me\r\n");
        place.send("MODE #den +m\r\nMODE #den +b\r\n");
        CHECK(place.sent() == ":chatd.local 442 ada #den :You're not on that channel\r\n"
                              ":chatd.local 442 ada #den :You're not on that channel\r\n");
    }

    TEST_CASE("irc: MODE +b lists the bans of the room to operators") {
        IrcPlace place;
        place.be_inside("ada");
        place.send("MODE #lobby b\r\n");
        place.asked_as<BansFrame>();
        place.list("bob\tlobby\t\tada\t\n10.0.0.0/8\tlobby\t5\tada\ta\neve\tden\t\tada\t");
        CHECK(place.sent() == ":chatd.local 367 ada #lobby bob!*@*\r\n"
                              ":chatd.local 367 ada #lobby *!*@10.0.0.0/8\r\n"
                              ":chatd.local 368 ada #lobby :End of channel ban list\r\n");
        place.send("MODE #lobby +b\r\n");
        place.asked_as<BansFrame>();
        place.refuse(Refusal::not_operator);
        CHECK(place.sent() == ":chatd.local 368 ada #lobby :End of channel ban list\r\n");
    }

    TEST_CASE("irc: of one's own modes B is told to the hub") {
        IrcPlace place;
        place.be_named("ada");
        place.send("MODE ada\r\n");
        expect_people(place, "ada", a_person);
        place.list("ada\tOb\t\t\t\t\t\t\t\t");
        place.send("MODE ADA +iB\r\n");
        expect_describe(place, "ada", true);
        place.accept();
        place.send("MODE ada +B-o\r\nMODE ada +xB\r\nMODE bob +i\r\nMODE bob\r\nMODE\r\n");
        place.send("MODE ada -B\r\n");
        expect_describe(place, "ada", false);
        place.accept();
        CHECK(place.sent() == ":chatd.local 221 ada +Bio\r\n"
                              ":ada MODE ada +B\r\n"
                              ":chatd.local 501 ada :Unknown MODE flag\r\n"
                              ":chatd.local 502 ada :Cant change mode for other users\r\n"
                              ":chatd.local 502 ada :Cant change mode for other users\r\n"
                              ":chatd.local 461 ada MODE :Not enough parameters\r\n"
                              ":ada MODE ada -B\r\n");
    }

    TEST_CASE("irc: OPER tells what the client may do now") {
        IrcPlace place;
        place.be_inside("ada");
        place.send("OPER root :a horse\r\n");
        const auto [fields, words] = place.asked_as<OperFrame>();
        CHECK(words == "roota horse");
        CHECK(std::get<0>(fields) == 4);
        place.accept();
        expect_people(place, "ada", a_person);
        place.list("ada\tO\t\t\t\to:lobby,:den\t\t\t\t");
        CHECK(place.sent() == ":chatd.local 381 ada :You are now an IRC operator\r\n"
                              ":ada MODE ada +o\r\n"
                              ":chatd.local MODE #lobby +o ada\r\n");
        place.send("OPER root wrong\r\n");
        place.asked_as<OperFrame>();
        place.refuse(Refusal::wrong_password);
        place.send("OPER root wrong\r\n");
        place.asked_as<OperFrame>();
        place.refuse(Refusal::held_off);
        place.send("OPER root " + std::string(200, 'x') + "\r\nOPER root\r\n");
        CHECK(place.asked().empty());
        CHECK(place.sent() ==
              ":chatd.local 464 ada :Password incorrect\r\n"
              ":chatd.local 464 ada OPER :Too many wrong passwords: wait before the next try\r\n"
              ":chatd.local 464 ada :Password incorrect\r\n"
              ":chatd.local 461 ada OPER :Not enough parameters\r\n");
    }

    TEST_CASE("irc: SETNAME changes the real name and tells who knows of that") {
        IrcPlace place;
        place.send("CAP REQ :setname standard-replies\r\nCAP END\r\n");
        place.be_named("ada");
        place.send("SETNAME :Ada \x02L.\r\n");
        expect_describe(place, "Ada L.", false);
        place.accept();
        place.send("SETNAME :\r\n");
        CHECK(place.asked().empty());
        CHECK(place.sent() ==
              ":ada!u@chat SETNAME :Ada L.\r\n"
              ":chatd.local FAIL SETNAME INVALID_REALNAME :A real name has to have something in it\r\n");
        place.send("MODE ada +B\r\n");
        expect_describe(place, "Ada L.", true);
    }

    TEST_CASE("irc: what the server is can be asked") {
        IrcPlace place;
        place.be_named("ada");
        place.send("VERSION\r\n");
        const std::string version = place.sent();
        CHECK(version.starts_with(":chatd.local 351 ada chatd-"));
        CHECK(version.find(" 005 ada ") != version.npos);
        place.send("TIME\r\n");
        const std::string time = place.sent();
        CHECK(time.starts_with(":chatd.local 391 ada chatd.local :20"));
        CHECK(time.ends_with("Z\r\n"));
        place.send("ADMIN\r\nSTATS o\r\nSTATS\r\n");
        CHECK(place.sent() == ":chatd.local 423 ada chatd.local :No administrative info available\r\n"
                              ":chatd.local 219 ada o :End of /STATS report\r\n"
                              ":chatd.local 219 ada * :End of /STATS report\r\n");
        place.send("INFO\r\n");
        const std::string info = place.sent();
        CHECK(info.starts_with(":chatd.local 371 ada :chatd "));
        CHECK(info.ends_with(":chatd.local 374 ada :End of INFO list\r\n"));
        CHECK(place.asked().empty());
    }

    TEST_CASE("irc: STATS u tells for how long there has been this hub") {
        IrcPlace place;
        place.be_named("ada");
        const auto answer = [&](std::int64_t seconds) {
            place.send("STATS u\r\n");
            CHECK(place.asked_as<StateFrame>().second.empty());
            place.list(text("\t\t1\t0\t", irc::now_in_microseconds() - seconds * 1'000'000, "\t\t0\t"));
            return place.sent();
        };
        const std::string end = "\r\n:chatd.local 219 ada u :End of /STATS report\r\n";
        const std::string three_days = answer(3 * 86400 + 4 * 3600 + 5 * 60);
        CHECK(three_days.starts_with(":chatd.local 242 ada :Server Up 3 days 4:05:0"));
        CHECK(three_days.ends_with(end));
        CHECK(answer(-60) == ":chatd.local 242 ada :Server Up 0 days 0:00:00" + end);
    }

    TEST_CASE("irc: many answers to a command with a label are one batch") {
        IrcPlace place;
        place.send("CAP REQ :labeled-response batch\r\nCAP END\r\n");
        place.be_inside("ada");
        place.send("@label=w WHO bob\r\n");
        expect_people(place, "bob", a_person);
        place.list(bob);
        CHECK(place.sent() == "@label=w :chatd.local BATCH +a1 labeled-response\r\n"
                              "@batch=a1 :chatd.local 352 ada #lobby u chat chatd.local bob G+B :0 Bob\r\n"
                              "@batch=a1 :chatd.local 315 ada bob :End of WHO list\r\n"
                              ":chatd.local BATCH -a1\r\n");
        place.send("@label=m MODE #lobby +m\r\n");
        place.asked_as<ActFrame>();
        place.accept();
        CHECK(place.sent() == "@label=m :chatd.local ACK\r\n");
    }
}
