// SPDX-License-Identifier: ISC
// suite(7), the design, names files of the tree: each of them is there, and no folder of the programs is left
// out.
#include "tests/e2e/files.hh"

#include <algorithm>
#include <doctest/doctest.h>
#include <filesystem>
#include <set>
#include <sstream>
#include <string>
#include <vector>

namespace {

using Names = std::set<std::string>;

const char* const tops[] = {"chatd", "common", "ftpd", "man", "tests", ".ci"};

// All paths of the source tree that the page shows as paths, with or without a file's ending.
Names named_paths() {
    Names paths;
    std::istringstream page{e2e::read_file(e2e::in_source("man/suite.7"))};
    for (std::string word, before; page >> word; before = word) {
        const std::string top = word.substr(0, word.find('/'));
        const bool is_ours = std::find(std::begin(tops), std::end(tops), top) != std::end(tops);
        if (before == "Pa" || before == ".Pa")
            if (is_ours) paths.insert(word);
    }
    return paths;
}

} // namespace

TEST_SUITE("unit") {
    TEST_CASE("suite 7 names files that are there") {
        const Names named = named_paths();
        CHECK(named.size() > 60);
        for (const std::string& path : named)
            CHECK_MESSAGE(std::filesystem::exists(e2e::in_source(path)), "no such file: ", path);
    }

    TEST_CASE("suite 7 leaves out no folder of the programs") {
        const Names named = named_paths();
        for (const char* const part : {"chatd", "common", "ftpd"}) {
            CHECK(named.count(part) == 1);
            for (const auto& entry : std::filesystem::directory_iterator(e2e::in_source(part))) {
                if (!entry.is_directory()) continue;
                const std::string folder = std::string{part} + '/' + entry.path().filename().string();
                CHECK_MESSAGE(named.count(folder) == 1, "not in suite(7): ", folder);
            }
        }
    }
}
