// SPDX-License-Identifier: ISC
// Clients of IRC as people use them, in one room with people who have nc, telnet and chat.
#include "tests/e2e/chat_upgrade.hh"
#include "tests/e2e/irc_people.hh"
#include "tests/e2e/pty.hh"
#include "tests/e2e/tls_house.hh"
#include "tests/skip.hh"

#include "common/text.hh"

#include <doctest/doctest.h>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>

using namespace e2e;
using common::text;
using tests::lacks;
using Kind = IrcEvent::Kind;

namespace {

enum class Carrier { plain, tls };

class Server {
public:
    explicit Server(Carrier carrier) {
        if (carrier == Carrier::tls) own_.emplace(make_certificate(folder_, "own"));
        server_.emplace([&](const ProgramPlace& place) {
            Words lines{"room lobby", "create-rooms on", "history-on-join 0", "listen 127.0.0.1:0"};
            lines.emplace_back(own_ ? "listen 127.0.0.1:0 irc tls" : "listen 127.0.0.1:0 irc");
            if (own_) {
                lines.push_back(text("certificate ", own_->certificate.native(), ' ', own_->key.native()));
                std::filesystem::copy_file(find_program("suite-tls"), place.folder() / "suite-tls");
            }
            Daemon::Setting setting = chatd_in(place, std::move(lines));
            setting.listeners = 2;
            return setting;
        });
    }
    const Daemon& daemon() const { return server_->daemon; }
    IrcPlace place() const {
        return {.port = daemon().addresses().at(1).port(),
                .certificate = own_ ? own_->certificate.native() : std::string{}};
    }
    void upgrade() {
        server_->place.put_same();
        const Result upgraded = server_->upgrade();
        INFO(upgraded.out, upgraded.err);
        CHECK(upgraded.status == 0);
    }

private:
    TempDir folder_;
    std::optional<TestCertificate> own_;
    std::optional<UpgradedServer> server_;
};

// One with a terminal, in the room.
struct Person {
    Person(const Words& command, const std::string& room, const std::string& name = {})
        : terminal(command, {"TERM=xterm", "LC_ALL=C.UTF-8"}) {
        if (!name.empty()) {
            terminal.wait_for("Your name: ");
            terminal.type(name + "\r");
            terminal.wait_for("Room code: ");
            terminal.type("\r");
        }
        terminal.wait_for("You are in lobby.");
        terminal.wait_for("> ");
        terminal.type(text("/join ", room, '\r'));
        terminal.wait_for(text("You are in ", room, '.'));
        terminal.wait_for("> ");
    }
    void say(const std::string& words) { terminal.type(words + '\r'); }
    void hear(const std::string& words) { terminal.wait_for(words); }
    Pty terminal;
};

void come_into(ChatClient& person, const std::string& room) {
    person.say("/join " + room);
    person.wait_for_line(welcome_to(room));
}

// In a room that somebody with nc has made and keeps in order.
void be_a_guest(const IrcClientMaker& make, Carrier carrier = Carrier::plain) {
    Server server{carrier};
    const Daemon& daemon = server.daemon();
    const std::string port = std::to_string(daemon.port());
    ChatClient bob{daemon, "bob"};
    come_into(bob, "den");
    Person carol{{"telnet", "127.0.0.1", port}, "den", "carol"};
    Person dan{{"chat", text("dan@127.0.0.1:", port), ""}, "den"};
    bob.wait_for_line("dan joined");
    const auto ada = make(server.place());
    ada->join("#den", {"bob", "carol", "dan"});
    bob.wait_for_line("ada joined");
    ada->say("你好，世界");
    bob.wait_for_line("ada say: 你好，世界");
    for (Person* const person : {&carol, &dan}) person->hear(" say: 你好，世界"); // the name has a colour
    bob.say("再见 from nc");
    ada->hear("再见 from nc");
    carol.say("从 telnet");
    ada->hear("从 telnet");
    dan.say("从 chat");
    ada->hear("从 chat");
    ada->act("waves");
    bob.wait_for_line("* ada waves");
    for (Person* const person : {&carol, &dan}) person->hear(" waves");
    bob.say("/me nods twice");
    ada->hear("nods twice");
    ada->tell("bob", "between us 密");
    bob.wait_for_text("between us 密\n");
    bob.say("/msg ada just for you");
    ada->be_told("bob", "just for you");
    ada->set_topic("tea 茶");
    bob.wait_for_line("ada set the topic: tea 茶");
    bob.say("/topic coffee 咖啡");
    ada->hear("coffee 咖啡");

    ChatClient erin{daemon, "erin"};
    come_into(erin, "den");
    ada->see({.kind = Kind::joined, .who = "erin", .by = {}});
    erin.say("/leave");
    ada->see({.kind = Kind::left, .who = "erin", .by = {}});

    bob.say("/moderate on");
    ada->see({.kind = Kind::moderated, .who = {}, .by = "bob"});
    ada->say("without a voice");
    ada->tell("bob", "may I speak?"); // when that is read, so was what came before it
    bob.wait_for_text("may I speak?\n");
    bob.say("/voice ada");
    ada->see({.kind = Kind::voiced, .who = "ada", .by = "bob"});
    ada->say("with a voice");
    const std::string heard = bob.wait_for_text("with a voice\n");
    CHECK(heard.find("without a voice") == std::string::npos);
    bob.say("/kick carol");
    ada->see({.kind = Kind::kicked, .who = "carol", .by = "bob"});
    carol.hear("An operator has ended your connection.");

    server.upgrade();
    ada->say("after it");
    bob.wait_for_line("ada say: after it");
    dan.hear(" say: after it");
    bob.say("it was quiet");
    ada->hear("it was quiet");
}

// In a room that its client has made.
void be_the_host(const IrcClientMaker& make, Carrier carrier = Carrier::plain) {
    const Server server{carrier};
    const Daemon& daemon = server.daemon();
    const auto ada = make(server.place());
    ada->join("#own", {"ada"});
    ChatClient bob{daemon, "bob"};
    come_into(bob, "own");
    ada->see({.kind = Kind::joined, .who = "bob", .by = {}});
    ada->set_mode("+m");
    bob.wait_for_line("ada lets only those with a voice speak");
    bob.say("without a voice");
    ada->set_mode("+v bob");
    bob.wait_for_line("ada gave a voice to bob");
    bob.say("with a voice");
    ada->hear("with a voice");
    ada->set_mode("-m");
    bob.wait_for_line("ada lets everybody speak");
    ada->kick("bob");
    bob.wait_for_line("An operator has ended your connection.");
    bob.wait_for_end();
    ada->see({.kind = Kind::kicked, .who = "bob", .by = "ada"});
}

} // namespace

