// SPDX-License-Identifier: ISC
#include "ftpd/parent/sweeper.hh"

#include "common/errors.hh"
#include "tests/e2e/files.hh"

#include <cstdlib>
#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

using e2e::Path;

namespace {

constexpr std::time_t now = 2'000'000'000, day = 86400;

void make_old(const Path& path, std::time_t age) {
    e2e::write_file(path, "half");
    const timespec times[2]{{now - age, 0}, {now - age, 0}};
    common::checked("utimensat", path.native(),
                    [&] { return ::utimensat(AT_FDCWD, path.c_str(), times, 0); });
}

std::size_t sweep(const Path& root, std::time_t age) {
    const common::Fd fd{::open(root.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
    return ftpd::sweep_partials(fd.get(), now - age, 0, [] { return false; });
}

bool is_there(const Path& path) { return std::filesystem::exists(std::filesystem::symlink_status(path)); }

} // namespace

TEST_SUITE("unit") {
    TEST_CASE("sweeper: old unfinished uploads go wherever they are and nothing else does") {
        const e2e::TempDir root;
        std::filesystem::create_directories(root / "a" / "b");
        for (const Path& folder : {root.path(), root / "a", root / "a" / "b"}) {
            make_old(folder / ".ftpd-old", 8 * day);
            make_old(folder / ".ftpd-young", 6 * day);
            make_old(folder / "file", 100 * day);
            make_old(folder / ".ftpd", 100 * day);
        }
        std::filesystem::create_directory(root / ".ftpd-folder");
        std::filesystem::create_symlink("file", root / ".ftpd-link");
        CHECK(sweep(root.path(), 7 * day) == 3);
        for (const Path& folder : {root.path(), root / "a", root / "a" / "b"}) {
            CHECK_FALSE(is_there(folder / ".ftpd-old"));
            for (const char* const name : {".ftpd-young", "file", ".ftpd"}) CHECK(is_there(folder / name));
        }
        CHECK(is_there(root / ".ftpd-folder"));
        CHECK(is_there(root / ".ftpd-link"));
        CHECK(sweep(root.path(), 7 * day) == 0);
    }

    TEST_CASE("sweeper: what an upload has replaced goes by when that was and not by its own age") {
        const e2e::TempDir root;
        const Path kept = root / ".ftpd-.ftpd-812-file";
        make_old(kept, 100 * day);
        ::chmod(kept.c_str(), 0444); // who may replace it need not be allowed to write to it
        const common::Fd fd{::open(root.path().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
        const std::time_t replaced = std::time(nullptr); // just now
        ftpd::sweep_partials(fd.get(), now, replaced - 60, [] { return false; });
        CHECK(is_there(kept));
        CHECK(ftpd::sweep_partials(fd.get(), now, replaced + 60, [] { return false; }) ==
              0); // no unfinished upload
        CHECK_FALSE(is_there(kept));
    }

    TEST_CASE("sweeper: what lies behind a link is not in the tree") {
        const e2e::TempDir place;
        std::filesystem::create_directories(place / "root");
        std::filesystem::create_directories(place / "outside");
        make_old(place / "outside" / ".ftpd-old", 100 * day);
        std::filesystem::create_symlink(place / "outside", place / "root" / "link");
        CHECK(sweep(place / "root", day) == 0);
        CHECK(is_there(place / "outside" / ".ftpd-old"));
    }

    TEST_CASE("sweeper: what a session holds stays however old it is") {
        const e2e::TempDir root;
        const Path files[]{root / ".ftpd-held", root / ".ftpd-.ftpd-812-held"};
        for (const Path& held : files) make_old(held, 100 * day);
        int ready[2], done[2];
        REQUIRE(::pipe(ready) == 0);
        REQUIRE(::pipe(done) == 0);
        const pid_t holder = ::fork();
        if (holder == 0) {
            for (const Path& held : files) {
                const int fd = ::open(held.c_str(), O_WRONLY);
                struct flock whole {};
                whole.l_type = F_WRLCK;
                ::fcntl(fd, F_SETLK, &whole);
            }
            ::close(done[1]);
            char byte = 'x';
            common::write_some(ready[1], {&byte, 1});
            common::read_some(done[0], {&byte, 1}); // until our parent closes its end
            ::_exit(0);
        }
        char byte{};
        REQUIRE(::read(ready[0], &byte, 1) == 1);
        const common::Fd fd{::open(root.path().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
        const auto sweep_all = [&] {
            return ftpd::sweep_partials(fd.get(), now, std::time(nullptr) + 60, [] { return false; });
        };
        CHECK(sweep_all() == 0);
        for (const Path& held : files) CHECK(is_there(held));
        ::close(done[1]);
        ::waitpid(holder, nullptr, 0);
        CHECK(sweep_all() == 1);
        for (const Path& held : files) CHECK_FALSE(is_there(held));
        for (const int end : {ready[0], ready[1], done[0]}) ::close(end);
    }
}
