// SPDX-License-Identifier: ISC
// The administrator's side of the hub: the verbs of the control socket (chatctl(8)), and announcements, which
// also come from the console. Run by the hub; whoever may open the socket is trusted.
#include "chatd/hub/hub.hh"

#include "chatd/hub/log_print.hh"
#include "chatd/words.hh"
#include "common/errors.hh"
#include "common/text.hh"

#include <algorithm>
#include <array>
#include <ctime>

using namespace common;

namespace chatd {
namespace {

constexpr unsigned most_history = 100000; // lines of one answer

std::string padded(std::string text, std::size_t width) {
    const std::size_t columns = columns_of(text);
    return text.append(width > columns ? width - columns : 1, ' ');
}

// Takes "-r ROOM" from the front of the words; the room's name, empty if it is not there.
std::string take_room_option(Words& words) {
    if (words.empty() || words[0] != "-r") return {};
    if (words.size() < 2) throw UserError("-r needs a room");
    std::string name = words[1];
    words = words.subspan(2);
    return name;
}

// The same for a verb that takes the rest of its line as it was written.
std::string take_room_option(std::string& rest) {
    constexpr std::string_view option = "-r ";
    if (rest.rfind(option, 0) != 0) return {};
    const std::size_t start = rest.find_first_not_of(' ', option.size());
    if (start == rest.npos) throw UserError("-r needs a room");
    const std::size_t end = std::min(rest.find(' ', start), rest.size());
    std::string name = rest.substr(start, end - start);
    rest.erase(0, std::min(rest.find_first_not_of(' ', end), rest.size()));
    return name;
}

std::string_view words_for(Refusal why) {
    switch (why) {
    case Refusal::bad_duration:
        return "a length of time is a number of seconds, or one with s, m, h or d behind it, like 90, 5m or "
               "2h";
    case Refusal::not_banned: return "there is no such ban: `bans' lists them";
    default: return "nobody there has that name: `who' lists them";
    }
}

} // namespace

std::vector<ControlVerb> Hub::control_verbs() {
    const auto act = [this](Kind kind) { return [this, kind](Words w) { return act_by_verb(kind, w); }; };
    return {
        {"announce", "[-r ROOM] TEXT", "say it to everybody, or in one room, as administrator",
         [this](Words w) { return announce(w[0]); }, true},
        {"notice", "-r ROOM TEXT", "show a line of another program in a room, as it is",
         [this](Words w) { return note(w[0]); }, true},
        {"topic", "-r ROOM TEXT", "set a room's topic; - is none",
         [this](Words w) { return set_topic_by_verb(w[0]); }, true},
        {"rooms", "", "list the rooms", [this](Words) { return list_rooms(); }},
        {"who", "", "list the clients", [this](Words) { return who(); }},
        {"history", "ROOM [-n N] [--since WHEN] [--search WORDS] [--follow] [--json]",
         "print a room's lines, and those to come", [this](Words w) { return history(w); }},
        {"kick", "[-r ROOM] NAME", "end a client's connection", act(Kind::kicked)},
        {"mute", "-r ROOM NAME [DURATION]", "let somebody not speak in a room", act(Kind::muted)},
        {"unmute", "-r ROOM NAME", "let them speak again", act(Kind::unmuted)},
        {"ban", "[-r ROOM] NAME|ADDRESS [DURATION]", "keep somebody out", act(Kind::banned)},
        {"unban", "[-r ROOM] NAME|ADDRESS", "end that", act(Kind::unbanned)},
        {"bans", "", "list who is kept out", [this](Words) { return list_bans(); }},
        {"moderate", "-r ROOM on|off", "let only those with a voice speak in a room",
         [this](Words w) {
             const std::size_t choice =
                 parse_choice(w.last(w.empty() ? 0 : 1), std::array<std::string_view, 2>{"on", "off"});
             return act_by_verb(choice == 0 ? Kind::moderated : Kind::unmoderated, w.first(w.size() - 1));
         }},
        {"voice", "-r ROOM NAME", "give somebody a voice", act(Kind::voiced)},
        {"unvoice", "-r ROOM NAME", "take it", act(Kind::unvoiced)},
        {"stats", "", "print the totals since the start", [this](Words) { return stats(); }},
        {"reload", "", "read the configuration again", [this](Words) { return ControlAnswer{reload()}; }},
        {"shutdown", "[MESSAGE]", "stop, with a message to those who are here",
         [this](Words w) { return shut_down(w[0]); }, true},
    };
}

Room& Hub::known_room(std::string_view name) {
    Room* const room = find_room(name);
    if (room == nullptr)
        throw UserError(text("there is no room '", escape(name, 64), "': `rooms' lists them"));
    return *room;
}

ControlAnswer Hub::announce(const std::string& rest) {
    std::string words = rest;
    const std::string room = take_room_option(words);
    words = unquote(words);
    Room* const only = room.empty() ? nullptr : &known_room(room);
    if (words.empty()) throw UserError("say what to announce");
    announce_to(only, words);
    return {};
}

// What another program has to tell, ftpd say of a file that is there.
ControlAnswer Hub::note(const std::string& rest) {
    std::string words = rest;
    const std::string room = take_room_option(words);
    words = neutralise(unquote(words));
    if (room.empty()) throw UserError("say in which room: -r ROOM");
    if (words.empty() || words.size() > max_text)
        throw UserError(text("a notice has 1 to ", max_text, " bytes"));
    add_line(known_room(room), Kind::noted, nullptr, words);
    return {};
}

ControlAnswer Hub::set_topic_by_verb(const std::string& rest) {
    std::string words = rest;
    const std::string room = take_room_option(words);
    const std::string topic = neutralise(unquote(words));
    if (room.empty()) throw UserError("say in which room: -r ROOM");
    if (topic.empty() || topic.size() > max_topic)
        throw UserError(text("a topic has 1 to ", max_topic, " bytes; - is none"));
    set_topic(known_room(room), nullptr, topic);
    return {};
}

ControlAnswer Hub::act_by_verb(Kind kind, Words words) {
    const std::string room = take_room_option(words);
    if (kind == Kind::unbanned && words.size() == 1) return unban_by_verb(room, words[0]);
    const auto why = act({}, room.empty() ? nullptr : &known_room(room), kind, words);
    if (why) throw UserError(std::string{words_for(*why)});
    return {};
}

// A ban outlives its room, too.
ControlAnswer Hub::unban_by_verb(const std::string& room, const std::string& word) {
    const std::string whom = whom_of(word);
    if (bans_.remove(whom, room)) {
        if (room.empty() || find_room(room) != nullptr)
            note_act({}, find_room(room), Kind::unbanned, word);
        else
            log_.notice(text("unban ", escape(word), " by administrator in ", escape(room)));
        return {};
    }
    const auto elsewhere = bans_.room_of_ban(whom, std::chrono::system_clock::now());
    if (!elsewhere) throw UserError(std::string{words_for(Refusal::not_banned)});
    throw UserError(elsewhere->empty()
                        ? text("that ban is of all rooms: unban ", escape(word))
                        : text("that ban is of one room: unban -r ", *elsewhere, ' ', escape(word)));
}

ControlAnswer Hub::shut_down(const std::string& words) {
    farewell_ = neutralise(unquote(words));
    if (farewell_.size() > max_text) throw UserError(text("that is too long: ", max_text, " bytes at most"));
    log_.notice("shutdown by administrator");
    stopping_ = true;
    return {};
}

void Hub::announce_to(Room* only, std::string_view given) {
    const std::string words = neutralise(given);
    if (words.size() > max_text) throw UserError(text("that is too long: ", max_text, " bytes at most"));
    for (auto& [name, room] : rooms_)
        if (only == nullptr || only == &room) add_line(room, Kind::announced, nullptr, words);
}

ControlAnswer Hub::list_rooms() const {
    std::vector<std::string> lines{
        text(padded("ROOM", 24), padded("ENTRY", 8), padded("MEMBERS", 8), padded("LINES", 8), "TOPIC")};
    for (const auto& [name, room] : rooms_)
        lines.push_back(text(padded(name, 24), padded(room.is_open() ? "open" : "code", 8),
                             padded(text(room.members.size()), 8), padded(text(room.log->next_line() - 1), 8),
                             room.topic().empty() ? "-" : room.topic()));
    return lines;
}

ControlAnswer Hub::who() const {
    std::vector<std::string> lines{
        text(padded("PID", 8), padded("CLIENT", 24), padded("SECONDS", 8), padded("ROOM", 16), "NAME")};
    for (const auto& [number, client] : clients_) {
        const auto age =
            std::chrono::duration_cast<std::chrono::seconds>(Clock::now() - client.since).count();
        std::string rooms;
        for (const Client::Membership& in : client.rooms)
            rooms += text(rooms.empty() ? "" : ",", in.room->settings.name);
        lines.push_back(text(padded(text(client.pid), 8), padded(client.peer, 24), padded(text(age), 8),
                             padded(rooms.empty() ? "-" : rooms, 16),
                             client.name.empty() ? "-" : client.name));
    }
    std::sort(lines.begin() + 1, lines.end());
    return lines;
}

ControlAnswer Hub::list_bans() const {
    std::vector<std::string> lines{text(padded("WHOM", 24), padded("ROOM", 16), padded("UNTIL", 24), "BY")};
    for (const Ban& ban : bans_.all(std::chrono::system_clock::now())) {
        std::array<char, 32> until{"-"};
        if (ban.until) {
            const std::time_t seconds = std::chrono::system_clock::to_time_t(*ban.until);
            std::tm parts{};
            ::gmtime_r(&seconds, &parts);
            std::strftime(until.data(), until.size(), "%Y-%m-%dT%H:%M:%SZ", &parts);
        }
        lines.push_back(text(padded(ban.whom, 24), padded(ban.room.empty() ? "-" : ban.room, 16),
                             padded(until.data(), 24), ban.by.empty() ? "administrator" : ban.by));
    }
    return lines;
}

ControlAnswer Hub::stats() const {
    const auto uptime = std::chrono::duration_cast<std::chrono::seconds>(Clock::now() - started_);
    return std::vector{
        text("uptime-seconds ", uptime.count()),
        text("clients ", clients_.size()),
        text("max-clients ", most_clients_now()),
        text("accepted ", accepted_),
        text("refused ", acceptor_.refused()),
        text("crashed ", crashed_),
        text("rooms ", rooms_.size()),
        text("lines ", lines_),
        text("log-lines-lost ", log_.lost()),
    };
}

// A line's number, or a length of time that ends now.
void Hub::read_since(const std::string& word, PrintOptions& options) {
    if (const auto line = parse_number<std::uint64_t>(word, 1)) {
        options.from = *line;
        return;
    }
    const auto duration = parse_duration(word);
    if (!duration) throw UserError("--since takes a line's number, or a length of time like 90s, 2h or 7d");
    const auto start = std::chrono::system_clock::now() - *duration;
    options.not_before =
        std::chrono::duration_cast<std::chrono::microseconds>(start.time_since_epoch()).count();
}

ControlAnswer Hub::history(Words words) {
    PrintOptions options;
    std::string room_name;
    bool is_limited = true; // to the last 20 lines, unless something else says which
    for (std::size_t at = 0; at < words.size(); ++at) {
        const auto argument = [&]() -> const std::string& {
            if (at + 1 == words.size()) throw UserError(text(words[at], " needs a word behind it"));
            return words[++at];
        };
        if (words[at] == "--follow" || words[at] == "-f")
            options.follows = true;
        else if (words[at] == "--json")
            options.as_json = true;
        else if (words[at] == "-n")
            options.most = parse_count(std::array{argument()}, "a number of lines", 0, most_history);
        else if (words[at] == "--since") {
            read_since(argument(), options);
            is_limited = false;
        } else if (words[at] == "--search") {
            options.words = search_words(argument());
            is_limited = false;
        } else
            room_name = words[at];
    }
    if (room_name.empty()) throw UserError("name a room: `rooms' lists them");
    const RoomLog& log = *known_room(room_name).log;
    if (is_limited) { // the last lines are where the last numbers are: nothing else is read
        const std::uint64_t most = std::min(options.most.value_or(20), log.next_line() - 1);
        options.from = log.next_line() - most;
    }
    const auto lines = std::make_shared<LogPrint>(log, room_name, options);
    ControlAnswer answer;
    answer.more = [this, lines, room_name]() -> std::optional<std::string> {
        if (find_room(room_name) == nullptr) throw UserError("the room is closed");
        std::optional<std::string> line = lines->next();
        if (!line && lines->is_busy()) loop_.at(Clock::now(), [this] { control_.continue_answers(); });
        return line;
    };
    if (!options.follows) answer.has_ended = [lines] { return lines->has_ended(); };
    return answer;
}

} // namespace chatd
