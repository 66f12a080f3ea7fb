// SPDX-License-Identifier: ISC
// authd when something goes wrong around it: clients that misbehave, processes that die, a file with faults.
#include "tests/e2e/proc.hh"
#include "tests/skip.hh"
#include "tests/unit/common/authd/authd_house.hh"

#include <algorithm>
#include <deque>
#include <filesystem>
#include <set>

using namespace common;
using namespace std::chrono_literals;
using Kind = Verdict::Kind;

namespace {

constexpr unsigned for_long = 9'000'000; // rounds: seconds

std::string line(const std::string& name, const std::string& password, unsigned rounds = 1000) {
    return name + ':' + hash_of(password, rounds) + ":/:-\n";
}

// One that takes seconds to check, and is nobody's.
std::string slow_user() {
    return text("slow:$5$rounds=", for_long, "$salt$", std::string(43, 'x'), ":/:-\n");
}

bool has_ended(AuthdHouse& house, const Fd& pair) {
    std::array<char, 64> bytes{};
    Received got;
    house.wait_until("the pair's end", [&] {
        got = receive_packet(pair.get(), bytes);
        return got.state != IoState::would_block;
    });
    return got.state == IoState::ended || got.state == IoState::vanished;
}

std::string question(std::string_view name, std::string_view password) {
    return std::string{pack_question(LoginKind::user, name, password).view()};
}

} // namespace