TEST_SUITE("e2e slow") {
    TEST_CASE("IRC: with irssi in one room with nc and telnet and chat") {
        if (!lacks("irssi")) be_a_guest(with_irssi);
    }
    TEST_CASE("IRC: with WeeChat in one room with nc and telnet and chat") {
        if (!lacks("weechat")) be_a_guest(with_weechat);
    }
    TEST_CASE("IRC: with catgirl and TLS in one room with nc and telnet and chat") {
        if (!lacks("catgirl")) be_a_guest(with_catgirl, Carrier::tls);
    }
    TEST_CASE("IRC: with sic in one room with nc and telnet and chat") {
        if (!lacks("sic")) be_a_guest(with_sic);
    }
    TEST_CASE("IRC: with ii in one room with nc and telnet and chat") {
        if (!lacks("ii")) be_a_guest(with_ii);
    }

    TEST_CASE("IRC: with irssi a room of one's own is kept in order") {
        if (!lacks("irssi")) be_the_host(with_irssi);
    }
    TEST_CASE("IRC: with WeeChat a room of one's own is kept in order") {
        if (!lacks("weechat")) be_the_host(with_weechat);
    }
    TEST_CASE("IRC: with catgirl and TLS a room of one's own is kept in order") {
        if (!lacks("catgirl")) be_the_host(with_catgirl, Carrier::tls);
    }
    TEST_CASE("IRC: with sic a room of one's own is kept in order") {
        if (!lacks("sic")) be_the_host(with_sic);
    }
    TEST_CASE("IRC: with ii a room of one's own is kept in order") {
        if (!lacks("ii")) be_the_host(with_ii);
    }
}
