// SPDX-License-Identifier: ISC
// Command-line options from one table that parses them, prints the usage and is held against the manual by a
// test. Options are single letters, written as the utility conventions of POSIX (XBD 12.2) have them: -dn,
// -f FILE or -fFILE, `--' ends them, and so does the first operand. Some have a word instead, as in --word
// ARGUMENT or --word=ARGUMENT; and two have one besides, which people try on any program: --help and
// --version.
#pragma once

#include <array>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace common {

struct Option {
    char letter; // '\0': it has a word
    std::string_view
        argument; // its name in the usage and the manual; empty: takes none; [=NAME]: takes one or none
    std::string_view help; // one line
    std::function<void(std::string_view argument)> set;
    std::string_view word{};

    // As it is typed: -f, --word.
    std::string name() const { return letter == '\0' ? "--" + std::string{word} : std::string{'-', letter}; }
    // With its argument: -f FILE, --word FILE, --word[=MODE].
    std::string shown() const;
};

struct LongOption {
    std::string_view word;
    char letter;
};
inline constexpr std::array<LongOption, 2> long_options{{{"help", 'h'}, {"version", 'V'}}};

// Calls set for every option given and returns the operands. Throws UsageError for an unknown option or a
// missing argument.
std::vector<std::string> parse_options(int argc, char** argv, std::span<const Option> options);

// Overwrites an argument of main(), so that ps(1) does not show it, where the system lets a program do that.
void hide_argument(char* argument);

// "usage: PROGRAM [-dn] [-f FILE] OPERANDS" and a line for each option.
std::string usage_text(std::string_view program, std::span<const Option> options, std::string_view operands);

// What every daemon of the suite takes.
struct DaemonOptions {
    enum class Action { run, check, show_version, show_usage };
    Action action = Action::run;
    bool foreground = false;
    std::string file;               // -f, made absolute; empty: none
    std::vector<std::string> lines; // -o, in their order, after the file's
};
// The table that fills wanted, which must outlive it.
std::vector<Option> daemon_options(DaemonOptions& wanted);

} // namespace common
