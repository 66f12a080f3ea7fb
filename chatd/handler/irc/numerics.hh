// SPDX-License-Identifier: ISC
// The numbered answers of IRC that are given here: each with its name in the Modern IRC documents and the
// words behind its parameters, once. chatd-irc(7) lists them, and a test compares. Run by handlers. Pure.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

namespace chatd::irc {

// Number, name, words; empty words: they are different each time.
// clang-format off
#define CHATD_IRC_NUMERICS(numeric) \
numeric(  1, welcome,            "") \
numeric(  2, your_host,          "") \
numeric(  3, created,            "") \
numeric(  4, my_info,            "") \
numeric(  5, isupport,           "are supported by this server") \
numeric(219, end_of_stats,       "End of /STATS report") \
numeric(221, user_mode_is,       "") \
numeric(242, stats_uptime,       "") \
numeric(251, luser_client,       "") \
numeric(254, luser_channels,     "channels formed") \
numeric(255, luser_me,           "") \
numeric(265, local_users,        "") \
numeric(266, global_users,       "") \
numeric(301, away,               "") \
numeric(302, user_host,          "") \
numeric(303, is_on,              "") \
numeric(305, un_away,            "You are no longer marked as being away") \
numeric(306, now_away,           "You have been marked as being away") \
numeric(311, whois_user,         "") \
numeric(312, whois_server,       "") \
numeric(313, whois_operator,     "is an IRC operator") \
numeric(315, end_of_who,         "End of WHO list") \
numeric(317, whois_idle,         "seconds idle, signon time") \
numeric(318, end_of_whois,       "End of /WHOIS list") \
numeric(319, whois_channels,     "") \
numeric(321, list_start,         "Users  Name") \
numeric(322, list,               "") \
numeric(323, list_end,           "End of /LIST") \
numeric(324, channel_mode_is,    "") \
numeric(329, creation_time,      "") \
numeric(330, whois_account,      "is logged in as") \
numeric(331, no_topic,           "No topic is set") \
numeric(332, topic,              "") \
numeric(333, topic_who_time,     "") \
numeric(335, whois_bot,          "is a bot") \
numeric(341, inviting,           "") \
numeric(351, version,            "") \
numeric(352, who_reply,          "") \
numeric(353, names_reply,        "") \
numeric(354, whox_reply,         "") \
numeric(366, end_of_names,       "End of /NAMES list") \
numeric(367, ban_list,           "") \
numeric(368, end_of_ban_list,    "End of channel ban list") \
numeric(369, end_of_whowas,      "End of WHOWAS") \
numeric(371, info,               "") \
numeric(374, end_of_info,        "End of INFO list") \
numeric(378, whois_host,         "") \
numeric(381, you_are_oper,       "You are now an IRC operator") \
numeric(391, time,               "") \
numeric(400, unknown_error,      "") \
numeric(401, no_such_nick,       "No such nick/channel") \
numeric(403, no_such_channel,    "No such channel") \
numeric(404, cannot_send,        "Cannot send to channel") \
numeric(405, too_many_channels,  "You have joined too many channels") \
numeric(406, was_no_such_nick,   "There was no such nickname") \
numeric(407, too_many_targets,   "Too many recipients") \
numeric(409, no_origin,          "No origin specified") \
numeric(410, invalid_cap,        "Invalid CAP command") \
numeric(411, no_recipient,       "No recipient given") \
numeric(412, no_text,            "No text to send") \
numeric(417, input_too_long,     "Input line was too long") \
numeric(421, unknown_command,    "Unknown command") \
numeric(422, no_motd,            "MOTD File is missing") \
numeric(423, no_admin_info,      "No administrative info available") \
numeric(431, no_nickname,        "No nickname given") \
numeric(432, erroneous_nickname, "Erroneous nickname") \
numeric(433, nickname_in_use,    "Nickname is already in use") \
numeric(441, not_in_channel,     "They aren't on that channel") \
numeric(442, not_on_channel,     "You're not on that channel") \
numeric(443, user_on_channel,    "is already on channel") \
numeric(451, not_registered,     "You have not registered") \
numeric(461, need_more_params,   "Not enough parameters") \
numeric(462, already_registered, "You may not reregister") \
numeric(464, password_mismatch,  "Password incorrect") \
numeric(471, channel_is_full,    "Cannot join channel (+l)") \
numeric(472, unknown_mode,       "is unknown mode char to me") \
numeric(474, banned_from_channel, "Cannot join channel (+b)") \
numeric(475, bad_channel_key,    "Cannot join channel (+k)") \
numeric(478, ban_list_full,      "Channel ban list is full") \
numeric(482, channel_op_needed,  "You're not channel operator") \
numeric(501, unknown_user_mode,  "Unknown MODE flag") \
numeric(502, users_dont_match,   "Cant change mode for other users") \
numeric(671, whois_secure,       "is using a secure connection") \
numeric(696, invalid_mode_param, "") \
numeric(900, logged_in,          "") \
numeric(903, sasl_success,       "SASL authentication successful") \
numeric(904, sasl_fail,          "SASL authentication failed") \
numeric(905, sasl_too_long,      "SASL message too long") \
numeric(906, sasl_aborted,       "SASL authentication aborted") \
numeric(907, sasl_already,       "You have already authenticated using SASL") \
numeric(908, sasl_mechanisms,    "are available SASL mechanisms")
// clang-format on

#define CHATD_IRC_NUMBER(number, name, words) name = number,
enum class Numeric : std::uint16_t { CHATD_IRC_NUMERICS(CHATD_IRC_NUMBER) };
#undef CHATD_IRC_NUMBER

struct NumericRow {
    Numeric number;
    std::string_view name;
    std::string_view words;
};
#define CHATD_IRC_ROW(number, name, words) NumericRow{Numeric::name, #name, words},
inline constexpr std::array numeric_table{CHATD_IRC_NUMERICS(CHATD_IRC_ROW)};
#undef CHATD_IRC_ROW
#undef CHATD_IRC_NUMERICS

// Three digits: "001".
std::string digits_of(Numeric number);
std::string_view words_of(Numeric number);

} // namespace chatd::irc
