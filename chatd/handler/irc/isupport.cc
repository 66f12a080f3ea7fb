// SPDX-License-Identifier: ISC
#include "chatd/handler/irc/isupport.hh"

#include "chatd/handler/irc/client_line.hh"
#include "chatd/handler/irc/mode_changes.hh"
#include "chatd/protocol.hh"
#include "common/text.hh"

#include <algorithm>

using common::text;

namespace chatd::irc {
namespace {

std::vector<std::string> tokens() {
    const std::string rooms = std::to_string(max_rooms), targets = std::to_string(most_targets);
    return {
        text("AWAYLEN=", max_topic),
        "BOT=B",
        "CASEMAPPING=ascii",
        text("CHANLIMIT=#:", rooms),
        text("CHANMODES=", channel_modes_token()),
        text("CHANNELLEN=", max_room_name + 1),
        "CHANTYPES=#",
        text("CHATHISTORY=", most_history),
        "CLIENTTAGDENY=*",
        "ELIST=MNU",
        text("KEYLEN=", max_code),
        text("KICKLEN=", max_topic),
        text("LINELEN=", max_line),
        text("MAXTARGETS=", targets),
        text("MODES=", most_modes),
        "MSGREFTYPES=timestamp,msgid",
        text("NETWORK=", network),
        text("NICKLEN=", max_name),
        "PREFIX=(ov)@+",
        text("TARGMAX=JOIN:", rooms, ",KICK:", targets, ",NAMES:1,NOTICE:", targets, ",PART:", rooms,
             ",PRIVMSG:", targets, ",WHOIS:1"),
        text("TOPICLEN=", max_topic),
        "UTF8ONLY",
        "WHOX",
    };
}

} // namespace

std::vector<std::vector<std::string>> isupport() {
    std::vector<std::vector<std::string>> lines;
    for (std::string& token : tokens()) {
        if (lines.empty() || lines.back().size() == most_tokens) lines.emplace_back();
        lines.back().push_back(std::move(token));
    }
    return lines;
}

} // namespace chatd::irc
