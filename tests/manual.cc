// SPDX-License-Identifier: ISC
#include "tests/manual.hh"

#include "common/text.hh"
#include "tests/e2e/files.hh"

#include <algorithm>
#include <array>
#include <fstream>
#include <iterator>
#include <span>
#include <stdexcept>
#include <utility>

namespace tests {
namespace {

using Lines = std::vector<std::string>;

// Macros that change how words look and not what they are.
constexpr std::array fonts{"Ar", "Cm", "Dl", "Dv", "Em", "Ev", "Fn", "Ic", "It", "Li", "Nd",
                           "Nm", "Pa", "Pp", "Pq", "Ql", "Sh", "Ss", "Sx", "Sy", "Ta", "Xr"};
constexpr std::array<std::pair<std::string_view, std::string_view>, 6> escapes{
    {{"\\&", ""}, {"\\-", "-"}, {"\\e", "\\"}, {"\\(dq", "\""}, {"\\(aq", "'"}, {"\\ ", " "}}};

bool begins(std::string_view line, std::string_view with) { return line.substr(0, with.size()) == with; }

std::string without_escapes(std::string_view text) {
    std::string out;
    while (!text.empty()) {
        const auto* const found = std::find_if(escapes.begin(), escapes.end(), [&](const auto& escape) {
            return text.substr(0, escape.first.size()) == escape.first;
        });
        const bool is_escape = found != escapes.end();
        out += is_escape ? found->second : text.substr(0, 1);
        text.remove_prefix(is_escape ? found->first.size() : 1);
    }
    return out;
}

Lines split_words(std::string_view line) {
    Lines words;
    while (!line.empty()) {
        const std::size_t end = std::min(line.find(' '), line.size());
        if (end > 0) words.emplace_back(line.substr(0, end));
        line.remove_prefix(std::min(end + 1, line.size()));
    }
    return words;
}

// The words of one source line, less macros.
std::string plain(const std::string& line) {
    for (const std::string_view frame : {".Bl", ".El", ".Bd", ".Ed"})
        if (begins(line, frame)) return {};
    if (line.empty() || line[0] != '.') return without_escapes(line);
    std::string out;
    std::string pending; // stands before the next word without a blank
    std::string closing;
    bool joined = true;
    for (const std::string& word : split_words(std::string_view{line}.substr(1))) {
        if (std::find(fonts.begin(), fonts.end(), word) != fonts.end()) continue;
        if (word == "Op") {
            pending += '[';
            closing += ']';
        } else if (word == "Oo")
            pending += '[';
        else if (word == "Oc")
            out += ']';
        else if (word == "Fl")
            pending += '-';
        else if (word == "Ns")
            joined = true;
        else {
            const bool follows = word == "." || word == "," || word == ";" || word == ":" || word == ")";
            if (!joined && !follows) out += ' ';
            out += std::exchange(pending, {}) + without_escapes(word);
            joined = false;
        }
    }
    return out + closing;
}

std::string plain(std::span<const std::string> lines) {
    std::string out;
    for (const std::string& line : lines)
        if (const std::string words = plain(line); !words.empty()) out += (out.empty() ? "" : " ") + words;
    return out;
}

} // namespace

Manual::Manual(const std::string& page) : name_(page) {
    std::ifstream source{e2e::in_source("man") / page, std::ios::binary};
    if (!source) throw std::runtime_error("there is no manual " + page);
    const std::string whole{std::istreambuf_iterator<char>{source}, {}};
    lines_ = common::split_lines(whole);
}

std::string Manual::Item::text() const { return plain(lines); }

std::string Manual::Item::fallback() const {
    const auto lead = std::find(lines.begin(), lines.end(), "The default is");
    if (lead == lines.end() || lead + 1 == lines.end()) return {};
    const Lines words = split_words(*(lead + 1)); // .Ql 127.0.0.1:2121 .
    return words.size() < 2 ? std::string{} : without_escapes(words[1]);
}

std::vector<Manual::Item> Manual::list_behind(std::string_view lead) const {
    auto line = std::find_if(lines_.begin(), lines_.end(), [&](const auto& l) { return begins(l, lead); });
    if (line != lines_.end()) ++line;
    line = std::find_if(line, lines_.end(), [](const auto& l) { return begins(l, ".Bl "); });
    std::vector<Item> items;
    for (int depth = 0; line != lines_.end(); ++line) {
        if (begins(*line, ".Bl ")) ++depth;
        if (*line == ".El" && --depth == 0) return items;
        if (begins(*line, ".It ") && depth == 1)
            items.push_back({plain(*line), {}});
        else if (!items.empty())
            items.back().lines.push_back(*line);
    }
    throw std::runtime_error(name_ + ": there is no list behind: " + std::string{lead});
}

std::string Manual::synopsis() const {
    const auto begin = std::find(lines_.begin(), lines_.end(), ".Sh SYNOPSIS");
    const auto end = std::find(begin, lines_.end(), ".Sh DESCRIPTION");
    return begin == end ? std::string{} : plain(std::span{begin + 1, end});
}

std::string Manual::display_behind(std::string_view lead) const {
    auto line = std::find_if(lines_.begin(), lines_.end(), [&](const auto& l) { return begins(l, lead); });
    line = std::find_if(line, lines_.end(), [](const auto& l) { return begins(l, ".Bd -literal"); });
    const auto end = std::find(line, lines_.end(), ".Ed");
    if (end == lines_.end())
        throw std::runtime_error(name_ + ": there is no display behind: " + std::string{lead});
    std::string out;
    for (++line; line != end; ++line) out += without_escapes(*line) + '\n';
    return out;
}

std::vector<Lines> Manual::examples() const {
    auto line = std::find(lines_.begin(), lines_.end(), ".Sh EXAMPLES");
    if (line == lines_.end()) throw std::runtime_error(name_ + ": there are no EXAMPLES");
    std::vector<Lines> displays;
    bool is_literal = false, was_single = false;
    for (++line; line != lines_.end() && !begins(*line, ".Sh "); ++line) {
        const bool is_single = begins(*line, ".Dl ");
        if (begins(*line, ".Bd -literal") || (is_single && !was_single)) displays.emplace_back();
        if (is_literal && *line != ".Ed") displays.back().push_back(without_escapes(*line));
        if (is_single) displays.back().push_back(without_escapes(line->substr(4)));
        was_single = is_single;
        is_literal = *line != ".Ed" && (is_literal || begins(*line, ".Bd -literal"));
    }
    return displays;
}

bool Manual::says(std::string_view words) const { return plain(lines_).find(words) != std::string::npos; }

std::string heads(const std::vector<Manual::Item>& items) {
    std::string out;
    for (const Manual::Item& item : items) out += item.head + '\n';
    return out;
}

std::string with_argument(std::string_view name, std::string_view argument) {
    return common::text(name, argument.empty() ? "" : " ", argument);
}

std::string heads_of(const std::vector<common::Option>& options) {
    std::string lines;
    for (const common::Option& option : options) lines += option.shown() + '\n';
    return lines;
}

std::string usage_of(std::string_view program, const std::vector<common::Option>& options,
                     std::string_view operands) {
    const std::string usage = common::usage_text(program, options, operands);
    return usage.substr(7, usage.find('\n') - 7);
}

} // namespace tests
