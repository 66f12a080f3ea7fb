// SPDX-License-Identifier: ISC
#include "tests/bench/surroundings.hh"

#include "common/text.hh"
#include "tests/bench/rows.hh"

#include <algorithm>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <sys/utsname.h>
#include <thread>

namespace bench {
namespace {

namespace fs = std::filesystem;
using common::text;

// The value behind "NAME : " of a file of /proc.
std::string value_of(const char* file, std::string_view name) {
    std::ifstream in{file};
    for (std::string line; std::getline(in, line);)
        if (line.starts_with(name)) {
            const std::size_t at = line.find_first_not_of(" \t", line.find(':') + 1);
            return at == line.npos ? "" : line.substr(at);
        }
    return "unknown";
}

std::string first_line(const fs::path& file) {
    std::string line;
    std::getline(std::ifstream{file} >> std::ws, line);
    return line;
}

std::string date() {
    const std::time_t now = std::time(nullptr);
    std::tm broken_down{};
    ::gmtime_r(&now, &broken_down);
    std::string shown(32, '\0');
    shown.resize(std::strftime(shown.data(), shown.size(), "%Y-%m-%d %H:%M UTC", &broken_down));
    return shown;
}

std::string indent(const std::string& all) {
    std::string out;
    for (const std::string& line : common::split_lines(all))
        out += line.empty() ? "\n" : "    " + line + "\n";
    return out;
}

} // namespace

std::string describe_surroundings(const Setting& setting) {
    utsname system{};
    ::uname(&system);
    std::string out = text(
        "Measured ", date(), ", ", setting.rounds, " rounds of ", setting.duration.count(),
        " ms, after one that is not counted\n", system.sysname, ' ', system.release, ' ', system.machine,
        ", ", std::thread::hardware_concurrency(), " processors: ", value_of("/proc/cpuinfo", "model name"),
        ", ", value_of("/proc/meminfo", "MemTotal"),
        "\nAll over 127.0.0.1; files in memory (tmpfs) where there was room. The suite: version ",
        SUITE_VERSION, ", builds:");
    for (const auto& [subject, folder] : setting.builds) out += text(' ', subject, " = ", folder, ';');
    out += "\n\nPeers, as Debian has them:\n";
    std::vector<fs::path> peers;
    std::error_code none;
    for (const auto& entry : fs::directory_iterator{setting.peers, none}) peers.push_back(entry.path());
    std::ranges::sort(peers);
    for (const fs::path& peer : peers)
        out += text("    ", peer.filename().string(), ' ', first_line(peer / "version"), '\n');

    out += "\nSwitched off for all that have it: flood control, limits of clients in all, for each address "
           "and for\n"
           "each second, names of hosts, ident, TLS, logs. The suite cannot be without its log: it goes to a "
           "file.\n"
           "\nWhat is counted:\n";
    for (const Row& row : all_rows())
        out += text("  ", row.work, ", ", row.unit, "\n    ", row.definition, '\n');

    out += "\nConfigurations (the rest of a command line is in tests/bench/*_servers.cc and chat_part.cc):\n";
    std::vector<fs::path> files;
    for (const auto& entry : fs::directory_iterator{setting.sources + "/servers"})
        files.push_back(entry.path());
    std::ranges::sort(files);
    for (const fs::path& file : files) {
        std::ostringstream all;
        all << std::ifstream{file}.rdbuf();
        out += text("\n  ", file.filename().string(), '\n', indent(all.str()));
    }
    return out;
}

} // namespace bench
