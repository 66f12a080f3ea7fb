// SPDX-License-Identifier: ISC
// The test runner's main: finds out which tests doctest knows, and gives each to the Runner as a job of its
// own; end-to-end tests once for every backend asked for. Only failing tests show their output, in which the
// end-to-end harness mixes the daemons' logs. The last line is `N passed, N failed, N skipped'.
#define DOCTEST_CONFIG_IMPLEMENT
#define DOCTEST_CONFIG_NO_POSIX_SIGNALS // a crash is seen by its wait status, and left to the sanitizers
#include "common/errors.hh"
#include "tests/e2e/proc.hh"
#include "tests/runner.hh"
#include "tests/skip.hh"

#include <cstdio>
#include <cstdlib>
#include <doctest/doctest.h>
#include <fcntl.h>
#include <thread>
#include <unistd.h>

namespace {

using namespace std::chrono_literals;

constexpr auto time_limit = 180s; // only a failing test takes so long
constexpr auto slow_time_limit = 600s;

constexpr auto usage =
    "usage: run-tests [-lv] [-j JOBS] [--only PATTERN] [--exclude-suite PATTERN] [--events 'NAME ...']\n"
    "                 [--every] [--repeat TIMES]\n"
    "  -l                list the tests, run none\n"
    "  -v                a line for each test, which were skipped and why, and the slowest at the end\n"
    "  -j JOBS           tests at a time (default: one more than there are cores)\n"
    "  --only, --exclude-suite  may be repeated; * in a pattern stands for anything\n"
    "  --events          run the end-to-end tests of readiness under each of these, and all others under the "
    "first\n"
    "  --every           all end-to-end tests under each, but for the slow ones\n"
    "  --repeat          run each test so many times";

struct Options {
    std::string only;     // patterns, separated by commas as doctest wants them
    std::string excluded; // the same, of suites
    std::vector<std::string> events;
    std::size_t at_once = std::thread::hardware_concurrency() + 1; // tests wait more than they compute
    std::size_t at_most = 8UL * std::thread::hardware_concurrency();
    bool every = false;
    bool verbose = false;
    bool list = false;
    std::size_t repeat = 1;
};

std::vector<std::string> split_words(const std::string& text) {
    std::vector<std::string> words;
    for (std::size_t at = 0, end = 0; (at = text.find_first_not_of(' ', end)) != text.npos;) {
        end = std::min(text.find(' ', at), text.size());
        words.push_back(text.substr(at, end - at));
    }
    return words;
}

void add_pattern(std::string& list, const char* pattern) {
    list.append(list.empty() ? "" : ",").append(pattern);
}

Options parse_options(int argc, char** argv) {
    Options options;
    for (int i = 1; i < argc; ++i) {
        const std::string_view word = argv[i];
        const auto value = [&] { return i + 1 < argc ? argv[++i] : throw common::UsageError(usage); };
        if (word == "-v") {
            options.verbose = true;
        } else if (word == "-l") {
            options.list = true;
        } else if (word == "-j") {
            options.at_once = options.at_most = std::max(1ul, std::strtoul(value(), nullptr, 10));
        } else if (word == "--only") {
            add_pattern(options.only, value());
        } else if (word == "--exclude-suite") {
            add_pattern(options.excluded, value());
        } else if (word == "--events") {
            options.events = split_words(value());
        } else if (word == "--every") {
            options.every = true;
        } else if (word == "--repeat") {
            options.repeat = std::max(1ul, std::strtoul(value(), nullptr, 10));
        } else {
            throw common::UsageError(usage);
        }
    }
    return options;
}

struct Test {
    int number; // from 1, as doctest's first and last count
    std::string name;
    std::string suite;

