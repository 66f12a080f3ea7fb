// SPDX-License-Identifier: ISC
// bench: measures the suite against the servers that people would pick instead, on loopback. `make bench'
// builds it, has the peers unpacked and runs it. It trusts the servers that it starts, and needs Linux.
#include "common/errors.hh"
#include "common/options.hh"
#include "common/text.hh"
#include "tests/bench/interrupt.hh"
#include "tests/bench/parts.hh"
#include "tests/bench/plots.hh"
#include "tests/bench/rows.hh"
#include "tests/bench/surroundings.hh"
#include "tests/bench/table.hh"

#include <array>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <signal.h>
#include <sys/resource.h>
#include <unistd.h>

using namespace bench;
namespace fs = std::filesystem;

namespace {

constexpr rlim_t descriptors_wanted = 65536;

struct Part {
    std::string_view name;
    void (*measure)(const Setting& setting, Samples& samples);
};
constexpr std::array parts{Part{"ftp", measure_ftp}, Part{"chat", measure_chat}, Part{"pack", measure_pack},
                           Part{"poller", measure_poller}};

// A folder that is removed with all that is in it: in memory if there is room, so that no disk is measured.
class Scratch {
public:
    Scratch() {
        std::error_code error;
        const fs::path memory{"/dev/shm"};
        const fs::path place = fs::space(memory, error).available > (std::uintmax_t{4} << 30) && !error
                                   ? memory
                                   : fs::temp_directory_path();
        std::string name = place / "suite-bench-XXXXXX";
        if (!::mkdtemp(name.data())) common::fail("make", name);
        folder_ = name;
        register_folder(name);
        fs::permissions(folder_, fs::perms{0755});
    }
    ~Scratch() {
        std::error_code error;
        fs::remove_all(folder_, error);
    }
    Scratch(const Scratch&) = delete;
    Scratch& operator=(const Scratch&) = delete;
    const fs::path& folder() const { return folder_; }

private:
    fs::path folder_;
};

// As many descriptors as a server with 8,000 clients needs, for us and for all that we start.
void raise_descriptor_limit() {
    rlimit limit{};
    ::getrlimit(RLIMIT_NOFILE, &limit);
    rlimit raised{descriptors_wanted, std::max(descriptors_wanted, limit.rlim_max)};
    if (::setrlimit(RLIMIT_NOFILE, &raised) == 0) return;
    raised = {limit.rlim_max, limit.rlim_max};
    ::setrlimit(RLIMIT_NOFILE, &raised);
}

void write_file(const fs::path& path, const std::string& text) {
    if (!(std::ofstream{path} << text)) common::fail("write", path.string());
}

void write_results(const fs::path& folder, const Setting& setting, const Samples& samples) {
    write_file(folder / "table.txt", make_table(samples));
    write_file(folder / "summary.md", make_summary(samples));
    write_file(folder / "surroundings.txt", describe_surroundings(setting));
    write_file(folder / "overview.svg", plot_overview(samples));
    for (const std::string part : {"ftp", "chat", "pack"})
        write_file(folder / (part + ".svg"), plot_part(samples, part));
    write_file(folder / "poller.svg", plot_poller(samples));
}

int run(int argc, char** argv) {
    Setting setting;
    Words builds;
    fs::path results = "tests/bench/results";
    const common::Option options[] = {
        {'b', "FOLDER", "a build of the suite; repeats, the first is judged",
         [&](std::string_view word) { builds.emplace_back(word); }},
        {'k', "FLOOR", "the program bench-floor", [&](std::string_view word) { setting.floor = word; }},
        {'s', "CLIENTS", "the program bench-tls; without it no rows of TLS",
         [&](std::string_view word) { setting.tls_clients = word; }},
        {'p', "FOLDER", "the peers, as peers.sh unpacks them",
         [&](std::string_view word) { setting.peers = word; }},
        {'o', "PART", "only ftp, chat, pack or poller, or a row",
         [&](std::string_view word) { setting.only = word; }},
        {'n', "ROUNDS", "how often each is measured",
         [&](std::string_view word) {
             const auto rounds = common::parse_number<int>(word, 1, 1000);
             if (!rounds) throw common::UsageError("-n takes a number of rounds, 1 to 1000");
             setting.rounds = *rounds;
         }},
        {'m', "MS", "how long a measurement lasts that counts for a time",
         [&](std::string_view word) {
             const auto time = common::parse_number<unsigned>(word, 10, 600'000);
             if (!time) throw common::UsageError("-m takes milliseconds, 10 to 600000");
             setting.duration = std::chrono::milliseconds{*time};
         }},
        {'r', "FOLDER", "where the results go", [&](std::string_view word) { results = word; }},
    };
    if (!common::parse_options(argc, argv, options).empty() || builds.empty() || setting.floor.empty()) {
        throw common::UsageError(common::usage_text("bench", options, ""));
    }
    setting.builds = name_builds(builds);

    watch_for_interrupts();
    raise_descriptor_limit();
    ::signal(SIGPIPE, SIG_IGN);
    fs::create_directories(results);
    Samples samples{results / "samples.tsv"};
    for (const Part& part : parts) {
        if (!setting.only.empty() && part.name != part_of(setting.only)) continue;
        const Scratch scratch;
        setting.scratch = scratch.folder();
        samples.forget(setting.only.empty() ? part.name : setting.only);
        std::cerr << part.name << '\n';
        part.measure(setting, samples);
        write_results(results, setting, samples);
    }
    std::cout << make_table(samples);
    return 0;
}

} // namespace

int main(int argc, char** argv) {
    return common::report_errors("bench", [&] { return run(argc, argv); });
}
