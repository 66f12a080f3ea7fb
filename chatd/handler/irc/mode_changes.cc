// SPDX-License-Identifier: ISC
#include "chatd/handler/irc/mode_changes.hh"

#include "chatd/handler/irc/isupport.hh"

#include <algorithm>
#include <array>

namespace chatd::irc {
namespace {

using Takes = Mode::Takes;

// In the order of CHANMODES: by what they take, then by letter.
constexpr std::array channel_modes{
    Mode{'b', Takes::list, false, "who is banned: nick!*@* or *!*@address"},
    Mode{'k', Takes::always, false, "the room's code, which is the key of JOIN"},
    Mode{'l', Takes::when_set, false, "how many may be in the room"},
    Mode{'m', Takes::nothing, false, "moderated: only operators and those with a voice may speak"},
    Mode{'n', Takes::nothing, true, "only who is in the room may speak there"},
    Mode{'s', Takes::nothing, false, "hidden: no list shows the room"},
    Mode{'o', Takes::nick, false, "operator of the room"},
    Mode{'v', Takes::nick, false, "voice: may speak in a moderated room"},
};

bool takes_param(const Mode& mode, bool is_set) {
    return mode.takes != Takes::nothing && (mode.takes != Takes::when_set || is_set);
}

void note_unknown(std::string& unknown, char letter) {
    if (unknown.find(letter) == unknown.npos) unknown += letter;
}

} // namespace

const Mode* find_channel_mode(char letter) {
    const auto* const found = std::find_if(channel_modes.begin(), channel_modes.end(),
                                           [&](const Mode& m) { return m.letter == letter; });
    return found == channel_modes.end() ? nullptr : found;
}

std::string channel_modes_token() {
    std::string token;
    Takes last = Takes::list;
    for (const Mode& mode : channel_modes) {
        if (mode.takes == Takes::nick) continue;
        if (mode.takes != last) token += ',';
        last = mode.takes;
        token += mode.letter;
    }
    return token;
}

std::string all_channel_modes() {
    std::string letters;
    for (const Mode& mode : channel_modes) letters += mode.letter;
    std::sort(letters.begin(), letters.end());
    return letters;
}

bool ModeChange::lacks_param() const {
    return param.empty() && mode->takes != Takes::list && takes_param(*mode, is_set);
}

ModeChanges parse_channel_modes(const std::vector<std::string>& params, std::size_t first) {
    ModeChanges parsed;
    std::size_t with_param = 0;
    for (std::size_t at = first; at < params.size();) {
        const std::string& letters = params[at++];
        // A parameter that nothing takes, as the 5 of `-l 5', is none of letters.
        if (at > first + 1 && letters.find_first_of("+-") != 0) continue;
        bool is_set = true;
        for (const char letter : letters) {
            if (letter == '+' || letter == '-') {
                is_set = letter == '+';
                continue;
            }
            ModeChange change{is_set, find_channel_mode(letter), {}};
            if (change.mode == nullptr) {
                note_unknown(parsed.unknown, letter);
                continue;
            }
            if (takes_param(*change.mode, is_set) && at < params.size()) {
                change.param = params[at++];
                if (++with_param > most_modes) continue;
            }
            parsed.changes.push_back(std::move(change));
        }
    }
    return parsed;
}

UserModeChanges parse_user_modes(std::string_view letters) {
    UserModeChanges parsed;
    bool is_set = true;
    for (const char letter : letters) {
        if (letter == '+' || letter == '-')
            is_set = letter == '+';
        else if (user_modes.find(letter) == user_modes.npos)
            note_unknown(parsed.unknown, letter);
        else
            parsed.changes.push_back({is_set, letter});
    }
    return parsed;
}

} // namespace chatd::irc
