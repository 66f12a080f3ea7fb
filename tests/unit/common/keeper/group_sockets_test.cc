// SPDX-License-Identifier: ISC
#include "common/keeper/group_sockets.hh"

#include "common/address.hh"
#include "common/errors.hh"
#include "common/keeper/keeper_link.hh"
#include "common/socket.hh"
#include "tests/skip.hh"
#include "tests/unit/common/temporary_folder.hh"

#include <chrono>
#include <doctest/doctest.h>
#include <string>
#include <sys/stat.h>
#include <unistd.h>
#include <vector>

using namespace common;

namespace {

struct Sockets {
    TemporaryFolder folder;
    std::string place = folder / ".", path = folder / "socket",
                label = std::string{label_of_group_socket} + path;
    std::vector<std::string> events{}; // what was told, and by whom
    std::vector<Note> told{};
    GroupSockets sockets{};

    void open(const std::string& group = {}) { open_all({{"door", path, group}}); }
    void open_all(const std::vector<GroupPlace>& places) {
        told.clear();
        sockets.open(places, {}, &told,
                     {[this](const GroupSockets::Socket& one) { events.push_back("new " + one.label); },
                      [this](const std::string& gone) { events.push_back("gone " + gone); }});
    }
    // Whose it is, and the mode.
    struct stat found() const {
        struct stat status {};
        REQUIRE(::lstat(path.c_str(), &status) == 0);
        return status;
    }
    mode_t mode() const { return found().st_mode & 07777; }
    bool is_there() const { return ::access(path.c_str(), F_OK) == 0; }
};

constexpr gid_t some_group = 54322;

} // namespace

