// SPDX-License-Identifier: ISC
#include "chatd/handler/irc/names.hh"

#include "chatd/irc_names.hh"
#include "common/network.hh"

#include <algorithm>

namespace chatd::irc {
namespace {

constexpr std::string_view anybody = "*!*@";
constexpr std::string_view anywhere = "!*@*";

bool is_unfit(char byte) {
    constexpr std::string_view signs = " ,!@*?";
    return (byte >= 0 && byte < ' ') || byte == '\x7f' || signs.find(byte) != signs.npos;
}

} // namespace

std::string channel_of(std::string_view room) {
    std::string channel = "#";
    channel += room;
    std::replace_if(channel.begin(), channel.end(), is_unfit, '_');
    return channel;
}

std::string nick_of(std::string_view name) {
    std::string nick{name};
    std::replace_if(nick.begin(), nick.end(), is_unfit, '_');
    constexpr std::string_view no_beginnings = "#&$:~+%";
    if (nick.empty() || no_beginnings.find(nick.front()) != no_beginnings.npos) nick.insert(0, 1, '_');
    return nick;
}

std::string prefix_of(std::string_view name) {
    if (name.empty()) return std::string{server_word};
    return nick_of(name).append("!").append(user_word).append("@").append(host_word);
}

std::string fold(std::string_view name) {
    std::string folded{name};
    for (char& byte : folded)
        if (byte >= 'A' && byte <= 'Z') byte = static_cast<char>(byte - 'A' + 'a');
    return folded;
}

BanMask parse_ban_mask(std::string_view mask) {
    if (mask.substr(0, anybody.size()) == anybody) {
        const std::string_view address = mask.substr(anybody.size());
        if (common::Network::parse(address)) return {std::string{address}, true};
        return {};
    }
    if (mask.size() > anywhere.size() && mask.substr(mask.size() - anywhere.size()) == anywhere)
        mask.remove_suffix(anywhere.size());
    if (!is_fit_name(mask) || common::Network::parse(mask)) return {};
    return {std::string{mask}, false};
}

std::string ban_mask_of(std::string_view whom) {
    std::string mask;
    if (common::Network::parse(whom))
        mask.append(anybody).append(whom);
    else
        mask.append(nick_of(whom)).append(anywhere);
    return mask;
}

} // namespace chatd::irc
