// SPDX-License-Identifier: ISC
#include "common/options.hh"

#include "common/errors.hh"
#include "common/text.hh"

#include <algorithm>
#include <filesystem>
#include <unistd.h>

namespace common {

std::vector<std::string> parse_options(int argc, char** argv, std::span<const Option> options) {
    std::string letters = ":"; // a missing argument is told apart from an unknown option
    for (const Option& option : options) {
        letters += option.letter;
        if (!option.argument.empty()) letters += ':';
    }
    ::optind = 1;
    ::opterr = 0;
    for (int letter = 0; (letter = ::getopt(argc, argv, letters.c_str())) != -1;) {
        const std::string given{'-', static_cast<char>(::optopt)};
        if (letter == ':') throw UsageError(text("option ", escape(given), " needs an argument: see -h"));
        const auto found = std::find_if(options.begin(), options.end(),
                                        [&](const Option& option) { return option.letter == letter; });
        if (found == options.end()) throw UsageError(text("there is no option ", escape(given), ": see -h"));
        found->set(::optarg == nullptr ? std::string_view{} : ::optarg);
    }
    return {argv + ::optind, argv + argc};
}

std::string usage_text(std::string_view program, std::span<const Option> options, std::string_view operands) {
    std::string flags;
    std::string with_argument;
    std::string list;
    for (const Option& option : options) {
        if (option.argument.empty())
            flags += option.letter;
        else
            with_argument += text(" [-", option.letter, ' ', option.argument, ']');
        std::string left = text("  -", option.letter, ' ', option.argument);
        left.resize(std::max<std::size_t>(left.size() + 1, 16), ' ');
        list += left + std::string{option.help} + '\n';
    }
    if (!flags.empty()) flags = " [-" + flags + ']';
    return text("usage: ", program, flags, with_argument, operands.empty() ? "" : " ", operands, '\n', list);
}

std::vector<Option> daemon_options(DaemonOptions& wanted) {
    using Action = DaemonOptions::Action;
    return {
        {'d', "", "stay in the foreground and log to standard error",
         [&](auto) { wanted.foreground = true; }},
        {'f', "FILE", "read this configuration file",
         [&](auto file) { wanted.file = std::filesystem::absolute(file); }},
        {'n', "", "check the configuration and stop", [&](auto) { wanted.action = Action::check; }},
        {'o', "LINE", "one more line of configuration; repeats",
         [&](auto line) { wanted.lines.emplace_back(line); }},
        {'v', "", "log more", [&](auto) { wanted.verbose = true; }},
        {'V', "", "print the version and stop", [&](auto) { wanted.action = Action::show_version; }},
        {'h', "", "print this text and stop", [&](auto) { wanted.action = Action::show_usage; }},
    };
}

} // namespace common
