// SPDX-License-Identifier: ISC
// Every phrase that a client is shown, by number, in English and in the other languages that a message
// catalogue is installed for (catgets(3), chatd/LANGUAGE.msg). %1, %2 ... in a phrase are its arguments. Run
// by handlers, for which the spawner opens the catalogues, since a handler can open no file; and by the hub
// where chatctl shows a log.
#pragma once

#include "chatd/protocol.hh"

#include <array>
#include <cstdint>
#include <initializer_list>
#include <nl_types.h>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace chatd {

// The numbers are those of the catalogues: a number that is no longer used is never reused.
enum class Phrase : int {
    // coming in
    ask_name = 1,
    ask_code = 2,
    entered = 3,
    topic_is = 4,
    no_topic = 5,
    token_is = 6,
    welcome_back = 7,
    tries_left = 8,
    last_try = 9,
    // what happens without being asked for
    lost = 10,
    slowed = 11,
    idle = 12,
    server_ended = 13,
    asked_to_leave = 14,
    goodbye = 15,
    ask_password = 16,
    another_name = 17,
    enter_alone = 18,
    open_rooms = 19,
    // a room's lines: %1 who, %2 the text
    joined = 20,
    left = 21,
    left_with_words = 22,
    said = 23,
    announced = 24,
    acted = 25,
    renamed = 26,
    topic_set = 27,
    kicked = 28,
    muted = 29,
    unmuted = 30,
    banned = 31,
    unbanned = 32,
    moderated = 33,
    unmoderated = 34,
    voiced = 35,
    unvoiced = 36,
    administrator = 37,
    told = 38,
    noted = 39,
    noticed = 204,
    // refusals
    name_taken = 40,
    name_empty = 41,
    name_too_long = 42,
    name_unprintable = 43,
    name_reserved = 44,
    name_banned = 45,
    wrong_code = 46,
    room_full = 47,
    room_banned = 48,
    already_inside = 49,
    too_many_rooms = 50,
    no_such_room = 51,
    text_too_long = 53,
    disk_full = 54,
    room_moderated = 55,
    you_are_muted = 56,
    not_now = 57,
    nobody = 58,
    behind = 59,
    not_operator = 60,
    bad_duration = 61,
    not_banned = 62,
    wrong_token = 63,
    unknown_refusal = 64,
    wrong_password = 65,
    held_off = 66,
    has_password = 67,
    name_mixed = 68,
    name_alike = 69,
    // farewells
    stopping = 70,
    stopping_with_words = 71,
    you_are_kicked = 72,
    you_are_banned = 73,
    log_unreadable = 74,
    resumed_elsewhere = 75,
    too_many_tries = 76,
    login_timeout = 77,
    not_listening = 78,
    rooms_closed = 79,
    // answers to commands
    no_such_command = 80,
    did_you_mean = 81,
    not_at_prompt = 82,
    only_at_prompt = 83,
    in_no_room = 84,
    usage = 85,
    room_is_current = 86,
    left_room = 87,
    told_nobody = 88,
    is_away = 89,
    away_on = 90,
    away_off = 91,
    ignored = 92,
    not_ignored = 93,
    ignore_list = 94,
    quiet_on = 95,
    quiet_off = 96,
    time_on = 97,
    time_off = 98,
    bell_is = 99,
    language_is = 100,
    no_language = 101,
    nothing_found = 102,
    found = 103,
    skipped = 104,
    paste_begins = 105,
    paste_too_long = 106,
    paste_empty = 107,
    nobody_banned = 108,
    members = 109,
    with_code = 110,
    is_moderated = 111,
    you_are_here = 112,
    away_because = 113,
    an_operator = 114,
    has_voice = 115,
    is_muted = 116,
    ban_is = 117,
    for_ever = 118,
    minutes_left = 119,
    operator_now = 120,
    colours_on = 121,
    colours_off = 122,
    here = 123,
    not_at_code = 124,
    code_help = 125,
    present = 126,
    present_and_more = 127,
    nobody_present = 128,
    no_open_rooms = 129,
    paste_line_too_long = 180,
    words_too_long = 181,
    lines_gone = 182,
    not_recorded = 183,
    not_done = 184,
    too_many_ignored = 185,
    bad_network = 186,
    no_address = 187,
    hits_oneself = 188,
    and_address = 189,
    slowed_address = 194,
    slowed_codes = 198,
    partly_sent = 195,
    no_more_rooms = 196,
    too_many_bans = 197,
    too_many_marks = 203,
    answers_dropped = 199,
    hub_is_slow = 200,
    other_version = 201,
    room_closed = 202,
    // help: the lead, each command's line, the end
    help_lead = 130,
    help_end = 131,
    help_join = 132,
    help_leave = 133,
    help_switch = 134,
    help_rooms = 135,
    help_who = 136,
    help_me = 137,
    help_msg = 138,
    help_reply = 139,
    help_paste = 140,
    help_topic = 141,
    help_nick = 142,
    help_away = 143,
    help_history = 144,
    help_since = 145,
    help_search = 146,
    help_live = 147,
    help_ignore = 148,
    help_quiet = 149,
    help_time = 150,
    help_bell = 151,
    help_lang = 152,
    help_kick = 153,
    help_mute = 154,
    help_unmute = 155,
    help_ban = 156,
    help_unban = 157,
    help_bans = 158,
    help_moderate = 159,
    help_voice = 160,
    help_unvoice = 161,
    help_help = 162,
    help_quit = 163,
    help_bot = 164,
    help_resume = 165,
    help_oper = 166,
    help_colour = 167,
};

struct PhraseRow {
    Phrase phrase;
    const char* english;
};
std::span<const PhraseRow> phrase_table();

enum class Language : std::uint8_t { english, chinese };
inline constexpr std::array<std::string_view, 2> language_names{"en", "zh"};
std::optional<Language> find_language(std::string_view name);

using PhraseArguments = std::initializer_list<std::string_view>;

// The folder of a program that is executed by this name; empty when it is not found.
std::string folder_of_program(const std::string& program);

// The catalogues of all languages, as far as they are there: where NLSPATH says, under the name
// chatd.LANGUAGE, else as chatd.LANGUAGE.cat beside the program, when its folder is told, else in the folder
// that this program was built for.
class Catalogues {
public:
    explicit Catalogues(const std::string& program_folder = {});
    ~Catalogues();
    Catalogues(const Catalogues&) = delete;
    Catalogues& operator=(const Catalogues&) = delete;

    bool has(Language language) const;
    // In English where the language's catalogue lacks it; pattern: with the places for its arguments.
    std::string phrase(Language language, Phrase phrase, PhraseArguments arguments) const;
    std::string_view pattern(Language language, Phrase phrase) const;

private:
    std::array<std::optional<nl_catd>, language_names.size()> open_{}; // of English, none
};

// Appends the pattern with its arguments in place; what it names and is not given is left out.
void append_filled(std::string& out, std::string_view pattern, PhraseArguments arguments);

// A kind of record that people are shown: its name for programs, and what it says.
struct KindRow {
    Kind kind;
    std::string_view name;
    Phrase phrase;
};
// No value for marks, and for kinds that are not known.
const KindRow* find_kind(Kind kind);

// A record as people see it, without time or room; empty for marks and for kinds that are not known.
std::string words_of(const Record& record, const Catalogues& catalogues, Language language);
// The same, after what stands in out.
void append_words(std::string& out, const Record& record, const Catalogues& catalogues, Language language);

} // namespace chatd