    bool is_slow() const { return suite.find("slow") != suite.npos; }
    bool is_end_to_end() const { return suite.starts_with("e2e"); }
    bool is_about_readiness() const { return suite == "e2e readiness"; }
};

std::vector<Test> collected; // not a member: doctest makes its reporters itself

struct Collector : doctest::IReporter {
    explicit Collector(const doctest::ContextOptions&) {}
    void report_query(const doctest::QueryData& found) override {
        for (unsigned i = 0; i < found.num_data; ++i) {
            const doctest::TestCaseData& test = *found.data[i];
            collected.push_back({static_cast<int>(i) + 1, test.m_name, test.m_test_suite});
        }
    }
    void test_run_start() override {}
    void test_run_end(const doctest::TestRunStats&) override {}
    void test_case_start(const doctest::TestCaseData&) override {}
    void test_case_reenter(const doctest::TestCaseData&) override {}
    void test_case_end(const doctest::CurrentTestCaseStats&) override {}
    void test_case_exception(const doctest::TestCaseException&) override {}
    void subcase_start(const doctest::SubcaseSignature&) override {}
    void subcase_end() override {}
    void log_assert(const doctest::AssertData&) override {}
    void log_message(const doctest::MessageData&) override {}
    void test_case_skipped(const doctest::TestCaseData&) override {}
};
DOCTEST_REGISTER_REPORTER("collect", 0, Collector);

void select_tests(doctest::Context& context, const Options& options) {
    if (!options.only.empty()) context.setOption("test-case", options.only.c_str());
    if (!options.excluded.empty()) context.setOption("test-suite-exclude", options.excluded.c_str());
}

std::vector<Test> list_tests(const Options& options) {
    doctest::Context context;
    select_tests(context, options);
    context.setOption("reporters", "collect");
    const char* list[] = {"", "--list-test-cases"}; // a flag, which setOption would not take
    context.applyCommandLine(2, list);
    context.run();
    return std::move(collected);
}

tests::Outcome run_test(const Options& options, const Test& test, const std::string& events) {
    if (!events.empty()) ::setenv("SUITE_EVENTS", events.c_str(), 1);
    doctest::Context context;
    select_tests(context, options);
    context.setOption("first", test.number);
    context.setOption("last", test.number);
    context.setOption("no-intro", true);
    context.setOption("no-colors", true);
    if (context.run() != 0) return tests::Outcome::failed;
    if (tests::skipped().empty()) return tests::Outcome::passed;
    std::printf("%s\n", tests::skipped().c_str());
    return tests::Outcome::skipped;
}

void add_test(tests::Runner& runner, const Options& options, const Test& test, const std::string& events) {
    for (std::size_t time = 1; time <= options.repeat; ++time)
        runner.add({.title = test.name + (events.empty() ? "" : " [" + events + "]") +
                             (options.repeat > 1 ? " (" + std::to_string(time) + ")" : ""),
                    .time_limit = test.is_slow() ? slow_time_limit : time_limit,
                    .early = test.is_slow(),
                    .body = [&options, &test, events] { return run_test(options, test, events); }});
}

// So that no daemon under test is handed what our own starter left open, and no file of ours is taken for
// what it left closed.
void put_descriptors_right() {
    for (int fd = 0; fd != -1 && fd <= STDERR_FILENO;) fd = ::open("/dev/null", O_RDWR);
    for (const auto& [fd, target] : e2e::descriptors_of(::getpid()))
        if (fd > STDERR_FILENO) ::close(fd);
}

int run(int argc, char** argv) {
    const Options options = parse_options(argc, argv);
    put_descriptors_right();
    const auto folder = std::filesystem::canonical(argv[0]).parent_path();
    ::setenv("SUITE_BIN", folder.c_str(), 0); // where the harness finds the programs

    const auto found = list_tests(options);
    tests::Runner runner{{options.at_once, options.at_most, options.verbose}, folder / "failed"};
    for (const Test& test : found) {
        if (options.list) std::printf("%s: %s\n", test.suite.c_str(), test.name.c_str());
        if (!test.is_end_to_end() || options.events.empty()) {
            add_test(runner, options, test, "");
        } else {
            const bool under_each = options.every ? !test.is_slow() : test.is_about_readiness();
            for (const std::string& events : options.events)
                if (under_each || events == options.events.front()) add_test(runner, options, test, events);
        }
    }
    if (options.list) return 0;

    if (!runner.run_all()) {
        std::printf("\nrun-tests: interrupted\n");
        return 130; // as a shell says of a program that SIGINT ended
    }
    if (options.verbose) runner.print_slowest();
    runner.print_failures();
    if (found.empty()) std::printf("run-tests: no test of that name\n");
    std::printf("%zu passed, %zu failed, %zu skipped\n", runner.passed(), runner.failed(), runner.skipped());
    return !found.empty() && runner.failed() == 0 ? 0 : 1;
}

} // namespace

int main(int argc, char** argv) {
    return common::report_errors("run-tests", [&] { return run(argc, argv); });
}
