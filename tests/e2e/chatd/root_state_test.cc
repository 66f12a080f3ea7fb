// SPDX-License-Identifier: ISC
// The state directory of a chatd that root started: the hub's user has it, also after a version whose hub was
// root, and root does nothing there that this user could turn against the system.
#include "tests/e2e/chat_client.hh"
#include "tests/e2e/harness.hh"
#include "tests/e2e/roles.hh"
#include "tests/skip.hh"

#include "common/socket.hh"
#include "common/text.hh"

#include <algorithm>
#include <array>
#include <doctest/doctest.h>
#include <filesystem>
#include <optional>
#include <sys/stat.h>
#include <unistd.h>

using namespace e2e;
using common::text;
namespace fs = std::filesystem;

namespace {

uid_t owner_of(const Path& path) {
    struct stat found {};
    REQUIRE(::lstat(path.c_str(), &found) == 0);
    return found.st_uid;
}

void give_all(const Path& top, uid_t user) {
    for (const auto& entry : fs::recursive_directory_iterator{top})
        REQUIRE(::lchown(entry.path().c_str(), user, user) == 0);
    REQUIRE(::lchown(top.c_str(), user, user) == 0);
}

// All below it but the lock are the user's, and readable by nobody else.
void check_owner(const Path& state, uid_t user) {
    CHECK(owner_of(state) == user);
    for (const auto& entry : fs::recursive_directory_iterator{state}) {
        CAPTURE(entry.path());
        CHECK(owner_of(entry.path()) == (entry.path() == state / "lock" ? 0 : user));
        struct stat found {};
        REQUIRE(::lstat(entry.path().c_str(), &found) == 0);
        CHECK((found.st_mode & 077) == 0);
    }
}

struct Place {
    TempDir folder;
    Path state = folder / "state";
    Words lines(Words more = {}) const {
        Words all{text("state ", state.native()), "room lobby", "room plans code s3cret", "create-rooms on",
                  "history-on-join 10"};
        all.insert(all.end(), more.begin(), more.end());
        return all;
    }
    std::string ctl(const Words& words) const {
        Words command{"chatctl", "-s", state / "control"};
        command.insert(command.end(), words.begin(), words.end());
        return run_client(command).out;
    }
};

Result check(const Words& lines, const Words& options = {}) {
    Words command{"chatd", "-n"};
    for (const std::string& line : lines) command.insert(command.end(), {"-o", line});
    command.insert(command.end(), options.begin(), options.end());
    return run_client(command);
}

Result start(const Words& lines, const Words& options = {}) {
    Words command{"chatd", "-d", "-o", "listen 127.0.0.1:0"};
    for (const std::string& line : lines) command.insert(command.end(), {"-o", line});
    command.insert(command.end(), options.begin(), options.end());
    return run_client(command);
}

} // namespace

