// SPDX-License-Identifier: ISC
#include "chatd/settings.hh"

#include "chatd/protocol.hh"
#include "common/errors.hh"
#include "common/text.hh"

#include <algorithm>
#include <array>
#include <string_view>

using namespace common;

namespace chatd {
namespace {

constexpr DaemonDefaults defaults{.daemon = "chatd", .listen = "127.0.0.1:2323", .idle_timeout = "0"};

// A room's name is also a folder's.
void check_room_name(std::string_view name) {
    const bool good = !name.empty() && name.size() <= max_room_name && name[0] != '.' && name[0] != '-' &&
                      name.find_first_of("/ \t") == name.npos && escape(name) == name;
    if (!good)
        throw UserError(text("'", escape(name, 80), "' cannot name a room: 1 to ", max_room_name,
                             " printable bytes, no blank or slash, no dot or dash first"));
}

std::uint64_t parse_amount(std::string_view word, std::string_view what) {
    const auto number = parse_number<std::uint64_t>(word, 0, std::uint64_t{1} << 40);
    if (!number) throw UserError(text("'", escape(word, 64), "' is not ", what));
    return *number;
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
    RoomOption{"history",
               [](RoomSettings& room, const std::string& word) {
                   if (word != "on" && word != "off") throw UserError("history is on or off");
                   room.history = word == "on";
               }},
    RoomOption{"keep-bytes",
               [](RoomSettings& room, const std::string& word) {
                   room.keep_bytes = parse_amount(word, "a number of bytes");
               }},
    RoomOption{"keep-days",
               [](RoomSettings& room, const std::string& word) {
                   room.keep_days = parse_amount(word, "a number of days");
               }},
};

RoomSettings parse_room(Words words) {
    if (words.empty())
        throw UserError("takes a name, then code CODE, history on|off, keep-bytes N, keep-days N");
    RoomSettings room;
    room.name = words[0];
    check_room_name(room.name);
    for (std::size_t at = 1; at < words.size(); at += 2) {
        const auto option = std::find_if(room_options.begin(), room_options.end(),
                                         [&](const RoomOption& known) { return known.name == words[at]; });
        if (option == room_options.end())
            throw UserError(text("there is no room option '", escape(words[at], 64),
                                 "': code, history, keep-bytes, keep-days"));
        if (at + 1 == words.size()) throw UserError(text("'", words[at], "' needs a word behind it"));
        option->set(room, words[at + 1]);
    }
    return room;
}

const std::string& entry_word(const RoomSettings& room) { return room.code.empty() ? room.name : room.code; }

void check_entries(const std::vector<RoomSettings>& rooms) {
    for (auto one = rooms.begin(); one != rooms.end(); ++one)
        for (auto other = rooms.begin(); other != one; ++other) {
            if (one->name == other->name) throw UserError(text("room ", one->name, " is there twice"));
            if (entry_word(*one) == entry_word(*other))
                throw UserError(text("rooms ", other->name, " and ", one->name,
                                     " would be entered with the same word: give one another code"));
        }
}

} // namespace

std::vector<Directive> directive_table(Settings& s) {
    using Repeats = Directive::Repeats;
    using Reload = Directive::Reload;
    std::vector<Directive> table = daemon_directives(s, defaults);
    table.push_back({"room", "NAME [code CODE] [history on|off] [keep-bytes N] [keep-days N]", "lobby",
                     "a room; without a code it is open", Repeats::yes, Reload::yes,
                     [&](Words w) { s.rooms.push_back(parse_room(w)); }});
    table.push_back({"history-on-join", "N", "20", "earlier lines shown to who enters a room", Repeats::no,
                     Reload::yes,
                     [&](Words w) { s.history_on_join = parse_count(w, "a number of lines", 0, 1000); }});
    return table;
}

Settings make_settings(std::span<const ConfigLine> lines) {
    Settings settings;
    settings.events = best_backend();
    apply_config(lines, directive_table(settings));
    complete_settings(settings, defaults);
    check_entries(settings.rooms);
    return settings;
}

} // namespace chatd
