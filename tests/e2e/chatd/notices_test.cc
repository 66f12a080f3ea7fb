// SPDX-License-Identifier: ISC
// The socket of `notices': what can be said by it and by whom, and that it outlives hubs, reloads and
// upgrades.
#include "tests/e2e/chat_client.hh"
#include "tests/e2e/chat_upgrade.hh"
#include "tests/e2e/observe.hh"
#include "tests/e2e/roles.hh"
#include "tests/skip.hh"

#include "common/text.hh"

#include <csignal>
#include <doctest/doctest.h>
#include <filesystem>
#include <sys/stat.h>
#include <unistd.h>

using namespace e2e;
using common::text;
namespace fs = std::filesystem;

namespace {

const std::string group = "mail"; // some group that is there, and none of the daemon's users is in

struct Place {
    TempDir folder;
    Path socket = folder / "notices";

    std::string line(const std::string& of_group = {}) const {
        return text("notices ", socket.native(), of_group.empty() ? "" : " ", of_group);
    }
    Daemon::Setting with(Words more = {}, const std::string& of_group = {}) const {
        Words lines{"room lobby", "room plans code s3cret", line(of_group)};
        lines.insert(lines.end(), more.begin(), more.end());
        return chatd_with(lines);
    }
    // What is answered to these lines.
    std::string ask(const std::string& lines) const {
        return run_client({"nc", "-N", "-U", socket.native()}, lines).out;
    }
    bool is_there() const { return fs::exists(socket); }
};

struct stat status_of(const Path& path) {
    struct stat found {};
    REQUIRE(::lstat(path.c_str(), &found) == 0);
    return found;
}

// As a user of this machine, in this group beside, or in no other.
Result ask_as(const std::string& user, const std::string& further, const Path& socket,
              const std::string& lines) {
    const Ids ids = ids_of(user);
    return run_client({"setpriv", "--reuid=" + ids.user, "--regid=" + ids.group,
                       further.empty() ? "--clear-groups" : "--groups=" + further, "--", "nc", "-N", "-U",
                       socket.native()},
                      lines);
}

Daemon::Setting in_file(Daemon::Setting setting) {
    setting.in_file = true;
    return setting;
}

} // namespace

