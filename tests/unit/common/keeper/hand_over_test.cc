// SPDX-License-Identifier: ISC
#include "common/keeper/hand_over.hh"

#include "common/address.hh"
#include "common/errors.hh"
#include "common/socket.hh"
#include "tests/skip.hh"
#include "tests/unit/common/in_child.hh"
#include "tests/unit/common/temporary_folder.hh"

#include <array>
#include <doctest/doctest.h>
#include <fcntl.h>
#include <filesystem>
#include <fstream>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

using namespace common;
namespace fs = std::filesystem;

namespace {

const Identity owner{54321, 54322, "somebody"};

// A state directory as a daemon that was root has left it, and, beside it, what is root's and stays so.
struct State {
    TemporaryFolder folder;
    std::string path = folder / "state", secret = folder / "secret";

    State() {
        REQUIRE(::mkdir(path.c_str(), 0700) == 0);
        make(secret, 0600);
    }
    static void make(const std::string& file, mode_t mode = 0600) {
        std::ofstream{file} << "x";
        REQUIRE(::chmod(file.c_str(), mode) == 0);
    }
    static void make_folder(const std::string& folder) { REQUIRE(::mkdir(folder.c_str(), 0700) == 0); }
    std::string operator/(std::string_view name) const { return path + '/' + std::string{name}; }
};

uid_t owner_of(const std::string& path) {
    struct stat found {};
    REQUIRE(::lstat(path.c_str(), &found) == 0);
    return found.st_uid;
}

mode_t mode_of(const std::string& path) {
    struct stat found {};
    REQUIRE(::lstat(path.c_str(), &found) == 0);
    return found.st_mode & 07777;
}

bool is_owners(const std::string& path) {
    struct stat found {};
    REQUIRE(::lstat(path.c_str(), &found) == 0);
    return found.st_uid == owner.uid && found.st_gid == owner.gid;
}

void give_to(const std::string& path, uid_t user) { REQUIRE(::lchown(path.c_str(), user, user) == 0); }

} // namespace

