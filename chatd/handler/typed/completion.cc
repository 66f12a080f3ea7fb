// SPDX-License-Identifier: ISC
#include "chatd/handler/typed/completion.hh"

#include "chatd/phrases.hh"
#include "chatd/terminal/graphemes.hh"
#include "chatd/words.hh"
#include "common/text.hh"

#include <algorithm>
#include <array>

namespace chatd {
namespace {

std::size_t first_length(std::string_view words) { return grapheme_behind(words, 0); }

// What stands before a name without a blank: @ada, (ada, "ada, ada/bob; and what Chinese is written with.
constexpr std::array<std::string_view, 26> wide_marks{
    "\u00a1", "\u00ab", "\u00bb", "\u00bf", "\u2013", "\u2014", "\u2018", "\u2019", "\u201c",
    "\u201d", "\u201e", "\u2026", "\u3001", "\u3002", "\u3008", "\u300a", "\u300c", "\u300e",
    "\u3010", "\uff01", "\uff08", "\uff0c", "\uff1a", "\uff1b", "\uff1f", "\uff20"};

bool is_ascii_mark(char byte) {
    const char lower = static_cast<char>(byte | 0x20);
    return byte > ' ' && byte < '\x7f' && !(byte >= '0' && byte <= '9') && !(lower >= 'a' && lower <= 'z');
}
// In ASCII, what may stand in a name, though not at its beginning.
bool joins_words(char byte) { return byte == '-' || byte == '.' || byte == '\'' || byte == '_'; }

// The byte of the word at which the name begins that it ends with.
std::size_t begin_of_name(std::string_view word) {
    std::size_t begin = 0;
    for (std::size_t at = 0; at < word.size();) {
        const std::size_t length = first_length(word.substr(at));
        const std::string_view character = word.substr(at, length);
        const bool is_first = at == begin;
        const bool is_mark =
            length > 1 ? std::find(wide_marks.begin(), wide_marks.end(), character) != wide_marks.end()
                       : is_ascii_mark(word[at]) && word[at] != '_' && (is_first || !joins_words(word[at]));
        at += length;
        if (is_mark) begin = at;
    }
    return begin;
}

// A name that follows a mark is completed; only behind @ it is a word by itself, as it is behind a blank.
void look_behind_marks(Completion& found) {
    const std::size_t begin = begin_of_name(found.word);
    if (begin == 0) return;
    found.end = found.word[begin - 1] == '@' ? " " : "";
    found.from += begin;
    found.word.erase(0, begin);
}

// How many bytes of one, whole characters, are also the other's beginning but for case.
std::size_t agreement(std::string_view one, std::string_view other) {
    std::size_t agreed = 0;
    while (agreed < one.size() && !other.empty()) {
        const std::string_view left = one.substr(agreed, first_length(one.substr(agreed)));
        const std::string_view right = other.substr(0, first_length(other));
        if (fold_name(left) != fold_name(right)) break;
        agreed += left.size();
        other.remove_prefix(right.size());
    }
    return agreed;
}

// [ROOM], NAME|ADDRESS, on|off: in capitals what it is, else what is to be typed.
void add_candidates(Completion& found, std::string_view argument, std::span<const CommandShape> commands) {
    using Of = Completion::Of;
    for (const std::string_view kind : common::split(argument, '|')) {
        if (kind == "NAME" || kind == "TEXT") found.of = Of::names;
        if (kind == "ROOM") found.of = Of::rooms;
        if (kind == "COMMAND")
            for (const CommandShape& command : commands) found.words.emplace_back(command.name);
        if (kind == "LANGUAGE")
            for (const std::string_view name : language_names) found.words.emplace_back(name);
        if (!kind.empty() && kind[0] >= 'a') found.words.emplace_back(kind);
    }
    if (!found.words.empty()) found.of = Of::words;
}

} // namespace

Completion find_completion(std::string_view before, std::span<const CommandShape> commands) {
    Completion found;
    found.from = before.find_last_of(" \n") + 1; // npos + 1 is 0
    found.word = before.substr(found.from);
    if (before.substr(0, 1) != "/" || before.substr(0, 2) == "//") {
        found.of = Completion::Of::names;
        if (found.from == 0) found.end = ": ";
        look_behind_marks(found);
        return found;
    }
    if (found.from == 0) {
        found.from = 1;
        found.word = before.substr(1);
        found.of = Completion::Of::words;
        for (const CommandShape& command : commands) found.words.emplace_back(command.name);
        return found;
    }
    std::vector<std::string_view> typed = common::split(before, ' ');
    std::erase(typed, std::string_view{}); // several blanks are one
    const auto command = std::find_if(commands.begin(), commands.end(), [&](const CommandShape& known) {
        return known.name == typed[0].substr(1);
    });
    if (command == commands.end()) return found;
    std::string arguments{command->arguments};
    std::erase_if(arguments, [](char c) { return c == '[' || c == ']'; });
    const std::vector<std::string_view> kinds = common::split(arguments, ' ');
    const std::size_t place = typed.size() - (found.word.empty() ? 1 : 2);
    // Text goes on to the line's end.
    const std::string_view kind = place < kinds.size() || kinds.back() == "TEXT"
                                      ? kinds[std::min(place, kinds.size() - 1)]
                                      : std::string_view{};
    add_candidates(found, kind, commands);
    if (kind == "TEXT") look_behind_marks(found);
    return found;
}

Completed complete(const Completion& wanted, std::vector<std::string> candidates) {
    std::erase_if(candidates, [&](const std::string& candidate) {
        return agreement(wanted.word, candidate) < wanted.word.size();
    });
    std::sort(candidates.begin(), candidates.end());
    candidates.erase(std::unique(candidates.begin(), candidates.end()), candidates.end());
    if (candidates.empty()) return {};
    if (candidates.size() == 1) return {candidates[0].append(wanted.end), {}};
    std::string common = candidates[0];
    for (const std::string& candidate : candidates) common.resize(agreement(common, candidate));
    if (agreement(common, wanted.word) < common.size()) return {std::move(common), {}};
    return {{}, std::move(candidates)};
}

} // namespace chatd