TEST_SUITE("e2e") {
    TEST_CASE("notices: a line can be said into a room and nothing else") {
        const Place place;
        const Daemon daemon{place.with()};
        ChatClient ada{daemon, "ada"}, bob{daemon, "bob", "s3cret"};
        CHECK(place.ask("notice -r lobby bob say: \x1b[31m hello\nnotice -r plans \"a plan\"\n") ==
              "ok\nok\n");
        ada.expect_line("> bob say: \xef\xbf\xbd[31m hello"); // it looks like nobody's words
        bob.expect_line("> a plan");
        const std::string none = "error there is no verb '";
        for (const std::string verb : {"announce", "topic", "who", "rooms", "history", "kick", "ban", "stats",
                                       "reload", "upgrade", "shutdown"})
            CHECK(place.ask(verb + " -r lobby x\n") == none + verb + "': `help' lists them\n");
        CHECK(place.ask("notice -r nowhere x\n") == "error there is no room 'nowhere': `rooms' lists them\n");
        CHECK(place.ask("notice hello\n") == "error say in which room: -r ROOM\n");
        CHECK(place.ask("notice -r lobby " + std::string(1999, 'x') + '\n') ==
              "error a notice has 1 to 1998 bytes\n");
        CHECK(place.ask("help\n") ==
              " notice -r ROOM TEXT     show a line of another program in a room, as it is\n"
              " help                    list the verbs\nok\n");
        const Result said =
            run_client({"chatctl", "-s", place.socket.native(), "notice", "-r", "lobby", "by", "chatctl"});
        CHECK(said.status == 0);
        ada.expect_line("> by chatctl");
    }

    TEST_CASE("notices: without a group none but the daemon's own user may") {
        const Place place;
        Daemon daemon{place.with()};
        CHECK((status_of(place.socket).st_mode & 07777) == 0600);
        daemon.stop();
        CHECK_FALSE(place.is_there());
    }

    TEST_CASE("notices: who is in the group may and a stranger is refused") {
        if (!is_root()) return tests::skip("only root is several users");
        const Place place;
        const Daemon daemon{place.with({}, group)};
        ChatClient ada{daemon, "ada"};
        CHECK((status_of(place.socket).st_mode & 07777) == 0660);
        CHECK(ask_as("games", group, place.socket, "notice -r lobby hello\n").out == "ok\n");
        ada.expect_line("> hello");
        const Result stranger = ask_as("games", "", place.socket, "notice -r lobby hello\n");
        CHECK(stranger.out.empty());
        CHECK(stranger.err.find("Permission denied") != std::string::npos);
        CHECK(ask_as("games", group, daemon.state() / "control", "stats\n").out.empty());
    }

    TEST_CASE("notices: too many are refused and people talk on") {
        const Place place;
        const Daemon daemon{place.with({"flood-per-address 3/1h"})};
        ChatClient ada{daemon, "ada"}, bob{daemon, "bob"};
        ada.expect_line("bob joined");
        std::string lines;
        for (int line = 1; line <= 100; ++line) lines += text("notice -r lobby ", line, '\n');
        const std::string refused =
            "error there were too many notices: 3 in 3600 seconds are let in (flood-per-address)";
        Connection speaker = connect_to_file(place.socket);
        speaker.send(lines);
        for (int line = 1; line <= 3; ++line) CHECK(speaker.read_line() == "ok");
        CHECK(speaker.read_line() == refused); // once: the next lines wait
        for (const std::string_view nothing : {"help", "", "# x"}) {
            Connection asker = connect_to_file(place.socket);
            asker.send(text(nothing, '\n'));
            CHECK(asker.read_line() == refused); // whatever it asks
        }
        for (ChatClient* const client : {&ada, &bob}) client->expect_lines({"> 1", "> 2", "> 3"});
        bob.say("hello");
        ada.expect_line("bob say: hello");
    }

    TEST_CASE("notices: who says nothing makes room for who does and keeps nobody waiting") {
        const Place place;
        const Daemon daemon{place.with()};
        ChatClient ada{daemon, "ada"};
        std::vector<Connection> silent;
        for (int count = 0; count < 64; ++count) {
            silent.push_back(connect_to_file(place.socket));
            silent.back().send("\n\n# still here\n");
        }
        chatctl(daemon, {"announce", "hello"});
        ada.expect_line("administrator say: hello");
        CHECK(place.ask("notice -r lobby at last\n") == "ok\n");
        ada.expect_line("> at last");
    }

    TEST_CASE("notices: the socket outlives the hub") {
        const Place place;
        const Daemon daemon{place.with()};
        ChatClient ada{daemon, "ada"};
        const ino_t file = status_of(place.socket).st_ino;
        const pid_t hub = daemon.main_pid();
        ::kill(hub, SIGSTOP);
        Connection waiting = connect_to_file(place.socket); // nobody has accepted it yet
        waiting.send("notice -r lobby after a death\n");
        ::kill(hub, SIGKILL);
        CHECK(waiting.read_line() == "ok");
        ada.expect_line("> after a death");
        CHECK(status_of(place.socket).st_ino == file);
    }

    TEST_CASE("notices: a reload adds the socket and moves it and takes it away") {
        const Place place;
        Daemon daemon{in_file(chatd_with({"room lobby"}))};
        ChatClient ada{daemon, "ada"};
        CHECK_FALSE(place.is_there());
        daemon.configure({"room lobby", place.line()});
        chatctl(daemon, {"reload"});
        CHECK(place.ask("notice -r lobby one\n") == "ok\n");
        const Path other = place.folder / "other";
        daemon.configure({"room lobby", "notices " + other.native()});
        chatctl(daemon, {"reload"});
        CHECK_FALSE(place.is_there());
        CHECK(run_client({"nc", "-N", "-U", other.native()}, "notice -r lobby two\n").out == "ok\n");
        daemon.configure({"room lobby", "notices /proc/notices"}); // where nobody can make one
        const Result told = run_chatctl(daemon, {"reload"});
        CHECK((told.out + told.err).find("unix:/proc/notices") != std::string::npos);
        CHECK(run_client({"nc", "-N", "-U", other.native()}, "notice -r lobby three\n").out == "ok\n");
        fs::remove(other);
        daemon.configure({"room lobby", text("notices ", other.parent_path().native(), "/./", "/other")});
        chatctl(daemon, {"reload"});
        CHECK(run_client({"nc", "-N", "-U", other.native()}, "notice -r lobby four\n").out == "ok\n");
        daemon.configure({"room lobby"});
        chatctl(daemon, {"reload"});
        CHECK_FALSE(fs::exists(other));
        ada.expect_lines({"> one", "> two", "> three", "> four"});
    }

    TEST_CASE("notices: another group is let in by a reload at the same socket") {
        if (!is_root()) return tests::skip("only root can give a socket to any group");
        const Place place;
        Daemon daemon{in_file(place.with({}, group))};
        const struct stat before = status_of(place.socket);
        daemon.configure({"room lobby", place.line("games")});
        chatctl(daemon, {"reload"});
        const struct stat after = status_of(place.socket);
        CHECK(after.st_ino == before.st_ino);
        CHECK(after.st_gid != before.st_gid);
        daemon.configure({"room lobby", place.line("no-such-group")});
        const Result told = run_chatctl(daemon, {"reload"});
        CHECK((told.out + told.err)
                  .find("notices no-such-group: there is no such group; create it or name "
                        "another") != std::string::npos);
        CHECK(status_of(place.socket).st_gid == after.st_gid);
    }

    TEST_CASE("notices: whoever is connected during an upgrade is answered by the next hub") {
        const Place place;
        const UpgradedServer server{[&](const ProgramPlace& program) {
            return chatd_in(program, {"room lobby", place.line()});
        }};
        ChatClient ada{server.daemon, "ada"};
        const ino_t file = status_of(place.socket).st_ino;
        Connection early = connect_to_file(place.socket);
        early.send("notice -r lobby before\n");
        CHECK(early.read_line() == "ok");
        CHECK(server.upgrade().status == 0);
        early.send("notice -r lobby after\n");
        CHECK(early.read_line() == "ok");
        ada.expect_lines({"> before", "> after"});
        CHECK(status_of(place.socket).st_ino == file);
    }

    TEST_CASE("notices: whoever is connected is answered while the next hub is on trial") {
        const Place place;
        const UpgradedServer server{[&](const ProgramPlace& program) {
            return chatd_in(program, {"room lobby", place.line()});
        }};
        ChatClient ada{server.daemon, "ada"};
        Connection early = connect_to_file(place.socket);
        early.send("notice -r lobby before\n");
        CHECK(early.read_line() == "ok");
        Process upgrade = begin_upgrade(server.daemon, server.place);
        upgrade.out().wait_for("and stays if it lives");
        early.send("notice -r lobby meanwhile\n");
        CHECK(early.read_line() == "ok");
        ada.expect_lines({"> before", "> meanwhile"});
        const std::size_t answered = server.daemon.log().size();
        CHECK(upgrade.wait() == 0);
        CHECK(server.daemon.log().find("goes on in the place of", answered) !=
              std::string::npos); // afterwards
        early.send("notice -r lobby after\n");
        CHECK(early.read_line() == "ok");
        ada.expect_line("> after");
    }

    TEST_CASE("notices: an upgrade opens the socket that its configuration names and closes the other") {
        const Place place, other;
        UpgradedServer server{[&](const ProgramPlace& program) {
            return chatd_in(program, {"room lobby", place.line()});
        }};
        server.daemon.configure({"room lobby", other.line()});
        CHECK(server.upgrade().status == 0);
        CHECK_FALSE(place.is_there());
        CHECK(other.ask("notice -r lobby hello\n") == "ok\n");
        server.daemon.stop();
        CHECK_FALSE(other.is_there());
    }

    TEST_CASE("notices: a folder of another user is refused by root's start with the remedy and -n warns") {
        if (!is_root()) return tests::skip("only root has a hub of another user");
        const TempDir folder;
        const Path others = folder / "others";
        fs::create_directory(others);
        const auto bin = static_cast<uid_t>(std::stoul(ids_of("bin").user));
        REQUIRE(::chown(others.c_str(), bin, static_cast<gid_t>(-1)) == 0);
        const auto run = [&](const Words& options) {
            Words command{"chatd", "-d",
                          "-o",    "listen 127.0.0.1:0",
                          "-o",    text("state ", (folder / "state").native()),
                          "-o",    text("notices ", (others / "notices").native())};
            command.insert(command.end(), options.begin(), options.end());
            return run_client(command);
        };
        const std::string why =
            text("notices ", (others / "notices").native(),
                 ": user daemon can make nothing in its folder, which is user bin's: let the daemon be that "
                 "user, or give the folder to this one (chown daemon ",
                 others.native(), ")\n");
        CHECK(run({"-n", "-o", "hub-user bin"}).err.empty());
        const Result refused = run({});
        CHECK(refused.status == 1);
        CHECK(refused.err.find("chatd: " + why) != std::string::npos);
        const Result checked = run({"-n"});
        CHECK(checked.status == 0);
        CHECK(checked.err == "chatd: as root starts it, with hub-user daemon, it is refused: " + why);
    }

    TEST_CASE("notices: what is wrong with the line is said by -n and by a start") {
        const Place place;
        const Daemon daemon{place.with()};
        const std::string path = place.socket.native();
        const auto refused = [&](const std::string& line, const Words& options) {
            Words command{"chatd", "-d",
                          "-o",    "listen 127.0.0.1:0",
                          "-o",    text("state ", (place.folder / "state").native()),
                          "-o",    line};
            command.insert(command.end(), options.begin(), options.end());
            const Result result = run_client(command);
            CHECK(result.status != 0);
            return result.err;
        };
        for (const Words& options : {Words{"-n"}, Words{}}) {
            CHECK(refused("notices", options).find("takes a path, and perhaps a group") != std::string::npos);
            CHECK(refused("notices notices", options)
                      .find("'notices' is not a path: write one that begins with /") != std::string::npos);
            CHECK(refused(text("notices ", path, " no-such-group"), options)
                      .find("notices no-such-group: there is no such group; create it or name another") !=
                  std::string::npos);
            CHECK(refused(text("notices ", (place.folder / "state/control").native()), options)
                      .find("that is the control socket: choose another path") != std::string::npos);
            const Path shared = place.folder / "shared";
            fs::create_directory(shared);
            fs::permissions(shared, fs::perms::all);
            CHECK(refused(text("notices ", (shared / "socket").native()), options)
                      .find("others may put a file of theirs in its place") != std::string::npos);
            const Path text_file = place.folder / "text";
            write_file(text_file, "text");
            CHECK(refused(text("notices ", text_file.native()), options).find("exists and is not a socket") !=
                  std::string::npos);
        }
        CHECK(refused(text("notices ", path), {})
                  .find(text(" serves unix:", path, ": stop it or choose another path")) !=
              std::string::npos);
        CHECK(place.ask("notice -r lobby hello\n") == "ok\n");
    }
}
