// SPDX-License-Identifier: ISC
// Unfinished uploads are swept at the start, by a process that is as shut in as a session.
#include "tests/e2e/observe.hh"
#include "tests/skip.hh"

#include "common/text.hh"

#include <algorithm>
#include <doctest/doctest.h>
#include <fcntl.h>
#include <filesystem>
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

// Of a daemon without authd; -1: it has done its work.
pid_t sweeper_of(const Daemon& daemon) {
    for (const ProcessStatus& child : children_of(daemon.pid()))
        if (child.pid != daemon.main_pid()) return child.pid;
    return -1;
}

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
        // It is held still at once; should it have been quicker, once more with more to do.
        bool was_held = false;
        for (int folders = 2000; !was_held && folders <= 32000; folders *= 2) {
            const TempDir folder;
            const Path files = folder.make_shared("files");
            const auto partial = [&](int i) { return files / text(i) / ".ftpd-old"; };
            for (int i = 0; i < folders; ++i) {
                std::filesystem::create_directory(files / text(i));
                std::filesystem::permissions(files / text(i), std::filesystem::perms::all);
                make_old(partial(i), 8);
            }
            Daemon daemon{{.lines = {text("root ", files.native()), "keep-partials 7"}}};
            const pid_t sweeper = sweeper_of(daemon);
            if (sweeper < 0) continue;
            ::kill(sweeper, SIGSTOP);
            wait_until("it stands still", [&] {
                const auto now = children_of(daemon.pid());
                const auto found = std::ranges::find(now, sweeper, &ProcessStatus::pid);
                return found == now.end() || found->state == 'T' || found->state == 'Z';
            });
            if (!is_alive(sweeper)) continue;
            was_held = true;
            daemon.kill();
            ::kill(sweeper, SIGCONT);
            wait_until("it is gone", [&] { return !is_alive(sweeper); });
            int left = 0;
            for (int i = 0; i < folders; ++i) left += std::filesystem::exists(partial(i)) ? 1 : 0;
            CHECK(left > 0);
        }
        CHECK(was_held);
    }

    TEST_CASE("a stop does not wait for a sweeper nor leave it behind") {
        if (!have_proc()) return tests::skip("only /proc shows it");
        bool was_held = false;
        for (int folders = 2000; !was_held && folders <= 32000; folders *= 2) {
            const TempDir folder;
            const Path files = folder.make_shared("files");
            for (int i = 0; i < folders; ++i) std::filesystem::create_directory(files / text(i));
            Daemon daemon{{.lines = {text("root ", files.native()), "keep-partials 7"}}};
            const pid_t sweeper = sweeper_of(daemon);
            if (sweeper < 0) continue;
            ::kill(sweeper, SIGSTOP);
            was_held = is_alive(sweeper);
            daemon.stop();
            CHECK_FALSE(is_alive(sweeper));
        }
        CHECK(was_held);
    }
}
