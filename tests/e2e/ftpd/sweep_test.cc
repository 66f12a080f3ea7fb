// SPDX-License-Identifier: ISC
// Unfinished uploads are swept at the start, by a process that is as shut in as a session.
#include "tests/e2e/observe.hh"

#include "common/text.hh"

#include <doctest/doctest.h>
#include <fcntl.h>
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
}