TEST_SUITE("unit") {
    TEST_CASE("group sockets: without a group one is its owner's alone") {
        Sockets here;
        here.open();
        CHECK(here.mode() == 0600);
        CHECK(here.events == std::vector{"new " + here.label});
        CHECK(here.told.empty());
    }

    TEST_CASE("group sockets: in a folder with the set-group-ID bit one is for the folder's group") {
        if (::geteuid() != 0) return tests::skip("only root can give a folder to any group");
        Sockets here;
        REQUIRE(::chown(here.place.c_str(), static_cast<uid_t>(-1), some_group) == 0);
        REQUIRE(::chmod(here.place.c_str(), 02710) == 0);
        here.open();
        CHECK(here.mode() == 0660);
        CHECK(here.found().st_gid == some_group);
    }

    TEST_CASE("group sockets: another group is let in at the same socket and who waits there is not lost") {
        if (::geteuid() != 0) return tests::skip("only root can give a socket to any group");
        Sockets here;
        here.open();
        const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds{60};
        const Fd waiting = connect_to(std::vector{Address::of_path(here.path)}, deadline);
        here.open("nogroup");
        CHECK(here.mode() == 0660);
        CHECK(here.found().st_gid != 0);
        here.open();
        CHECK(here.mode() == 0600);
        CHECK(here.events.size() == 1);
        CHECK(accept_from(here.sockets.all().at(0).fd));
    }

    TEST_CASE("group sockets: a group that is not there is told and nobody more is let in") {
        Sockets here;
        here.open("no-such-group");
        REQUIRE(here.told.size() == 1);
        CHECK(here.told[0].text == "door no-such-group: there is no such group; create it or name another");
        CHECK_FALSE(here.is_there());
        here.open();
        here.open("no-such-group");
        CHECK(here.told.size() == 1);
        CHECK(here.mode() == 0600);
        CHECK(here.sockets.all().size() == 1);
    }

    TEST_CASE("group sockets: who is in no other group is told what to do") {
        if (::geteuid() == 0) return tests::skip("root may give a socket to any group");
        Sockets here;
        here.open("root");
        REQUIRE(here.told.size() == 1);
        CHECK(here.told[0].text.find("leave out the group, and give it the folder") != std::string::npos);
        CHECK_FALSE(here.is_there());
        CHECK_THROWS_AS(check_group_place({"door", here.path, "root"}, here.place), UserError);
    }

    TEST_CASE("group sockets: one that is wanted no more goes with its file") {
        Sockets here;
        here.open();
        here.open_all({});
        CHECK_FALSE(here.is_there());
        CHECK(here.events.back() == "gone " + here.label);
        here.open();
        here.sockets.leave_out({here.label});
        CHECK_FALSE(here.is_there());
        CHECK(here.sockets.all().empty());
    }

    TEST_CASE("group sockets: one stays while its successor cannot be opened") {
        Sockets here;
        here.open();
        here.open_all({{"door", here.folder / "other", "no-such-group"}});
        CHECK(here.told.size() == 1);
        CHECK(here.is_there());
        CHECK(here.sockets.all().size() == 1);
        here.open_all({{"door", here.folder / "other"}});
        CHECK_FALSE(here.is_there());
        CHECK(here.sockets.all().size() == 1);
        CHECK(here.events.back() == "gone " + here.label);
    }

    TEST_CASE("group sockets: one whose file is gone comes back") {
        Sockets here;
        here.open();
        REQUIRE(::unlink(here.path.c_str()) == 0);
        here.open();
        CHECK(here.told.empty());
        CHECK(here.is_there());
        CHECK(here.events == std::vector{"new " + here.label, "new " + here.label});
        REQUIRE(here.sockets.all().size() == 1);
        const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds{60};
        const Fd client = connect_to(std::vector{Address::of_path(here.path)}, deadline);
        CHECK(accept_from(here.sockets.all().at(0).fd));
    }

    TEST_CASE("group sockets: none is opened where others may put a file in its place") {
        for (const mode_t mode : {0770, 0702, 02770}) {
            Sockets here;
            REQUIRE(::chmod(here.place.c_str(), mode) == 0);
            here.open();
            REQUIRE(here.told.size() == 1);
            CHECK(here.told[0].text.find("(chmod go-w DIR)") != std::string::npos);
            CHECK_FALSE(here.is_there());
            CHECK_THROWS_AS(check_group_place({"door", here.path}, here.place), UserError);
            REQUIRE(::chmod(here.place.c_str(), mode | 01000) == 0); // each for what is theirs
            here.open();
            CHECK(here.told.empty());
            CHECK(here.is_there());
        }
    }

    TEST_CASE("group sockets: a link in the place of one leads nowhere") {
        Sockets here;
        here.open();
        const std::string other = here.folder / "other";
        const Fd another = listen_on(Address::of_path(other), 0640);
        REQUIRE(::unlink(here.path.c_str()) == 0);
        REQUIRE(::symlink(other.c_str(), here.path.c_str()) == 0);
        here.open();
        REQUIRE(here.told.size() == 1);
        CHECK(here.told[0].text == here.path + " is no socket any more: remove it");
        struct stat status {};
        REQUIRE(::stat(other.c_str(), &status) == 0);
        CHECK((status.st_mode & 07777) == 0640);
    }

    TEST_CASE("group sockets: who tries another configuration leaves the files of another process") {
        Sockets here;
        here.open();
        Sockets trial;
        trial.sockets.leave_files();
        trial.sockets.adopt(here.label, duplicate(here.sockets.all().at(0).fd.get()));
        trial.open();
        CHECK(trial.events == std::vector{"new " + trial.label, "gone " + here.label});
        CHECK(here.is_there());
        CHECK(trial.is_there());
    }

    TEST_CASE("group sockets: a path that another process serves is left to it") {
        Sockets here;
        const Fd other = listen_on(Address::of_path(here.path));
        here.open();
        REQUIRE(here.told.size() == 1);
        CHECK(here.told[0].text.find(" serves unix:" + here.path + ": stop it or choose another path") !=
              std::string::npos);
        CHECK(here.is_there());
        CHECK(here.sockets.all().empty());
    }
}
