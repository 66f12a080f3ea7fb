// SPDX-License-Identifier: ISC
// Names as IRC writes them: rooms behind a #, and people as NAME!USER@HOST, where user and host are the same
// for all, since nobody is shown where others are. Run by handlers. Pure.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace chatd::irc {

inline constexpr std::string_view user_word = "u";
inline constexpr std::string_view host_word = "chat";
// Who says what nobody says: the server, the administrator.
inline constexpr std::string_view server_word = "chatd.local", version_word = "chatd-" SUITE_VERSION;

// Whether a target is a room's, and which; #lobby is lobby. A room's name may be anything behind the #.
inline bool is_channel(std::string_view target) { return target.substr(0, 1) == "#"; }
inline std::string_view room_of(std::string_view channel) { return channel.substr(1); }
// The room's name, or a person's, as one word that IRC can carry: what it cannot, in old logs, is _ there.
std::string channel_of(std::string_view room);
std::string nick_of(std::string_view name);
// ada!u@chat; of nobody the server.
std::string prefix_of(std::string_view name);

// CASEMAPPING=ascii: only A to Z are also a to z.
std::string fold(std::string_view name);

// What a mask of MODE +b is to the hub: a name or an address, in the words that its acts take.
struct BanMask {
    std::string whom;
    bool is_address = false;
};
// nick, nick!*@*, *!*@address and *!*@address/bits; of others whom is empty.
BanMask parse_ban_mask(std::string_view mask);
// The other way round.
std::string ban_mask_of(std::string_view whom);
// For whom another mask was refused.
inline constexpr std::string_view ban_mask_help =
    "A ban is of a name, NICK!*@*, or of an address, *!*@ADDRESS";

} // namespace chatd::irc
