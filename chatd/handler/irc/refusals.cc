// SPDX-License-Identifier: ISC
#include "chatd/handler/irc/refusals.hh"

#include <algorithm>
#include <array>

namespace chatd::irc {
namespace {

using enum Numeric;

constexpr RefusalRow other{Refusal{}, unknown_error, "That cannot be done now: try again later"};

constexpr std::array refusals{
    RefusalRow{Refusal::name_taken, nickname_in_use, ""},
    RefusalRow{Refusal::name_empty, no_nickname, ""},
    RefusalRow{Refusal::name_too_long, erroneous_nickname, "A name has 32 columns at most"},
    RefusalRow{
        Refusal::name_unprintable, erroneous_nickname,
        "A name has letters and digits of any script and - _ . ' in it, and begins with none of these but _"},
    RefusalRow{Refusal::name_reserved, erroneous_nickname, "That name is reserved: choose another"},
    RefusalRow{Refusal::name_banned, erroneous_nickname, "That name is banned: choose another"},
    RefusalRow{Refusal::name_mixed, erroneous_nickname, "That name mixes letters of several scripts"},
    RefusalRow{Refusal::name_alike, nickname_in_use, "Somebody here has a name that looks like that"},
    RefusalRow{Refusal::has_password, nickname_in_use,
               "That name has a password, which only its owner knows"},
    RefusalRow{Refusal::password_needed, nickname_in_use,
               "That name has a password: give it with PASS or by SASL, or choose another name"},
    RefusalRow{Refusal::wrong_password, password_mismatch, ""},
    RefusalRow{Refusal::held_off, password_mismatch, "Too many wrong passwords: wait before the next try"},
    RefusalRow{Refusal::wrong_code, bad_channel_key, ""},
    RefusalRow{Refusal::room_full, channel_is_full, ""},
    RefusalRow{Refusal::room_banned, banned_from_channel, ""},
    RefusalRow{Refusal::too_many_rooms, too_many_channels, ""},
    RefusalRow{Refusal::no_such_room, no_such_channel, ""},
    RefusalRow{Refusal::help_wanted, no_such_channel, ""},
    RefusalRow{Refusal::no_more_rooms, no_such_channel, "No room has that name, and no more can be made now"},
    RefusalRow{Refusal::text_too_long, input_too_long, ""},
    RefusalRow{Refusal::disk_full, cannot_send, "The disk of the server is full: nothing was said"},
    RefusalRow{Refusal::moderated, cannot_send, "Cannot send to channel (+m): ask an operator for a voice"},
    RefusalRow{Refusal::muted, cannot_send, "You are muted here"},
    RefusalRow{Refusal::not_recorded, unknown_error,
               "It is done, but the disk of the server is full: no log says so"},
    RefusalRow{Refusal::not_done, unknown_error, "It is not done: the disk of the server is full"},
    RefusalRow{Refusal::partly_sent, cannot_send,
               "The disk of the server is full: the first lines were said"},
    RefusalRow{Refusal::nobody, no_such_nick, ""},
    RefusalRow{Refusal::behind, cannot_send, "That client reads too slowly: it has not got your message"},
    RefusalRow{Refusal::not_operator, channel_op_needed, ""},
    RefusalRow{Refusal::bad_duration, unknown_error, "A duration is a number with s, m, h or d"},
    RefusalRow{Refusal::not_banned, unknown_error, "Nobody is banned by that mask"},
    RefusalRow{Refusal::bad_network, unknown_error, "That is no address"},
    RefusalRow{Refusal::no_address, unknown_error, "No address is known of that person"},
    RefusalRow{Refusal::hits_oneself, unknown_error, "That ban would hit yourself"},
    RefusalRow{Refusal::too_many_bans, ban_list_full, ""},
    RefusalRow{Refusal::too_many_marks, unknown_error,
               "So many are muted or have a voice here that no more can"},
};

struct FarewellRow {
    Farewell why;
    std::string_view words;
};
constexpr std::array farewells{
    FarewellRow{Farewell::stopping, "The server is stopping"},
    FarewellRow{Farewell::stopping_with_words, "The server is stopping"},
    FarewellRow{Farewell::kicked, "You were thrown out"},
    FarewellRow{Farewell::banned, "You are banned"},
    FarewellRow{Farewell::log_unreadable, "The log of a room cannot be read"},
    FarewellRow{Farewell::resumed_elsewhere, "You have come in again from elsewhere"},
    FarewellRow{Farewell::too_many_tries, "Too many wrong keys or passwords"},
    FarewellRow{Farewell::login_timeout, "Registration took too long"},
    FarewellRow{Farewell::not_listening, "The server listens no more where you came in: connect again"},
    FarewellRow{Farewell::rooms_closed, "All your rooms were closed"},
};

} // namespace

const RefusalRow& row_of(Refusal why) {
    const auto* const found =
        std::find_if(refusals.begin(), refusals.end(), [&](const RefusalRow& row) { return row.why == why; });
    return found == refusals.end() ? other : *found;
}

std::string_view words_of(Farewell why) {
    const auto* const found = std::find_if(farewells.begin(), farewells.end(),
                                           [&](const FarewellRow& row) { return row.why == why; });
    return found == farewells.end() ? "Closing link" : found->words;
}

} // namespace chatd::irc