TEST_SUITE("unit") {
    TEST_CASE("authd: malformed packets end their own pair and no other") {
        AuthdHouse house{{.users = line("ann", "sesame")}};
        Login neighbour = house.connect();
        const std::string good = question("ann", "sesame");
        std::string wrong_kind = good, beyond = good;
        wrong_kind[1] = 9;
        beyond[2] = 100;
        for (const std::string& packet :
             {std::string{"x"}, std::string(1, '\x14'), wrong_kind, beyond, good + std::string(600, 'x'),
              std::string(5000, 'x'), pack_configuration({100, 0s, 0}), pack_client("10.0.0.1")}) {
            const Fd pair = house.link().open_client(address_of("127.0.0.1"));
            REQUIRE(send_packet(pair.get(), packet) == IoState::done);
            CHECK(has_ended(house, pair));
            CHECK(house.ask(neighbour, "ann", "sesame").kind == Kind::accepted);
        }
        CHECK(house.log().find("cut off: a packet of authd's is malformed") != std::string::npos);
    }

    TEST_CASE("authd: descriptors that a client sends are not taken") {
        AuthdHouse house{{.users = line("ann", "sesame")}};
        const Fd pair = house.link().open_client(address_of("127.0.0.1"));
        REQUIRE(send_packet(pair.get(), question("ann", "sesame"), STDIN_FILENO) == IoState::done);
        CHECK(has_ended(house, pair));
    }

    TEST_CASE("authd: questions that come together are answered one after the other") {
        AuthdHouse house{{.users = line("ann", "sesame")}};
        Login login = house.connect();
        REQUIRE(::kill(house.link().pid(), SIGSTOP) == 0); // until all are there
        for (int i = 0; i < 5; ++i)
            REQUIRE(send_packet(login.fd(), question("ann", i == 4 ? "sesame" : "x")) == IoState::done);
        login.ask(LoginKind::user, "ann", "y");
        REQUIRE(::kill(house.link().pid(), SIGCONT) == 0);
        const Verdict first = house.wait_for_verdict(login); // the answer to the first of six
        CHECK(first.kind == Kind::refused);
        CHECK(first.tries_left == 2);
        house.wait_until("it is ended after three tries", [&] {
            std::array<char, max_authd_packet> bytes{};
            return receive_packet(login.fd(), bytes).state == IoState::ended;
        });
    }

    TEST_CASE("authd: a worker that dies makes the login try again and counts nothing") {
        if (!e2e::have_proc()) return tests::skip("only /proc shows it");
        AuthdHouse house{{.users = slow_user() + line("ann", "sesame")}};
        Login login = house.connect();
        login.ask(LoginKind::user, "slow", "x");
        std::vector<e2e::ProcessStatus> workers;
        house.wait_until("a worker",
                         [&] { return !(workers = e2e::children_of(house.link().pid())).empty(); });
        REQUIRE(::kill(workers.at(0).pid, SIGKILL) == 0);
        CHECK(house.wait_for_verdict(login).kind == Kind::unavailable);
        CHECK(login.is_connected());
        CHECK(house.ask(login, "ann", "wrong").tries_left == 2);
        CHECK(house.ask(login, "ann", "sesame").kind == Kind::accepted);
        CHECK(house.log().find("a password could not be checked: signal 9 (Killed)") != std::string::npos);
    }

    TEST_CASE("authd: a check that takes too long is broken off") {
        AuthdHouse house{{.users = slow_user() + line("ann", "sesame"), .max_check_time = 100ms}};
        CHECK(house.ask_once("slow", "x").kind == Kind::unavailable);
        CHECK(house.ask_once("ann", "sesame").kind != Kind::refused); // or broken off, too, on a busy machine
        CHECK(house.log().find("a password could not be checked: signal 9 (Killed)") != std::string::npos);
    }

    TEST_CASE("authd: the signals that go to every process of a daemon do not end it") {
        AuthdHouse house{{.users = line("ann", "sesame")}};
        house.wait_for_log("1 users read");
        const pid_t authd = house.link().pid();
        for (const int signal : {SIGINT, SIGTERM, SIGHUP, SIGUSR1}) REQUIRE(::kill(authd, signal) == 0);
        CHECK(house.ask_once("ann", "sesame").kind == Kind::accepted);
        CHECK(house.link().pid() == authd);
    }

    TEST_CASE("authd: clients that come while it is not there wait and too many are told to try again") {
        AuthdHouse house{{.users = line("ann", "sesame")}};
        for (pid_t killed = -1;
             killed != house.link().pid();) { // one that has lived for long has a successor at once
            killed = house.link().pid();
            REQUIRE(::kill(killed, SIGKILL) == 0);
            house.wait_for_log(text("authd ", killed, " ended"));
        }
        std::deque<Login> crowd;
        for (std::size_t i = 0; i < AuthdLink::max_unsent + 5; ++i) crowd.push_back(house.connect());
        CHECK(house.ask(crowd.front(), "ann", "sesame").kind == Kind::accepted);
        CHECK(house.ask(crowd[AuthdLink::max_unsent - 1], "ann", "sesame").kind == Kind::accepted);
        CHECK(house.ask(crowd.back(), "ann", "sesame").kind == Kind::unavailable);
    }

    TEST_CASE("authd: clients that have gone cost no check") {
        if (!e2e::have_proc()) return tests::skip("only /proc shows it");
        AuthdHouse house{{.users = slow_user() + line("ann", "sesame"), .workers = 1}};
        Login busy = house.connect();
        busy.ask(LoginKind::user, "slow", "x");
        std::vector<e2e::ProcessStatus> workers;
        house.wait_until("a worker",
                         [&] { return !(workers = e2e::children_of(house.link().pid())).empty(); });
        for (int i = 0; i < 20; ++i) {
            Login gone = house.connect();
            gone.ask(LoginKind::user, "slow", "x");
        }
        Login last = house.connect();
        last.ask(LoginKind::user, "ann", "sesame");
        REQUIRE(::kill(workers.at(0).pid, SIGKILL) == 0);
        CHECK(house.wait_for_verdict(last).kind == Kind::accepted);
    }

    TEST_CASE("authd: when it dies logins say try again and a new one serves new clients") {
        AuthdHouse house{{.users = line("ann", "sesame")}};
        Login old = house.connect();
        CHECK(house.ask(old, "ann", "sesame").kind == Kind::accepted);
        const pid_t first = house.link().pid();
        REQUIRE(::kill(first, SIGKILL) == 0);
        house.wait_for_log(text("authd ", first, " ended: signal 9 (Killed); starting another"));
        CHECK(house.ask(old, "ann", "sesame").kind == Kind::unavailable);
        CHECK(!old.is_connected());
        Login early = house.connect(); // it may come before the new authd does
        CHECK(house.ask(early, "ann", "sesame").kind == Kind::accepted);
        CHECK(house.link().pid() != first);
    }

    TEST_CASE("authd: it dies while a verdict is waited for and the login says try again") {
        AuthdHouse house{{.users = slow_user()}};
        house.wait_for_log("1 users read");
        Login login = house.connect();
        login.ask(LoginKind::user, "slow", "x");
        REQUIRE(::kill(house.link().pid(), SIGKILL) == 0);
        CHECK(house.wait_for_verdict(login).kind == Kind::unavailable);
    }

    TEST_CASE("authd: it ends with its parent and takes its workers with it") {
        if (!e2e::have_proc()) return tests::skip("only /proc shows it");
        pid_t worker = -1;
        {
            AuthdHouse house{{.users = slow_user()}};
            Login login = house.connect();
            login.ask(LoginKind::user, "slow", "x");
            house.wait_until("a worker", [&] {
                const auto workers = e2e::children_of(house.link().pid());
                if (!workers.empty()) worker = workers[0].pid;
                return worker > 0;
            });
        }
        CHECK(!e2e::is_alive(worker));
    }

    TEST_CASE("authd: let go by its parent it serves those who are there and ends with the last") {
        if (!e2e::have_proc()) return tests::skip("only /proc shows it");
        AuthdHouse house{{.users = line("ann", "sesame")}};
        Login first = house.connect(), second = house.connect();
        CHECK(house.ask(first, "ann", "wrong").kind == Kind::refused);
        const pid_t authd = house.link().pid();
        house.link().stop();
        CHECK(house.ask(first, "ann", "sesame").kind == Kind::accepted);
        CHECK(house.ask(second, "ann", "wrong").kind == Kind::refused); // whose note finds nobody
        first = {};
        CHECK(house.ask(second, "ann", "sesame").kind == Kind::accepted);
        second = {};
        house.wait_until("its end", [&] { return !e2e::is_alive(authd); });
    }

    TEST_CASE("authd: let go by its parent it does not wait for ever for those who are there") {
        if (!e2e::have_proc()) return tests::skip("only /proc shows it");
        AuthdHouse house{{.users = line("ann", "sesame"), .time_alone = 1s}};
        Login login = house.connect();
        CHECK(house.ask(login, "ann", "sesame").kind == Kind::accepted);
        const pid_t authd = house.link().pid();
        house.link().stop();
        house.wait_until("its end", [&] { return !e2e::is_alive(authd); });
        CHECK(house.ask(login, "ann", "sesame").kind == Kind::unavailable);
    }

    TEST_CASE("authd: a change of the user file is seen at the next login") {
        AuthdHouse house{{.users = line("ann", "sesame") + line("bob", "b")}};
        Login login = house.connect();
        CHECK(house.ask(login, "ann", "sesame").kind == Kind::accepted);
        house.write_users(line("ann", "changed") + line("eve", "e"));
        CHECK(house.ask(login, "ann", "changed").kind == Kind::accepted);
        CHECK(house.ask(login, "eve", "e").kind == Kind::accepted);
        CHECK(house.ask(login, "bob", "b").kind == Kind::refused);
        edit_user_file(house.users_path(), user_table("ftpd"), IfMissing::fail,
                       [](UserFile& users) { users.set_hash("eve", hash_of("new")); });
        CHECK(house.ask(login, "eve", "new").kind == Kind::accepted);
    }

    TEST_CASE("authd: a fault in the user file leaves the old users and the log says so once") {
        AuthdHouse house{{.users = line("ann", "sesame"), .tries = 50}};
        Login login = house.connect();
        CHECK(house.ask(login, "ann", "sesame").kind == Kind::accepted);
        house.write_users(line("eve", "e") + "bob:x:/\n");
        const std::string fault = text("users not read, ", house.users_path(),
                                       ":2: the line has 3 fields: write name:hash:home:rights");
        for (int i = 0; i < 3; ++i) {
            CHECK(house.ask(login, "ann", "sesame").kind == Kind::accepted);
            CHECK(house.ask(login, "eve", "e").kind == Kind::refused);
        }
        house.wait_for_log(fault);
        CHECK(house.log().find(fault) == house.log().rfind(fault));
        CHECK(house.log().find("the previous users stay") != std::string::npos);
        house.write_users(line("eve", "e"));
        CHECK(house.ask(login, "eve", "e").kind == Kind::accepted);
        CHECK(house.ask(login, "ann", "sesame").kind == Kind::refused);
    }

    TEST_CASE("authd: a user file that has gone leaves the old users and the log says so once") {
        AuthdHouse house{{.users = line("ann", "sesame")}};
        Login login = house.connect();
        CHECK(house.ask(login, "ann", "sesame").kind == Kind::accepted);
        std::filesystem::remove(house.users_path());
        for (int i = 0; i < 3; ++i) CHECK(house.ask(login, "ann", "sesame").kind == Kind::accepted);
        const std::string fault = text("users not read: open the user file ", house.users_path(),
                                       ": No such file or directory: put one there that the daemon may read; "
                                       "the previous users stay");
        house.wait_for_log(fault);
        CHECK(house.log().find(fault) == house.log().rfind(fault));
        house.write_users(line("eve", "e"));
        CHECK(house.ask(login, "eve", "e").kind == Kind::accepted);
    }

    TEST_CASE("authd: a user file that others can read is told") {
        AuthdHouse house{{.users = line("ann", "sesame")}};
        house.wait_for_log("1 users read from " + house.users_path() + "\n");
        const auto reread = [&](mode_t mode) {
            REQUIRE(::chmod(house.users_path().c_str(), mode) == 0);
            CHECK(house.ask_once("ann", "sesame").kind == Kind::accepted);
        };
        reread(0640); // of the daemon's own group, say
        reread(0600);
        const std::string_view fault = "which others can read, or its group can write to: chmod 640";
        CHECK(house.log().find(fault) == std::string::npos);
        reread(0644);
        house.wait_for_log(std::string{fault});
    }

    TEST_CASE("authd: without its user file there is no start") {
        Loop loop{best_backend()};
        Log log{"test", "parent", Log::Target::standard_error, Severity::detail};
        AuthdSettings settings;
        settings.table = &user_table("ftpd");
        settings.users = "/nonexistent/users";
        CHECK_THROWS_WITH_AS(
            AuthdLink(loop, log, settings),
            "there is no user file /nonexistent/users: `user add' of ftpctl(8) or chatctl(8) "
            "makes it, with its first user",
            UserError);
    }

    TEST_CASE("authd: it holds its pairs and nothing of the parent's") {
        if (!e2e::have_proc() || ::geteuid() != 0)
            return tests::skip("only root sees authd's descriptors, and only in /proc");
        const TemporaryFolder folder;
        const Fd foreign{
            ::open((folder / "foreign").c_str(), O_RDWR | O_CREAT, 0600)}; // without close-on-exec
        AuthdHouse house{{.users = line("ann", "sesame")}};
        const Login one = house.connect(), two = house.connect();
        CHECK(house.ask_once("ann", "sesame").kind == Kind::accepted);
        std::multiset<std::string> kinds;
        house.wait_until("the third client's end", [&] {
            kinds.clear();
            for (const auto& [fd, target] : e2e::descriptors_of(house.link().pid()))
                if (fd > STDERR_FILENO) kinds.insert(target.substr(0, target.find('[')));
            return kinds.count("socket:") == 3;
        });
        CHECK(kinds.count("pipe:") <= 2); // what a POSIX build waits for signals with
        kinds.erase("pipe:");
        kinds.erase("anon_inode:");
        kinds.erase("/dev/urandom"); // of a POSIX build, too
        CHECK(kinds == std::multiset<std::string>{"socket:", "socket:", "socket:"});
        const auto descriptors = e2e::descriptors_of(house.link().pid());
        CHECK(descriptors.at(STDIN_FILENO) == "/dev/null");
        CHECK(descriptors.at(STDOUT_FILENO) == "/dev/null");
    }
}
