// SPDX-License-Identifier: ISC
#include "chatd/handler/completion.hh"

#include "chatd/phrases.hh"
#include "chatd/terminal/graphemes.hh"
#include "chatd/words.hh"
#include "common/text.hh"

#include <algorithm>

namespace chatd {
namespace {

std::size_t first_length(std::string_view words) { return grapheme_behind(words, 0); }

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
    add_candidates(found,
                   place < kinds.size() || kinds.back() == "TEXT" ? kinds[std::min(place, kinds.size() - 1)]
                                                                  : std::string_view{},
                   commands);
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
