// SPDX-License-Identifier: ISC
// The telnet dialect byte by byte: how it is found, and what is agreed on with which kind of client.
#include "tests/unit/chatd/handler/typed/telnet_wire.hh"

using namespace telnet_wire;

TEST_SUITE("unit") {
    TEST_CASE("telnet: only a first line in CR LF that comes alone is answered with an offer") {
        const std::pair<std::string, std::string> lines[]{
            {"ada\r\n", offer + '\r'}, {"\r\n", offer + '\r'}, {"ada\n", ""},    {"ada\r", ""},
            {"ada\r\n\r\n", ""},       {"ada\r\nb", ""},       {"a\nb\r\n", ""}, {"ada\r\0"s, offer + '\r'},
            {"ada\r\0\r\0"s, ""},      {"ada\rb", ""},
        };
        for (const auto& [sent, answer] : lines) {
            const std::string line = sent;
            CAPTURE(line);
            Client client;
            CHECK(client.send(line) == answer);
        }
        Client second;
        second.send("ada\n");
        CHECK(second.lines() == "ada|");
        CHECK(second.send("bob\r\n").empty());
        Client pipe; // nc -C sends it line by line
        pipe.send_and_go_on("ada\r\n");
        CHECK(pipe.lines().empty());
        CHECK(pipe.send("\r\nhello\r\n").empty());
        CHECK(pipe.lines() == "ada||hello|");
    }

    TEST_CASE("telnet: what chat says before it is known who edits is shown when that is known") {
        Client chat;
        chat.send(WILL "\xd5");
        CHECK(chat.send("ada\r").empty());
        CHECK(chat.lines().empty());
        CHECK(chat.send(WILL TTYPE) == asks_type);
        CHECK(chat.send(is_type("xterm")) + WILL CHARSET == wants_keys); // it has UTF-8
        CHECK(chat.lines().empty());
        CHECK(chat.send(agrees).find("Your name: ada\r\n") != std::string::npos);
        CHECK(chat.lines() == "ada|");
    }

    TEST_CASE("telnet: what chat says is a line all the same where it does not let the server edit") {
        Client chat;
        chat.send(WILL "\xd5");
        chat.send("ada\r\n");
        CHECK(chat.lines().empty());
        chat.send(WONT TTYPE);
        chat.send(DONT ECHO_ DONT SGA);
        CHECK(chat.lines() == "ada|");
    }

    TEST_CASE("telnet: the first line waits until it is known who edits") {
        Client client;
        client.send("ada\r\n");
        CHECK(client.lines().empty());
        CHECK(client.dialect().waits_until());
        CHECK(client.send(WILL TTYPE) == asks_type);
        CHECK(client.send(is_type("xterm")) == wants_keys);
        CHECK(client.lines().empty());
        client.send(DO ECHO_);
        CHECK(client.lines().empty());
        client.send(DO SGA);
        CHECK_FALSE(client.dialect().waits_until());
        CHECK(client.lines() == "ada|");
    }

    TEST_CASE("telnet: a client that refuses everything edits its lines itself and is not asked twice") {
        Client client;
        client.send("ada\r\n");
        CHECK(client.send(WONT TTYPE) == wants_keys);
        CHECK(client.send(DONT ECHO_ DONT SGA WONT NAWS WONT ""s + '\0' + DONT CHARSET).empty());
        CHECK(client.lines() == "ada|");
        CHECK(client.ask(Asked::code, "Room code: ") == "Room code: " GA);
        CHECK(client.ask(Asked::nothing).empty()); // no prompt where nothing can be redrawn
        CHECK(client.show("hello") == "hello\r\n");
        CHECK(client.send("one\r\ntwo\r\0three\rfour\n"s).empty());
        CHECK(client.lines() == "one|two|three|four|");
        for (int i = 0; i < 5; ++i) CHECK(client.send(DONT ECHO_ WONT TTYPE DONT SGA).empty());
    }

    TEST_CASE("telnet: a client that offers first is telnet from its first byte on") {
        Client client;
        const std::string answer = client.send(WILL NAWS WILL TTYPE DO SGA WILL LINEMODE);
        CHECK(answer.starts_with(offer));
        CHECK(answer.find(asks_type) != answer.npos);
        CHECK(answer.find(DONT LINEMODE) != answer.npos);
        CHECK(client.send(WILL LINEMODE).empty()); // refused once
        client.send(is_type("xterm") + agrees);
        CHECK(client.send("ad") == "ad");
        CHECK(client.send("a\r\0"s) == "a\r\n");
        CHECK(client.lines() == "ada|");
    }

    TEST_CASE("telnet: the question that stands there is not shown twice") {
        Client client;
        client.send(WILL TTYPE);
        client.send(is_type("xterm"));
        CHECK(on_screen("Your name: " + client.send(agrees)) == "Your name:\n");
    }

    TEST_CASE("telnet: wherever reads cut the bytes the same comes of them") {
        Client whole, cut;
        const std::string bytes = IAC "\xfb\x18" + is_type("xterm") + agrees + has_size(80, 24) + "ada\r\n";
        whole.send(bytes);
        cut.send_one_by_one(bytes);
        CHECK(whole.lines() == "ada|");
        CHECK(cut.lines() == "ada|");
        CHECK(whole.ask(Asked::nothing) == cut.ask(Asked::nothing));
        CHECK(whole.send("张三") == cut.send_one_by_one("张三"));
    }

    TEST_CASE(
        "telnet: passwords and codes are not echoed and what is typed ahead of a question waits for it") {
        Typist client;
        client.ask(Asked::code, "Room code: ");
        CHECK(client.send("s3cret").empty());
        CHECK(client.send("\r") == "\r\n");
        CHECK(client.lines() == "s3cret|");
        CHECK(client.send("ahead\rhello").empty()); // not shown: it may be one
        CHECK(client.lines().empty());
        CHECK(client.ask(Asked::password, "Password: ") == "Password: \r\n");
        CHECK(client.lines() == "ahead|");
        CHECK(client.ask(Asked::nothing) == "> hello");
    }

    TEST_CASE("telnet: on a dumb terminal the client edits and hides what is secret") {
        for (const char* const type : {"dumb", "UNKNOWN"}) {
            Client client;
            client.send("ada\r\n");
            client.send(WILL TTYPE);
            CHECK(client.send(is_type(type)) == WILL CHARSET);
            CHECK(client.lines() == "ada|");
            CHECK(client.ask(Asked::code, "Room code: ") == WILL ECHO_ "Room code: " GA);
            client.send(DO ECHO_);
            client.send("s3cret\r\n");
            CHECK(client.lines() == "s3cret|");
            CHECK(client.ask(Asked::code, "Room code: ") == "\r\nRoom code: " GA); // its Enter was not seen
            client.send("s3cret\r\n");
            CHECK(client.lines() == "s3cret|");
            CHECK(client.ask(Asked::nothing) == "\r\n" WONT ECHO_);
            CHECK_FALSE(client.dialect().shows_colours());
        }
    }

    TEST_CASE("telnet: the first line may come with its end in two packets") {
        for (const std::string& second : {"\n"s, "\0"s}) {
            Client client;
            client.send_and_go_on("ada\r");
            CHECK(client.dialect().waits_until());
            CHECK(client.send(second) == offer + '\r');
            client.send(WONT TTYPE DONT ECHO_ DONT SGA);
            CHECK(client.lines() == "ada|");
        }
        Client raw; // a terminal without modes, that sends no second byte
        CHECK(raw.send("ada\r").empty());
        CHECK(raw.lines() == "ada|");
        CHECK(raw.send("b\r").empty());
        CHECK(raw.lines() == "b|");
    }

    // What strangers' clients answer: recorded from TinyFugue 5.0 and KildClient 3.2, and read in the source
    // of Mudlet 4.
    TEST_CASE("telnet: with a client that echoes but sends no keys ECHO is on for secrets alone") {
        struct Stranger {
            const char* name;
            std::string offered, type, answers;
        };
        const std::string binary = "\0"s;
        const Stranger strangers[]{
            {"TinyFugue", WILL NAWS WILL TTYPE, is_type("TINYFUGUE"),
             DO ECHO_ DONT SGA + has_size(79, 20) + WILL + binary + DONT CHARSET},
            {"Mudlet", WILL TTYPE, is_type("MUDLET"),
             DO ECHO_ DONT SGA WILL NAWS + has_size(100, 40) + WONT + binary + DO CHARSET},
            {"KildClient", WILL TTYPE, is_type("KildClient") + '\0', // of SGA it says nothing
             DO ECHO_ WILL NAWS + has_size(43, 7)},
            {"one that answers ECHO last", WILL TTYPE, is_type("X"), DONT SGA DO ECHO_},
        };
        for (const Stranger& stranger : strangers) {
            const std::string name = stranger.name;
            CAPTURE(name);
            Client client;
            client.send("ada\r\n");
            CHECK(client.send(stranger.offered).find(asks_type) != std::string::npos);
            client.send(stranger.type);
            CHECK(client.send(stranger.answers).find(WONT ECHO_) != std::string::npos);
            CHECK(client.lines().empty());
            client.send(DONT ECHO_);
            CHECK(client.lines() == "ada|"); // and nothing of its NUL
            CHECK(client.ask(Asked::password, "Password: ") == WILL ECHO_ "Password: " GA);
            client.send(DO ECHO_);
            client.send("s3cret\r\n");
            CHECK(client.lines() == "s3cret|");
            CHECK(client.ask(Asked::name, "Your name: ") == "\r\n" WONT ECHO_ "Your name: " GA);
            client.send(DONT ECHO_);
            CHECK(client.ask(Asked::nothing).empty());
            CHECK(client.show("hello") == "hello\r\n");
        }
    }

    TEST_CASE("telnet: keys are agreed on however late and in whatever order a client wants them") {
        Client late;
        late.send("ada\r\n");
        late.send(WILL TTYPE);
        late.send(is_type("xterm"));
        CHECK(late.send(DO ECHO_ WILL NAWS + has_size(80, 24)).ends_with(WONT ECHO_));
        late.send(DONT ECHO_);
        CHECK(late.lines() == "ada|");
        CHECK(late.send(DO SGA) == WILL ECHO_);
        late.ask(Asked::nothing);
        CHECK(late.send(DO ECHO_).ends_with("> "));
        CHECK(late.send("x") == "x");

        Client echo_first; // by itself
        echo_first.send("ada\r\n");
        echo_first.send(WILL TTYPE);
        echo_first.send(is_type("xterm") + DONT ECHO_ DONT SGA);
        CHECK(echo_first.lines() == "ada|");
        CHECK(echo_first.send(DO ECHO_) == WILL ECHO_ WILL SGA);
        CHECK(echo_first.send(DONT SGA) == WONT ECHO_);
        CHECK(echo_first.send(DONT ECHO_ DO ECHO_) == WILL ECHO_ WILL SGA);
        echo_first.ask(Asked::nothing);
        CHECK(echo_first.send(DO SGA).ends_with("> "));

        Client nameless; // never tells its terminal's type
        CHECK(nameless.send(WILL TTYPE DO ECHO_) == offer + asks_type + WILL ECHO_);
    }

    TEST_CASE(
        "telnet: a prompt ends in GA or in EOR where the client has that and in nothing where GA is off") {
        Client line_mode;
        line_mode.send("ada\r\n");
        line_mode.send(WONT TTYPE DONT ECHO_ DONT SGA);
        line_mode.lines();
        CHECK(line_mode.ask(Asked::name, "Your name: ") == "Your name: " GA);
        CHECK(line_mode.send(DO EOR) == WILL EOR);
        CHECK(line_mode.ask(Asked::name, "Your name: ") == "Your name: " IAC "\xef");
        line_mode.send(DONT EOR DO SGA);
        CHECK(line_mode.ask(Asked::name, "Your name: ") == "Your name: ");
        CHECK(line_mode.ask(Asked::nothing).empty());

        Client first; // speaks telnet before it is asked anything more: the prompt stands there
        first.send(WILL TTYPE);
        CHECK(first.send(is_type("dumb")) == WILL CHARSET GA);
        Client silent; // nc -C
        silent.send("ada\r\n");
        std::this_thread::sleep_until(*silent.dialect().waits_until());
        CHECK(silent.lines() == "ada|");
        CHECK(silent.ask(Asked::code, "Room code: ") == "Room code: ");
    }

    TEST_CASE("telnet: a client that has Latin-1 and no UTF-8 is spoken to in Latin-1") {
        Client client;
        client.send("ada\r\n");
        client.send(WILL TTYPE);
        client.send(is_type("dumb"));
        CHECK(client.send(DO CHARSET) == SB CHARSET "\x01;UTF-8;ISO-8859-1" SE);
        CHECK(client.send(SB CHARSET "\x02ISO-8859-1" SE).empty());
        client.lines();
        client.send("gr\xfc\xdf dich \xff\xff\r\n");
        CHECK(client.lines() == "grüß dich ÿ|");
        CHECK(client.show("bob say: schön, 张三 – ÿ") == "bob say: sch\xf6n, ?? - \xff\xff\r\n");
        CHECK(client.ask(Asked::name, "Café: ") == "Caf\xe9: " GA);

        Typist typist; // and where the line is edited here
        CHECK(typist.send(WILL CHARSET) == DO CHARSET);
        CHECK(typist.send(SB CHARSET "\x01;latin1;us-ascii" SE) == SB CHARSET "\x02latin1" SE);
        CHECK(typist.send("\xe9") == "\xe9");
        CHECK(typist.show("张").ends_with("?\r\n> \xe9"));
        CHECK(typist.send("a\xe8") == "a\xe8");
        CHECK(typist.send("\x7f") == "\r\0\x1b[J> \xe9"s + 'a');
        typist.send("\r");
        CHECK(typist.lines() == "éa|");
        CHECK(typist.send(SB CHARSET "\x01;utf-8" SE) == SB CHARSET "\x02utf-8" SE);
        CHECK(typist.send("é") == "é");
    }

    TEST_CASE("telnet: colours and pastes are for terminals with a name and no other") {
        Typist named;
        CHECK(named.dialect().shows_colours());
        CHECK(named.close().ends_with("\x1b[?2004l"));
        for (const std::string& name : {""s, "\x1b[31m"s, "a b"s, std::string(41, 'x')}) {
            Typist nameless{name};
            CHECK_FALSE(nameless.dialect().shows_colours());
            CHECK(nameless.close().find("2004") == std::string::npos);
        }
    }

    TEST_CASE(
        "telnet: ^C begins a line anew and so does IP and TIMING-MARK behind it is answered each time") {
        Typist client;
        client.send("oops");
        CHECK(client.send("\x03") == "\r\n> ");
        client.send("oops");
        CHECK(client.send(IAC "\xf4" DO TM) == "\r\n" WONT TM "> ");
        CHECK(client.send(DO TM) == WONT TM);
        client.send("fine\r");
        CHECK(client.lines() == "fine|");
    }

    TEST_CASE("telnet: AYT is a request and AO and NOP and GA and DM are nothing") {
        Typist client;
        client.send("ab" IAC "\xf6"
                    "c");
        const auto wish = client.telnet().next_request();
        REQUIRE(wish);
        CHECK(wish->kind == TelnetRequest::Kind::sign_of_life);
        CHECK(client.send(IAC "\xf5" IAC "\xf1" IAC "\xf9" IAC "\xf2").empty());
        CHECK_FALSE(client.telnet().next_request());
        client.send("\r");
        CHECK(client.lines() == "abc|");
    }

    TEST_CASE("telnet: IAC IAC is a byte that is no text and no raw IAC comes back") {
        Typist client;
        CHECK(client.send("a" IAC IAC "b") == "ab\a");
        client.send("\r");
        CHECK(client.lines() == "ab|");
        Client line_mode;
        line_mode.send("x\r\n");
        line_mode.send(WONT TTYPE DONT ECHO_ DONT SGA);
        line_mode.send("a" IAC IAC "b\r\n");
        CHECK(line_mode.lines() == "x|a\xff"
                                   "b|");
    }

    TEST_CASE("telnet: a subnegotiation without an end costs no memory and nothing is lost behind it") {
        Typist client;
        client.send(SB TTYPE);
        for (int i = 0; i < 50; ++i) CHECK(client.send(std::string(4000, 'x')).empty());
        CHECK(client.send(SE "ab") == "ab");
        CHECK(client.send(SB NAWS + std::string(2000, '\x01') + SE "c") == "c");
        client.send(SB "\x63"
                       "abc" SE "d\r"); // of an option that nobody knows
        CHECK(client.lines() == "abcd|");
    }

    TEST_CASE("telnet: a client may change its mind and edit by itself and back") {
        Typist client;
        client.send("ab");
        CHECK(client.send(DONT ECHO_ DONT SGA).find("\x1b[?2004l") != std::string::npos);
        CHECK(client.show("m") == "m\r\n");
        CHECK(client.send("whole\r\n").empty());
        CHECK(client.lines() == "whole|");
        CHECK(client.send(agrees).ends_with("> "));
        CHECK(client.send("x") == "x");
    }

    TEST_CASE("telnet: lines that wait are bounded and so are keys") {
        Typist client;
        client.send(std::string(200, '\r'));
        CHECK(client.dialect().is_full());
        client.lines();
        CHECK_FALSE(client.dialect().is_full());
        client.ask(Asked::password, "Password: ");
        client.send("x\r");
        client.send(std::string(8000, 'k'));
        CHECK(client.dialect().is_full());
    }
}
