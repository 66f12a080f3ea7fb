// SPDX-License-Identifier: ISC
#include "common/options.hh"

#include "common/errors.hh"
#include "common/text.hh"

#include <algorithm>
#include <cstring>
#include <filesystem>

namespace common {
namespace {

[[noreturn]] void refuse(std::string_view as_typed) {
    throw UsageError(text("there is no option -", escape(as_typed, 64), ": see -h"));
}

const Option& find_option(char letter, std::span<const Option> options, std::string_view as_typed) {
    const auto found = std::find_if(options.begin(), options.end(), [&](const Option& option) {
        return letter != '\0' && option.letter == letter;
    });
    if (found == options.end()) refuse(as_typed);
    return *found;
}

// Also of -h or -V, by the words that these have besides.
const Option& find_word(std::string_view word, std::span<const Option> options, std::string_view as_typed) {
    const auto has_word = [&](const auto& option) { return !word.empty() && option.word == word; };
    if (const auto own = std::find_if(options.begin(), options.end(), has_word); own != options.end())
        return *own;
    const auto found = std::find_if(long_options.begin(), long_options.end(), has_word);
    if (found == long_options.end()) refuse(as_typed);
    return find_option(found->letter, options, as_typed);
}

// Only `=' brings an argument to such a word.
bool may_stand_alone(const Option& option) { return option.argument.substr(0, 2) == "[="; }

} // namespace

// getopt(3) keeps its place in globals, and glibc's takes options after operands, where a verb of a
// control socket has its own words.
std::vector<std::string> parse_options(int argc, char** argv, std::span<const Option> options) {
    const std::vector<std::string_view> words(argv + std::min(argc, 1), argv + argc);
    std::size_t at = 0;
    for (; at < words.size() && words[at].size() > 1 && words[at][0] == '-'; ++at) {
        if (words[at] == "--") {
            ++at;
            break;
        }
        if (words[at].substr(0, 2) == "--") {
            const std::size_t equals = words[at].find('=');
            const Option& option = find_word(words[at].substr(2, equals - 2), options, words[at].substr(1));
            const bool has_argument = equals != std::string_view::npos;
            if (has_argument && option.argument.empty()) refuse(words[at].substr(1));
            if (has_argument)
                option.set(words[at].substr(equals + 1));
            else if (option.argument.empty() || may_stand_alone(option))
                option.set({});
            else if (++at < words.size())
                option.set(words[at]);
            else
                throw UsageError(text("option ", option.name(), " needs an argument: see -h"));
            continue;
        }
        for (std::string_view letters = words[at].substr(1); !letters.empty();) {
            const Option& option = find_option(letters[0], options, letters.substr(0, 1));
            letters.remove_prefix(1);
            if (option.argument.empty()) {
                option.set({});
                continue;
            }
            if (letters.empty() && ++at == words.size())
                throw UsageError(text("option -", option.letter, " needs an argument: see -h"));
            option.set(letters.empty() ? words[at] : letters);
            break;
        }
    }
    return {words.begin() + static_cast<std::ptrdiff_t>(at), words.end()};
}

std::string Option::shown() const {
    if (argument.empty()) return name();
    return text(name(), may_stand_alone(*this) ? "" : " ", argument);
}

void hide_argument(char* argument) { std::fill_n(argument, std::strlen(argument), '*'); }

std::string usage_text(std::string_view program, std::span<const Option> options, std::string_view operands) {
    std::string flags;
    std::string with_argument;
    std::string list;
    for (const Option& option : options) {
        if (option.argument.empty() && option.letter != '\0')
            flags += option.letter;
        else
            with_argument += text(" [", option.shown(), ']');
        std::string left = text("  ", option.shown());
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
         [&](auto file) {
             if (file.empty()) throw UsageError("-f needs the name of a file");
             wanted.file = std::filesystem::absolute(file);
         }},
        {'n', "", "check the configuration and stop", [&](auto) { wanted.action = Action::check; }},
        {'o', "LINE", "one more line of configuration; repeats",
         [&](auto line) { wanted.lines.emplace_back(line); }},
        {'v', "", "log more: -o 'log-level detail'",
         [&](auto) { wanted.lines.emplace_back("log-level detail"); }},
        {'V', "", "print the version and stop", [&](auto) { wanted.action = Action::show_version; }},
        {'h', "", "print this text and stop", [&](auto) { wanted.action = Action::show_usage; }},
    };
}

} // namespace common
