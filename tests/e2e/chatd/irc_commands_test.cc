// SPDX-License-Identifier: ISC
// Commands of IRC end to end: what they tell, change and refuse, beside people with nc in the same rooms.
#include "common/text.hh"
#include "tests/e2e/irc_client.hh"
#include "tests/e2e/observe.hh"

#include <csignal>
#include <doctest/doctest.h>
#include <string>

using namespace e2e;
using common::text;

namespace {

const std::string end_of_who = " 315 ";

// All lines up to the one that has this in it.
std::string lines_to(IrcClient& client, std::string_view last) {
    std::string all;
    for (;;) {
        const std::string line = client.read_line();
        all.append(line).append("\n");
        if (line.find(last) != line.npos) return all;
    }
}

bool has(const std::string& all, std::string_view part) { return all.find(part) != all.npos; }

} // namespace

TEST_SUITE("e2e") {
    TEST_CASE("IRC commands: WHO and WHOIS tell of people of all dialects and no address") {
        const Daemon daemon{irc_with()};
        ChatClient typed{daemon, "typed"};
        IrcClient ada{daemon, "ada", "#lobby"}, bob{daemon, "bob", "#lobby"};
        ada.wait_for("JOIN");
        typed.say("/away tea");
        typed.wait_for_line("You are away: /away without words ends it.");
        bob.say("MODE bob +B");
        bob.wait_for("+B");
        ada.say("WHO #lobby");
        ada.expect_lines({":chatd.local 352 ada #lobby u chat chatd.local ada H :0 A real name",
                          ":chatd.local 352 ada #lobby u chat chatd.local bob HB :0 A real name",
                          ":chatd.local 352 ada #lobby u chat chatd.local typed G :0 ",
                          ":chatd.local 315 ada #lobby :End of WHO list"});
        ada.say("WHO #lobby %cuhsnfdar");
        ada.expect_line(":chatd.local 354 ada #lobby u chat chatd.local ada H 0 0 :A real name");
        ada.wait_for(end_of_who);
        ada.say("WHO typed %ni");
        ada.expect_lines(
            {":chatd.local 354 ada 255.255.255.255 typed", ":chatd.local 315 ada typed :End of WHO list"});
        ada.say("WHO b*");
        ada.expect_lines({":chatd.local 352 ada #lobby u chat chatd.local bob HB :0 A real name",
                          ":chatd.local 315 ada b* :End of WHO list"});
        ada.say("WHOIS typed");
        const std::string whois = lines_to(ada, " 318 ");
        CHECK(has(whois, ":chatd.local 311 ada typed u chat * :\n"));
        CHECK(has(whois, ":chatd.local 319 ada typed :#lobby\n"));
        CHECK(has(whois, ":chatd.local 301 ada typed :tea\n"));
        CHECK(has(whois, ":chatd.local 317 ada typed "));
        CHECK_FALSE(has(whois, "127.0.0.1"));
        bob.say("SETNAME :Robert");
        bob.expect_silence();
        ada.say("WHOIS BOB");
        CHECK(has(lines_to(ada, " 318 "), ":chatd.local 311 ada bob u chat * :Robert\n"));
        ada.say("WHOIS eve");
        ada.expect_lines({":chatd.local 401 ada eve :No such nick/channel",
                          ":chatd.local 318 ada eve :End of /WHOIS list"});
        ada.say("WHOWAS eve");
        ada.expect_lines({":chatd.local 406 ada eve :There was no such nickname",
                          ":chatd.local 369 ada eve :End of WHOWAS"});
        ada.say("ISON typed eve bob");
        ada.expect_line(":chatd.local 303 ada :typed bob");
        ada.say("USERHOST typed bob");
        ada.expect_line(":chatd.local 302 ada :typed=-u@chat bob=+u@chat");
    }

    TEST_CASE("IRC commands: nobody is told of a room by WHO and WHOIS and MODE that he may not look into") {
        const Daemon daemon{
            irc_with({"room lobby", "room cellar hidden", "room plans code s3cret topic corn"})};
        IrcClient ada{daemon, "ada", "#lobby"}, bob{daemon, "bob"};
        bob.join("#cellar");
        bob.join("#plans", "s3cret");
        ada.say("WHOIS bob");
        CHECK_FALSE(has(lines_to(ada, " 318 "), " 319 "));
        for (const std::string_view room : {"#cellar", "#plans", "#nowhere"}) {
            ada.say(text("WHO ", room));
            ada.expect_line(text(":chatd.local 315 ada ", room, " :End of WHO list"));
            ada.say(text("MODE ", room));
            ada.expect_line(text(":chatd.local 403 ada ", room, " :No such channel"));
        }
        ada.say("LIST");
        ada.expect_lines({":chatd.local 321 ada Channel :Users  Name", ":chatd.local 322 ada #lobby 1 :",
                          ":chatd.local 322 ada #plans 1 :", ":chatd.local 323 ada :End of /LIST"});
        ada.say("LIST *an*");
        ada.expect_lines({":chatd.local 321 ada Channel :Users  Name",
                          ":chatd.local 322 ada #plans 1 :", ":chatd.local 323 ada :End of /LIST"});
        bob.say("LIST #plans,#cellar");
        bob.expect_lines({":chatd.local 321 bob Channel :Users  Name", ":chatd.local 322 bob #cellar 1 :",
                          ":chatd.local 322 bob #plans 1 :corn", ":chatd.local 323 bob :End of /LIST"});
        bob.say("MODE #plans");
        bob.expect_line(":chatd.local 324 bob #plans +kn *");
        CHECK(bob.read_line().starts_with(":chatd.local 329 bob #plans 1"));
        bob.say("MODE #cellar");
        bob.expect_line(":chatd.local 324 bob #cellar +ns");
    }

    TEST_CASE("IRC commands: MODE of an operator moderates and gives a voice") {
        const Daemon daemon{irc_with({"room lobby", "create-rooms on"})};
        IrcClient ada{daemon, "ada", "#den"}; // which makes it
        ChatClient typed{daemon, "typed"};
        typed.say("/join den");
        typed.wait_for_line(welcome_to("den"));
        ada.expect_line(":typed!u@chat JOIN #den");
        ada.say("MODE #den +m");
        ada.expect_line(":ada!u@chat MODE #den +m");
        typed.say("hello");
        typed.wait_for_line("Only those with a voice may speak here: the line was not sent.");
        ada.say("MODE #den +v typed");
        ada.expect_line(":ada!u@chat MODE #den +v typed");
        ada.say("MODE #den");
        ada.expect_line(":chatd.local 324 ada #den +mn");
        ada.wait_for(" 329 ");
        ada.say("NAMES #den");
        ada.expect_lines(
            {":chatd.local 353 ada = #den :@ada +typed", ":chatd.local 366 ada #den :End of /NAMES list"});
        typed.say("now");
        ada.expect_line(":typed!u@chat PRIVMSG #den :now");
        ada.say("MODE #den -v+v-m typed eve");
        const std::string changes = lines_to(ada, " -m"); // the log and the answers come in any order
        CHECK(has(changes, ":ada!u@chat MODE #den -v typed\n"));
        ada.say("MODE #den +v eve");
        ada.wait_for(":chatd.local 441 ada eve #den :They aren't on that channel");
        IrcClient bob{daemon, "bob", "#den"};
        ada.wait_for("JOIN");
        bob.say("MODE #den +m");
        bob.wait_for(
            ":chatd.local 482 bob #den :You're not channel operator"); // behind what was said earlier
        bob.say("MODE #lobby +m");
        bob.expect_line(":chatd.local 442 bob #lobby :You're not on that channel");
        ada.say("MODE #den +l 5");
        ada.expect_line(":chatd.local 482 ada #den :The configuration says how many may be in a room");
    }

    TEST_CASE("IRC commands: MODE bans names and addresses and lists them to operators alone") {
        const Daemon daemon{irc_with({"room lobby", "create-rooms on"})};
        IrcClient ada{daemon, "ada", "#den"}, bob{daemon, "bob", "#den"};
        ada.wait_for("JOIN");
        ada.say("MODE #den +b-b+b eve!*@* eve!*@* mallory");
        ada.expect_lines({":ada!u@chat MODE #den +b eve!*@*", ":ada!u@chat MODE #den -b eve!*@*",
                          ":ada!u@chat MODE #den +b mallory!*@*"});
        ada.say("MODE #den +b *!*@192.0.2.0/24");
        ada.expect_line(":ada!u@chat MODE #den +b *!*@192.0.2.0/24");
        ada.say("MODE #den +b *!*@127.0.0.1"); // where all are
        ada.expect_line(":chatd.local 400 ada #den :That ban would hit yourself");
        ada.say("MODE #den +b *!bob@*");
        ada.expect_line(":chatd.local 696 ada #den b *!bob@* :A ban is of a name, NICK!*@*, or of an "
                        "address, *!*@ADDRESS");
        ada.say("MODE #den b");
        const std::string bans = lines_to(ada, " 368 ");
        CHECK(has(bans, ":chatd.local 367 ada #den mallory!*@*\n"));
        CHECK(has(bans, ":chatd.local 367 ada #den *!*@192.0.2.0/24\n"));
        bob.wait_for("192.0.2.0");
        bob.say("MODE #den b");
        bob.expect_line(":chatd.local 368 bob #den :End of channel ban list");
        IrcClient mallory{daemon, "mallory"};
        mallory.say("JOIN #den");
        mallory.expect_line(":chatd.local 474 mallory #den :Cannot join channel (+b)");
        ada.say("MODE #den +b bob!*@*");
        ada.wait_for("+b bob!*@*");
        bob.wait_for("ERROR :");
    }

    TEST_CASE("IRC commands: who asks for it is told who is away or back or has another real name") {
        const Daemon daemon{irc_with()};
        ChatClient typed{daemon, "typed"};
        IrcClient eve{daemon, "eve", "#lobby", "away-notify setname"}, ada{daemon, "ada", "#lobby"};
        eve.expect_line(":ada!u@chat JOIN #lobby");
        ada.say("AWAY :tea");
        eve.expect_line(":ada!u@chat AWAY :tea");
        typed.say("/away at lunch");
        eve.expect_line(":typed!u@chat AWAY :at lunch");
        typed.say("/away");
        eve.expect_line(":typed!u@chat AWAY");
        IrcClient bob{daemon, "bob"};
        bob.say("AWAY :wine");
        bob.say("JOIN #lobby");
        eve.expect_lines({":bob!u@chat JOIN #lobby", ":bob!u@chat AWAY :wine"});
        bob.say("SETNAME :Robert");
        eve.expect_line(":bob!u@chat SETNAME :Robert");
        bob.wait_for(" 366 ");
        bob.expect_silence();
        eve.say("CAP REQ :-away-notify");
        eve.wait_for(" ACK ");
        ada.say("AWAY");
        ada.wait_for(" 305 ");
        eve.expect_silence();
    }

    TEST_CASE("IRC commands: who was told of others is told by the next hub") {
        const Daemon daemon{irc_with()};
        IrcClient eve{daemon, "eve", "#lobby", "away-notify"}, ada{daemon, "ada", "#lobby"};
        eve.expect_line(":ada!u@chat JOIN #lobby");
        ::kill(daemon.main_pid(), SIGKILL);
        daemon.wait_for_log("going on after a hub");
        ada.say("AWAY :tea");
        eve.expect_line(":ada!u@chat AWAY :tea");
    }

    TEST_CASE("IRC commands: operators who ask for it see the invitations of others") {
        const Daemon daemon{irc_with({"room lobby", "create-rooms on"})};
        IrcClient ada{daemon, "ada", "#den", "invite-notify"}, bob{daemon, "bob", "#den", "invite-notify"};
        IrcClient eve{daemon, "eve"};
        ada.expect_line(":bob!u@chat JOIN #den");
        bob.say("INVITE eve #den");
        bob.expect_line(":chatd.local 341 bob eve #den");
        eve.expect_line(":bob!u@chat INVITE eve #den");
        ada.expect_line(":bob!u@chat INVITE eve #den");
        ada.say("INVITE eve #den");
        ada.expect_line(":chatd.local 341 ada eve #den");
        bob.expect_silence();
    }

    TEST_CASE("IRC commands: an invitation reaches people of all dialects") {
        const Daemon daemon{irc_with({"room lobby", "create-rooms on"})};
        ChatClient typed{daemon, "typed"};
        IrcClient ada{daemon, "ada", "#den"}, bob{daemon, "bob"};
        ada.say("INVITE bob #DEN");
        ada.expect_line(":chatd.local 341 ada bob #den");
        bob.expect_line(":ada!u@chat INVITE bob #den");
        ada.say("INVITE typed #den");
        ada.expect_line(":chatd.local 341 ada typed #den");
        typed.wait_for_text("/join den");
        bob.join("#den");
        ada.wait_for("JOIN");
        ada.say("INVITE bob #den");
        ada.expect_line(":chatd.local 443 ada bob #den :is already on channel");
        ada.say("INVITE eve #den");
        ada.expect_line(":chatd.local 401 ada eve :No such nick/channel");
        ada.say("INVITE typed #lobby");
        ada.expect_line(":chatd.local 442 ada #lobby :You're not on that channel");
    }

    TEST_CASE("IRC commands: OPER makes an operator who is told of addresses") {
        const Daemon daemon{irc_with({"room lobby", text("operator chief ", hash_of("a horse")),
                                      text("operator helper ", hash_of("owl"), " lobby")})};
        IrcClient ada{daemon, "ada", "#lobby"}, bob{daemon, "bob", "#lobby"};
        ada.wait_for("JOIN");
        ada.say("OPER chief wrong");
        ada.expect_line(":chatd.local 464 ada :Password incorrect");
        ada.say("OPER chief :a horse");
        ada.expect_lines({":chatd.local 381 ada :You are now an IRC operator", ":ada MODE ada +o",
                          ":chatd.local MODE #lobby +o ada"});
        ada.say("MODE ada");
        ada.expect_line(":chatd.local 221 ada +io");
        ada.say("WHO bob %i");
        ada.expect_line(":chatd.local 354 ada 127.0.0.1");
        ada.wait_for(end_of_who);
        ada.say("WHOIS bob");
        CHECK(has(lines_to(ada, " 318 "), ":chatd.local 378 ada bob :is connecting from *@127.0.0.1 "));
        bob.say("WHOIS ada");
        const std::string whois = lines_to(bob, " 318 ");
        CHECK(has(whois, ":chatd.local 313 bob ada :is an IRC operator\n"));
        CHECK(has(whois, ":chatd.local 319 bob ada :@#lobby\n"));
        CHECK_FALSE(has(whois, "127.0.0.1"));
        bob.say("OPER helper owl");
        bob.expect_lines(
            {":chatd.local 381 bob :You are now an IRC operator", ":chatd.local MODE #lobby +o bob"});
        bob.say("MODE #lobby +v ada");
        ada.expect_line(":bob!u@chat MODE #lobby +v ada");
    }

    TEST_CASE("IRC commands: TOPIC tells who has set it and when") {
        const Daemon daemon{irc_with({"room lobby topic welcome", "create-rooms on"})};
        IrcClient ada{daemon, "ada", "#lobby"};
        ada.say("TOPIC #lobby");
        ada.expect_line(":chatd.local 332 ada #lobby :welcome");
        ada.expect_silence();
        ada.say("TOPIC #lobby :to talk");
        ada.expect_line(":ada!u@chat TOPIC #lobby :to talk");
        const auto expect_both = [](IrcClient& client, std::string_view nick) {
            client.expect_line(text(":chatd.local 332 ", nick, " #lobby :to talk"));
            CHECK(client.read_line().starts_with(text(":chatd.local 333 ", nick, " #lobby ada!u@chat 1")));
        };
        ada.say("TOPIC #lobby");
        expect_both(ada, "ada");
        IrcClient bob{daemon, "bob"};
        bob.say("TOPIC #lobby");
        bob.expect_line(":chatd.local 442 bob #lobby :You're not on that channel");
        bob.say("JOIN #lobby");
        bob.expect_line(":bob!u@chat JOIN #lobby");
        expect_both(bob, "bob");
        bob.wait_for(" 366 ");
        bob.say("JOIN #den");
        bob.wait_for(" 366 ");
        bob.say("TOPIC #den");
        bob.expect_line(":chatd.local 331 bob #den :No topic is set");
        bob.say("TOPIC #den :a bear");
        bob.expect_line(":bob!u@chat TOPIC #den :a bear");
        bob.say("TOPIC #den :");
        bob.expect_line(":bob!u@chat TOPIC #den :");
        bob.say("TOPIC #den");
        bob.expect_line(":chatd.local 331 bob #den :No topic is set");
        ada.say("TOPIC #lobby :");
        bob.expect_line(":ada!u@chat TOPIC #lobby :welcome"); // as the configuration has it
        ada.wait_for(":ada!u@chat TOPIC #lobby :welcome");
        ada.say("TOPIC #lobby");
        ada.expect_line(":chatd.local 332 ada #lobby :welcome");
        bob.say("TOPIC #nowhere :x");
        bob.wait_for(":chatd.local 442 bob #nowhere :You're not on that channel");
    }

    TEST_CASE("IRC commands: the server tells of itself") {
        const Daemon daemon{irc_with()};
        ChatClient typed{daemon, "typed"};
        IrcClient ada{daemon, "ada"};
        ada.say("LUSERS");
        ada.expect_lines({":chatd.local 251 ada :There are 2 users and 0 invisible on 1 servers",
                          ":chatd.local 254 ada 1 :channels formed",
                          ":chatd.local 255 ada :I have 2 clients and 0 servers"});
        ada.wait_for(" 266 ");
        ada.say("MOTD");
        ada.expect_line(":chatd.local 422 ada :MOTD File is missing");
        ada.say("ADMIN");
        ada.expect_line(":chatd.local 423 ada chatd.local :No administrative info available");
        ada.say("VERSION");
        ada.wait_for(" 351 ada chatd-");
        ada.wait_for(" 005 ada ");
        ada.say("TIME");
        ada.wait_for(" 391 ada chatd.local :20");
        ada.say("INFO");
        ada.wait_for(" 374 ");
        ada.say("STATS u");
        ada.wait_for(" 242 ada :Server Up 0 days 0:0");
        ada.expect_line(":chatd.local 219 ada u :End of /STATS report");
        ada.say("SUMMON x");
        ada.expect_line(":chatd.local 421 ada SUMMON :Unknown command");
    }
}
