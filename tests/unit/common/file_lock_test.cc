// SPDX-License-Identifier: ISC
#include "common/errors.hh"
#include "common/fd.hh"
#include "common/file_lock.hh"
#include "tests/unit/common/in_child.hh"
#include "tests/unit/common/temporary_folder.hh"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <system_error>
#include <unistd.h>

using namespace common;

namespace {

Fd open_file(const std::string& path) {
    return Fd{
        checked("open", path, [&] { return ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600); })};
}

} // namespace

TEST_SUITE("unit") {
    TEST_CASE("file lock: another process is kept out and told by whom until the file is closed") {
        const TemporaryFolder folder;
        Fd file = open_file(folder / "file");
        CHECK_FALSE(lock_holder(file.get(), "file"));
        REQUIRE(try_lock_file(file.get(), "file"));
        CHECK(try_lock_file(file.get(), "file")); // our own keeps nobody of us out
        CHECK_FALSE(lock_holder(file.get(), "file"));
        const pid_t us = ::getpid();
        const auto other = [&](bool expected) {
            return in_child([&, expected]() -> std::string {
                const Fd same = open_file(folder / "file");
                const auto holder = lock_holder(same.get(), "file");
                if (holder.has_value() == expected) return "the holder is told wrongly";
                if (holder && *holder != us) return "the holder is another";
                return try_lock_file(same.get(), "file") == expected ? ""
                                                                     : "the lock is not what it should be";
            });
        };
        CHECK(other(false) == "");
        file.reset();
        CHECK(other(true) == "");
    }

    TEST_CASE("file lock: what cannot be locked says so") {
        const TemporaryFolder folder;
        open_file(folder / "file");
        const Fd reading{::open((folder / "file").c_str(), O_RDONLY | O_CLOEXEC)};
        CHECK_THROWS_WITH_AS(try_lock_file(reading.get(), "file"), doctest::Contains("lock file: "),
                             std::system_error);
        CHECK_THROWS_WITH_AS(lock_file(reading.get(), "file"), doctest::Contains("lock file: "),
                             std::system_error);
        CHECK_THROWS_WITH_AS(lock_holder(-1, "file"), doctest::Contains("lock file: "), std::system_error);
    }

    TEST_CASE("fd: a duplicate is above the standard ones and closed on exec") {
        const TemporaryFolder folder;
        const Fd file = open_file(folder / "file");
        const Fd second = duplicate(file.get());
        CHECK(second.get() > STDERR_FILENO);
        CHECK(second.get() != file.get());
        CHECK((::fcntl(second.get(), F_GETFD) & FD_CLOEXEC) != 0);
        CHECK(write_some(second.get(), "x").bytes == 1);
        CHECK_THROWS_WITH_AS(duplicate(-1, "the pages"), doctest::Contains("duplicate the pages: "),
                             std::system_error);
    }
}
