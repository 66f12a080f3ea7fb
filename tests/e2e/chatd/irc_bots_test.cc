// SPDX-License-Identifier: ISC
// Programs that speak IRC, written with a socket and little more: a bot, and a bridge to another server.
#include "tests/e2e/files.hh"
#include "tests/e2e/irc_client.hh"
#include "tests/skip.hh"

#include "common/socket.hh"
#include "common/text.hh"

#include <doctest/doctest.h>
#include <optional>
#include <string>

using namespace e2e;
using common::text;

namespace {

// ngircd(8), which takes its listener as from a service manager.
class Ngircd {
public:
    explicit Ngircd(const std::string& program) {
        write_file(folder_ / "conf",
                   "[Global]\nName = irc.test.invalid\nInfo = test\n[Options]\nDNS = no\nIdent = no\n"
                   "PAM = no\n[Limits]\nMaxPenaltyTime = 0\n[Channel]\nName = #there\n");
        auto [reading, writing] = make_pipe();
        const common::Fd nothing = make_unlinked_file();
        child_.emplace(
            Words{"sh", "-c",
                  text("LISTEN_PID=$$ LISTEN_FDS=1 exec ", program, " -n -f ", folder_.path().native(),
                       "/conf")},
            Child::Setting{.descriptors = {nothing.get(), writing.get(), writing.get(), listener_.get()},
                           .environment = {},
                           .terminal = {}});
        log_.emplace(std::move(reading), "ngircd");
    }
    std::uint16_t port() const { return common::local_address(listener_.get()).port(); }

private:
    TempDir folder_;
    common::Fd listener_ = common::listen_on(common::resolve_address("127.0.0.1:0").at(0));
    std::optional<Collector> log_;
    std::optional<Child> child_;
};

// As this one is read byte by byte, too: a person at the other server.
struct Neighbour : Connection {
    explicit Neighbour(std::uint16_t port) : Connection(port) {
        send("NICK zoe\r\nUSER zoe 0 * :Zoe\r\nJOIN #there\r\n");
        wait_for(" 366 zoe #there ");
    }
    std::string wait_for(std::string_view part) {
        for (;;) {
            std::string line = read_line();
            if (line.find(part) != line.npos) return line;
        }
    }
};

} // namespace

TEST_SUITE("e2e slow") {
    TEST_CASE("IRC: a bot with a bare socket joins and answers people with nc and with IRC and leaves") {
        const Daemon daemon{irc_with()};
        ChatClient typed{daemon, "typed"};
        typed.say("!sum 1 1"); // before it comes: no bot is to answer that
        IrcClient ada{daemon, "ada", "#lobby"};
        typed.expect_line("ada joined");
        Process bot{{"python3", in_source("tests/e2e/chatd/irc_bot.py"), text(irc_port(daemon)), "#lobby"}};
        typed.expect_line("summer joined");
        typed.say("!sum 20 22");
        typed.expect_line("summer say: typed: 42");
        ada.wait_for(":summer!u@chat PRIVMSG #lobby :typed: 42");
        ada.say("PRIVMSG #lobby :!sum 1 2 3");
        typed.expect_line("ada say: !sum 1 2 3");
        typed.expect_line("summer say: ada: 6");
        ada.say("PRIVMSG #lobby :!end");
        typed.expect_line("ada say: !end");
        typed.expect_line("summer left (bye)");
        CHECK(bot.wait() == 0);
    }

    TEST_CASE(
        "IRC: a relay joins a room with one of ngIRCd's and what is said in one is heard in the other") {
        const std::string ngircd = tests::find_installed("ngircd");
        if (ngircd.empty()) return;
        const Daemon daemon{irc_with()};
        const Ngircd other{ngircd};
        ChatClient typed{daemon, "typed"};
        Neighbour zoe{other.port()};
        Process relay{{"python3", in_source("tests/e2e/chatd/irc_relay.py"), text(irc_port(daemon)), "#lobby",
                       text(other.port()), "#there"}};
        typed.expect_line("relay joined");
        zoe.wait_for(":relay!~relay@");
        for (int round = 0; round < 3; ++round) {
            typed.say(text("从这里 here: ", round));
            CHECK(zoe.wait_for(" PRIVMSG ").ends_with(text(" #there :<typed> 从这里 here: ", round)));
            zoe.send(text("PRIVMSG #there :从那里 there: ", round, "\r\n"));
            typed.expect_line(text("relay say: <zoe> 从那里 there: ", round));
        }
    }
}
