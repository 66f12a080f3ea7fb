// SPDX-License-Identifier: ISC
// A handler of a client of IRC: what its commands ask the hub, and what it is answered.
#include "tests/unit/chatd/handler/irc/irc_place.hh"

#include "chatd/handler/irc/irc_commands.hh"
#include "chatd/handler/irc/isupport.hh"

#include <set>

using namespace chatd;

namespace {

bool has(const std::string& all, std::string_view part) { return all.find(part) != all.npos; }

constexpr std::uint8_t said = static_cast<std::uint8_t>(Kind::said);

} // namespace

TEST_SUITE("unit") {
    TEST_CASE("irc: a client comes in by NICK and USER in any order") {
        for (const std::string_view lines :
             {"NICK ada\r\nUSER u 0 * :Ada\r\n", "USER u 0 * :Ada\nNICK :ada\n",
              "CAP LS 302\r\nJOIN :\r\nCAP REQ :batch\r\nNICK ada\r\nUSER u 0 * :Ada\r\nCAP END\r\n",
              "NICK ada\r\nUSER u 0 * :Ada\r\nCAP LS\r\nCAP END\r\n"}) {
            IrcPlace place;
            place.send(lines);
            CHECK(place.asked_as<NameFrame>().second == "ada");
            place.accept("ada");
            const std::string sent = place.sent();
            for (const std::string_view number :
                 {" 001 ada ", " 002 ada ", " 003 ada ", " 004 ada ", " 005 ada ", " 422 ada "})
                CHECK_MESSAGE(has(sent, number), sent);
        }
    }

    TEST_CASE("irc: nothing is asked before the capabilities are agreed on") {
        IrcPlace place;
        place.send("CAP LS 302\r\nNICK ada\r\nUSER u 0 * :Ada\r\n");
        CHECK(place.asked().empty());
        CHECK(has(place.sent(), ":chatd.local CAP * LS :account-notify "));
        place.send("CAP REQ :server-time nonsense\r\nCAP REQ :server-time\r\n");
        CHECK(place.sent() ==
              ":chatd.local CAP * NAK :server-time nonsense\r\n:chatd.local CAP * ACK :server-time\r\n");
        place.send("CAP END\r\n");
        CHECK(place.asked_as<NameFrame>().second == "ada");
    }

    TEST_CASE("irc: commands before registration are refused and a name that is taken can be another") {
        IrcPlace place;
        place.send("JOIN #lobby\r\nPRIVMSG #lobby :x\r\nNICK\r\nUSER u\r\nFOO\r\n");
        CHECK(place.sent() == ":chatd.local 451 * :You have not registered\r\n"
                              ":chatd.local 451 * :You have not registered\r\n"
                              ":chatd.local 431 * :No nickname given\r\n"
                              ":chatd.local 461 * USER :Not enough parameters\r\n"
                              ":chatd.local 421 * FOO :Unknown command\r\n");
        place.send("NICK ada\r\nUSER u 0 * :Ada\r\n");
        place.asked();
        place.refuse(Refusal::name_taken);
        CHECK(place.sent() == ":chatd.local 433 * ada :Nickname is already in use\r\n");
        place.send("NICK ada_\r\n");
        CHECK(place.asked_as<NameFrame>().second == "ada_");
        place.accept("ada_");
        CHECK(has(place.sent(), " 001 ada_ "));
        place.asked_as<DescribeFrame>();
        place.accept();
        place.send("USER u 0 * :Ada\r\nPASS x\r\n");
        CHECK(place.sent() == ":chatd.local 462 ada_ :You may not reregister\r\n"
                              ":chatd.local 462 ada_ :You may not reregister\r\n");
        place.send("AUTHENTICATE PLAIN\r\n");
        CHECK(place.sent() == ":chatd.local 907 ada_ :You have already authenticated using SASL\r\n");
    }

    TEST_CASE("irc: PASS is the password of a name that has one") {
        IrcPlace place;
        place.send("PASS :a horse\r\nNICK ada\r\nUSER u 0 * :Ada\r\n");
        place.asked_as<NameFrame>();
        place.refuse(Refusal::password_needed);
        CHECK(place.asked_as<LoginFrame>().second == "a horse");
        SUBCASE("which is right") {
            place.accept("ada");
            CHECK(has(place.sent(), " 001 ada "));
        }
        SUBCASE("which is wrong") {
            place.refuse(Refusal::wrong_password);
            const std::string sent = place.sent();
            CHECK(has(sent, ":chatd.local 464 * PASS :Password incorrect\r\n"));
            CHECK(has(sent, ":chatd.local 433 * ada :That name has a password"));
        }
    }

    TEST_CASE("irc: a name with a password is in use for who does not give it") {
        IrcPlace place;
        place.send("NICK ada\r\nUSER u 0 * :Ada\r\n");
        place.asked_as<NameFrame>();
        place.refuse(Refusal::password_needed);
        CHECK(has(place.sent(), ":chatd.local 433 * ada :That name has a password"));
        CHECK(place.asked().empty());
    }

    TEST_CASE("irc: JOIN tells the topic and the names before anything is said there") {
        IrcPlace place;
        place.be_named("ada");
        place.log(Kind::said, "bob", "earlier");
        place.send("JOIN #Lobby key\r\n");
        const auto [fields, words] = place.asked_as<EnterFrame>();
        CHECK(std::get<0>(fields) == 5);
        CHECK(words == "Lobbykey");
        place.enter(4, "lobby\nplans");
        place.log(Kind::said, "bob", "new");
        CHECK(place.sent() == ":ada!u@chat JOIN #lobby\r\n");
        CHECK(place.asked_as<StateFrame>().second == "lobby");
        place.list("lobby\ti\t3\t0\t31\tbob\t1796047509120000\tplans");
        CHECK(place.asked_as<PeopleFrame>().second == "lobby");
        CHECK(place.sent() == ":chatd.local 332 ada #lobby :plans\r\n"
                              ":chatd.local 333 ada #lobby bob!u@chat 1796047509\r\n");
        place.list("ada\to\t\nbob\tv\t\ncy\tov\t");
        CHECK(place.sent() == ":chatd.local 353 ada = #lobby :@ada +bob @cy\r\n"
                              ":chatd.local 366 ada #lobby :End of /NAMES list\r\n"
                              ":bob!u@chat NOTICE #lobby :[2026-11-30 14:05 UTC] earlier\r\n"
                              ":bob!u@chat PRIVMSG #lobby :new\r\n");
    }

    TEST_CASE("irc: several channels are joined one after the other with a key each") {
        IrcPlace place;
        place.be_named("ada");
        place.send("JOIN #a,#b,x,#c k1,k2\r\n");
        CHECK(place.asked_as<EnterFrame>().second == "ak1");
        place.refuse(Refusal::wrong_code);
        CHECK(place.asked_as<EnterFrame>().second == "bk2");
        place.enter(5, "b");
        place.take_names("ada\t\t");
        CHECK(place.asked_as<EnterFrame>().second == "c");
        place.refuse(Refusal::no_such_room);
        CHECK(place.sent() == ":chatd.local 475 ada #a :Cannot join channel (+k)\r\n"
                              ":ada!u@chat JOIN #b\r\n"
                              ":chatd.local 353 ada = #b :ada\r\n"
                              ":chatd.local 366 ada #b :End of /NAMES list\r\n"
                              ":chatd.local 403 ada x :No such channel\r\n"
                              ":chatd.local 403 ada #c :No such channel\r\n");
        place.send("JOIN #B\r\n"); // it is there already
        CHECK(place.asked().empty());
        CHECK(place.sent().empty());
    }

    TEST_CASE("irc: NAMES have all marks and prefixes for who wants them") {
        IrcPlace place;
        place.send("CAP REQ :multi-prefix userhost-in-names\r\nCAP END\r\n");
        place.be_named("ada");
        place.send("NAMES #plans\r\n");
        CHECK(place.asked_as<PeopleFrame>().second == "plans");
        place.list("ada\tov\t\nbob\t\t");
        CHECK(place.sent() == ":chatd.local 353 ada = #plans :@+ada!u@chat bob!u@chat\r\n"
                              ":chatd.local 366 ada #plans :End of /NAMES list\r\n");
        place.send("NAMES #none\r\n");
        place.asked();
        place.refuse(Refusal::no_such_room);
        CHECK(place.sent() == ":chatd.local 366 ada #none :End of /NAMES list\r\n");
    }

    TEST_CASE("irc: many names are several lines of 512 bytes") {
        IrcPlace place;
        place.be_named("ada");
        place.send("NAMES #plans\r\n");
        place.asked();
        std::string rows;
        for (int i = 0; i < 100; ++i) rows += "someone-" + std::to_string(i) + "\t\t\n";
        place.list(rows);
        const std::string sent = place.sent();
        std::size_t names = 0;
        for (std::size_t at = 0; (at = sent.find("someone-", at)) != sent.npos; ++at) ++names;
        CHECK(names == 100);
        for (std::size_t at = 0, end = 0; at < sent.size(); at = end + 2) {
            end = sent.find("\r\n", at);
            CHECK(end + 2 - at <= irc::max_line);
        }
    }

    TEST_CASE("irc: speech goes to the hub without formatting and lines that came together go together") {
        IrcPlace place;
        place.be_inside("ada");
        place.send(
            "PRIVMSG #lobby :\x02one\x02\r\nPRIVMSG #lobby two\r\nPRIVMSG #LOBBY :three\r\nPING x\r\n");
        auto [fields, words] = place.asked_as<SayFrame>();
        CHECK(std::get<0>(fields) == 4);
        CHECK(std::get<1>(fields) == said);
        CHECK(words == "one\ntwo");
        CHECK(place.sent().empty());
        place.accept();
        CHECK(place.asked_as<SayFrame>().second == "three");
        place.accept();
        CHECK(place.sent() == ":chatd.local PONG chatd.local :x\r\n");
    }

    TEST_CASE("irc: an action is one and other CTCP is not said") {
        IrcPlace place;
        place.be_inside("ada");
        place.send("PRIVMSG #lobby :\x01"
                   "ACTION waves\x01\r\n");
        const auto [fields, words] = place.asked_as<SayFrame>();
        CHECK(std::get<1>(fields) == static_cast<std::uint8_t>(Kind::acted));
        CHECK(words == "waves");
        place.accept();
        place.send("PRIVMSG #lobby :\x01VERSION\x01\r\nNOTICE bob :\x01PING 1\x01\r\n");
        CHECK(place.asked().empty());
        CHECK(place.sent().empty());
    }

    TEST_CASE("irc: speech that is refused is told by the numeric") {
        IrcPlace place;
        place.be_inside("ada");
        place.send("PRIVMSG\r\nPRIVMSG #lobby\r\nPRIVMSG #lobby :  \r\nPRIVMSG #plans :x\r\nPRIVMSG "
                   "a,b,c,d,e :x\r\n");
        CHECK(place.asked().empty());
        CHECK(place.sent() == ":chatd.local 411 ada :No recipient given\r\n"
                              ":chatd.local 412 ada :No text to send\r\n"
                              ":chatd.local 412 ada :No text to send\r\n"
                              ":chatd.local 404 ada #plans :Join the channel first\r\n"
                              ":chatd.local 407 ada e :Too many recipients\r\n");
        place.send("PRIVMSG #lobby :x\r\n");
        place.asked();
        place.refuse(Refusal::moderated);
        CHECK(has(place.sent(), ":chatd.local 404 ada #lobby :Cannot send to channel (+m)"));
    }

    TEST_CASE("irc: an echo is what stands in the log and has the label") {
        IrcPlace place;
        place.send("CAP REQ :echo-message labeled-response batch\r\nCAP END\r\n");
        place.be_inside("ada");
        place.send("@label=l1 PRIVMSG #lobby :hi\r\n");
        place.asked_as<SayFrame>();
        place.log(Kind::said, "ada", "hi", IrcPlace::self);
        SUBCASE("which is read before the answer") {
            CHECK(place.sent() == "@label=l1 :ada!u@chat PRIVMSG #lobby :hi\r\n");
            place.accept();
            CHECK(place.sent().empty());
        }
        SUBCASE("which is read after it") {
            place.accept();
            CHECK(place.sent() == "@label=l1 :ada!u@chat PRIVMSG #lobby :hi\r\n");
        }
        place.send("@label=l2 PRIVMSG #lobby :more\r\n");
        place.asked();
        place.refuse(Refusal::muted);
        CHECK(place.sent() == "@label=l2 :chatd.local 404 ada #lobby :You are muted here\r\n");
    }

    TEST_CASE("irc: without an echo what one says is not shown and a label is acknowledged") {
        IrcPlace place;
        place.send("CAP REQ :labeled-response batch\r\nCAP END\r\n");
        place.be_inside("ada");
        place.send("@label=l1 PRIVMSG #lobby :hi\r\n");
        place.asked();
        place.log(Kind::said, "ada", "hi", IrcPlace::self);
        place.accept();
        CHECK(place.sent() == "@label=l1 :chatd.local ACK\r\n");
    }

    TEST_CASE("irc: private words go to a name and come from one") {
        IrcPlace place;
        place.be_named("ada");
        place.send("PRIVMSG bob :hi there\r\n");
        const auto [fields, words] = place.asked_as<TellAsFrame>();
        CHECK(std::get<0>(fields) == 0);
        CHECK(std::get<2>(fields) == 3);
        CHECK(words == "bobhi there");
        place.accept("bob\tat lunch");
        CHECK(place.sent() == ":chatd.local 301 ada bob :at lunch\r\n");
        place.send("PRIVMSG nobody :hi\r\n");
        place.asked();
        place.refuse(Refusal::nobody);
        CHECK(place.sent() == ":chatd.local 401 ada nobody :No such nick/channel\r\n");
        place.hear(ToldFrame::make("bobhello", std::uint64_t{8}, std::uint32_t{1}, std::uint8_t{3}));
        CHECK(place.sent() == ":bob!u@chat PRIVMSG ada :hello\r\n");
        place.send("NOTICE bob :a notice\r\nPRIVMSG bob :\x01"
                   "ACTION waves\x01\r\n");
        CHECK(std::get<0>(place.asked_as<TellAsFrame>().first) ==
              static_cast<std::uint8_t>(Telling::noticed));
        place.accept("bob\tat lunch"); // nothing answers a notice
        const auto [acted, wave] = place.asked_as<TellAsFrame>();
        CHECK(std::get<0>(acted) == static_cast<std::uint8_t>(Telling::acted));
        CHECK(wave == "bobwaves");
        place.accept();
        const auto told = [&](Telling how, std::string_view told_words) {
            place.hear(ToldAsFrame::make(told_words, static_cast<std::uint8_t>(how), std::uint64_t{8},
                                         std::uint32_t{0}, std::uint8_t{3}));
            return place.sent();
        };
        CHECK(told(Telling::noticed, "bobhear") == ":bob!u@chat NOTICE ada :hear\r\n");
        CHECK(told(Telling::acted, "bobnods") == ":bob!u@chat PRIVMSG ada :\x01"
                                                 "ACTION nods\x01\r\n");
        CHECK(told(Telling::invited, "bobplans") == ":bob!u@chat INVITE ada #plans\r\n");
    }

    TEST_CASE("irc: SASL logs in before the name is asked for") {
        IrcPlace place;
        place.send("CAP LS 302\r\nNICK ada\r\nUSER u 0 * :Ada L\r\nCAP REQ :sasl extended-join\r\n");
        place.sent();
        place.send("AUTHENTICATE EXTERNAL\r\nAUTHENTICATE PLAIN\r\n");
        CHECK(place.sent() == ":chatd.local 908 * PLAIN :are available SASL mechanisms\r\n"
                              ":chatd.local 904 * :SASL authentication failed\r\n"
                              "AUTHENTICATE +\r\n");
        place.send("AUTHENTICATE AGFkYQBob3JzZQ==\r\nCAP END\r\n");
        const auto [fields, words] = place.asked_as<AuthenticateFrame>();
        CHECK(std::get<0>(fields) == 3);
        CHECK(words == "adahorse");
        SUBCASE("rightly") {
            place.accept("Ada");
            CHECK(place.sent() == ":chatd.local 900 * * ada :You are now logged in as ada\r\n"
                                  ":chatd.local 903 * :SASL authentication successful\r\n");
            place.asked_as<NameFrame>();
            place.accept("ada");
            const auto [is_program, real_name] = place.asked_as<DescribeFrame>();
            CHECK(std::get<0>(is_program) == 0);
            CHECK(real_name == "Ada L");
            place.accept();
            place.sent();
            place.send("JOIN #lobby\r\n");
            place.asked_as<EnterFrame>();
            place.enter(4, "lobby");
            CHECK(place.sent() == ":ada!u@chat JOIN #lobby ada :Ada L\r\n");
            place.take_names("ada\t\tada");
            place.sent();
            place.send("AUTHENTICATE PLAIN\r\n");
            CHECK(place.sent() == ":chatd.local 907 ada :You have already authenticated using SASL\r\n");
        }
        SUBCASE("wrongly") {
            place.refuse(Refusal::wrong_password);
            CHECK(place.sent() == ":chatd.local 904 * :SASL authentication failed\r\n");
            CHECK(place.asked_as<NameFrame>().second == "ada");
        }
    }

    TEST_CASE("irc: who has logged in to an account has it in a tag") {
        IrcPlace place;
        place.send("CAP REQ :account-tag\r\nCAP END\r\n");
        place.be_named("ada");
        place.send("JOIN #lobby\r\n");
        place.asked_as<EnterFrame>();
        place.enter(4, "lobby");
        place.take_names("ada\t\t\nbob\t\tbob");
        place.sent();
        place.log(Kind::said, "bob", "1");
        place.log(Kind::said, "cy", "2");
        place.log(Kind::joined, "dee", "dee");
        place.log(Kind::renamed, "dee", "eve");
        place.log(Kind::said, "eve", "3");
        CHECK(place.sent() == "@account=bob :bob!u@chat PRIVMSG #lobby :1\r\n:cy!u@chat PRIVMSG #lobby :2\r\n"
                              "@account=dee :dee!u@chat JOIN #lobby\r\n@account=dee :dee!u@chat NICK eve\r\n"
                              "@account=dee :eve!u@chat PRIVMSG #lobby :3\r\n");
    }

    TEST_CASE("irc: nobody has the account of who had the name before") {
        IrcPlace place;
        place.send("CAP REQ :account-tag server-time\r\nCAP END\r\n");
        place.be_named("ada");
        place.log(Kind::joined, "bob", "bob"); // before
        place.log(Kind::joined, "dee", "dee");
        place.send("JOIN #lobby\r\n");
        place.asked_as<EnterFrame>();
        place.enter(4, "lobby");
        place.take_names("ada\t\t\nbob\t\t\ncy\t\tcy\nfay\t\tfay");
        place.sent();
        const auto has_account = [&](Kind kind, std::string_view name, std::string_view words) {
            place.log(kind, std::string{name}, std::string{words});
            return has(place.sent(), "account=");
        };
        CHECK_FALSE(has_account(Kind::said, "bob", "not that account"));
        CHECK_FALSE(has_account(Kind::said, "dee", "1"));
        CHECK(has_account(Kind::said, "cy", "2"));
        CHECK(has_account(Kind::left, "cy", ""));
        CHECK_FALSE(has_account(Kind::joined, "cy", ""));
        CHECK_FALSE(has_account(Kind::said, "cy", "somebody else"));
        CHECK(has_account(Kind::renamed, "fay", "guy"));
        CHECK(has_account(Kind::said, "guy", "3"));
        CHECK_FALSE(has_account(Kind::said, "fay", "somebody else"));
        place.hear(ToldFrame::make("guyhello", std::uint64_t{8}, std::uint32_t{1}, std::uint8_t{3}));
        CHECK_FALSE(has(place.sent(), "account=")); // a name that is held in no room may be another's
        place.send("NAMES #lobby\r\nNAMES #plans\r\n");
        place.asked_as<PeopleFrame>();
        place.list("cy\t\tcy"); // who has come later than what the log was read to
        place.asked_as<PeopleFrame>();
        place.list("zoe\t\tzoe");
        place.sent();
        CHECK_FALSE(has_account(Kind::said, "cy", "4"));
        CHECK(place.talk.accounts.of("plans", "zoe").empty());
        place.send("PART #lobby\r\n");
        place.asked_as<LeaveFrame>();
        place.accept();
        CHECK(place.talk.accounts.of("lobby", "guy").empty());
    }

    TEST_CASE("irc: a client that is being ended waits for no time") {
        IrcPlace place;
        place.be_named("ada");
        CHECK(place.talk.waits_until().has_value());
        place.send("QUIT\r\n");
        place.asked_as<QuitFrame>();
        place.accept();
        REQUIRE(place.client.is_ending());
        place.talk.silence = irc::Silence{irc::IrcConversation::Clock::now() - irc::Silence::until_asked};
        CHECK_FALSE(place.talk.serve());
        CHECK_FALSE(place.talk.waits_until().has_value());
    }

    TEST_CASE("irc: a silent client is asked and then gone at once but one that takes nothing is not asked") {
        using irc::Silence;
        const auto now = irc::IrcConversation::Clock::now();
        const Silence silent{now - Silence::until_asked - Silence::until_gone};
        IrcPlace place;
        place.be_named("ada");
        place.talk.silence = silent;
        place.client.append("what it has not taken");
        CHECK_FALSE(place.talk.serve());
        CHECK(*place.talk.waits_until() > now); // it does not turn round and round
        CHECK(place.sent() == "what it has not taken");
        place.talk.silence = silent;
        CHECK(place.talk.serve());
        CHECK(place.sent() == "PING :chatd.local\r\n");
        place.talk.silence = silent;
        CHECK(place.talk.silence.look(now - Silence::until_gone) == Silence::Verdict::ask);
        CHECK_THROWS_AS(place.talk.serve(), Gone);
        CHECK(place.sent() == "ERROR :Closing link: Ping timeout\r\n");
    }

    TEST_CASE("irc: PING and PONG are nobody's wish") {
        IrcPlace place;
        place.be_named("ada");
        CHECK(place.talk.was_asked_for());
        place.send("PONG x\r\n");
        CHECK_FALSE(place.talk.was_asked_for());
        place.send("TIME\r\n");
        CHECK(place.talk.was_asked_for());
        place.send("PING x\r\n");
        CHECK_FALSE(place.talk.was_asked_for());
    }

    TEST_CASE("irc: a NOTICE is said as one in channels and to somebody and refused as speech is") {
        IrcPlace place;
        place.be_inside("ada");
        const auto say = [&](std::string_view words) {
            const auto [fields, lines] = place.asked_as<SayFrame>();
            CHECK(std::get<1>(fields) == static_cast<std::uint8_t>(Kind::noticed));
            CHECK(lines == words);
        };
        place.send("NOTICE #lobby :hear\r\nNOTICE #lobby :more\r\nNOTICE #lobby :\x01"
                   "ACTION nods\x01\r\nPRIVMSG #lobby :speech\r\n");
        say("hear\nmore");
        place.accept();
        CHECK(std::get<1>(place.asked_as<SayFrame>().first) == said);
        place.accept();
        place.send("NOTICE #lobby,bob :hear\r\n");
        say("hear");
        place.refuse(Refusal::muted);
        CHECK(std::get<0>(place.asked_as<TellAsFrame>().first) ==
              static_cast<std::uint8_t>(Telling::noticed));
        place.accept();
        place.send("NOTICE #plans :hear\r\n");
        CHECK(place.asked().empty());
        CHECK(place.sent() == ":chatd.local 404 ada #lobby :You are muted here\r\n"
                              ":chatd.local 404 ada #plans :Join the channel first\r\n");
    }

    TEST_CASE("irc: a NOTICE comes back to who wants its echo and has its label") {
        IrcPlace place;
        place.send("CAP REQ :echo-message labeled-response batch\r\nCAP END\r\n");
        place.be_inside("ada");
        place.send("@label=L NOTICE #lobby :hear\r\n");
        place.asked_as<SayFrame>();
        place.log(Kind::noticed, "ada", "hear", IrcPlace::self);
        place.accept();
        place.log(Kind::noticed, "bob", "that");
        CHECK(place.sent() ==
              "@label=L :ada!u@chat NOTICE #lobby :hear\r\n:bob!u@chat NOTICE #lobby :that\r\n");
    }

    TEST_CASE("irc: a command with several targets has its label on every answer") {
        IrcPlace place;
        place.send("CAP REQ :echo-message labeled-response batch\r\nCAP END\r\n");
        place.be_inside("ada");
        place.send("@label=L PRIVMSG nosuch,#lobby :hi\r\n");
        place.asked_as<TellAsFrame>();
        place.refuse(Refusal::nobody);
        place.asked_as<SayFrame>();
        place.log(Kind::said, "ada", "hi", IrcPlace::self);
        place.accept();
        CHECK(place.sent() == "@label=L :chatd.local 401 ada nosuch :No such nick/channel\r\n"
                              ":ada!u@chat PRIVMSG #lobby :hi\r\n");
        place.send("@label=M PRIVMSG nosuch,#plans,#lobby :hi\r\n");
        place.asked_as<TellAsFrame>();
        place.refuse(Refusal::nobody);
        place.asked_as<SayFrame>();
        place.accept();
        CHECK(place.sent() == "@label=M :chatd.local BATCH +a1 labeled-response\r\n"
                              "@batch=a1 :chatd.local 401 ada nosuch :No such nick/channel\r\n"
                              "@batch=a1 :chatd.local 404 ada #plans :Join the channel first\r\n"
                              ":chatd.local BATCH -a1\r\n");
        place.send("@label=N PRIVMSG #lobby,#lobby :hi\r\n");
        for (int target = 0; target < 2; ++target) {
            place.asked_as<SayFrame>();
            place.accept();
        }
        CHECK(place.sent() == "@label=N :chatd.local ACK\r\n");
    }

    TEST_CASE("irc: what was said before PART comes back before it or its label is answered") {
        IrcPlace place;
        place.send("CAP REQ :echo-message labeled-response batch\r\nCAP END\r\n");
        place.be_inside("ada");
        place.send("@label=L PRIVMSG #lobby :hi\r\n");
        place.asked_as<SayFrame>();
        place.accept();
        place.send("@label=P PART #lobby\r\n");
        place.asked_as<LeaveFrame>();
        SUBCASE("it is in the log") {
            place.serial -= 1; // of what was said
            place.log(Kind::said, "ada", "hi", IrcPlace::self);
            place.accept();
            CHECK(place.sent() == "@label=L :ada!u@chat PRIVMSG #lobby :hi\r\n"
                                  "@label=P :ada!u@chat PART #lobby\r\n");
        }
        SUBCASE("it cannot be read") {
            place.accept();
            CHECK(place.sent() == "@label=L :chatd.local ACK\r\n@label=P :ada!u@chat PART #lobby\r\n");
        }
    }

    TEST_CASE("irc: what is refused takes no label from what was said before") {
        IrcPlace place;
        place.send("CAP REQ :echo-message labeled-response batch\r\nCAP END\r\n");
        place.be_inside("ada");
        place.send("@label=L PRIVMSG #lobby :hi\r\n");
        place.asked_as<SayFrame>();
        const std::uint32_t said_with = place.serial;
        place.accept();
        place.send("@label=M PRIVMSG #lobby :more\r\n");
        place.asked_as<SayFrame>();
        place.refuse(Refusal::muted);
        CHECK(place.sent() == "@label=M :chatd.local 404 ada #lobby :You are muted here\r\n");
        place.serial = said_with;
        place.log(Kind::said, "ada", "hi", IrcPlace::self);
        CHECK(place.sent() == "@label=L :ada!u@chat PRIVMSG #lobby :hi\r\n");
    }

    TEST_CASE("irc: no answer is longer than a line whatever the client's words are") {
        IrcPlace place;
        place.send("CAP REQ :standard-replies\r\nCAP END\r\n");
        place.sent();
        const std::string name = "a" + std::string(127, 'b');
        place.be_named(name);
        const std::string word(480, 'w'), half(240, 'w');
        std::string caps;
        for (int i = 0; i < 40; ++i) caps += "server-time ";
        place.send(word + "\r\nJOIN #" + word + "\r\nPART #" + word + "\r\nPING " + word + "\r\nMODE #" +
                   word + "\r\nNAMES #" + word + "\r\nWHOWAS " + word + "\r\nCAP " + word +
                   "\r\nCAP REQ :" + word + "\r\nCAP REQ :" + caps + "\r\nCHATHISTORY BETWEEN " + half + " " +
                   half + " x 1\r\nTOPIC #" + word + "\r\nPRIVMSG #" + word + " :x\r\nINVITE " + half + " #" +
                   half + "\r\nKICK #" + half + " " + half + "\r\nUSERHOST a b c d e\r\n");
        for (int person = 0; person < 5; ++person) {
            place.asked_as<PeopleFrame>();
            place.list(std::to_string(person) + std::string(127, 'p') + "\t\t");
        }
        const std::string sent = place.sent();
        std::size_t people = 0, granted = 0;
        for (std::size_t at = 0, end = 0; at < sent.size(); at = end + 2) {
            end = sent.find("\r\n", at);
            const std::string line = sent.substr(at, end + 2 - at);
            CHECK_MESSAGE(line.size() <= irc::max_line, line);
            for (std::size_t i = 0; (i = line.find("=+u@chat", i)) != line.npos; ++i) ++people;
            if (!has(line, " ACK :")) continue;
            for (std::size_t i = 0; (i = line.find("server-time", i)) != line.npos; ++i) ++granted;
        }
        CHECK(people == 5);
        CHECK(granted == 40);
        place.send("ISON nobody\r\n");
        place.asked_as<PeopleFrame>();
        place.refuse(Refusal::nobody);
        CHECK(place.sent() == ":chatd.local 303 " + name + " :\r\n");
    }

    TEST_CASE("irc: blanks are no topic and no words and a hidden room is shown as one") {
        IrcPlace place;
        place.be_named("ada");
        place.send("JOIN #lobby\r\n");
        place.asked_as<EnterFrame>();
        place.enter(4, "lobby");
        place.asked_as<StateFrame>();
        place.list("lobby\tih\t1\t0\t31\t\t0\t");
        place.asked_as<PeopleFrame>();
        place.list("ada\t\t");
        CHECK(has(place.sent(), ":chatd.local 353 ada @ #lobby :ada\r\n"));
        place.send("TOPIC #lobby :  \r\nAWAY : \r\n");
        CHECK(place.asked_as<TopicFrame>().second == "-"); // none
        place.accept();
        CHECK(std::get<0>(place.asked_as<AwayFrame>().first) == 0);
    }

    TEST_CASE("irc: labels whose echo never comes are given up") {
        irc::Echoes echoes;
        for (std::uint32_t serial = 1; serial <= 1000; ++serial) {
            const std::string lost = echoes.expect({serial, serial % 2, "l" + std::to_string(serial)});
            CHECK(lost == (serial <= 64 ? "" : "l" + std::to_string(serial - 64)));
        }
        CHECK(echoes.take(1).empty());
        CHECK(echoes.take(1000) == "l1000");
        CHECK(echoes.take(1000).empty());
        CHECK(echoes.forget(1).size() == 32);
        CHECK(echoes.take(999).empty());
        CHECK(echoes.take(998) == "l998");
    }

    TEST_CASE("irc: SETNAME tells the hub and is repeated to who knows it") {
        IrcPlace place;
        place.send("CAP REQ :setname\r\nCAP END\r\n");
        place.be_named("ada");
        place.send("SETNAME :Ada L\r\n");
        CHECK(place.asked_as<DescribeFrame>().second == "Ada L");
        place.accept();
        CHECK(place.sent() == ":ada!u@chat SETNAME :Ada L\r\n");
    }

    TEST_CASE("irc: PART and TOPIC and KICK and AWAY and NICK") {
        IrcPlace place;
        place.be_inside("ada");
        place.send("TOPIC #lobby\r\n");
        CHECK(place.asked_as<StateFrame>().second == "lobby");
        place.list("lobby\ti\t3\t0\t31\t\t0\tplans");
        CHECK(place.sent() == ":chatd.local 332 ada #lobby :plans\r\n");
        place.send("TOPIC #lobby :new plans\r\n");
        CHECK(place.asked_as<TopicFrame>().second == "new plans");
        place.log(Kind::topic, "ada", "new plans", IrcPlace::self);
        place.accept();
        CHECK(place.sent() == ":ada!u@chat TOPIC #lobby :new plans\r\n");
        place.send("KICK #lobby bob,cy :out\r\n");
        CHECK(place.asked_as<ActFrame>().second == "bob");
        place.refuse(Refusal::not_operator);
        CHECK(place.asked_as<ActFrame>().second == "cy");
        place.refuse(Refusal::nobody);
        CHECK(place.sent() == ":chatd.local 482 ada #lobby :You're not channel operator\r\n"
                              ":chatd.local 441 ada cy #lobby :They aren't on that channel\r\n");
        place.send("AWAY :lunch\r\n");
        CHECK(place.asked_as<AwayFrame>().second == "lunch");
        place.accept();
        place.send("AWAY\r\n");
        CHECK(std::get<0>(place.asked_as<AwayFrame>().first) == 0);
        place.accept();
        CHECK(place.sent() == ":chatd.local 306 ada :You have been marked as being away\r\n"
                              ":chatd.local 305 ada :You are no longer marked as being away\r\n");
        place.send("NICK eve\r\n");
        CHECK(place.asked_as<NickFrame>().second == "eve");
        place.log(Kind::renamed, "ada", "eve", IrcPlace::self);
        place.accept("eve");
        CHECK(place.sent() == ":ada!u@chat NICK eve\r\n");
        place.send("NICK eve\r\n"); // it is so
        CHECK(place.asked().empty());
        CHECK(place.sent().empty());
        place.send("PART #lobby :\x02good\x02 bye\r\nPART #lobby\r\n");
        CHECK(place.asked_as<LeaveFrame>().second == "good bye");
        place.accept();
        CHECK(place.sent() == ":eve!u@chat PART #lobby :good bye\r\n"
                              ":chatd.local 442 eve #lobby :You're not on that channel\r\n");
        CHECK_FALSE(place.rooms.is_in_any());
    }

    TEST_CASE("irc: a hub of before that takes no notices and no words with PART is not sent them") {
        IrcPlace place;
        place.be_inside("ada");
        place.hear(AgainFrame::make({}, std::uint16_t{first_with_words_of_leaving - 1}, std::uint32_t{2}));
        place.asked_as<HereFrame>();
        place.send("NOTICE #lobby :hear\r\n");
        CHECK(std::get<1>(place.asked_as<SayFrame>().first) == static_cast<std::uint8_t>(Kind::said));
        place.accept();
        place.send("PART #lobby :bye\r\n");
        CHECK(place.asked_as<LeaveFrame>().second.empty());
    }

    TEST_CASE("irc: JOIN 0 leaves all channels") {
        IrcPlace place;
        place.be_inside("ada");
        place.send("JOIN 0\r\n");
        CHECK(std::get<0>(place.asked_as<LeaveFrame>().first) == 4);
        place.accept();
        CHECK(place.sent() == ":ada!u@chat PART #lobby\r\n");
    }

    TEST_CASE("irc: QUIT and every farewell is an ERROR and the end") {
        IrcPlace place;
        SUBCASE("QUIT") {
            place.be_inside("ada");
            place.send("QUIT :bye\r\n");
            CHECK(place.asked_as<QuitFrame>().second == "bye");
            place.accept();
            CHECK(place.sent() == "ERROR :Closing link: You have left\r\n");
        }
        SUBCASE("QUIT before the name") {
            place.send("QUIT\r\n");
            CHECK(place.sent() == "ERROR :Closing link: You have left\r\n");
        }
        SUBCASE("a kick whose record is shown before") {
            place.be_inside("ada");
            place.log(Kind::kicked, "bob", "ada");
            place.hear(DismissedFrame::make({}, static_cast<std::uint8_t>(Farewell::kicked)));
            CHECK(place.sent() ==
                  ":bob!u@chat KICK #lobby ada :bob\r\nERROR :Closing link: You were thrown out\r\n");
        }
        SUBCASE("words of the administrator") {
            place.be_inside("ada");
            place.hear(
                DismissedFrame::make("back at 9", static_cast<std::uint8_t>(Farewell::stopping_with_words)));
            CHECK(place.sent() == "ERROR :Closing link: back at 9\r\n");
        }
        SUBCASE("a browser") {
            place.send("POST / HTTP/1.1\r\nNICK ada\r\nUSER u 0 * :x\r\n");
            CHECK(place.sent() == "ERROR :Closing link: This is no web server\r\n");
        }
        CHECK(place.client.is_ending());
    }

    TEST_CASE("irc: lines that no client may send are refused") {
        IrcPlace place;
        place.be_inside("ada");
        place.send("PRIVMSG #lobby :caf\xe9\r\n");
        CHECK(has(place.sent(), ":chatd.local NOTICE ada :A line is of UTF-8"));
        place.send("PRIVMSG #lobby :" + std::string(600, 'x') + "\r\n");
        CHECK(place.sent() == ":chatd.local 417 ada :Input line was too long\r\n");
        place.send("PRIVMSG #lobby :" + std::string(9000, 'x') + "\r\nPING 1\r\n");
        CHECK(place.sent() ==
              ":chatd.local 417 ada :Input line was too long\r\n:chatd.local PONG chatd.local :1\r\n");
        place.send("PRIVMSG #lobby :hi \r:forged PRIVMSG\r\n"); // CR ends a line, and forged is unknown
        CHECK(place.asked_as<SayFrame>().second == "hi ");
        CHECK(place.asked().empty());
    }

    TEST_CASE("irc: a client with chathistory is shown nothing earlier") {
        IrcPlace place;
        place.send("CAP REQ :draft/chathistory batch server-time message-tags\r\nCAP END\r\n");
        place.be_named("ada");
        place.log(Kind::said, "bob", "earlier");
        place.send("JOIN #lobby\r\n");
        place.asked_as<EnterFrame>();
        place.enter(4, "lobby");
        place.take_names("ada\t\t");
        CHECK_FALSE(has(place.sent(), "earlier"));
        place.log(Kind::said, "bob", "new");
        CHECK(place.sent() ==
              "@time=2026-11-30T14:05:09.120Z;msgid=1f-3-0-lobby :bob!u@chat PRIVMSG #lobby :new\r\n");
    }

    TEST_CASE("irc: a room that is closed is left with a KICK") {
        IrcPlace place;
        place.be_inside("ada");
        place.hear(ClosedFrame::make({}, std::uint32_t{4}));
        CHECK(place.sent() == ":chatd.local KICK #lobby ada :The room is closed\r\n");
        CHECK(place.talk.places.all().empty());
    }

    TEST_CASE("irc: a request is asked once more of the next hub and its answer counts") {
        IrcPlace place;
        place.be_inside("ada");
        place.send("PRIVMSG #lobby :hi\r\n");
        const std::string first = place.asked();
        place.hear(AgainFrame::make({}, protocol_version, std::uint32_t{2}));
        CHECK(message_of(place.asked()) == Message::here);
        CHECK(place.asked() == first);
        place.accept();
        place.send("PING 1\r\n");
        CHECK(place.sent() == ":chatd.local PONG chatd.local :1\r\n");
    }

    TEST_CASE("irc: each command stands in the table once") {
        std::set<std::string_view> names;
        for (const irc::IrcCommand& command : irc::irc_commands()) {
            CHECK(names.insert(command.name).second);
            CHECK((command.run != nullptr));
        }
    }
}
