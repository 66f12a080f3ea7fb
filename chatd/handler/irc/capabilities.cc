// SPDX-License-Identifier: ISC
#include "chatd/handler/irc/capabilities.hh"

#include "chatd/handler/irc/text_parts.hh"
#include "common/text.hh"

#include <algorithm>

namespace chatd::irc {
namespace {

constexpr unsigned with_values = 302; // the first version that has values and answers of several lines

std::size_t index_of(Capability capability) { return static_cast<std::size_t>(capability); }

} // namespace

bool Capabilities::is_offered(const CapabilityRow& row) const {
    return row.capability != Capability::sasl || has_accounts_;
}

const CapabilityRow* Capabilities::find(std::string_view name) const {
    const auto* const found = std::find_if(capability_table.begin(), capability_table.end(),
                                           [&](const CapabilityRow& row) { return row.name == name; });
    return found == capability_table.end() || !is_offered(*found) ? nullptr : found;
}

bool Capabilities::has(Capability capability) const {
    if (!is_set(capability)) return false;
    const CapabilityRow* const needed = find(capability_table.at(index_of(capability)).needs);
    return needed == nullptr || is_set(needed->capability);
}

bool Capabilities::takes_tags() const {
    return std::any_of(capability_table.begin(), capability_table.end(), [&](const CapabilityRow& row) {
        using enum Capability;
        constexpr std::array tagging{account_tag, batch, labeled_response, message_tags, server_time};
        return is_set(row.capability) &&
               std::find(tagging.begin(), tagging.end(), row.capability) != tagging.end();
    });
}

// All of them or none.
bool Capabilities::request(std::string_view names) {
    auto wanted = set_;
    for (std::string_view name : common::split(names, ' ')) {
        if (name.empty()) continue;
        const bool is_off = name.front() == '-';
        if (is_off) name.remove_prefix(1);
        const CapabilityRow* const row = find(name);
        if (row == nullptr) return false;
        // It is part of the version.
        if (is_off && row->capability == Capability::cap_notify && version_ >= with_values) return false;
        wanted[index_of(row->capability)] = !is_off;
    }
    set_ = wanted;
    return true;
}

void Capabilities::add(Answer& answer, std::string_view subcommand, const std::vector<std::string>& words,
                       std::size_t room, std::string_view is_more) {
    std::vector<std::string> lines{""};
    bool is_first = true; // word of its line
    for (const std::string& word : words) {
        if (!is_first && lines.back().size() + 1 + word.size() > room) {
            lines.emplace_back();
            is_first = true;
        }
        lines.back().append(is_first ? "" : " ").append(beginning_of(word, room));
        is_first = false;
    }
    for (std::string& line : lines) {
        std::vector<std::string> params{std::string{subcommand}};
        if (&line != &lines.back() && !is_more.empty()) params.emplace_back(is_more);
        params.push_back(std::move(line));
        answer.caps.push_back(std::move(params));
    }
}

void Capabilities::list(Answer& answer, std::string_view subcommand, std::size_t room, bool all) const {
    std::vector<std::string> words;
    for (const CapabilityRow& row : capability_table) {
        if (all ? !is_offered(row) : !is_set(row.capability)) continue;
        std::string word{row.name};
        if (all && version_ >= with_values && !row.value.empty()) word.append("=").append(row.value);
        words.push_back(std::move(word));
    }
    // An older client sees the end in no other way than that it is one line.
    add(answer, subcommand, words, room, version_ >= with_values ? "*" : "");
}

Capabilities::Answer Capabilities::take(const std::vector<std::string>& params, std::size_t room) {
    Answer answer;
    const std::string subcommand = params.empty() ? "" : common::to_upper(params.front());
    const std::string_view argument = params.size() > 1 ? std::string_view{params[1]} : "";
    if (subcommand == "LS") {
        version_ = std::max(version_, common::parse_number<unsigned>(argument).value_or(0));
        if (version_ >= with_values) set_[index_of(Capability::cap_notify)] = true;
        is_negotiating_ = true;
        list(answer, subcommand, room, true);
    } else if (subcommand == "LIST") {
        list(answer, subcommand, room, false);
    } else if (subcommand == "REQ") {
        is_negotiating_ = true;
        const std::string_view verdict = request(argument) ? "ACK" : "NAK";
        std::vector<std::string> words;
        for (const std::string_view word : common::split(argument, ' ')) words.emplace_back(word);
        add(answer, verdict, words, room, "");
    } else if (subcommand == "END") {
        answer.has_ended = is_negotiating_;
        is_negotiating_ = false;
    } else {
        answer.is_unknown = true;
    }
    return answer;
}

} // namespace chatd::irc
