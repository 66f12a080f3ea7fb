// SPDX-License-Identifier: ISC
#include "chatd/handler/irc/masks.hh"

#include "chatd/handler/irc/names.hh"
#include "common/text.hh"

#include <algorithm>

using namespace common;

namespace chatd::irc {

bool has_wildcards(std::string_view mask) { return mask.find_first_of("*?") != mask.npos; }

// Only the last * is ever given more: what an earlier one could take instead, that one can.
bool matches(std::string_view mask, std::string_view name) {
    const std::string pattern = fold(mask), text = fold(name);
    std::size_t at = 0, from = 0;
    std::size_t star = pattern.npos, taken = 0; // the last *, and up to where in text it reaches
    while (from < text.size()) {
        if (at < pattern.size() && pattern[at] == '*') {
            star = at++;
            taken = from;
        } else if (at < pattern.size() && (pattern[at] == '?' || pattern[at] == text[from])) {
            ++at;
            ++from;
        } else if (star != pattern.npos) {
            at = star + 1;
            from = ++taken;
        } else {
            return false;
        }
    }
    return pattern.find_first_not_of('*', at) == pattern.npos;
}

ListFilter::ListFilter(std::string_view words) {
    for (const std::string_view word : split(words, ',')) {
        if (word.empty()) continue;
        const std::string_view rest = word.substr(1);
        const auto number = parse_number<std::size_t>(rest, 0, 1'000'000);
        if (word.front() == '>' && number)
            least_ = std::max(least_, *number + 1);
        else if (word.front() == '<' && number)
            most_ = *number == 0 ? (least_ = 1, 0) : std::min(most_, *number - 1);
        else if (word.front() == '!' && !rest.empty())
            others_.emplace_back(rest);
        else
            masks_.emplace_back(word);
    }
}

bool ListFilter::lets_pass(std::string_view channel, std::size_t people) const {
    const auto is_of = [&](const std::string& mask) { return matches(mask, channel); };
    return people >= least_ && people <= most_ &&
           (masks_.empty() || std::any_of(masks_.begin(), masks_.end(), is_of)) &&
           std::none_of(others_.begin(), others_.end(), is_of);
}

} // namespace chatd::irc
