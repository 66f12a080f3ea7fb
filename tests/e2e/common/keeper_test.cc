// SPDX-License-Identifier: ISC
// What the death of a daemon's lasting process costs, and what the keeper is to whoever started it: the
// process whose number the daemon has, and whom signals are for.
#include "tests/e2e/chat_client.hh"
#include "tests/e2e/ftp_client.hh"
#include "tests/e2e/observe.hh"
#include "tests/e2e/proc.hh"
#include "tests/e2e/roles.hh"
#include "tests/skip.hh"

#include "common/text.hh"

#include <algorithm>
#include <array>
#include <doctest/doctest.h>
#include <filesystem>
#include <optional>
#include <signal.h>
#include <sys/stat.h>

using namespace e2e;
using common::text;

namespace {

constexpr std::array programs{"ftpd", "chatd"};

// Places that a next start finds again, and a user zoe.
struct Place {
    std::string program;
    TempDir folder;
    Path state = folder.make_shared("home") / "state", files = folder.make_shared("files");

    explicit Place(std::string name) : program(std::move(name)) {
        write_file(folder / "users",
                   text("zoe:", hash_of("sesame"), program == "ftpd" ? ":/:list,read\n" : ":-:-\n"));
        REQUIRE(::chmod((folder / "users").c_str(), 0600) == 0);
    }
    Path pid_file() const { return folder / "pid"; }
    Daemon::Setting setting(const std::string& listen = "127.0.0.1:0") const {
        Words lines{"listen " + listen, text("state ", state.native()),
                    text("users ", (folder / "users").native()), text("pid-file ", pid_file().native())};
        if (program == "chatd") return chatd_with(lines);
        lines.insert(lines.end(), {"root " + files.native(), "anonymous read"});
        return {.lines = lines};
    }
};

// A person who is in.
class Person {
public:
    explicit Person(const Daemon& daemon, const std::string& program, const std::string& name) {
        if (program == "ftpd")
            ftp_.emplace(daemon).login();
        else
            chat_.emplace(daemon, name);
    }
    Connection& connection() {
        if (ftp_) return *ftp_;
        return *chat_;
    }

private:
    std::optional<FtpClient> ftp_;
    std::optional<ChatClient> chat_;
};

void log_in_as_zoe(const Daemon& daemon, const std::string& program) {
    if (program == "ftpd") {
        FtpClient client{daemon};
        client.command("USER zoe", 331);
        client.command("PASS sesame", 230);
        return;
    }
    ChatClient client{daemon};
    client.send("zoe\nsesame\n\n");
    const std::string told = client.wait_for_text(welcome_to("lobby"));
    if (told.find("has that name") != told.npos) throw Failure{"who had the name last has not ended yet"};
}

// authd, and chatd's spawner.
std::vector<pid_t> lasting_of(const Daemon& daemon, const std::string& program) {
    std::vector<pid_t> pids{authd_of(daemon)};
    if (program == "chatd") pids.push_back(spawner_of(daemon));
    return pids;
}

std::vector<pid_t> all_of(const Daemon& daemon) {
    std::vector<pid_t> pids{daemon.pid()};
    for (const ProcessStatus& process : below(daemon.pid())) pids.push_back(process.pid);
    return pids;
}

} // namespace

