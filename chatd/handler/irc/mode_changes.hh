// SPDX-License-Identifier: ISC
// The modes of channels and of people, in one table each, and the words of a MODE command taken apart by it.
// Run by handlers. Pure.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace chatd::irc {

struct Mode {
    // When it has a parameter. list: without one what is in the list is asked for.
    enum class Takes { list, always, when_set, nothing, nick };
    char letter;
    Takes takes;
    bool is_fixed; // every room has it, and nobody can take it away
    std::string_view meaning;
};
const Mode* find_channel_mode(char letter);
// b,k,l,mnst as CHANMODES of 005 has it; and all letters, for 004.
std::string channel_modes_token();
std::string all_channel_modes();

// B: is a bot; i: is seen by those only with whom it shares a room, which all are; o: operator.
inline constexpr std::string_view user_modes = "Bio";

struct ModeChange {
    bool is_set = true;
    const Mode* mode = nullptr; // of a channel
    std::string param;          // empty, where it takes one: it is missing, and, of a list, that is asked for
    bool asks_for_list() const { return mode->takes == Mode::Takes::list && param.empty(); }
    bool lacks_param() const;
};
struct ModeChanges {
    std::vector<ModeChange> changes;
    std::string unknown; // letters, each once
};
// params: what follows the channel's name: letters with + and -, which may be in several words, and their
// parameters. What is beyond most_modes changes with a parameter is left out.
ModeChanges parse_channel_modes(const std::vector<std::string>& params, std::size_t first = 0);

struct UserModeChange {
    bool is_set = true;
    char letter = 0;
};
struct UserModeChanges {
    std::vector<UserModeChange> changes;
    std::string unknown;
};
UserModeChanges parse_user_modes(std::string_view letters);

} // namespace chatd::irc
