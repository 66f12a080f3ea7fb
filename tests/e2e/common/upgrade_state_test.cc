// SPDX-License-Identifier: ISC
// Who has the state directory while a daemon is upgraded, and after it; signals that come to all of its
// processes; and what a service manager hears.
#include "tests/e2e/chat_client.hh"
#include "tests/e2e/observe.hh"
#include "tests/e2e/proc.hh"
#include "tests/e2e/roles.hh"
#include "tests/e2e/service_manager.hh"
#include "tests/e2e/upgrade.hh"
#include "tests/skip.hh"

#include "common/file_lock.hh"
#include "common/text.hh"

#include <array>
#include <doctest/doctest.h>
#include <fcntl.h>
#include <optional>
#include <signal.h>
#include <string>

using namespace e2e;
using common::text;

namespace {

constexpr std::array programs{"ftpd", "chatd"};

Daemon::Setting setting_of(const ProgramPlace& place, const std::string& program) {
    Daemon::Setting setting =
        program == "chatd" ? chatd_with({"room lobby"}) : Daemon::Setting{.lines = {"anonymous read"}};
    if (program == "chatd") setting.environment = {}; // the catalogues are where the program is
    setting.program = place.path();
    setting.children_fail = true; // the one on trial may
    return setting;
}

struct Holders {
    pid_t keeper = 0, main = 0;
    bool operator==(const Holders&) const = default;
};

// Who has the two parts of the lock; 0: nobody.
Holders holders_of(const Daemon& daemon) {
    const Path file = daemon.state() / "lock";
    const common::Fd lock{::open(file.c_str(), O_RDWR | O_CLOEXEC)};
    return {common::lock_holder(lock.get(), file.native(), {0, 1}).value_or(0),
            common::lock_holder(lock.get(), file.native(), {1, 1}).value_or(0)};
}

void check_second_start(const Daemon& daemon, const std::string& program) {
    const Result second =
        run_client({program, "-d", "-o", "listen 127.0.0.1:0", "-o", "state " + daemon.state().native(), "-o",
                    program == "ftpd" ? "root " + daemon.files().native() : "room lobby"});
    CHECK(second.status == 1);
    CHECK(second.err == text(program, ": process ", daemon.pid(), " uses the state directory ",
                             daemon.state().native(),
                             ": stop it, or give this daemon another with `state'\n"));
}

// Who is in.
class Guest {
public:
    Guest(const Daemon& daemon, const std::string& program) {
        if (program == "ftpd")
            ftp_.emplace(daemon).login();
        else
            chat_.emplace(daemon, "guest");
    }
    void check() {
        if (ftp_) return (void)ftp_->command("NOOP", 200);
        chat_->send("/who\n");
        chat_->wait_for_text("guest");
    }

private:
    std::optional<FtpClient> ftp_;
    std::optional<ChatClient> chat_;
};

} // namespace

TEST_SUITE("e2e readiness") {
    TEST_CASE("the state directory has one daemon before and in and after an upgrade") {
        if (!have_proc()) return tests::skip("only /proc shows it");
        for (const std::string program : programs) {
            CAPTURE(program);
            const ProgramPlace place{program};
            Daemon daemon{setting_of(place, program)};
            const pid_t first = daemon.main_pid();
            CHECK(holders_of(daemon) == Holders{daemon.pid(), first});
            place.put_other_version();
            Process asker = begin_upgrade(daemon, place);
            const pid_t second = wait_for_trial(daemon, place);
            CHECK(second != first);
            CHECK(holders_of(daemon) == Holders{daemon.pid(), second});
            check_second_start(daemon, program);
            CHECK(asker.wait() == 0);
            CHECK(runs(daemon.pid(), place.path()));
            CHECK(holders_of(daemon) == Holders{daemon.pid(), second});
            CHECK(read_file(daemon.state() / "lock") == text(daemon.pid(), '\n'));
            check_second_start(daemon, program);

            place.put_script("exit 3"); // and the old one goes on
            CHECK(upgrade(daemon, place).status == 1);
            const Holders holders = holders_of(daemon);
            CHECK(holders.keeper == daemon.pid());
            CHECK(holders.main != second);
            CHECK(is_alive(holders.main));
            check_second_start(daemon, program);
            daemon.stop();
            CHECK(holders_of(daemon) == Holders{});
        }
    }

    TEST_CASE("a keeper that is killed after an upgrade has its main process stop in order and be followed") {
        if (!have_proc()) return tests::skip("only /proc shows it");
        for (const std::string program : programs) {
            CAPTURE(program);
            const ProgramPlace place{program};
            Daemon daemon{setting_of(place, program)};
            const Guest early{daemon, program}; // of whose process's end the main one will not hear
            place.put_same();
            REQUIRE(upgrade(daemon, place).status == 0);
            const pid_t main = daemon.main_pid();
            daemon.signal(SIGKILL);
            CHECK(daemon.wait() == 128 + SIGKILL);
            Daemon::Setting setting = setting_of(place, program);
            setting.lines.push_back("state " + daemon.state().native());
            Daemon next{setting}; // which has waited for that
            if (is_sanitized())   // it looks for leaks when it has let go of the lock
                wait_until("it is gone", [main] { return !is_alive(main); });
            CHECK_FALSE(is_alive(main));
            daemon.wait_for_log("the keeper has ended");
            daemon.wait_for_log("]: stopped\n");
            Guest{next, program}.check();
        }
    }

    // pkill(1) sends it to every process of a name.
    TEST_CASE("USR2 to every process of a daemon is one upgrade and nobody is disconnected") {
        if (!have_proc()) return tests::skip("only /proc shows it");
        for (const std::string program : programs) {
            CAPTURE(program);
            const ProgramPlace place{program};
            Daemon daemon{setting_of(place, program)};
            Guest guest{daemon, program};
            guest.check();
            place.put_same();
            for (const ProcessStatus& process : below(daemon.pid())) ::kill(process.pid, SIGUSR2);
            daemon.signal(SIGUSR2);
            wait_until_upgraded(daemon, place);
            guest.check();
            daemon.wait_for_log(" goes on in the place of ");
            daemon.stop();
        }
    }

    TEST_CASE("a service manager with a watchdog hears of it over a death and an upgrade and one READY") {
        if (!have_proc()) return tests::skip("only /proc shows it");
        for (const std::string program : programs) {
            CAPTURE(program);
            const TempDir folder;
            ServiceManager manager{folder / "notify"};
            const ProgramPlace place{program};
            Daemon::Setting setting = setting_of(place, program);
            setting.environment = {"NOTIFY_SOCKET=" + (folder / "notify").native(), "WATCHDOG_USEC=1000000"};
            Daemon daemon{setting};
            manager.hear("READY=1");
            for (int turn = 0; turn < 3; ++turn) CHECK(manager.hear() == "WATCHDOG=1");
            ::kill(daemon.main_pid(), SIGKILL);
            daemon.wait_for_log("; starting another");
            manager.forget();
            for (int turn = 0; turn < 3; ++turn) CHECK(manager.hear() == "WATCHDOG=1");
            place.put_other_version();
            Process asker = begin_upgrade(daemon, place);
            for (int turn = 0; turn < 8; ++turn) CHECK(manager.hear() == "WATCHDOG=1");
            CHECK(asker.wait() == 0);
            CHECK(runs(daemon.pid(), place.path()));
            manager.forget();
            for (int turn = 0; turn < 2; ++turn) CHECK(manager.hear() == "WATCHDOG=1");
            daemon.signal(SIGTERM);
            manager.hear("STOPPING=1");
            CHECK(daemon.wait() == 0);
        }
    }
}
