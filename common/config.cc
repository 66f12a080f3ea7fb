// SPDX-License-Identifier: ISC
#include "common/config.hh"

#include "common/errors.hh"
#include "common/fd.hh"
#include "common/text.hh"

#include <algorithm>
#include <array>
#include <fcntl.h>
#include <numeric>

namespace common {
namespace {

std::string read_file(const std::string& path) {
    const Fd fd{checked("open", path, [&] { return ::open(path.c_str(), O_RDONLY | O_CLOEXEC); })};
    std::string whole;
    std::array<char, 16384> piece{};
    for (;;) {
        const IoResult got = read_some(fd.get(), piece);
        if (got.state != IoState::done) return whole;
        whole.append(piece.data(), got.bytes);
        if (whole.size() > max_config_file)
            throw UserError(
                text(path, ": longer than ", max_config_file, " bytes: is it a configuration file?"));
    }
}

ConfigLine parse_line(std::string origin, std::string_view line) {
    try {
        return {std::move(origin), split_words(line)};
    } catch (const UserError& error) {
        throw UserError(text(origin, ": ", error.what()));
    }
}

// Levenshtein's distance, to guess what a misspelt name was meant to be.
std::size_t distance(std::string_view one, std::string_view other) {
    std::vector<std::size_t> row(other.size() + 1);
    std::iota(row.begin(), row.end(), std::size_t{0});
    for (std::size_t i = 0; i < one.size(); ++i) {
        std::size_t diagonal = std::exchange(row[0], i + 1);
        for (std::size_t j = 0; j < other.size(); ++j) {
            const std::size_t replaced = diagonal + (one[i] == other[j] ? 0 : 1);
            diagonal = row[j + 1];
            row[j + 1] = std::min({replaced, row[j] + 1, row[j + 1] + 1});
        }
    }
    return row.back();
}

std::string no_such_directive(std::string_view name, std::span<const Directive> table) {
    const auto nearest = std::min_element(table.begin(), table.end(), [&](const auto& a, const auto& b) {
        return distance(name, a.name) < distance(name, b.name);
    });
    std::string hint = "the manual lists them";
    if (nearest != table.end() && distance(name, nearest->name) <= 2)
        hint = text("did you mean '", nearest->name, "'?");
    return text("there is no directive '", escape(name, 64), "': ", hint);
}

const Directive* find_directive(std::string_view name, std::span<const Directive> table) {
    const auto found =
        std::find_if(table.begin(), table.end(), [&](const auto& d) { return d.name == name; });
    return found == table.end() ? nullptr : &*found;
}

bool gives(std::span<const ConfigLine> lines, std::string_view name) {
    return std::any_of(lines.begin(), lines.end(), [&](const auto& line) { return line.words[0] == name; });
}

void set_directive(const Directive& directive, Words words, std::string_view origin) {
    try {
        directive.set(words);
    } catch (const UserError& error) {
        throw UserError(text(origin, ": ", directive.name, ": ", error.what()));
    }
}

} // namespace

std::vector<std::string> split_words(std::string_view line) {
    std::vector<std::string> words;
    const auto is_blank = [](char c) { return c == ' ' || c == '\t' || c == '\r'; };
    for (std::size_t at = 0; at < line.size();) {
        if (is_blank(line[at])) {
            ++at;
            continue;
        }
        if (line[at] == '#') break;
        std::string word;
        const bool quoted = line[at] == '"';
        if (quoted) ++at;
        const auto ends_here = [&] { return quoted ? line[at] == '"' : is_blank(line[at]); };
        for (; at < line.size() && !ends_here(); ++at) {
            if (quoted && line[at] == '\\' && at + 1 < line.size()) ++at;
            word += line[at];
        }
        if (quoted && at++ >= line.size())
            throw UserError(text("the quote before '", escape(word, 64), "' is not closed"));
        words.push_back(std::move(word));
    }
    return words;
}

std::string quote_word(std::string_view word) {
    if (!word.empty() && word.find_first_of(" \t\r\"#\\") == word.npos) return std::string{word};
    std::string quoted = "\"";
    for (const char c : word) {
        if (c == '"' || c == '\\') quoted += '\\';
        quoted += c;
    }
    return quoted + '"';
}

std::vector<ConfigLine> read_config(const std::string& file, std::span<const std::string> option_lines) {
    std::vector<ConfigLine> lines;
    const auto add = [&](std::string origin, std::string_view line) {
        if (line.size() > max_config_line)
            throw UserError(text(origin, ": the line is longer than ", max_config_line, " bytes: split it"));
        if (line.find('\0') != line.npos)
            throw UserError(text(origin, ": the line holds a NUL byte: remove it"));
        ConfigLine parsed = parse_line(std::move(origin), line);
        if (!parsed.words.empty()) lines.push_back(std::move(parsed));
    };
    if (!file.empty()) {
        std::size_t number = 0;
        for (const std::string& line : split_lines(read_file(file))) add(text(file, ':', ++number), line);
    }
    for (const std::string& line : option_lines) add("-o", line);
    return lines;
}

void apply_config(std::span<const ConfigLine> lines, std::span<const Directive> table) {
    for (const ConfigLine& line : lines) {
        const Directive* const directive = find_directive(line.words[0], table);
        if (directive == nullptr)
            throw UserError(text(line.origin, ": ", no_such_directive(line.words[0], table)));
        set_directive(*directive, Words{line.words}.subspan(1), line.origin);
    }
    for (const Directive& directive : table)
        if (!directive.fallback.empty() && !gives(lines, directive.name))
            set_directive(directive, split_words(directive.fallback), "default");
}

std::vector<ConfigLine> merge_for_reload(std::span<const ConfigLine> old_lines,
                                         std::span<const ConfigLine> new_lines,
                                         std::span<const Directive> table,
                                         std::vector<std::string>& ignored) {
    const auto of = [](std::span<const ConfigLine> lines, std::string_view name) {
        std::vector<ConfigLine> some;
        std::copy_if(lines.begin(), lines.end(), std::back_inserter(some),
                     [&](const auto& line) { return line.words[0] == name; });
        return some;
    };
    const auto is_fixed = [&](const ConfigLine& line) {
        const Directive* const directive = find_directive(line.words[0], table);
        return directive != nullptr && directive->reload == Directive::Reload::at_start_only;
    };
    std::vector<ConfigLine> merged;
    std::copy_if(new_lines.begin(), new_lines.end(), std::back_inserter(merged),
                 [&](const auto& line) { return !is_fixed(line); });
    std::copy_if(old_lines.begin(), old_lines.end(), std::back_inserter(merged), is_fixed);
    for (const Directive& directive : table)
        if (directive.reload == Directive::Reload::at_start_only &&
            of(old_lines, directive.name) != of(new_lines, directive.name))
            ignored.emplace_back(directive.name);
    return merged;
}

const std::string& only_word(Words words, std::string_view what) {
    if (words.size() != 1) throw UserError(text("takes one word, ", what, ", not ", words.size()));
    return words[0];
}

unsigned parse_count(Words words, std::string_view what, unsigned least, unsigned most) {
    const std::string& word = only_word(words, what);
    const auto number = parse_number<unsigned>(word, least, most);
    if (!number)
        throw UserError(
            text("'", escape(word, 64), "' is not ", what, ": write a number of ", least, " to ", most));
    return *number;
}

std::size_t parse_choice(Words words, std::span<const std::string_view> choices) {
    std::string list;
    for (const std::string_view choice : choices) list += text(list.empty() ? "" : ", ", choice);
    const std::string& word = only_word(words, list);
    const auto found = std::find(choices.begin(), choices.end(), word);
    if (found == choices.end()) throw UserError(text("'", escape(word, 64), "' is none of ", list));
    return static_cast<std::size_t>(found - choices.begin());
}

} // namespace common