TEST_SUITE("e2e readiness") {
    TEST_CASE("a main process that is killed is followed by one that serves the same with the same others") {
        if (!have_proc()) return tests::skip("only /proc shows it");
        for (const char* const program : programs) {
            CAPTURE(program);
            const Place place{program};
            Daemon daemon{place.setting()};
            const std::uint16_t port = daemon.port();
            for (int turn = 0; turn < 2; ++turn) {
                const std::vector<pid_t> others = lasting_of(daemon, program);
                const pid_t main = daemon.main_pid();
                const std::size_t said = daemon.log().size();
                ::kill(main, SIGKILL);
                daemon.wait_for_log(text(main, " ended: signal 9 (Killed); starting another"), said);
                daemon.wait_for_log("\n", daemon.wait_for_log("]: listening on ", said));
                CHECK(daemon.main_pid() != main);
                CHECK(daemon.addresses().back().port() == port); // which the keeper has held
                CHECK(lasting_of(daemon, program) == others);
                log_in_as_zoe(daemon, program);
                CHECK(read_file(place.pid_file()) == text(daemon.pid(), '\n'));
            }
            daemon.stop();
            CHECK_FALSE(std::filesystem::exists(place.pid_file()));
        }
    }

    TEST_CASE(
        "a main process that dies too early again and again is the daemon's end and the reason is told") {
        if (!have_proc()) return tests::skip("only /proc shows it");
        for (const char* const program : programs) {
            CAPTURE(program);
            const Place place{program};
            Daemon daemon{place.setting()};
            Person guest{daemon, program, "guest"};
            const std::vector<pid_t> all = all_of(daemon);
            for (std::size_t said = 0;;) { // five times, or more where a second is over in between
                daemon.wait_for_log("\n", daemon.wait_for_log("]: listening on ", said));
                const pid_t main = daemon.main_pid();
                ::kill(main, SIGKILL);
                said = daemon.wait_for_log(text(main, " ended: signal 9 (Killed)"), said);
                const std::size_t end = daemon.wait_for_log("\n", said);
                if (daemon.log().substr(said, end - said).find("starting another") == std::string::npos)
                    break;
            }
            CHECK(daemon.wait() == 1);
            daemon.wait_for_log(" is started: each of the last ended too early: signal 9 (Killed), signal 9");
            guest.connection().wait_for_end();
            wait_until_gone(all);
            CHECK_FALSE(std::filesystem::exists(place.pid_file()));
        }
    }

    TEST_CASE("a main process that is stopped is killed and followed by one that serves") {
        if (!have_proc()) return tests::skip("only /proc shows it");
        const Place place{"chatd"};
        Daemon daemon{place.setting()};
        log_in_as_zoe(daemon, "chatd"); // it is ready, and the keeper knows
        const pid_t main = daemon.main_pid();
        const std::size_t said = daemon.log().size();
        ::kill(main, SIGSTOP);
        daemon.wait_for_log(text("hub ", main, " is killed: it gave no sign of life for 12 s"), said);
        daemon.wait_for_log("]: listening on ", said);
        log_in_as_zoe(daemon, "chatd");
    }

    TEST_CASE("an authd that is killed is started again and passwords are checked as before") {
        if (!have_proc()) return tests::skip("only /proc shows it");
        for (const char* const program : programs) {
            CAPTURE(program);
            const Place place{program};
            const Daemon daemon{place.setting()};
            std::size_t said = 0;
            for (int turn = 0; turn < 2; ++turn) {
                const pid_t authd = authd_of(daemon), main = daemon.main_pid();
                Person guest{daemon, program, text("guest", turn)}; // who lives through it
                ::kill(authd, SIGKILL);
                said = daemon.wait_for_log(
                    text("authd ", authd, " ended: signal 9 (Killed); starting another"), said);
                CHECK(authd_of(daemon) != authd);
                // In a new connection; a session of ftpd's that has lived through it wants that, too.
                wait_until("a login is good", [&] {
                    try {
                        log_in_as_zoe(daemon, program);
                        return true;
                    } catch (const Failure&) {
                        return false; // it came between the two
                    }
                });
                guest.connection().send(program == std::string_view{"ftpd"} ? "NOOP\r\n" : "/who\n");
                CHECK(guest.connection().read_line().size() > 0);
                CHECK(daemon.main_pid() == main);
            }
        }
    }

    TEST_CASE("a keeper that is killed ends all that it has started and a start right after works") {
        if (!have_proc()) return tests::skip("only /proc shows it");
        for (const char* const program : programs) {
            CAPTURE(program);
            const Place place{program};
            std::string listen = "127.0.0.1:0";
            for (int turn = 0; turn < 3; ++turn) {
                Daemon daemon{place.setting(listen)};
                listen = text("127.0.0.1:", daemon.port());
                Person guest{daemon, program, "guest"};
                log_in_as_zoe(daemon, program);
                const std::vector<pid_t> all = all_of(daemon);
                CHECK(all.size() >= (program == std::string_view{"ftpd"} ? 4 : 5));
                daemon.signal(SIGKILL);
                CHECK(daemon.wait() == 128 + SIGKILL);
                if (turn == 0) { // at once the others are still at it
                    Daemon next{place.setting("127.0.0.1:0")};
                    log_in_as_zoe(next, program);
                }
                guest.connection().wait_for_end();
                daemon.wait_for_log("the keeper has ended");
                daemon.wait_for_log("]: stopped\n"); // in order
                wait_until_gone(all);
            }
        }
    }

    TEST_CASE(
        "a daemon's number in its pid file and lock and where it says that it listens is its keeper's") {
        for (const char* const program : programs) {
            CAPTURE(program);
            const Place place{program};
            Daemon::Setting setting = place.setting();
            setting.lines.push_back(text("log ", (place.folder / "log").native()));
            Daemon daemon{setting};
            CHECK(read_file(place.pid_file()) == text(daemon.pid(), '\n'));
            CHECK(read_file(place.state / "lock") == text(daemon.pid(), '\n'));
            CHECK(daemon.log().find(text(", pid ", daemon.pid(), ", log ")) != std::string::npos);
            daemon.stop();
        }
    }

    TEST_CASE("signals that the keeper gets do what they are for and USR1 and HUP end nothing") {
        for (const char* const program : programs)
            for (const int end : {SIGTERM, SIGINT}) {
                CAPTURE(program);
                const Place place{program};
                Daemon daemon{place.setting()};
                Person guest{daemon, program, "guest"};
                std::size_t said = daemon.log().size();
                daemon.signal(SIGUSR1);
                said = daemon.wait_for_log("max-clients ", said);
                daemon.signal(SIGHUP);
                daemon.wait_for_log("configuration read again", said);
                log_in_as_zoe(daemon, program);
                const std::vector<pid_t> all =
                    have_proc() ? all_of(daemon) : std::vector<pid_t>{daemon.pid()};
                daemon.signal(end);
                CHECK(daemon.wait() == 0);
                daemon.wait_for_log("]: stopped\n");
                guest.connection().wait_for_end();
                if (have_proc()) wait_until_gone(all);
                CHECK_FALSE(std::filesystem::exists(place.pid_file()));
                CHECK_FALSE(std::filesystem::exists(place.state / "control"));
            }
    }

    // pkill(1) sends them to every process of a name. What the keeper does with USR2 is an upgrade.
    TEST_CASE("USR1 and USR2 that come to every process but the keeper end none") {
        if (!have_proc()) return tests::skip("only /proc shows it");
        for (const char* const program : programs) {
            CAPTURE(program);
            const Place place{program};
            Daemon daemon{place.setting()};
            Person guest{daemon, program, "guest"};
            log_in_as_zoe(daemon, program);
            guest.connection().send(program == std::string_view{"ftpd"} ? "NOOP\r\n" : "/who\n");
            (void)guest.connection().read_line(); // it has come in
            const std::vector<pid_t> lasting = lasting_of(daemon, program);
            const pid_t main = daemon.main_pid();
            pid_t own = 0; // the session or handler
            for (const pid_t pid : all_of(daemon))
                if (pid != daemon.pid() && pid != main &&
                    std::find(lasting.begin(), lasting.end(), pid) == lasting.end() &&
                    kinds_of(pid).size() > 0 && is_alive(pid))
                    own = pid;
            REQUIRE(own != 0);
            for (const int number : {SIGUSR1, SIGUSR2}) {
                for (const pid_t pid : all_of(daemon))
                    if (pid != daemon.pid()) ::kill(pid, number);
                log_in_as_zoe(daemon, program); // each of them has worked since
                guest.connection().send(program == std::string_view{"ftpd"} ? "NOOP\r\n" : "/who\n");
                CHECK(guest.connection().read_line().size() > 0);
            }
            CHECK(lasting_of(daemon, program) == lasting);
            CHECK(daemon.main_pid() == main);
            CHECK(is_alive(own));
            CHECK(daemon.log().find(" ended: ") == std::string::npos);
            daemon.stop();
        }
    }
}