TEST_SUITE("unit") {
    TEST_CASE("hand over: all that was root's in its own state directory is the owner's and as it was") {
        if (::geteuid() != 0) return tests::skip("only root can give files away");
        const State state;
        State::make_folder(state / "rooms");
        State::make_folder(state / "rooms/lobby");
        for (const char* const name : {"bans", "places", "rooms/lobby/00000001.log", "lock"})
            State::make(state / name);
        State::make(state / "rooms/lobby/topic", 0640);
        hand_over(state.path, owner);
        for (const char* const name :
             {"bans", "places", "rooms", "rooms/lobby", "rooms/lobby/00000001.log", "rooms/lobby/topic", ""})
            CHECK_MESSAGE(is_owners(state / name), name);
        CHECK(owner_of(state / "lock") == 0);
        CHECK(mode_of(state.path) == 0700);
        CHECK(mode_of(state / "bans") == 0600);
        CHECK(mode_of(state / "rooms/lobby/topic") == 0640);
        CHECK(owner_of(state.secret) == 0);
        hand_over(state.path, owner); // and again
        CHECK(is_owners(state / "bans"));
    }

    TEST_CASE("hand over: what is another user's stays that user's") {
        if (::geteuid() != 0) return tests::skip("only root can give files away");
        const State state;
        State::make_folder(state / "theirs");
        State::make(state / "theirs/file");
        State::make(state / "other");
        for (const char* const name : {"theirs", "other"}) give_to(state / name, 777);
        hand_over(state.path, owner);
        CHECK(owner_of(state / "theirs") == 777);
        CHECK(owner_of(state / "other") == 777);
        CHECK(owner_of(state / "theirs/file") == 0); // whose name 777 may change
    }

    TEST_CASE("hand over: neither links nor what has another name nor what is no file is given") {
        if (::geteuid() != 0) return tests::skip("only root can give files away");
        const State state;
        const std::string outside = state.folder / "outside";
        State::make_folder(outside);
        State::make(outside + "/file");
        fs::create_hard_link(state.secret, state / "hard");
        fs::create_symlink(state.secret, state / "soft");
        fs::create_symlink(outside, state / "rooms");
        REQUIRE(::mkfifo((state / "fifo").c_str(), 0600) == 0); // which is not waited for
        hand_over(state.path, owner);
        for (const std::string& path : {state.secret, outside, outside + "/file", state / "hard",
                                        state / "soft", state / "rooms", state / "fifo"})
            CHECK_MESSAGE(owner_of(path) == 0, path);
        CHECK(is_owners(state.path));
    }

    TEST_CASE("hand over: in a directory that is the owner's already nothing of root's is given") {
        if (::geteuid() != 0) return tests::skip("only root can give files away");
        const State state;
        State::make(state / "planted"); // say, the only name left of what was /etc/shadow
        State::make_folder(state / "folder");
        State::make(state / "folder/planted");
        give_to(state.path, owner.uid);
        hand_over(state.path, owner);
        for (const char* const name : {"planted", "folder", "folder/planted"})
            CHECK_MESSAGE(owner_of(state / name) == 0, name);
    }

    TEST_CASE("hand over: a directory that others may write to is closed to them before it is looked at") {
        if (::geteuid() != 0) return tests::skip("only root can give files away");
        const State state;
        REQUIRE(::chmod(state.path.c_str(), 0777) == 0);
        hand_over(state.path, owner);
        CHECK(mode_of(state.path) == 0755);
        CHECK(is_owners(state.path));
    }

    TEST_CASE("hand over: whoever changes names in the directory meanwhile gets nothing of root's") {
        if (::geteuid() != 0) return tests::skip("only root can give files away");
        const State state;
        State::make_folder(state / "rooms");
        give_to(state / "rooms", owner.uid);
        give_to(state.path, owner.uid);
        // The attacker, where anybody may link to anything: names that are now a file, now a link of either
        // kind to the secret.
        const pid_t attacker = ::fork();
        REQUIRE(attacker >= 0);
        if (attacker == 0) {
            become(owner);
            const std::array names{state / "bans", state / "rooms/log"};
            for (bool went = true;; went = !went)
                for (const std::string& path : names) {
                    ::unlink(path.c_str());
                    ::close(::open(path.c_str(), O_CREAT | O_EXCL | O_WRONLY, 0600));
                    ::unlink(path.c_str());
                    went = ::symlink(state.secret.c_str(), path.c_str()) == 0;
                    ::unlink(path.c_str());
                    went = ::link(state.secret.c_str(), path.c_str()) == 0;
                }
        }
        for (int turn = 0; turn < 300; ++turn) {
            if (turn % 10 == 0) give_to(state.path, 0); // for the moment of a first start
            hand_over(state.path, owner);
        }
        ::kill(attacker, SIGKILL);
        ::waitpid(attacker, nullptr, 0);
        CHECK(owner_of(state.secret) == 0);
        CHECK(mode_of(state.secret) == 0600);
    }

    TEST_CASE("hand over: a user who cannot use the directory is refused with the remedy") {
        if (::geteuid() != 0) return tests::skip("only root can give files away");
        const State state;
        const auto refusal = [&]() -> std::string {
            try {
                hand_over(state.path, owner);
            } catch (const UserError& error) {
                return error.what();
            }
            return "none";
        };
        CHECK(refusal() == "none");
        give_to(state.path, 777);
        CHECK(refusal().find("give it to this one (chown -R somebody " + state.path + ')') !=
              std::string::npos);
        give_to(state.path, 0);
        const std::string above = fs::path{state.path}.parent_path();
        REQUIRE(::chmod(above.c_str(), 0700) == 0);
        CHECK(refusal().find("let the folders above it be searched (chmod o+x)") != std::string::npos);
        REQUIRE(::chmod(above.c_str(), 0755) == 0);
    }

    TEST_CASE("hand over: the control socket is the owner's alone wherever it lies") {
        if (::geteuid() != 0) return tests::skip("only root can give files away");
        const State state;
        const auto check = [&](const std::string& path) {
            const Fd socket = listen_for_control(path, owner, {});
            CHECK(is_owners(path));
            CHECK(mode_of(path) == 0600);
        };
        check(state / "control"); // in root's folder
        {
            const Fd left = listen_on(Address::of_path(state / "again"), 0600); // by a daemon that was root
        }
        hand_over(state.path, owner);
        check(state / "again"); // in the owner's
        check(state / "again"); // that was left behind by a daemon that was killed
        REQUIRE(::chmod(state.path.c_str(), 01777) == 0);
        give_to(state.path, 0);
        check(state / "shared");
        // In the owner's folder a link that leads elsewhere is not followed, and nothing elsewhere is given.
        give_to(state.path, owner.uid);
        REQUIRE(::chmod(state.path.c_str(), 0700) == 0);
        fs::create_symlink(state.secret, state / "soft");
        fs::create_hard_link(state.secret, state / "hard");
        for (const char* const name : {"soft", "hard"})
            CHECK_THROWS_AS(listen_for_control(state / name, owner, {}), std::exception);
        CHECK(owner_of(state.secret) == 0);
        CHECK(mode_of(state.secret) == 0600);
    }

    TEST_CASE("hand over: what root opens by a path may not lie in the directory nor lead through it") {
        const State state;
        State::make(state / "users");
        const std::string link = state.folder / "link", through = state.folder / "through";
        fs::create_symlink(state / "users", link);
        fs::create_symlink(state.path, through);
        fs::create_symlink(state.secret, state / "out");
        const auto refused = [&](const std::string& path) {
            try {
                require_outside(state.path, owner, {{"log", ""}, {"users", path}});
            } catch (const UserError& error) {
                CHECK(std::string_view{error.what()}.starts_with("users " + path +
                                                                 " lies in the state directory"));
                return true;
            }
            return false;
        };
        for (const std::string& path :
             {state / "users", state / "none", state / "none/log", link, through + "/users",
              state.path + "/../state/users", state / "out", state.path})
            CHECK_MESSAGE(refused(path), path);
        for (const std::string& path : {state.secret, state.path + "s", std::string{"syslog"}, std::string{},
                                        state.path + "/../secret"})
            CHECK_MESSAGE(!refused(path), path);
        require_outside(state.path + "-not-there-yet", owner, {{"users", state.secret}});
    }
}
