// SPDX-License-Identifier: ISC
#include "ftpd/session/tree.hh"

#include "common/text.hh"
#include "tests/unit/common/in_child.hh"
#include "tests/unit/common/temporary_folder.hh"

#include <cerrno>
#include <doctest/doctest.h>
#include <fcntl.h>
#include <fstream>
#include <sys/stat.h>

using common::Fd;
using common::text;
using namespace ftpd;

namespace {

constexpr uid_t ordinary = 65534; // whom permissions hold for, where root runs the tests

} // namespace

TEST_SUITE("unit") {
    TEST_CASE(
        "tree: what can no longer be looked at while a folder is listed comes with its name and the reason") {
        const TemporaryFolder place;
        const std::string folder = place / "folder";
        std::filesystem::create_directory(folder);
        constexpr int files = 1200; // several batches
        for (int i = 0; i < files; ++i) std::ofstream{text(folder, '/', i)};
        if (::geteuid() == 0) REQUIRE(::chown(folder.c_str(), ordinary, ordinary) == 0);
        const std::string outcome = in_child([&] {
            if (::geteuid() == 0 && ::setuid(ordinary) != 0) return std::string{"setuid"};
            const NamePolicy all;
            const Tree tree{Fd{::open((place / "").c_str(), O_RDONLY | O_DIRECTORY)}, all};
            int known = 0, denied = 0, others = 0;
            tree.list("/folder", Detail::all, [&](std::span<const Entry> entries) {
                for (const Entry& entry : entries)
                    ++(entry.unknown == 0 ? known : entry.unknown == EACCES ? denied : others);
                ::chmod(folder.c_str(), 0400);
            });
            int names = 0;
            tree.list("/folder", Detail::names,
                      [&](std::span<const Entry> entries) { names += static_cast<int>(entries.size()); });
            return text(known, " known, ", denied, " denied, ", others, " others, ", names, " names");
        });
        ::chmod(folder.c_str(), 0700);
        CHECK(outcome == "500 known, 700 denied, 0 others, 1200 names");
    }

    TEST_CASE("tree: a list of types has them as a list of everything has them and links whole") {
        const TemporaryFolder place;
        std::filesystem::create_directory(place / "folder");
        std::ofstream{place / "file"} << "text";
        REQUIRE(::mkfifo((place / "pipe").c_str(), 0600) == 0);
        std::filesystem::create_symlink("file", place / "link");
        const NamePolicy all;
        const Tree tree{Fd{::open((place / "").c_str(), O_RDONLY | O_DIRECTORY)}, all};
        const auto list = [&](Detail detail) {
            std::string lines;
            tree.list("/", detail, [&](std::span<const Entry> entries) {
                for (const Entry& entry : entries)
                    lines +=
                        text(entry.name, ' ', entry.status.st_mode & S_IFMT, ' ', entry.link_target, '\n');
            });
            return lines;
        };
        CHECK(list(Detail::types) == list(Detail::all));
        CHECK(list(Detail::types) == text("file ", S_IFREG, " \nfolder ", S_IFDIR, " \nlink ", S_IFLNK,
                                          " file\npipe ", S_IFIFO, " \n"));
    }

    TEST_CASE("tree: a name that cannot be looked at is not said to be missing") {
        const TemporaryFolder place;
        const std::string folder = place / "folder";
        std::filesystem::create_directory(folder);
        std::ofstream{folder + "/file"};
        ::chmod(folder.c_str(), 0444);
        const std::string outcome = in_child([&] {
            if (::geteuid() == 0 && ::setuid(ordinary) != 0) return std::string{"setuid"};
            const NamePolicy all;
            const Tree tree{Fd{::open((place / "").c_str(), O_RDONLY | O_DIRECTORY)}, all};
            try {
                tree.entry("/folder/file");
            } catch (const std::system_error& error) {
                return text(error.code().value() == EACCES ? "denied" : error.what());
            }
            return std::string{"found"};
        });
        ::chmod(folder.c_str(), 0700);
        CHECK(outcome == "denied");
    }
}
