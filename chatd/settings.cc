// SPDX-License-Identifier: ISC
#include "chatd/settings.hh"

#include "chatd/irc_names.hh"
#include "chatd/protocol.hh"
#include "chatd/words.hh"
#include "common/amounts.hh"
#include "common/authd/authd_link.hh"
#include "common/authd/password.hh"
#include "common/errors.hh"
#include "common/text.hh"

#include <algorithm>
#include <array>
#include <chrono>
#include <filesystem>
#include <string_view>

using namespace common;
using namespace std::chrono_literals;

namespace chatd {
namespace {

constexpr DaemonDefaults defaults{.daemon = "chatd",
                                  .listen = "127.0.0.1:2323",
                                  .listen_arguments = "ADDRESS:PORT [irc] [tls]",
                                  .idle_timeout = "0",
                                  .main_user = main_user_directive,
                                  .main_user_help =
                                      "the user that the hub runs as if root started the daemon"};

void check_room_name(std::string_view name) {
    if (!may_name_room(name))
        throw UserError(text("'", escape(name, 80), "' cannot name a room: write 1 to ", max_room_name,
                             " bytes of letters, digits, marks and emoji of one script, and - _ . ', but of "
                             "these only _ first"));
}

constexpr std::chrono::hours max_kept{24 * 36500};

constexpr std::string_view room_option_names = "code CODE, code-hash HASH, topic TEXT, max N, moderated, "
                                               "hidden, history on|off, keep-bytes SIZE, keep-days DAYS";

void check_hash(std::string_view word) {
    if (!may_be_hash(word) || is_locked(word))
        throw UserError(
            "that is not the hash of a password: `chatctl user hash' asks for the password and prints one");
}

struct RoomOption {
    std::string_view name;
    void (*set)(RoomSettings& room, const std::string& word);
};

constexpr std::array room_options{
    RoomOption{"code",
               [](RoomSettings& room, const std::string& word) {
                   if (word.empty() || word.size() > max_code)
                       throw UserError(text("a code has 1 to ", max_code, " bytes"));
                   room.code = word;
               }},
    RoomOption{"code-hash",
               [](RoomSettings& room, const std::string& word) {
                   check_hash(word);
                   room.code_hash = word;
               }},
    RoomOption{"topic",
               [](RoomSettings& room, const std::string& word) {
                   if (word.size() > max_topic || neutralise(word) != word)
                       throw UserError(text("a topic has at most ", max_topic, " printable bytes"));
                   room.topic = word;
               }},
    RoomOption{"max",
               [](RoomSettings& room, const std::string& word) {
                   room.max_members = parse_count(std::span{&word, 1}, "a number of members", 0, UINT32_MAX);
               }},
    RoomOption{"history",
               [](RoomSettings& room, const std::string& word) {
                   if (word != "on" && word != "off") throw UserError("history is on or off");
                   room.history = word == "on";
               }},
    RoomOption{"keep-bytes",
               [](RoomSettings& room, const std::string& word) {
                   room.keep_bytes = parse_size(std::span{&word, 1});
               }},
    RoomOption{"keep-days",
               [](RoomSettings& room, const std::string& word) {
                   room.keep_age = parse_days(std::span{&word, 1}, max_kept);
               }},
};

GroupPlace parse_notices(Words words) {
    if (words.empty() || words.size() > 2) throw UserError("takes a path, and perhaps a group");
    if (!words[0].starts_with('/'))
        throw UserError(text("'", escape(words[0]), "' is not a path: write one that begins with /"));
    if (words.size() == 2 && words[1].empty()) throw UserError("a group has a name");
    // One path for one place, but for "..", which may stand behind a link.
    const std::filesystem::path path{words[0]};
    const bool is_plain = std::ranges::find(path, "..") == path.end();
    return {"notices", is_plain ? path.lexically_normal().string() : words[0],
            words.size() == 2 ? words[1] : ""};
}

constexpr std::array<std::string_view, 2> on_or_off{"on", "off"};
constexpr std::string_view flood_words =
    "off, or a number of lines, a slash and a length of time: 20/10 or 100/1m";

FloodLimit parse_flood(std::string_view word) {
    if (word == "off") return {0, 1};
    const std::size_t slash = std::min(word.find('/'), word.size());
    const auto lines = parse_number<unsigned>(word.substr(0, slash), 1, 100000);
    const auto time = read_time(word.substr(std::min(slash + 1, word.size())));
    if (!lines || !time || *time < 1s || *time > 24h) throw UserError(text("that is not ", flood_words));
    return {*lines, static_cast<unsigned>(time->count())};
}

struct RoomFlag {
    std::string_view name;
    bool RoomSettings::*set;
};
constexpr std::array room_flags{RoomFlag{"moderated", &RoomSettings::moderated},
                                RoomFlag{"hidden", &RoomSettings::hidden}};

RoomSettings parse_room(Words words) {
    if (words.empty()) throw UserError(text("takes a name, then ", room_option_names));
    RoomSettings room;
    room.name = words[0];
    check_room_name(room.name);
    std::vector<std::string> given;
    for (std::size_t at = 1; at < words.size(); at += 2) {
        if (std::find(given.begin(), given.end(), words[at]) != given.end())
            throw UserError(text("'", words[at], "' is given twice: remove one"));
        given.push_back(words[at]);
        const auto flag = std::find_if(room_flags.begin(), room_flags.end(),
                                       [&](const RoomFlag& known) { return known.name == words[at]; });
        if (flag != room_flags.end()) {
            room.*flag->set = true;
            --at; // it takes no word
            continue;
        }
        const auto option = std::find_if(room_options.begin(), room_options.end(),
                                         [&](const RoomOption& known) { return known.name == words[at]; });
        if (option == room_options.end())
            throw UserError(
                text("there is no room option '", escape(words[at], 64), "': ", room_option_names));
        if (at + 1 == words.size()) throw UserError(text("'", words[at], "' needs a word after it"));
        option->set(room, words[at + 1]);
    }
    if (!room.code.empty() && !room.code_hash.empty())
        throw UserError("a room has a code or the hash of one, not both");
    return room;
}

OperatorSettings parse_operator(Words words) {
    if (words.size() < 2) throw UserError("takes a name, a hash of crypt(3), and perhaps rooms");
    if (words[0].size() > max_operator_name || escape(words[0]) != words[0] ||
        words[0].find(' ') != words[0].npos)
        throw UserError(text("'", escape(words[0], 80), "' cannot name an operator"));
    check_hash(words[1]);
    return {words[0], words[1], {words.begin() + 2, words.end()}};
}

void check_operators(const Settings& settings) {
    for (auto one = settings.operators.begin(); one != settings.operators.end(); ++one) {
        for (auto other = settings.operators.begin(); other != one; ++other)
            if (one->name == other->name) throw UserError(text("operator ", one->name, " is given twice"));
        for (const std::string& room : one->rooms)
            if (std::none_of(settings.rooms.begin(), settings.rooms.end(),
                             [&](const RoomSettings& known) { return known.name == room; }))
                throw UserError(text("operator ", one->name, ": there is no room '", escape(room, 64), "'"));
    }
    if (secrets_of(settings).size() > max_secrets)
        throw UserError(text("there are more than ", max_secrets, " operators and rooms with a code-hash"));
}

// The records, and the files of logs without history, are left to a hub that follows, each by itself
// (chatd/hub/deposits.cc).
void check_parts(const std::vector<RoomSettings>& rooms) {
    std::uint64_t parts = 0;
    for (const RoomSettings& room : rooms) parts += room.history ? 1 : 4 + room.keep_bytes / segment_bytes;
    if (parts > max_parts_of_rooms)
        throw UserError(text("there are too many rooms, or those with `history off' keep too much: remove "
                             "rooms, or give those a smaller keep-bytes"));
}

void check_tls(const Settings& settings) {
    if (!settings.tls.certificates.empty()) return;
    for (const std::string& given : settings.listen)
        if (const ListenPlace place{given}; place.is_tls)
            throw UserError(text("listen ", escape(place.address),
                                 " tls: there is no TLS: add `certificate CERT KEY', two files in PEM"));
}

void check_notices(const Settings& settings) {
    if (!settings.notices) return;
    const std::string& path = settings.notices->path;
    if (path == settings.control)
        throw UserError(text("notices ", escape(path), ": that is the control socket: choose another path"));
    for (const std::string& given : settings.listen)
        if (ListenPlace{given}.address == "unix:" + path)
            throw UserError(text("notices ", escape(path), ": clients connect there: choose another path"));
}

const std::string& entry_word(const RoomSettings& room) { return room.code.empty() ? room.name : room.code; }

void check_entries(const std::vector<RoomSettings>& rooms) {
    for (auto one = rooms.begin(); one != rooms.end(); ++one)
        for (auto other = rooms.begin(); other != one; ++other) {
            if (one->name == other->name) throw UserError(text("room ", one->name, " is given twice"));
            if (likeness_of(one->name) == likeness_of(other->name))
                throw UserError(
                    text("rooms ", other->name, " and ", one->name, " look alike: give one another name"));
            const bool is_hashed = !one->code_hash.empty() || !other->code_hash.empty();
            if (!is_hashed && entry_word(*one) == entry_word(*other))
                throw UserError(text("rooms ", other->name, " and ", one->name,
                                     " would be entered with the same word: give one another code"));
        }
}

} // namespace

// A room's name is also a folder's.
bool may_name_room(std::string_view name) { return name.size() <= max_room_name && !refuse_spelling(name); }

unsigned Settings::lines_at_once() const {
    const unsigned own = flood.lines_at_once(), address = address_limit().lines_at_once();
    return own == 0 || address == 0 ? std::max(own, address) : std::min(own, address);
}

std::vector<StoredSecret> secrets_of(const Settings& settings) {
    std::vector<StoredSecret> secrets;
    for (const RoomSettings& room : settings.rooms)
        if (!room.code_hash.empty()) secrets.push_back({text(room_secret, room.name), room.code_hash});
    for (const OperatorSettings& one : settings.operators)
        secrets.push_back({text(operator_secret, one.name), one.hash});
    return secrets;
}

std::optional<AuthdSettings> authd_settings(const Settings& settings) {
    std::vector<StoredSecret> secrets = secrets_of(settings);
    if (settings.users.empty() && secrets.empty()) return {};
    AuthdSettings made = make_authd_settings(settings, "chatd");
    made.secrets = std::move(secrets);
    made.fold_name = fold_name;
    made.likeness = likeness_of;
    return made;
}

std::vector<Note> notes_on_irc(const Settings& settings) {
    std::vector<Note> notes;
    if (std::none_of(settings.listen.begin(), settings.listen.end(),
                     [](const std::string& given) { return ListenPlace{given}.is_irc; }))
        return notes;
    for (const RoomSettings& room : settings.rooms)
        if (const std::string_view why = why_unfit_code(room.code); !room.code.empty() && !why.empty())
            notes.push_back(
                {Severity::warning, text("room ", room.name, ": IRC cannot carry its code, since ", why,
                                         ": nobody enters it that way")});
    return notes;
}

std::vector<Directive> directive_table(Settings& s) {
    using Repeats = Directive::Repeats;
    using Reload = Directive::Reload;
    std::vector<Directive> table = daemon_directives(s, defaults);
    table.push_back(
        {"room",
         "NAME [code CODE] [code-hash HASH] [topic TEXT] [max N] [moderated] [hidden] [history on|off] "
         "[keep-bytes SIZE] [keep-days DAYS]",
         "lobby", "a room; without a code it is open", Repeats::yes, Reload::yes,
         [&](Words w) { s.rooms.push_back(parse_room(w)); }});
    table.push_back({"operator", "NAME HASH [ROOM ...]", "",
                     "who may keep order after /oper NAME, in these rooms or in all", Repeats::yes,
                     Reload::yes, [&](Words w) { s.operators.push_back(parse_operator(w)); }});
    table.push_back({"history-on-join", "N", "20",
                     "how many earlier lines a client that enters a room is shown", Repeats::no, Reload::yes,
                     [&](Words w) { s.history_on_join = parse_count(w, "a number of lines", 0, 1000); }});
    table.push_back({"create-rooms", "on|off", "off", "whether /join creates a room that does not exist",
                     Repeats::no, Reload::yes,
                     [&](Words w) { s.create_rooms = parse_choice(w, on_or_off) == 0; }});
    table.push_back({"flood", "off|LINES/TIME", "20/10", "how much a client may say at once", Repeats::no,
                     Reload::yes, [&](Words w) { s.flood = parse_flood(only_word(w, flood_words)); }});
    table.push_back({"flood-per-address", "off|LINES/TIME", "",
                     "how much all clients from one address may say at once", Repeats::no, Reload::yes,
                     [&](Words w) { s.flood_per_address = parse_flood(only_word(w, flood_words)); }});
    table.push_back({"max-lag", "LINES", "1000000", "how far a client may fall behind; 0 means no limit",
                     Repeats::no, Reload::yes,
                     [&](Words w) { s.max_lag = parse_count(w, "a number of lines", 0, UINT32_MAX); }});
    table.push_back({"resume-time", "TIME", "600",
                     "how long the place of a client that lost its connection is kept; 0: not at all",
                     Repeats::no, Reload::yes, [&](Words w) { s.resume_time = parse_time(w, 0s, 24h); }});
    table.push_back({"lang", "en|zh", "en", "the language of clients that choose none", Repeats::no,
                     Reload::yes,
                     [&](Words w) { s.language = static_cast<Language>(parse_choice(w, language_names)); }});
    table.push_back({"notices", "PATH [GROUP]", "",
                     "a socket over which a group of users can say lines into rooms, and nothing else",
                     Repeats::no, Reload::yes, [&](Words w) { s.notices = parse_notices(w); }});
    for (Directive& row : tls_directives(s.tls)) table.push_back(std::move(row));
    return table;
}

Settings make_settings(std::span<const ConfigLine> lines) {
    Settings settings;
    apply_config(lines, directive_table(settings));
    complete_settings(settings, defaults);
    check_parts(settings.rooms);
    check_entries(settings.rooms);
    check_operators(settings);
    check_tls(settings);
    check_notices(settings);
    return settings;
}

} // namespace chatd