TEST_SUITE("e2e") {
    TEST_CASE(
        "a state directory that root's hub has left is the hub user's after a start and nothing is lost") {
        if (!is_root()) return tests::skip("only root has a hub of another user");
        const Place place;
        {
            Daemon daemon{chatd_with(place.lines())};
            ChatClient ada{daemon, "ada"}, eve{daemon, "eve", "s3cret"};
            ada.say("before");
            eve.say("a plan");
            wait_until("they are in the logs", [&] {
                return place.ctl({"history", "lobby"}).find("before\n") != std::string::npos &&
                       place.ctl({"history", "plans"}).find("a plan\n") != std::string::npos;
            });
            place.ctl({"ban", "10.1.2.3"});
            place.ctl({"topic", "-r", "lobby", "old and new"});
            daemon.stop();
        }
        // As it was when all of the daemon was root's, and died.
        give_all(place.state, 0);
        {
            const common::Fd left =
                common::listen_on(common::Address::of_path((place.state / "control").native()), 0600);
        }
        const auto files = [&] {
            std::vector<std::string> names;
            for (const auto& entry : fs::recursive_directory_iterator{place.state / "rooms"})
                names.push_back(entry.path());
            std::ranges::sort(names);
            return names;
        };
        const auto before = files();
        for (const char* const user : {"daemon", "daemon"}) { // and once more
            Daemon daemon{chatd_with(place.lines({text("hub-user ", user)}))};
            const auto uid = static_cast<uid_t>(std::stoul(ids_of(user).user));
            check_owner(place.state, uid);
            CHECK(files().size() >= before.size());
            CHECK(place.ctl({"history", "lobby"}).find("ada say: before\n") != std::string::npos);
            CHECK(place.ctl({"history", "plans"}).find("eve say: a plan\n") != std::string::npos);
            CHECK(place.ctl({"rooms"}).find("old and new") != std::string::npos);
            CHECK(place.ctl({"bans"}).find("10.1.2.3") != std::string::npos);
            ChatClient bob{daemon, "bob"};
            bob.say("after");
            wait_until("it is in the log", [&] {
                return place.ctl({"history", "lobby"}).find("bob say: after\n") != std::string::npos;
            });
            place.ctl({"ban", "10.1.2.4"});
            daemon.stop();
            check_owner(place.state, uid);
        }
    }

    TEST_CASE("a state directory of another user is refused with the remedy and stays as it was") {
        if (!is_root()) return tests::skip("only root has a hub of another user");
        const Place place;
        Daemon{chatd_with(place.lines())}.stop();
        const auto bin = static_cast<uid_t>(std::stoul(ids_of("bin").user));
        give_all(place.state, bin);
        const std::string why = text("user daemon cannot use the state directory ", place.state.native(),
                                     ", which is user bin's: let the daemon be that user, or give it to this "
                                     "one (chown -R daemon ",
                                     place.state.native(), "), or choose another with `state'\n");
        const Result refused = start(place.lines());
        CHECK(refused.status == 1);
        CHECK(refused.err.find("chatd: " + why) != std::string::npos);
        // It may be what is meant: the service manager starts it as that user.
        const Result checked = check(place.lines());
        CHECK(checked.status == 0);
        CHECK(checked.err == "chatd: as root starts it, with hub-user daemon, it is refused: " + why);
        CHECK(check(place.lines({"hub-user bin"})).err.empty());
        CHECK(owner_of(place.state) == bin);
        CHECK(owner_of(place.state / "rooms") == bin);
        CHECK_FALSE(fs::exists(place.state / "control"));
    }

    TEST_CASE("a hub user that cannot be one is refused by a start and by -n with the remedy") {
        if (!is_root()) return tests::skip("only root has a hub of another user");
        for (const auto& [user, why] : std::array<std::pair<const char*, std::string>, 3>{
                 {{"no-such-user", "hub-user no-such-user: there is no such user; create it or name another"},
                  {"root", "hub-user root: this user has root's rights; name an ordinary user"},
                  {"nobody",
                   "hub-user nobody: run-as is the same user, and could signal and trace what serves: "
                   "name another"}}}) {
            const Place place;
            const Words lines = place.lines({text("hub-user ", user)});
            for (const Result& refused : {check(lines), start(lines)}) {
                CHECK(refused.status == 1);
                CHECK(refused.err == text("chatd: ", why, '\n'));
            }
            CHECK_FALSE(fs::exists(place.state));
        }
    }

    TEST_CASE("links that the hub's user has planted lead root nowhere at the next start") {
        if (!is_root()) return tests::skip("only root has a hub of another user");
        const Place place;
        const Path secret = place.folder / "secret";
        write_file(secret, "root's alone");
        REQUIRE(::chmod(secret.c_str(), 0600) == 0);
        Daemon{chatd_with(place.lines())}.stop();
        const auto still_secret = [&] {
            struct stat found {};
            REQUIRE(::stat(secret.c_str(), &found) == 0);
            CHECK(found.st_uid == 0);
            CHECK((found.st_mode & 07777) == 0600);
            CHECK(read_file(secret) == "root's alone");
        };
        for (const bool is_hard : {false, true}) {
            CAPTURE(is_hard);
            const auto plant = [&](const char* name) {
                fs::remove(place.state / name);
                if (is_hard)
                    fs::create_hard_link(secret, place.state / name);
                else
                    fs::create_symlink(secret, place.state / name);
            };
            plant("lock");
            for (const Result& refused : {check(place.lines()), start(place.lines())}) {
                CHECK(refused.status == 1);
                CHECK(refused.err == text("chatd: ", (place.state / "lock").native(),
                                          " is a link, or no file: remove it\n"));
            }
            still_secret();
            fs::remove(place.state / "lock");
            plant("control");
            CHECK(start(place.lines()).status == 1);
            still_secret();
            fs::remove(place.state / "control");
            plant("bans"); // which the hub cannot read
            CHECK(start(place.lines()).status == 1);
            still_secret();
            fs::remove(place.state / "bans");
            plant("elsewhere");
            Daemon{chatd_with(place.lines())}.stop();
            still_secret();
            fs::remove(place.state / "elsewhere");
        }
    }

    TEST_CASE("what root opens by its path may not lie in the hub user's directory") {
        if (!is_root()) return tests::skip("only root has a hub of another user");
        const Place place;
        fs::create_directory(place.state);
        write_file(place.state / "users", text("zoe:", hash_of("x"), ":-:-\n"));
        write_file(place.state / "chatd.conf", "");
        const auto refused = [&](const Words& lines, const Words& options, std::string_view what) {
            for (const Result& result :
                 {check(place.lines(lines), options), start(place.lines(lines), options)}) {
                CHECK(result.status == 1);
                CHECK(result.err.find(text("chatd: ", what, ' ', (place.state / "").native())) !=
                      std::string::npos);
                CHECK(result.err.find(
                          " lies in the state directory, which is user daemon's: choose another place\n") !=
                      std::string::npos);
            }
        };
        refused({text("users ", (place.state / "users").native())}, {}, "users");
        refused({text("log ", (place.state / "log").native())}, {}, "log");
        refused({text("pid-file ", (place.state / "pid").native())}, {}, "pid-file");
        refused({}, {"-f", place.state / "chatd.conf"}, "the configuration");
        CHECK(owner_of(place.state) == 0);
        CHECK_FALSE(fs::exists(place.state / "log"));
    }
}
