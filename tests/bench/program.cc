// SPDX-License-Identifier: ISC
#include "tests/bench/program.hh"

#include "common/text.hh"
#include "tests/bench/connection.hh"

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>

namespace bench {

using common::text;

void run_program(const std::string& command, const std::string& output) {
    if (std::system(text(command, " >", output, " 2>&1").c_str()) == 0) return;
    std::ifstream file{output};
    const std::string said{std::istreambuf_iterator<char>{file}, {}};
    const std::size_t shown = std::min<std::size_t>(said.size(), 150);
    throw Failure{text(command.substr(0, command.find(' ')), ": ", said.substr(said.size() - shown))};
}

double copy_rate(const std::string& command, const std::string& output, const std::string& target,
                 unsigned files, std::size_t size) {
    const auto start = std::chrono::steady_clock::now();
    run_program(command, output);
    const std::chrono::duration<double> time = std::chrono::steady_clock::now() - start;
    unsigned count = 0;
    for (const auto& one : std::filesystem::recursive_directory_iterator{target})
        if (one.is_regular_file() && one.file_size() == size) ++count;
    if (count != files) throw Failure{text("it has copied ", count, " files")};
    return count / time.count();
}

} // namespace bench
