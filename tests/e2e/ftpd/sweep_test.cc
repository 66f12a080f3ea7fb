// SPDX-License-Identifier: ISC
// Unfinished uploads are swept at the start, by a process that is as shut in as a session.
#include "tests/e2e/observe.hh"
#include "tests/e2e/proc.hh"
#include "tests/skip.hh"

#include "common/text.hh"

#include <algorithm>
#include <doctest/doctest.h>
#include <fcntl.h>
#include <filesystem>
#include <optional>
#include <signal.h>
#include <sys/stat.h>

using namespace e2e;
using common::text;

namespace {

// As if it had been left so long ago.
void make_old(const Path& path, std::time_t days) {
    write_shared(path, "half");
    const std::time_t when = std::time(nullptr) - days * 86400;
    const timespec times[2]{{when, 0}, {when, 0}};
    REQUIRE(::utimensat(AT_FDCWD, path.c_str(), times, 0) == 0);
}

// A daemon whose sweeper stands still in the middle of its work, for as long as it is not continued. There is
// a lease on the first file that it comes to: when it opens that, the kernel stops the daemon's process
// group, the sweeper in midst of its call. The other processes are continued.
class HeldSweep {
public:
    HeldSweep() : files_(folder_.make_shared("files")) {
        make_old(files_ / ".ftpd-first", 8);
        for (int i = 0; i < folders; ++i) {
            std::filesystem::create_directory(files_ / text(i));
            std::filesystem::permissions(files_ / text(i), std::filesystem::perms::all);
            make_old(partial(i), 8);
        }
        first_ = common::Fd{::open((files_ / ".ftpd-first").c_str(), O_RDONLY | O_CLOEXEC)};
        REQUIRE(first_);
        write_file(configuration(), "keep-partials 0\n");
        daemon_.emplace(Daemon::Setting{.lines = {text("root ", files_.native())},
                                        .left_out = {"keep-partials"},
                                        .options = {"-f", configuration()},
                                        .wrapper = {"setsid"}});
    }

    bool can_hold() {
#ifdef F_SETLEASE
        const int file = first_.get();
        return ::fcntl(file, F_SETOWN, -daemon_->pid()) == 0 && ::fcntl(file, F_SETSIG, SIGSTOP) == 0 &&
               ::fcntl(file, F_SETLEASE, F_RDLCK) == 0;
#else
        return false;
#endif
    }

    // The sweeper, which stands still.
    pid_t start() {
        const pid_t keeper = daemon_->pid(), parent = daemon_->main_pid();
        write_file(configuration(), "keep-partials 7\n");
        daemon_->signal(SIGHUP);
        pid_t sweeper = -1;
        wait_until("all stand still", [&] {
            const auto all = below(keeper);
            const bool stand = std::ranges::all_of(all, [](const auto& one) { return one.state == 'T'; });
            if (all.size() == 2 && stand) sweeper = all[all[0].pid == parent ? 1 : 0].pid;
            return sweeper != -1;
        });
        for (const pid_t other : {keeper, parent}) ::kill(other, SIGCONT);
        return sweeper;
    }

    Daemon& daemon() { return *daemon_; }
    bool is_all_left() const {
        for (int i = 0; i < folders; ++i)
            if (!std::filesystem::exists(partial(i))) return false;
        return true;
    }

private:
    static constexpr int folders = 50;

    Path configuration() const { return folder_ / "ftpd.conf"; }
    Path partial(int i) const { return files_ / text(i) / ".ftpd-old"; }

    TempDir folder_;
    Path files_;
    common::Fd first_;
    std::optional<Daemon> daemon_;
};

} // namespace

TEST_SUITE("e2e") {
    TEST_CASE(
        "what nobody went on with for keep-partials days is gone after the start and no longer counted") {
        const TempDir folder;
        const Path files = folder.make_shared("files");
        make_old(files / ".ftpd-old", 8);
        make_old(files / ".ftpd-young", 6);
        make_old(files / "file", 100);
        {
            const Daemon daemon{{.lines = {text("root ", files.native())}}};
            connect_logged_in(daemon).command("QUIT", 221);
            daemon.wait_until_idle();
        }
        CHECK(names_in(files).size() == 3);
        const Daemon daemon{{.lines = {text("root ", files.native()), "keep-partials 7"}}};
        daemon.wait_for_log("swept 1 unfinished uploads");
        CHECK(names_in(files) == Words{".ftpd-young", "file"});
        CHECK(stat_of(daemon, "clients") == 0);
        daemon.wait_until_idle();
    }

    TEST_CASE("a sweeper ends with its parent in the middle of its work") {
        if (!have_proc()) return tests::skip("only /proc shows it");
        HeldSweep sweep;
        if (!sweep.can_hold()) return tests::skip("this file system gives no leases");
        const pid_t sweeper = sweep.start();
        sweep.daemon().kill();
        ::kill(sweeper, SIGCONT);
        wait_until("it is gone", [&] { return !is_alive(sweeper); });
        CHECK(sweep.is_all_left());
    }

    TEST_CASE("a stop does not wait for a sweeper nor leave it behind") {
        if (!have_proc()) return tests::skip("only /proc shows it");
        HeldSweep sweep;
        if (!sweep.can_hold()) return tests::skip("this file system gives no leases");
        const pid_t sweeper = sweep.start();
        sweep.daemon().stop();
        CHECK_FALSE(is_alive(sweeper));
        CHECK(sweep.is_all_left());
    }
}
