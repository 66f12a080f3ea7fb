// SPDX-License-Identifier: ISC
// Telnet clients that are not telnet(1), as people use them: those that send their keys, and those that edit
// their lines themselves and need to be left to it.
#include "tests/e2e/chat_client.hh"

#include "tests/e2e/pty.hh"
#include "tests/skip.hh"

#include <doctest/doctest.h>

using namespace e2e;
using namespace std::string_literals;

namespace {

Daemon::Setting server() { return chatd_with({"history-on-join 0", "room lobby", "room plans code s3cret"}); }

struct Stranger {
    Stranger(const Daemon& daemon, Words command, const TempDir& home)
        : terminal(complete(std::move(command), daemon),
                   {"TERM=xterm", "LC_ALL=C.UTF-8", "HOME=" + home.path().native()}) {}
    static Words complete(Words command, const Daemon& daemon) {
        for (std::string& word : command)
            if (const std::size_t at = word.find("PORT"); at != word.npos)
                word.replace(at, 4, std::to_string(daemon.port()));
        return command;
    }
    Pty terminal;
};

// One who sends each key: the line is edited and drawn here, and the code is not to be seen.
void talk_by_keys(const Words& command) {
    const Daemon daemon{server()};
    const TempDir home;
    Stranger ada{daemon, command, home};
    ada.terminal.wait_for("Your name: ");
    ada.terminal.type("ada\r");
    ada.terminal.wait_for("Room code: ");
    ada.terminal.type("s3cret\r");
    ada.terminal.wait_for(welcome_to("plans"));
    ada.terminal.wait_for("> ");
    ChatClient bob{daemon, "bob", "s3cret"};
    ada.terminal.wait_for(" joined");
    ada.terminal.type("half \u00e9");
    ada.terminal.wait_for("half \u00e9");
    bob.say("hello");
    ada.terminal.wait_for("say: hello");
    ada.terminal.wait_for("> half \u00e9");
    ada.terminal.type(" a line\x7f\x7f!\r");
    bob.expect_line("ada say: half \u00e9 a li!");
    CHECK(ada.terminal.screen().find("s3cret") == std::string::npos);
}

} // namespace

TEST_SUITE("e2e") {
    TEST_CASE("with PuTTY's plink a line is edited as with telnet") {
        const std::string plink = tests::find_installed("plink");
        if (plink.empty()) return;
        talk_by_keys({plink, "-telnet", "-P", "PORT", "127.0.0.1"});
    }

    TEST_CASE("with busybox's telnet a line is edited as with telnet") {
        const std::string busybox = tests::find_installed("busybox");
        if (busybox.empty()) return;
        if (run_client({busybox, "--list"}).out.find("\ntelnet\n") == std::string::npos)
            return tests::skip("busybox has no telnet");
        talk_by_keys({busybox, "telnet", "127.0.0.1", "PORT"});
    }

    TEST_CASE("with tintin++ a line is edited as with telnet") {
        const std::string tintin = tests::find_installed("tt++");
        if (tintin.empty()) return;
        talk_by_keys({tintin, "-G", "-e", "#session a 127.0.0.1 PORT"});
    }

    TEST_CASE("with TinyFugue who edits itself sees what is typed but the code") {
        const std::string fugue = tests::find_installed("tf5");
        if (fugue.empty()) return;
        const Daemon daemon{server()};
        const TempDir home;
        Stranger ada{daemon, {fugue, "127.0.0.1", "PORT"}, home};
        ada.terminal.wait_for("% Connected"); // the prompt without a line's end it shows with the next line
        ada.terminal.type("ada\r");
        ada.terminal.wait_for("Room code:");
        ada.terminal.type("s3cret\r");
        ada.terminal.wait_for("You are in plans.");
        ChatClient bob{daemon, "bob", "s3cret"};
        ada.terminal.wait_for("bob joined");
        ada.terminal.type("whole line");
        ada.terminal.wait_for("whole line"); // by itself
        ada.terminal.type("\r");
        bob.expect_line("ada say: whole line");
        bob.say("hello");
        ada.terminal.wait_for("bob say: hello");
        CHECK(ada.terminal.screen().find("s3cret") == std::string::npos);
    }

    TEST_CASE("a stranger's answers to every offer as they were recorded lead into the room") {
        struct Dialogue {
            const char* name;
            std::string after_offer, type, answers;
        };
        const std::string type_is = "\xff\xfa\x18\0"s, end = "\xff\xf0";
        const Dialogue dialogues[]{
            {"KildClient 3.2", "\xff\xfb\x18", type_is + "KildClient" + end + '\0',
             "\xff\xfd\x01\xff\xfb\x1f\xff\xfa\x1f\0\x2b\0\x07"s + end},
            {"Mudlet 4", "\xff\xfb\x18", type_is + "MUDLET" + end,
             "\xff\xfd\x01\xff\xfe\x03\xff\xfb\x1f\xff\xfa\x1f\0\x64\0\x28"s + end +
                 "\xff\xfc\0\xff\xfd\x2a"s},
        };
        const Daemon daemon{server()};
        for (const Dialogue& dialogue : dialogues) {
            const std::string name = dialogue.name;
            CAPTURE(name);
            ChatClient client{daemon};
            client.send(name.substr(0, name.find(' ')) + "\r\n"); // who left last may not be gone yet
            client.wait_for_text("\xff\xfd\x18\r");
            client.send(dialogue.after_offer);
            client.wait_for_text("\xff\xfa\x18\x01" + end);
            client.send(dialogue.type);
            client.wait_for_text("\xff\xfb\x2a");
            client.send(dialogue.answers);
            client.wait_for_text("\xff\xfc\x01"); // ECHO is given back
            client.send("\xff\xfe\x01");
            const std::string asked = client.wait_for_text("Room code: \xff\xf9");
            CHECK(asked.ends_with("\xff\xfb\x01Room code: \xff\xf9"));
            client.send("\xff\xfd\x01s3cret\r\n");
            const std::string inside = client.wait_for_text(welcome_to("plans"));
            CHECK(inside.starts_with("\r\n"));
            CHECK(inside.find("\xff\xfc\x01") != std::string::npos);
            client.send("\xff\xfe\x01/quit\r\n");
            client.wait_for_text("\r\n");
        }
    }
}
