// SPDX-License-Identifier: ISC
// A file that is saved while its owner goes on.
#include "chatd/hub/background_save.hh"

#include "tests/unit/common/each_backend.hh"
#include "tests/unit/common/temporary_folder.hh"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <optional>
#include <set>
#include <signal.h>
#include <stdexcept>
#include <string>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

using namespace common;
using namespace chatd;
using namespace waiting;

namespace {

struct Desk {
    explicit Desk(Backend backend = Backend::poll) : loop{backend} {}

    // Runs the loop until it holds; every round is short, since nothing may hold it up.
    template <class Condition>
    void run_until(Condition holds) {
        const auto end = Clock::now() + deadline;
        while (!holds()) {
            if (Clock::now() > end) throw std::runtime_error("the deadline has passed");
            loop.at(Clock::now() + 5ms, [] {});
            loop.run_once(nullptr);
        }
    }
    void change(const std::string& to) {
        content = to;
        save->note_change();
    }
    std::string saved() const { return read(path); }
    std::string logged() const { return read(folder / "log"); }
    static std::string read(const std::string& path) {
        std::ifstream file{path};
        return {std::istreambuf_iterator<char>{file}, {}};
    }

    TemporaryFolder folder;
    std::string path = folder / "state";
    Log log{"chatd", "hub", {Log::Target::file, folder / "log"}, Severity::notice};
    Loop loop;
    std::string content;
    std::optional<BackgroundSave> save{std::in_place, loop,       log,
                                       path,          "the bans", [this] { return content; }};
};

// Of this process, if it has one.
pid_t only_child() {
    std::ifstream children{"/proc/self/task/" + std::to_string(::getpid()) + "/children"};
    pid_t child = 0;
    children >> child;
    return child;
}

} // namespace

TEST_SUITE("unit") {
    TEST_CASE("background save: a change is in the file soon and its child is collected") {
        each_backend([](Backend backend) {
            Desk desk{backend};
            desk.change("one");
            CHECK(desk.saved().empty()); // not by us
            desk.run_until([&] { return desk.saved() == "one"; });
            desk.change(std::string(1 << 20, '2')); // after the pause
            desk.run_until([&] { return desk.saved().size() == 1 << 20; });
            desk.save.reset();
            CHECK(::waitpid(-1, nullptr, WNOHANG) == -1); // no child is left
            CHECK(desk.logged().empty());
        });
    }

    TEST_CASE("background save: many changes are few saves and the last one is what stays") {
        Desk desk;
        std::set<ino_t> files; // each save makes another
        int changes = 0;
        const auto end = Clock::now() + 1500ms;
        desk.run_until([&] {
            desk.change(std::to_string(++changes));
            struct stat found {};
            if (::stat(desk.path.c_str(), &found) == 0) files.insert(found.st_ino);
            return Clock::now() > end;
        });
        desk.change("last");
        desk.run_until([&] { return desk.saved() == "last"; });
        CHECK(changes > 10);
        CHECK(files.size() <= 3);
    }

    TEST_CASE("background save: a disk that takes long holds nobody up and what comes meanwhile is saved") {
        Desk desk;
        const std::string beside = desk.path + ".new";
        REQUIRE(::mkfifo(beside.c_str(), 0600) == 0); // who opens it to write waits for a reader
        desk.change("one");
        int rounds = 0;
        desk.run_until([&] { return ++rounds == 20; });
        desk.change("two");
        desk.run_until([&] { return ++rounds == 40; });
        CHECK(desk.saved().empty());
        const Fd reader{::open(beside.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC)};
        REQUIRE(reader);
        desk.run_until(
            [&] { return desk.saved() == "two"; }); // what could not be put on disk was tried again
        CHECK(desk.logged().find("the bans are not saved: ") != std::string::npos);
    }

    TEST_CASE("background save: what cannot be saved is said and saved when it can be") {
        Desk desk;
        std::filesystem::create_directory(desk.path + ".new");
        desk.change("one");
        desk.run_until(
            [&] { return desk.logged().find("the bans are not saved: make ") != std::string::npos; });
        std::filesystem::remove(desk.path + ".new");
        desk.run_until([&] { return desk.saved() == "one"; });
    }

    TEST_CASE("background save: at the end the last change is in the file whatever was going on") {
        for (const bool is_running : {false, true}) {
            CAPTURE(is_running);
            Desk desk;
            desk.change("one");
            if (is_running) desk.loop.run_once(nullptr, false);
            desk.change("two");
            desk.save->finish();
            CHECK(desk.saved() == "two");
            desk.save->finish();
            CHECK(::waitpid(-1, nullptr, WNOHANG) == -1);
            std::filesystem::create_directory(desk.path + ".new");
            desk.change("three");
            desk.save->finish();
            CHECK(desk.saved() == "two");
            CHECK(desk.logged().find("the bans are not saved: make ") != std::string::npos);
        }
    }

    TEST_CASE("background save: a child that is killed is not taken for one that has saved") {
        Desk desk;
        const std::string beside = desk.path + ".new";
        REQUIRE(::mkfifo(beside.c_str(), 0600) == 0);
        desk.change("one");
        pid_t child = 0;
        desk.run_until([&] { return (child = only_child()) > 0; });
        ::kill(child, SIGKILL);
        desk.run_until([&] { return desk.logged().find("has died") != std::string::npos; });
        std::filesystem::remove(beside);
        desk.run_until([&] { return desk.saved() == "one"; });
    }
}
