// SPDX-License-Identifier: ISC
// The runner of these tests: where a test runs, what is shown of one that failed, what is counted.
#include "tests/runner.hh"

#include "common/text.hh"
#include "tests/e2e/harness.hh"
#include "tests/skip.hh"
#include "tests/unit/common/in_child.hh"

#include <cstdio>
#include <cstdlib>
#include <doctest/doctest.h>
#include <fcntl.h>
#include <fstream>
#include <sys/stat.h>

using namespace std::chrono_literals;
using common::text;
using e2e::Path;
using tests::Job;
using tests::Outcome;
using tests::Runner;

namespace {

Job job(const std::string& title, std::function<Outcome()> body, std::chrono::seconds limit = 60s) {
    return {.title = title, .time_limit = limit, .early = false, .body = std::move(body)};
}

std::string variable(const char* name) {
    const char* const value = std::getenv(name);
    return value ? value : "none";
}

// How many passed, failed and were skipped of these jobs, and what was said meanwhile. Their logs are in
// folder.
std::string run_jobs(const e2e::TempDir& folder, std::vector<Job> jobs) {
    const Path said = folder / "said";
    const std::string counts = in_child([&] {
        const common::Fd output{::open(said.c_str(), O_WRONLY | O_CREAT, 0666)};
        ::dup2(output.get(), STDOUT_FILENO);
        Runner runner{{.at_once = 3, .at_most = 3, .verbose = true}, folder / "logs"};
        for (Job& one : jobs) runner.add(std::move(one));
        if (!runner.run_all()) return std::string{"interrupted"};
        runner.print_failures();
        std::fflush(stdout);
        return text(runner.passed(), ' ', runner.failed(), ' ', runner.skipped(), '\n');
    });
    return counts + e2e::read_file(said);
}

} // namespace

