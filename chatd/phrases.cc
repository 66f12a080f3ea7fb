// SPDX-License-Identifier: ISC
#include "chatd/phrases.hh"

#include "common/text.hh"

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <unistd.h>

namespace chatd {
namespace {

constexpr int catalogue_set = 1;

constexpr std::array table{
    PhraseRow{Phrase::ask_name, "Your name: "},
    PhraseRow{Phrase::ask_code, "Room code: "},
    PhraseRow{Phrase::entered, "You are in %1. /help lists what you can do."},
    PhraseRow{Phrase::topic_is, "The topic of %1: %2"},
    PhraseRow{Phrase::no_topic, "%1 has no topic."},
    PhraseRow{Phrase::token_is, "If the connection breaks, take your place again with /resume %1"},
    PhraseRow{Phrase::welcome_back, "Welcome back, %1."},
    PhraseRow{Phrase::tries_left, "%1 Tries left: %2."},
    PhraseRow{Phrase::last_try, "%1 That was the last try."},
    PhraseRow{Phrase::lost, "You were too far behind: %1 lines are gone."},
    PhraseRow{Phrase::slowed, "You may say %1 lines in %2 seconds: further lines have to wait."},
    PhraseRow{Phrase::slowed_address,
              "All at your address together may say %1 lines in %2 seconds: further lines have to wait."},
    PhraseRow{Phrase::slowed_codes, "Too many wrong codes came from your address: this one has to wait."},
    PhraseRow{Phrase::hub_is_slow, "The server takes a moment: what you type waits."},
    PhraseRow{Phrase::other_version, "The server has another version now: come again."},
    PhraseRow{Phrase::room_closed, "%1 is closed: you are not in it any more."},
    PhraseRow{Phrase::idle, "You have said nothing for %1 seconds: goodbye."},
    PhraseRow{Phrase::server_ended, "The server has ended."},
    PhraseRow{Phrase::asked_to_leave, "You have been asked to leave."},
    PhraseRow{Phrase::goodbye, "Goodbye."},
    PhraseRow{Phrase::ask_password, "Password: "},
    PhraseRow{Phrase::another_name, "Enter alone: another name."},
    PhraseRow{Phrase::answers_dropped, "What you had sent ahead was thrown away."},
    PhraseRow{Phrase::enter_alone, "Enter alone: %1"},
    PhraseRow{Phrase::open_rooms, "Open rooms (%2): %1"},
    PhraseRow{Phrase::joined, "%1 joined"},
    PhraseRow{Phrase::left, "%1 left"},
    PhraseRow{Phrase::left_with_words, "%1 left (%2)"},
    PhraseRow{Phrase::said, "%1 say: %2"},
    PhraseRow{Phrase::announced, "administrator say: %2"},
    PhraseRow{Phrase::acted, "* %1 %2"},
    PhraseRow{Phrase::renamed, "%1 is now %2"},
    PhraseRow{Phrase::topic_set, "%1 set the topic: %2"},
    PhraseRow{Phrase::kicked, "%1 kicked %2"},
    PhraseRow{Phrase::muted, "%1 muted %2"},
    PhraseRow{Phrase::unmuted, "%1 unmuted %2"},
    PhraseRow{Phrase::banned, "%1 banned %2"},
    PhraseRow{Phrase::unbanned, "%1 unbanned %2"},
    PhraseRow{Phrase::moderated, "%1 lets only those with a voice speak"},
    PhraseRow{Phrase::unmoderated, "%1 lets everybody speak"},
    PhraseRow{Phrase::voiced, "%1 gave a voice to %2"},
    PhraseRow{Phrase::unvoiced, "%1 took the voice of %2"},
    PhraseRow{Phrase::administrator, "administrator"},
    PhraseRow{Phrase::told, "%1 tells you: %2"},
    PhraseRow{Phrase::noted, "%2"},
    PhraseRow{Phrase::noticed, "-%1- %2"},
    PhraseRow{Phrase::name_taken, "Somebody here has that name: choose another."},
    PhraseRow{Phrase::name_empty, "A name cannot be empty."},
    PhraseRow{Phrase::name_too_long, "That name is too long: 32 columns at most."},
    PhraseRow{
        Phrase::name_unprintable,
        "That name cannot be used: letters, digits and signs only, no blanks, no invisible characters."},
    PhraseRow{Phrase::name_reserved, "That name is reserved: choose another."},
    PhraseRow{Phrase::name_banned, "That name is banned here."},
    PhraseRow{Phrase::wrong_code, "No room has that code."},
    PhraseRow{Phrase::room_full, "That room is full: try again later."},
    PhraseRow{Phrase::room_banned, "You are banned from that room."},
    PhraseRow{Phrase::already_inside, "You are in that room already: /switch makes it the current one."},
    PhraseRow{Phrase::too_many_rooms, "You are in the maximum number of rooms: /leave one first."},
    PhraseRow{Phrase::no_such_room, "There is no such room, or you may not see it: /rooms lists the rooms."},
    PhraseRow{Phrase::no_more_rooms, "No more rooms can be made now: /rooms lists those that are there."},
    PhraseRow{Phrase::text_too_long, "That line is too long and was not sent: 2000 bytes at most."},
    PhraseRow{Phrase::disk_full, "The server's disk is full and the line was not sent: try again later."},
    PhraseRow{Phrase::partly_sent, "The server's disk is full: the first of these lines were sent, the "
                                   "others were not: try again later."},
    PhraseRow{Phrase::room_moderated, "Only those with a voice may speak here: the line was not sent."},
    PhraseRow{Phrase::you_are_muted, "You are muted here: the line was not sent."},
    PhraseRow{Phrase::not_now, "That cannot be done now."},
    PhraseRow{Phrase::nobody, "Nobody here has that name: /who lists them."},
    PhraseRow{Phrase::behind, "That client is too far behind: the message was not sent."},
    PhraseRow{Phrase::not_operator, "Only an operator can do that."},
    PhraseRow{Phrase::bad_duration, "That is not a length of time: write seconds, or a number followed by s, "
                                    "m, h or d, like 90, 5m or 2h."},
    PhraseRow{Phrase::not_banned, "There is no such ban: /bans lists them."},
    PhraseRow{Phrase::too_many_bans, "This room has as many bans as it can have: /unban somebody first."},
    PhraseRow{Phrase::too_many_marks, "There are as many mutes or voices as there can be: /unmute or "
                                      "/unvoice somebody first."},
    PhraseRow{Phrase::wrong_token, "That token is no longer valid."},
    PhraseRow{Phrase::unknown_refusal, "That cannot be done."},
    PhraseRow{Phrase::wrong_password, "That is not the password."},
    PhraseRow{Phrase::held_off, "Too many wrong passwords came from your address: try again later."},
    PhraseRow{Phrase::has_password, "That name has a password: give it at the prompt for your name."},
    PhraseRow{Phrase::name_mixed, "That name mixes letters of several scripts: write it in one."},
    PhraseRow{Phrase::name_alike, "Somebody here has a name that looks like that: choose another."},
    PhraseRow{Phrase::stopping, "The server is stopping: come back later."},
    PhraseRow{Phrase::stopping_with_words, "The server is stopping: %1"},
    PhraseRow{Phrase::you_are_kicked, "An operator has ended your connection."},
    PhraseRow{Phrase::you_are_banned, "You are banned."},
    PhraseRow{Phrase::log_unreadable, "The room's log cannot be read now: try again later."},
    PhraseRow{Phrase::resumed_elsewhere, "Your place was taken over by another connection."},
    PhraseRow{Phrase::too_many_tries, "That was the last try."},
    PhraseRow{Phrase::login_timeout, "You have not entered a room in time: goodbye."},
    PhraseRow{Phrase::not_listening, "The server no longer listens where you came in: goodbye."},
    PhraseRow{Phrase::rooms_closed, "The room that you were in is closed: goodbye."},
    PhraseRow{Phrase::no_such_command,
              "There is no command /%1: /help lists them. To say it, begin with //."},
    PhraseRow{Phrase::did_you_mean, "There is no command /%1: did you mean /%2? To say it, begin with //."},
    PhraseRow{Phrase::not_at_prompt, "Give your name first."},
    PhraseRow{Phrase::only_at_prompt, "/%1 is only for the prompt for your name."},
    PhraseRow{Phrase::in_no_room, "You are not in a room: /join one."},
    PhraseRow{Phrase::usage, "Usage: /%1 %2"},
    PhraseRow{Phrase::room_is_current, "You now speak in %1."},
    PhraseRow{Phrase::left_room, "You have left %1."},
    PhraseRow{Phrase::told_nobody, "Nobody has sent you a private message yet."},
    PhraseRow{Phrase::is_away, "%1 is away: %2"},
    PhraseRow{Phrase::away_on, "You are away: /away without words ends it."},
    PhraseRow{Phrase::away_off, "You are back."},
    PhraseRow{Phrase::ignored, "You no longer see what %1 says: /ignore %1 again ends this."},
    PhraseRow{Phrase::not_ignored, "You see again what %1 says."},
    PhraseRow{Phrase::ignore_list, "Ignored: %1"},
    PhraseRow{Phrase::quiet_on, "Joining and leaving is not shown."},
    PhraseRow{Phrase::quiet_off, "Joining and leaving is shown."},
    PhraseRow{Phrase::time_on, "Lines have their number and time, UTC%1."},
    PhraseRow{Phrase::time_off, "Lines have no time."},
    PhraseRow{Phrase::bell_is, "The bell rings for: %1."},
    PhraseRow{Phrase::language_is, "From now on in English."},
    PhraseRow{Phrase::no_language, "There is no language %1: %2."},
    PhraseRow{Phrase::nothing_found, "There are no such lines."},
    PhraseRow{Phrase::found, "Lines found: %1, the last of %2."},
    PhraseRow{Phrase::skipped, "You have skipped %1 lines."},
    PhraseRow{Phrase::paste_begins, "Everything up to a line with one dot is one block."},
    PhraseRow{Phrase::paste_too_long,
              "That block is too long and was not sent: %1 bytes and %2 lines at most."},
    PhraseRow{Phrase::paste_line_too_long,
              "A line of that block is too long, and the block was not sent: %1 bytes a line at most."},
    PhraseRow{Phrase::words_too_long, "That is too long: %1 bytes at most."},
    PhraseRow{
        Phrase::not_recorded,
        "It is done, but the server's disk is full: the room's log does not have it, and nobody is told."},
    PhraseRow{Phrase::not_done, "The server's disk is full and nothing was done: try again later."},
    PhraseRow{Phrase::too_many_ignored, "You ignore as many people as you can: /ignore lists them."},
    PhraseRow{Phrase::bad_network, "That is not a network: write it like 10.0.0.0/8 or 2001:db8::/32."},
    PhraseRow{Phrase::no_address, "No address is known of anybody with that name here."},
    PhraseRow{Phrase::hits_oneself, "That would be for you, too: add the word `myself' if you mean it."},
    PhraseRow{Phrase::and_address, "%1 and the address"},
    PhraseRow{Phrase::lines_gone, "Lines %1 to %2 are gone."},
    PhraseRow{Phrase::paste_empty, "That block is empty and was not sent."},
    PhraseRow{Phrase::nobody_banned, "Nobody is banned."},
    PhraseRow{Phrase::members, "%1 here"},
    PhraseRow{Phrase::with_code, "code"},
    PhraseRow{Phrase::is_moderated, "moderated"},
    PhraseRow{Phrase::you_are_here, "you are in it"},
    PhraseRow{Phrase::away_because, "away: %1"},
    PhraseRow{Phrase::an_operator, "operator"},
    PhraseRow{Phrase::has_voice, "voice"},
    PhraseRow{Phrase::is_muted, "muted"},
    PhraseRow{Phrase::ban_is, "%1 by %2, %3"},
    PhraseRow{Phrase::for_ever, "for good"},
    PhraseRow{Phrase::minutes_left, "%1 minutes left"},
    PhraseRow{Phrase::operator_now, "You are an operator now."},
    PhraseRow{Phrase::colours_on, "Names have colours."},
    PhraseRow{Phrase::colours_off, "Names have no colours."},
    PhraseRow{Phrase::here, "The server is here."},
    PhraseRow{Phrase::not_at_code, "Enter a room first: /help explains how."},
    PhraseRow{Phrase::code_help,
              "Type a room's code, or an open room's name. /rooms lists the open ones, /quit leaves."},
    PhraseRow{Phrase::present, "Here with you: %1"},
    PhraseRow{Phrase::present_and_more, "Here with you: %1 and %2 more"},
    PhraseRow{Phrase::nobody_present, "Nobody else is here."},
    PhraseRow{Phrase::no_open_rooms, "No room is open: each needs its code."},
    PhraseRow{Phrase::help_lead,
              "What you type is said to everybody in the room. Lines that begin with / are for the server:"},
    PhraseRow{Phrase::help_end, "A line that begins with // says the rest with one /."},
    PhraseRow{Phrase::help_join, "enter a further room"},
    PhraseRow{Phrase::help_leave, "leave the current room"},
    PhraseRow{Phrase::help_switch, "make a room the current one, or the next"},
    PhraseRow{Phrase::help_rooms, "the rooms of this server"},
    PhraseRow{Phrase::help_who, "who is in a room"},
    PhraseRow{Phrase::help_me, "say what you do"},
    PhraseRow{Phrase::help_msg, "send a private message to one person"},
    PhraseRow{Phrase::help_reply, "reply to the last private message"},
    PhraseRow{Phrase::help_paste, "say several lines as one block, up to a line with one dot"},
    PhraseRow{Phrase::help_topic, "show or set the room's topic"},
    PhraseRow{Phrase::help_nick, "take another name"},
    PhraseRow{Phrase::help_away, "say that you are away, or back"},
    PhraseRow{Phrase::help_history, "the last lines, 20 if you do not say how many"},
    PhraseRow{Phrase::help_since, "the lines from a number on"},
    PhraseRow{Phrase::help_search, "the last lines that contain all these words"},
    PhraseRow{Phrase::help_live, "skip what you have not read yet"},
    PhraseRow{Phrase::help_ignore, "hide or show somebody's lines, or list the hidden"},
    PhraseRow{Phrase::help_quiet, "hide or show who joins and leaves"},
    PhraseRow{Phrase::help_time, "show each line's number and time, in UTC+8 for example"},
    PhraseRow{Phrase::help_bell,
              "ring when you are mentioned or get a private message, for all lines, or never"},
    PhraseRow{Phrase::help_colour, "show names in colours, or not"},
    PhraseRow{Phrase::help_lang, "the language of the server's messages"},
    PhraseRow{Phrase::help_kick, "operators: end somebody's connection"},
    PhraseRow{Phrase::help_mute, "operators: keep somebody from speaking in this room"},
    PhraseRow{Phrase::help_unmute, "operators: let them speak again"},
    PhraseRow{Phrase::help_ban, "operators: ban somebody or a network from this room"},
    PhraseRow{Phrase::help_unban, "operators: end a ban"},
    PhraseRow{Phrase::help_bans, "operators: list the bans"},
    PhraseRow{Phrase::help_moderate, "operators: let only those with a voice speak"},
    PhraseRow{Phrase::help_voice, "operators: give somebody a voice"},
    PhraseRow{Phrase::help_unvoice, "operators: take the voice back"},
    PhraseRow{Phrase::help_help, "this text, or the help for one command"},
    PhraseRow{Phrase::help_quit, "leave the server"},
    PhraseRow{Phrase::help_bot, "at the prompt for your name: show no earlier lines"},
    PhraseRow{Phrase::help_resume, "at the prompt for your name: take your place again, after a line"},
    PhraseRow{Phrase::help_oper, "become an operator"},
};

// By number: a room's line may be shown to thousands.
constexpr auto by_number = [] {
    constexpr auto highest =
        std::max_element(table.begin(), table.end(), [](const PhraseRow& one, const PhraseRow& other) {
            return one.phrase < other.phrase;
        });
    std::array<std::string_view, static_cast<std::size_t>(highest->phrase) + 1> patterns{};
    for (const PhraseRow& row : table) patterns[static_cast<std::size_t>(row.phrase)] = row.english;
    return patterns;
}();

std::optional<nl_catd> open_file(const std::string& name) {
    const nl_catd found = ::catopen(name.c_str(), 0);
    if (reinterpret_cast<std::intptr_t>(found) == -1) return {}; // as catopen(3) tells a failure
    return found;
}

std::optional<nl_catd> open_catalogue(std::string_view language, const std::string& folder) {
    auto found = open_file(common::text("chatd.", language));
    if (!found && !folder.empty()) found = open_file(common::text(folder, "/chatd.", language, ".cat"));
    return found ? found : open_file(common::text(CATALOGUE_FOLDER "/chatd.", language, ".cat"));
}

} // namespace

std::span<const PhraseRow> phrase_table() { return table; }

std::optional<Language> find_language(std::string_view name) {
    const auto found = std::find(language_names.begin(), language_names.end(), name);
    if (found == language_names.end()) return {};
    return static_cast<Language>(found - language_names.begin());
}

// Of a name without a slash, PATH tells which one is executed.
std::string folder_of_program(const std::string& program) {
    const std::size_t slash = program.rfind('/');
    if (slash != program.npos) return program.substr(0, slash);
    const char* const path = ::getenv("PATH");
    for (const std::string_view folder : common::split(path == nullptr ? "" : path, ':'))
        if (::access(common::text(folder, '/', program).c_str(), X_OK) == 0) return std::string{folder};
    return {};
}

Catalogues::Catalogues(const std::string& program_folder) {
    for (std::size_t language = 1; language < open_.size(); ++language)
        open_[language] = open_catalogue(language_names[language], program_folder);
}

Catalogues::~Catalogues() {
    for (const std::optional<nl_catd>& catalogue : open_)
        if (catalogue) ::catclose(*catalogue);
}

bool Catalogues::has(Language language) const {
    return language == Language::english || open_[static_cast<std::size_t>(language)];
}

std::string_view Catalogues::pattern(Language language, Phrase phrase) const {
    const std::string_view english = by_number[static_cast<std::size_t>(phrase)];
    const std::optional<nl_catd>& catalogue = open_[static_cast<std::size_t>(language)];
    if (!catalogue) return english;
    return ::catgets(*catalogue, catalogue_set, static_cast<int>(phrase), english.data()); // it ends in NUL
}

std::string Catalogues::phrase(Language language, Phrase phrase, PhraseArguments arguments) const {
    std::string filled;
    append_filled(filled, pattern(language, phrase), arguments);
    return filled;
}

void append_filled(std::string& out, std::string_view pattern, PhraseArguments arguments) {
    std::size_t rest = 0; // of the pattern, which is not in out yet
    for (std::size_t at = 0; at + 1 < pattern.size(); ++at) {
        if (pattern[at] != '%') continue;
        out.append(pattern, rest, at - rest);
        const auto number = static_cast<std::size_t>(pattern[at + 1] - '1');
        if (number < arguments.size()) out.append(arguments.begin()[number]);
        rest = ++at + 1;
    }
    out.append(pattern, rest);
}

namespace {

constexpr std::array kinds{
    KindRow{Kind::joined, "joined", Phrase::joined},
    KindRow{Kind::left, "left", Phrase::left},
    KindRow{Kind::said, "said", Phrase::said},
    KindRow{Kind::announced, "announced", Phrase::announced},
    KindRow{Kind::acted, "acted", Phrase::acted},
    KindRow{Kind::renamed, "renamed", Phrase::renamed},
    KindRow{Kind::topic, "topic", Phrase::topic_set},
    KindRow{Kind::noted, "noted", Phrase::noted},
    KindRow{Kind::noticed, "noticed", Phrase::noticed},
    KindRow{Kind::kicked, "kicked", Phrase::kicked},
    KindRow{Kind::muted, "muted", Phrase::muted},
    KindRow{Kind::unmuted, "unmuted", Phrase::unmuted},
    KindRow{Kind::banned, "banned", Phrase::banned},
    KindRow{Kind::unbanned, "unbanned", Phrase::unbanned},
    KindRow{Kind::moderated, "moderated", Phrase::moderated},
    KindRow{Kind::unmoderated, "unmoderated", Phrase::unmoderated},
    KindRow{Kind::voiced, "voiced", Phrase::voiced},
    KindRow{Kind::unvoiced, "unvoiced", Phrase::unvoiced},
};

} // namespace

// By number: it is asked for each line of a room, for each member.
const KindRow* find_kind(Kind kind) {
    static constexpr auto by_number = [] {
        std::array<const KindRow*, 256> rows{};
        for (const KindRow& row : kinds) rows[static_cast<std::uint8_t>(row.kind)] = &row;
        return rows;
    }();
    return by_number[static_cast<std::uint8_t>(kind)];
}

void append_words(std::string& out, const Record& record, const Catalogues& catalogues, Language language) {
    const KindRow* const row = find_kind(record.kind);
    if (row == nullptr) return;
    const bool gave_words = record.kind == Kind::left && !record.text.empty();
    const Phrase phrase = gave_words ? Phrase::left_with_words : row->phrase;
    const std::string_view name =
        record.name.empty() ? catalogues.pattern(language, Phrase::administrator) : record.name;
    append_filled(out, catalogues.pattern(language, phrase), {name, record.text});
}

std::string words_of(const Record& record, const Catalogues& catalogues, Language language) {
    std::string words;
    append_words(words, record, catalogues, language);
    return words;
}

} // namespace chatd
