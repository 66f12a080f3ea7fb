// SPDX-License-Identifier: ISC
// Small files that are read and written as a whole.
#include "common/errors.hh"
#include "common/whole_file.hh"
#include "tests/unit/common/temporary_folder.hh"

#include <doctest/doctest.h>
#include <filesystem>
#include <system_error>

using namespace common;

TEST_SUITE("unit") {
    TEST_CASE("a file is replaced as a whole and read up to a cap") {
        const TemporaryFolder folder;
        const std::string path = folder / "file";
        CHECK_THROWS_AS(read_whole_file(path, 10), std::system_error);
        replace_file(path, std::string(20000, 'x'));
        CHECK(read_whole_file(path, 20000) == std::string(20000, 'x'));
        CHECK_THROWS_AS(read_whole_file(path, 19999), UserError);
        replace_file(path, "");
        CHECK(read_whole_file(path, 0).empty());
        CHECK_FALSE(std::filesystem::exists(path + ".new"));
    }

    TEST_CASE("a file that cannot be replaced stays as it was") {
        const TemporaryFolder folder;
        const std::string path = folder / "file";
        replace_file(path, "old");
        std::filesystem::create_directory(path + ".new");
        CHECK_THROWS_AS(replace_file(path, "new"), std::system_error);
        CHECK(read_whole_file(path, 10) == "old");
    }
}
