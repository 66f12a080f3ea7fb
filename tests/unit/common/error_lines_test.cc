// SPDX-License-Identifier: ISC
#include "common/error_lines.hh"
#include "tests/unit/common/temporary_folder.hh"

#include <algorithm>
#include <doctest/doctest.h>
#include <fstream>
#include <iterator>

using namespace common;

namespace {

struct House {
    void add(std::string_view bytes, bool is_cut = false) { lines.add(bytes, is_cut, log, {"session", 7}); }
    void end() { lines.end(log, {"session", 7}); }
    std::string logged() const {
        std::ifstream file{folder / "log"};
        return {std::istreambuf_iterator<char>{file}, {}};
    }

    TemporaryFolder folder;
    Log log{"tests", "parent", {Log::Target::file, folder / "log"}, Severity::error};
    ErrorLines lines;
};

} // namespace

TEST_SUITE("unit") {
    TEST_CASE("error lines: pieces become lines of the log and what could forge one is escaped") {
        House house;
        house.add("one\ntw");
        CHECK(house.logged() == "session[7]: standard error: one\n");
        house.add("o");
        house.add("\x1b[2J\n");
        house.add("rest");
        CHECK(house.logged() == "session[7]: standard error: one\nsession[7]: standard error: two\\x1b[2J\n");
        house.end();
        house.add("cut", true);
        house.end();
        CHECK(house.logged().ends_with(
            "two\\x1b[2J\nsession[7]: standard error: rest\nsession[7]: standard error: cut\n"));
    }

    TEST_CASE("error lines: one child gets so much into the log and no more") {
        House house;
        const std::string line = std::string(99, 'x') + '\n';
        for (std::size_t sent = 0; sent < 3 * ErrorLines::max_bytes; sent += line.size()) house.add(line);
        house.end();
        const std::string logged = house.logged();
        CHECK(logged.size() < 2 * ErrorLines::max_bytes);
        CHECK(logged.ends_with(
            "session[7]: standard error: more than 32768 bytes: what follows is left out\n"));
    }

    TEST_CASE("error lines: short lines are no way to fill the log") {
        for (const std::string_view line : {"\n", "x\n"}) {
            House house;
            std::string all;
            while (all.size() < 3 * ErrorLines::max_bytes) all += line;
            house.add(all);
            house.add(all);
            const std::string logged = house.logged();
            CHECK(std::count(logged.begin(), logged.end(), '\n') < 600);
            CHECK(logged.size() < 2 * ErrorLines::max_bytes);
            CHECK(logged.ends_with(
                "session[7]: standard error: more than 32768 bytes: what follows is left out\n"));
            CHECK(logged.find("left out\n") == logged.size() - std::string_view{"left out\n"}.size());
        }
    }

    TEST_CASE("error lines: a line without an end is broken") {
        House house;
        house.add(std::string(ErrorLines::max_line + 1, 'x'));
        CHECK(house.logged() ==
              "session[7]: standard error: " + std::string(ErrorLines::max_line, 'x') + '\n');
        house.end();
        CHECK(house.logged().ends_with("session[7]: standard error: x\n"));
    }

    TEST_CASE("error lines: no byte that begins a frame is text") {
        for (int number = 0; number < 9; ++number) CHECK_FALSE(is_text_byte(static_cast<char>(number)));
        for (const char byte : {'\t', '\n', '\r', ' ', '=', '~', '\xc3'}) CHECK(is_text_byte(byte));
        CHECK_FALSE(is_text_byte('\xff'));
    }
}
