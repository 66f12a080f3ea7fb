// SPDX-License-Identifier: ISC
#include "common/pid_file.hh"
#include "common/text.hh"
#include "tests/unit/common/in_child.hh"
#include "tests/unit/common/temporary_folder.hh"

#include <doctest/doctest.h>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <optional>
#include <sys/stat.h>

using namespace common;

namespace {

std::string whole(const std::string& path) {
    std::ifstream file{path};
    return {std::istreambuf_iterator<char>{file}, {}};
}

void write(const std::string& path, std::string_view bytes) { std::ofstream{path} << bytes; }

} // namespace

TEST_SUITE("unit") {
    TEST_CASE("pid file: it holds the number for as long as its object lives") {
        const TemporaryFolder folder;
        const std::string path = folder / "pid";
        for (const char* const before : {"", "1\n", "99999999"}) {
            write(path, before);
            const mode_t mask = ::umask(077);
            std::optional<PidFile> file{std::in_place, path};
            ::umask(mask);
            CHECK(whole(path) == text(::getpid(), '\n'));
            struct stat found {};
            REQUIRE(::stat(path.c_str(), &found) == 0);
            CHECK((found.st_mode & 07777) == 0644);
            file.reset();
            CHECK_FALSE(std::filesystem::exists(path));
        }
        CHECK(std::filesystem::is_empty(folder / ""));
    }

    TEST_CASE("pid file: what is no process number is not replaced") {
        const TemporaryFolder folder;
        const std::string path = folder / "precious";
        for (const char* const bytes :
             {"root:x:0:0\n", "12 13\n", "0\n", "-5\n", "\n", "1234567890123456789012345678901234567890"}) {
            write(path, bytes);
            CHECK_THROWS_WITH((PidFile{path}), text("pid-file ", path,
                                                    " exists and contains no process number: "
                                                    "remove it, or name another path")
                                                   .c_str());
            CHECK(whole(path) == bytes);
        }
        CHECK_THROWS(PidFile{folder / ""});
        CHECK_THROWS_WITH(
            (PidFile{folder / "no/pid"}),
            text("write the pid-file ", folder / "no/pid", ": No such file or directory").c_str());
    }

    TEST_CASE("pid file: neither a child's nor another daemon's is removed") {
        const TemporaryFolder folder;
        const std::string path = folder / "pid";
        {
            std::optional<PidFile> file{std::in_place, path};
            CHECK(in_child([&] {
                      file.reset();
                      return std::string{};
                  }) == "");
            CHECK(whole(path) == text(::getpid(), '\n'));
            write(path, "1\n");
        }
        CHECK(whole(path) == "1\n");
    }

    TEST_CASE("pid file: the empty path is none") { const PidFile none{""}; }
}
