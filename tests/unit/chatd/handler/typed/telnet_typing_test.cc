// SPDX-License-Identifier: ISC
// The telnet dialect byte by byte: what somebody who types is shown, and what the server gets of it.
#include "chatd/handler/typed/completion.hh"
#include "tests/unit/chatd/handler/typed/telnet_wire.hh"

using namespace telnet_wire;

TEST_SUITE("unit") {
    TEST_CASE("telnet: keys are echoed and Enter is CR LF or CR NUL or CR or LF") {
        for (const std::string& enter : {"\r\n"s, "\r\0"s, "\r"s, "\n"s}) {
            Typist client;
            CHECK(client.send("hi") == "hi");
            CHECK(client.send(enter) == "\r\n> ");
            CHECK(client.send("you" + enter) == "you\r\n> ");
            CHECK(client.lines() == "hi|you|");
        }
    }

    TEST_CASE("telnet: DEL and BS and EC erase a character and EL the line") {
        Typist client;
        for (const char* const erase : {"\x7f", "\b", IAC "\xf7"}) {
            client.send("a你\U0001f469\u200d\U0001f467");
            CHECK(client.send(erase) == "\r\0\x1b[J> a你"s);
            CHECK(client.send(erase) == "\r\0\x1b[J> a"s);
            CHECK(client.send(IAC "\xf8") == "\r\0\x1b[J> "s);
        }
        CHECK(client.send(IAC "\xf7").empty()); // there is nothing
    }

    TEST_CASE("telnet: a line that arrives is shown above the one being typed in one piece") {
        Typist client;
        client.send("half a 张");
        CHECK(client.show("bob say: hello") == "\r\0\x1b[Jbob say: hello\r\n> half a 张"s);
        CHECK(client.taken().empty()); // nothing is drawn again and again
        client.send("\x1b[D\x1b[D");
        CHECK(client.taken().empty());
        CHECK(client.show("x") == "\r\0\x1b[Jx\r\n> half a 张\r\0> half a"s);
    }

    TEST_CASE("telnet: the window's size is followed and 0 by 0 is 80 by 24") {
        Typist client;
        CHECK(client.send(has_size(10, 24)).empty()); // the prompt stands as it would be drawn
        CHECK(client.send("1234567") == "1234567");
        CHECK(client.send("89") == "\r\n89"); // no row is full
        CHECK(client.show("m") == "\r\0\x1b[1A\x1b[Jm\r\n> 1234567\r\n89"s);
        client.send(has_size(0, 0));
        CHECK(client.show("m") == "\r\0\x1b[1A\x1b[Jm\r\n> 123456789"s);
        client.send(SB NAWS "\x01" SE); // malformed
        CHECK(client.show("m") == "\r\0\x1b[Jm\r\n> 123456789"s);
        client.send(SB NAWS "\0\xff\xff\0\x18"s + SE); // 255 columns, doubled
        CHECK(client.send(std::string(240, 'x')) == std::string(240, 'x'));
    }

    TEST_CASE("telnet: a paste of several lines is one block and sent with Enter") {
        Typist client;
        CHECK(client.send("\x1b[200~one\rtwo\x1b[201~") == "one\u21b5two");
        CHECK(client.lines().empty());
        client.send("!\r");
        CHECK(client.lines() == "one\ntwo!|");
        client.send("\x1b[200~" + std::string(10'000, 'x') + "\x1b[201~");
        const auto refused = client.dialect().next_line();
        REQUIRE(refused);
        CHECK(refused->too_long);
        CHECK(refused->text.empty()); // a line
        client.send("\x1b[200~one\r" + std::string(10'000, 'x') + "\x1b[201~");
        const auto refused_block = client.dialect().next_line();
        REQUIRE(refused_block);
        CHECK(refused_block->too_long);
        CHECK(refused_block->text == "\n"); // a block
        client.ask(Asked::code, "Room code: ");
        client.send("\x1b[200~one\rtwo\x1b[201~\r");
        CHECK(client.lines() == "one|");
    }

    TEST_CASE("telnet: ^D on an empty line is the end and ^L draws the screen anew") {
        Typist client;
        client.send("a\x04");
        CHECK_FALSE(client.telnet().has_ended());
        CHECK(client.send("\x0c").ends_with("\x1b[H\x1b[2J> a"));
        client.send("\x15\x04");
        CHECK(client.telnet().has_ended());
        CHECK(on_screen("> " + client.close()).empty()); // no prompt is left
    }

    TEST_CASE("telnet: Tab asks and an answer that comes too late changes nothing") {
        Typist client;
        client.send("hi a\t");
        auto wish = client.telnet().next_request();
        REQUIRE(wish);
        CHECK(wish->kind == TelnetRequest::Kind::completion);
        CHECK(wish->words == "hi a");
        client.telnet().edited_line().complete(wish->words, 3, {"ada ", {}});
        CHECK(client.taken() == "da ");
        client.telnet().edited_line().complete(wish->words, 3, {"ada ", {}});
        CHECK(client.taken().empty());
        client.send("\t");
        client.telnet().edited_line().complete("hi ada ", 7, {});
        CHECK(client.taken() == "\a");                   // there is none
        while (client.telnet().next_request()) continue; // granted: keys go on
        client.ask(Asked::password, "Password: ");
        CHECK(client.send("pass\t") == "\a");
        CHECK_FALSE(client.telnet().next_request());
    }

    TEST_CASE("telnet: in BINARY each byte is itself") {
        Typist client;
        CHECK(client.send(DO ""s + '\0') == WILL ""s + '\0');
        client.send("a");
        CHECK(client.send("\x7f") == "\r\x1b[J> ");
        CHECK(client.show("m") == "\r\x1b[Jm\r\n> ");
    }

    TEST_CASE("telnet: what was not sent stays to be seen when the server ends it") {
        Typist client;
        client.send("half a 张\x1b[D");
        std::string shown = "> half a 张" + client.close();
        shown += client.show("goodbye");
        CHECK(on_screen(shown) == "> half a 张\ngoodbye\n");
        Typist secretive;
        secretive.ask(Asked::code, "Room code: ");
        secretive.send("s3cret");
        CHECK(on_screen("Room code: " + secretive.close()).empty());
    }
}
