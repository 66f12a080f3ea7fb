// SPDX-License-Identifier: ISC
// Where IRC is spoken: the listeners, and what of that shows before a word of IRC is said.
#include "common/socket.hh"
#include "common/text.hh"
#include "tests/e2e/chat_client.hh"
#include "tests/e2e/observe.hh"

#include <csignal>
#include <doctest/doctest.h>
#include <string>

using namespace e2e;
using common::text;

namespace {

Daemon::Setting with_irc(const Words& more = {}) {
    Words lines{"listen 127.0.0.1:0", "listen 127.0.0.1:0 irc"};
    lines.insert(lines.end(), more.begin(), more.end());
    Daemon::Setting setting = chatd_with(lines);
    setting.listeners = 2;
    return setting;
}

Connection connect_by_irc(const Daemon& daemon) { return Connection{daemon.addresses().at(1).port()}; }

// The line of who about this client.
std::string line_of(const Daemon& daemon, const Connection& client) {
    std::string found;
    wait_until("who shows it", [&] {
        for (const std::string& line : common::split_lines(chatctl(daemon, {"who"})))
            if (line.find(text(' ', client.local().shown(), ' ')) != line.npos) found = line;
        return !found.empty();
    });
    return found;
}

} // namespace

TEST_SUITE("e2e") {
    TEST_CASE("where IRC is spoken: who and stats and the log show who came in there") {
        const Daemon daemon{with_irc()};
        Connection irc = connect_by_irc(daemon);
        const Connection plain{daemon.port()};
        CHECK(line_of(daemon, irc).find(" irc ") != std::string::npos);
        CHECK(line_of(daemon, plain).find(" irc ") == std::string::npos);
        CHECK(chatctl(daemon, {"stats"}).find("clients-irc 1\n") != std::string::npos);
        const std::string address = irc.local().shown();
        irc.close();
        const std::size_t at = daemon.wait_for_log(text("end ", address, " pid "));
        const std::string log = daemon.log();
        CHECK(log.substr(at, log.find('\n', at) - at).find(" irc clients ") != std::string::npos);
    }

    TEST_CASE("where IRC is spoken: who is over a limit hears it as an ERROR") {
        const Daemon daemon{with_irc({"max-per-address 1"})};
        const ChatClient ada{daemon, "ada"};
        const std::string heard = connect_by_irc(daemon).read_to_end();
        CHECK(heard.starts_with("ERROR :"));
        CHECK(heard.ends_with("\r\n"));
    }

    TEST_CASE("where IRC is spoken: it still is after the death of hub and spawner") {
        const Daemon daemon{with_irc()};
        const Connection first = connect_by_irc(daemon);
        line_of(daemon, first);
        ::kill(daemon.main_pid(), SIGKILL);
        CHECK(line_of(daemon, first).find(" irc ") != std::string::npos);
        const Connection second = connect_by_irc(daemon);
        CHECK(line_of(daemon, second).find(" irc ") != std::string::npos);
    }

    TEST_CASE(
        "where IRC is spoken: a reload begins and ends it at a place and who is there stays what it is") {
        Daemon::Setting setting = chatd_with({"listen 127.0.0.1:0"});
        setting.in_file = true;
        Daemon daemon{setting};
        const std::string place = text("unix:", (daemon.folder() / "socket").string());
        const common::Address address = common::resolve_address(place).at(0);
        const auto serve = [&](const std::string& listener) {
            daemon.configure({"listen 127.0.0.1:0", listener});
            chatctl(daemon, {"reload"});
        };
        serve(text("listen ", place));
        const Connection typed{common::start_connect(address)};
        const auto count = [&] {
            return text(stat_of(daemon, "clients-irc"), " of ", stat_of(daemon, "clients"));
        };
        wait_until("the first is there", [&] { return count() == "0 of 1"; });
        serve(text("listen ", place, " irc"));
        const Connection irc{common::start_connect(address)};
        wait_until("one speaks IRC", [&] { return count() == "1 of 2"; });
        serve(text("listen ", place));
        const Connection third{common::start_connect(address)};
        wait_until("it is typed to again", [&] { return count() == "1 of 3"; });
    }

    TEST_CASE("where IRC is spoken: -n and a start name the codes that IRC cannot carry") {
        const Daemon daemon{with_irc({"room lobby", "room plans code \"full moon\""})};
        const std::string_view words =
            "room plans: IRC cannot carry its code, since it holds a blank: nobody enters it that way";
        daemon.wait_for_log(words);
        const Result checked =
            run_client({"chatd", "-n", "-o", "listen 127.0.0.1:0 irc", "-o", "room plans code \"full moon\"",
                        "-o", text("state ", (daemon.folder() / "other").string())});
        CHECK(checked.status == 0);
        CHECK(checked.err == text("chatd: ", words, '\n'));
        ChatClient ada{daemon, "ada", "full moon"};
    }

    TEST_CASE("where IRC is spoken: an account's name is one that IRC can carry") {
        const TempDir folder;
        const Result refused =
            run_client({"chatctl", "-u", (folder / "users").string(), "user", "add", "ann@home"});
        CHECK(refused.status != 0);
        CHECK(refused.err.find("'ann@home' cannot be a new user's name: leave out ,!@*?") !=
              std::string::npos);
    }
}