TEST_SUITE("unit") {
    TEST_CASE("runner: a test has a place of its own that goes away and nothing of the caller's") {
        const e2e::TempDir folder;
        const Path told = folder / "told";
        for (const auto& [name, value] :
             {std::pair{"LC_ALL", "de_DE"}, {"ftp_proxy", "http://127.0.0.1:1"}, {"SUITE_EVENTS", "poll"}})
            ::setenv(name, value, 1);
        const auto body = [&] {
            const Path home = variable("HOME"), temporary = variable("TMPDIR");
            e2e::write_file(home / ".ncftp", "left");
            e2e::write_file(temporary / "left", "");
            std::filesystem::create_directory(home / "closed");
            e2e::write_file(home / "closed" / "file", "");
            ::chmod((home / "closed").c_str(), 0);
            const mode_t mask = ::umask(0);
            e2e::write_file(told, text(home.native(), '\n', temporary.native(), '\n',
                                       std::filesystem::current_path().native(), '\n', variable("LC_ALL"),
                                       ' ', variable("ftp_proxy"), ' ', variable("SUITE_EVENTS"), ' ', mask));
            return Outcome::passed;
        };
        CHECK(run_jobs(folder, {job("leaves much", body)}).starts_with("1 0 0\n"));
        const auto lines = common::split_lines(e2e::read_file(told));
        REQUIRE(lines.size() == 4);
        CHECK(lines[0] != variable("HOME"));
        CHECK(lines[1] != variable("TMPDIR"));
        CHECK(lines[2] == lines[0]);
        CHECK(lines[3] == text("none none poll ", 022));
        for (const std::string& place : {lines[0], lines[1]}) CHECK_FALSE(std::filesystem::exists(place));
        CHECK_FALSE(std::filesystem::exists(Path{lines[1]}.parent_path()));
    }

    TEST_CASE("runner: what a failed test wrote is shown without control characters and kept as it was") {
        const e2e::TempDir folder;
        const std::string bytes = text("\033]0;title\a", '\0', "\xff and 张三\n");
        const std::string said = run_jobs(folder, {job("of odd bytes", [&] {
                                              common::write_some(STDOUT_FILENO, bytes);
                                              return Outcome::failed;
                                          })});
        CHECK(said.starts_with("0 1 0\nFAILED: of odd bytes: failed ("));
        CHECK(said.find("\n\\x1b]0;title\\x07\\x00\\xff and 张三\n") != std::string::npos);
        CHECK(e2e::read_file(folder / "logs" / "of-odd-bytes.log") == bytes);
    }

    TEST_CASE("runner: a test that ends early or late or leaves something has failed") {
        const e2e::TempDir folder;
        const std::string said =
            run_jobs(folder, {job("exits", []() -> Outcome { std::exit(0); }),
                              job("crashes", []() -> Outcome { std::abort(); }),
                              job(
                                  "is late",
                                  [] {
                                      ::pause();
                                      return Outcome::passed;
                                  },
                                  1s),
                              job("throws", []() -> Outcome { throw std::runtime_error{"thrown"}; }),
                              job("is well", [] { return Outcome::passed; })});
        CHECK(said.starts_with("1 4 0\n"));
        for (const char* const word :
             {"exits: ended early with exit status 0 (", "crashes: ended by Aborted (",
              "is late: took too long (", "throws: failed (", "  is well\n"})
            CHECK(said.find(word) != std::string::npos);
    }

    TEST_CASE("runner: at the end those that failed are named with the first check that did not hold") {
        const e2e::TempDir folder;
        const std::string said =
            run_jobs(folder, {job("fails",
                                  [] {
                                      std::printf("a.cc:7: ERROR: CHECK( 1 == 2 ) is NOT "
                                                  "correct!\n  values: 1\n\nlater\n");
                                      return Outcome::failed;
                                  }),
                              job("is well", [] { return Outcome::passed; })});
        CHECK(said.ends_with("failed: fails: failed\n"
                             "failed:   a.cc:7: ERROR: CHECK( 1 == 2 ) is NOT correct!\n"
                             "failed:     values: 1\n"));
    }

    TEST_CASE("runner: a test that says that it cannot be here is counted apart and named with the reason") {
        const e2e::TempDir folder;
        const std::string said = run_jobs(folder, {job("for root", [] {
                                              std::printf("before\nonly root can\n");
                                              return Outcome::skipped;
                                          })});
        CHECK(said == "0 0 1\nskipped      for root: only root can\n");
        CHECK(tests::skipped().empty());
    }

    TEST_CASE("runner: run-tests repeats each test that was chosen and counts") {
        const auto ends_with = [](const e2e::Words& options, const char* last, int status) {
            e2e::Words command{e2e::find_program("run-tests")};
            command.insert(command.end(), options.begin(), options.end());
            const e2e::Result result = e2e::run_client(command);
            INFO(result.out);
            CHECK(result.out.ends_with(last));
            CHECK(result.status == status);
        };
        ends_with({"--only", "a port is read from*", "--repeat", "3"}, "3 passed, 0 failed, 0 skipped\n", 0);
        ends_with({"--only", "no test of this name"},
                  "run-tests: no test of that name\n0 passed, 0 failed, 0 skipped\n", 1);
    }

    TEST_CASE("runner: there is room when more than half of the processors' time is idle or runs nicely") {
        const e2e::TempDir folder;
        const std::filesystem::path stat = folder / "stat";
        const auto write = [&](std::string_view line) { std::ofstream{stat} << line << "\n"; };
        write("cpu  100 0 100 1000 50 0 0 0 0 0");
        tests::Idle idle{stat};
        auto now = tests::Idle::Clock::now() + tests::Idle::span;
        const auto has_room = [&] { return idle.has_room(now += tests::Idle::span); };
        CHECK_FALSE(has_room()); // no tick has passed
        write("cpu  110 0 110 1021 50 0 0 0 7 7");
        CHECK_FALSE(idle.has_room(now));
        CHECK(has_room());
        write("cpu  120 0 120 1041 50 0 0 0 99 99");
        CHECK_FALSE(has_room());
        write("cpu  120 0 120 1141 250 0 0 0 99 99"); // who waits for a disk is not idle
        CHECK_FALSE(has_room());
        write("cpu  121 50 121 1141 250 0 0 0 99 99"); // what runs with nice makes room
        CHECK(has_room());
        CHECK_FALSE(tests::Idle{folder / "nothing"}.has_room(now));
    }
}
