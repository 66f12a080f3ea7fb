// SPDX-License-Identifier: ISC
#include "chatd/hub/administration.hh"

#include "chatd/hub/log_print.hh"
#include "chatd/words.hh"
#include "common/errors.hh"
#include "common/text.hh"

#include <algorithm>
#include <array>
#include <ctime>
#include <memory>
#include <optional>
#include <utility>

using namespace common;

namespace chatd {
namespace {

constexpr unsigned max_history = 100000; // lines of one answer
constexpr std::string_view not_recorded =
    "it is done, but the disk is full, and the room's log does not say so: chatd's log has more";

// Names and topics are as wide as a terminal shows them.
std::string column(const std::string& text, std::size_t width) {
    return padded(text, width, columns_of(text));
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
        return "a length of time is a number of seconds, or a number followed by s, m, h or d, like 90, 5m "
               "or 2h";
    case Refusal::not_banned: return "there is no such ban: `bans' lists them";
    case Refusal::bad_network: return "that is not a network: write it like 10.0.0.0/8 or 2001:db8::/32";
    case Refusal::no_address: return "no address is known of anybody with that name: `who' lists them";
    case Refusal::not_done:
        return "too many changes of the bans are not saved yet: see the log, make room on the disk, and try "
               "again";
    case Refusal::too_many_marks:
        return "there are as many mutes or voices as there can be: `unmute' or `unvoice' somebody first";
    default: return "nobody has that name: `who' lists the names";
    }
}

// A line's number, or a length of time that ends now.
void read_since(const std::string& word, PrintOptions& options) {
    if (const auto line = parse_number<std::uint64_t>(word, 1)) {
        options.from = *line;
        options.not_before = 0; // the last one counts
        return;
    }
    const auto duration = parse_duration(word);
    if (!duration) throw UserError("--since takes a line's number, or a length of time like 90s, 2h or 7d");
    const auto start = std::chrono::system_clock::now() - *duration;
    options.not_before =
        std::chrono::duration_cast<std::chrono::microseconds>(start.time_since_epoch()).count();
}

struct HistoryQuery {
    std::string room;
    PrintOptions options;
    bool is_limited = true; // to the last 20 lines, unless something else says which
};

HistoryQuery read_history_words(Words words) {
    HistoryQuery query;
    for (std::size_t at = 0; at < words.size(); ++at) {
        const auto argument = [&]() -> const std::string& {
            if (at + 1 == words.size()) throw UserError(text(words[at], " needs a word after it"));
            return words[++at];
        };
        if (words[at] == "--follow" || words[at] == "-f")
            query.options.follows = true;
        else if (words[at] == "--json")
            query.options.as_json = true;
        else if (words[at] == "-n")
            query.options.last = parse_count(std::array{argument()}, "a number of lines", 0, max_history);
        else if (words[at] == "--since") {
            read_since(argument(), query.options);
            query.is_limited = false;
        } else if (words[at] == "--search") {
            query.options.words = search_words(argument());
            query.is_limited = false;
        } else
            query.room = words[at];
    }
    if (query.room.empty()) throw UserError("name a room: `rooms' lists them");
    return query;
}

// Heads, and a row for each thing: made a few at a time as the answer is sent, since there may be many
// thousands. What has no row any more is left out.
template <class Thing, class Row>
ControlAnswer table_of(std::string heads, std::vector<Thing> things, const Row& row_of) {
    struct Rest {
        std::vector<Thing> things;
        std::size_t next = 0;
        bool is_over() const { return next == things.size(); }
    };
    const auto rest = std::make_shared<Rest>(Rest{std::move(things)});
    ControlAnswer answer{std::vector{std::move(heads)}};
    answer.more = [rest, row_of]() -> std::optional<std::string> {
        while (!rest->is_over())
            if (std::optional<std::string> row = row_of(rest->things[rest->next++])) return row;
        return {};
    };
    answer.has_ended = [rest] { return rest->is_over(); };
    return answer;
}

// What a handler has noted: a version and a cipher, and not why there is none.
bool is_secure(std::string_view tls) { return tls.starts_with("1.2/") || tls.starts_with("1.3/"); }

// "2026-11-21T07:26:00Z", or "-" for ever.
std::string shown_end(const std::optional<Ban::Time>& until) {
    if (!until) return "-";
    const std::time_t seconds = std::chrono::system_clock::to_time_t(*until);
    std::tm parts{};
    ::gmtime_r(&seconds, &parts);
    std::array<char, 32> shown{};
    std::strftime(shown.data(), shown.size(), "%Y-%m-%dT%H:%M:%SZ", &parts);
    return shown.data();
}

} // namespace

std::vector<ControlVerb> Administration::verbs() {
    const auto act_of = [this](Kind kind) { return [this, kind](Words words) { return act(kind, words); }; };
    return {
        {"announce", "[-r ROOM] TEXT", "say it to everybody, or in one room, as administrator",
         [this](Words words) { return announce(words[0]); }, true},
        notice_verb(),
        {"topic", "-r ROOM TEXT", "set a room's topic; - removes it",
         [this](Words words) { return set_topic(words[0]); }, true},
        {"rooms", "", "list the rooms", [this](Words) { return list_rooms(); }},
        {"who", "", "list the clients", [this](Words) { return list_clients(); }},
        {"history", "ROOM [-n N] [--since WHEN] [--search WORDS] [--follow] [--json]",
         "print a room's lines, and those to come", [this](Words words) { return history(words); }},
        {"kick", "[-r ROOM] NAME", "end a client's connection", act_of(Kind::kicked)},
        {"mute", "-r ROOM NAME [DURATION] [address]", "keep somebody from speaking in a room",
         act_of(Kind::muted)},
        {"unmute", "-r ROOM NAME", "let them speak again", act_of(Kind::unmuted)},
        {"ban", "[-r ROOM] NAME|NETWORK [DURATION] [address]", "ban somebody, or a network",
         act_of(Kind::banned)},
        {"unban", "[-r ROOM] NAME|NETWORK", "end a ban", act_of(Kind::unbanned)},
        {"bans", "", "list the bans", [this](Words) { return list_bans(); }},
        {"moderate", "-r ROOM on|off", "let only those with a voice speak in a room",
         [this](Words words) { return moderate(words); }},
        {"voice", "-r ROOM NAME", "give somebody a voice", act_of(Kind::voiced)},
        {"unvoice", "-r ROOM NAME", "take the voice back", act_of(Kind::unvoiced)},
        {"stats", "", "print the totals since the start", [this](Words) { return stats(); }},
    };
}

ControlVerb Administration::notice_verb(std::string_view mark) {
    return {"notice", "-r ROOM TEXT", "show a line of another program in a room, as it is",
            [this, mark](Words words) { return notice(words[0], mark); }, true};
}

std::vector<std::string> Administration::status() const {
    std::vector<std::string> lines;
    for (const Answer& part : {stats(), list_rooms(), list_clients()}) {
        lines.insert(lines.end(), part.lines.begin(), part.lines.end());
        while (std::optional<std::string> line = part.more ? part.more() : std::nullopt)
            lines.push_back(*std::move(line));
    }
    return lines;
}

void Administration::start_console(Fd terminal) {
    console_.start(std::move(terminal), {[this](std::string_view line) { announce_typed(line); },
                                         [this] { service_.ask_to_stop(); }});
}

Room& Administration::known_room(std::string_view name) {
    Room* const room = rooms_.find(name);
    if (room == nullptr)
        throw UserError(text("there is no room '", escape(name, 64), "': `rooms' lists them"));
    return *room;
}

// What is said to be done is so, whatever becomes of this hub; and what the disk did not take is not. Of what
// was put into the batches just now.
ControlAnswer Administration::done(std::string_view if_refused) const {
    Answer answer;
    const auto is_over = [this] { return !rooms_.has_batches() && deposits_.has_settled(); };
    answer.more = [this, is_over, if_refused,
                   before = rooms_.refused_of_administrator()]() -> std::optional<std::string> {
        if (is_over() && rooms_.refused_of_administrator() != before)
            throw UserError(std::string{if_refused});
        return {};
    };
    answer.has_ended = is_over;
    return answer;
}

ControlAnswer Administration::announce(const std::string& rest) {
    std::string words = rest;
    const std::string room = take_room_option(words);
    words = unquote(words);
    Room* const only = room.empty() ? nullptr : &known_room(room);
    if (words.empty()) throw UserError("say what to announce");
    announce_to(only, words);
    return done();
}

// What another program has to tell, ftpd say of a file that is there.
ControlAnswer Administration::notice(const std::string& rest, std::string_view mark) {
    std::string words = rest;
    const std::string room = take_room_option(words);
    words = neutralise(unquote(words));
    if (room.empty()) throw UserError("say in which room: -r ROOM");
    const std::size_t most = max_text - mark.size();
    if (words.empty() || words.size() > most) throw UserError(text("a notice has 1 to ", most, " bytes"));
    rooms_.add_line(known_room(room), Kind::noted, nullptr, text(mark, words));
    return done();
}

ControlAnswer Administration::set_topic(const std::string& rest) {
    std::string words = rest;
    const std::string room = take_room_option(words);
    const std::string topic = neutralise(unquote(words));
    if (room.empty()) throw UserError("say in which room: -r ROOM");
    if (topic.empty() || topic.size() > max_topic)
        throw UserError(text("a topic has 1 to ", max_topic, " bytes; - removes it"));
    rooms_.set_topic(known_room(room), nullptr, topic);
    return done();
}

ControlAnswer Administration::act(Kind kind, Words words) {
    const std::string room = take_room_option(words);
    if (kind == Kind::unbanned && words.size() == 1) return unban(room, words[0]);
    const auto why = moderation_.act(nullptr, room.empty() ? nullptr : &known_room(room), kind, words);
    if (why) throw UserError(std::string{words_for(*why)});
    return done(not_recorded);
}

// A ban outlives its room, too.
ControlAnswer Administration::unban(const std::string& room, const std::string& word) {
    const std::string whom = whom_of(word);
    if (bans_.remove(whom, room)) {
        if (room.empty() || rooms_.find(room) != nullptr)
            moderation_.record(nullptr, rooms_.find(room), Kind::unbanned, word);
        else
            log_.notice(text("unban ", escape(word), " by administrator in ", escape(room)));
        return done(not_recorded);
    }
    const auto elsewhere = bans_.room_of_ban(whom, std::chrono::system_clock::now());
    if (!elsewhere) throw UserError(std::string{words_for(Refusal::not_banned)});
    throw UserError(elsewhere->empty()
                        ? text("that ban is for all rooms: unban ", escape(word))
                        : text("that ban is for one room: unban -r ", *elsewhere, ' ', escape(word)));
}

ControlAnswer Administration::moderate(Words words) {
    constexpr std::array<std::string_view, 2> choices{"on", "off"};
    const std::size_t choice = parse_choice(words.last(words.empty() ? 0 : 1), choices);
    return act(choice == 0 ? Kind::moderated : Kind::unmoderated, words.first(words.size() - 1));
}

// The administrator has typed it on the terminal that chatd -d runs in.
void Administration::announce_typed(std::string_view line) {
    try {
        announce_to(nullptr, line);
    } catch (const UserError& error) {
        log_.warning(text("not announced: ", error.what()));
    }
}

void Administration::announce_to(Room* only, std::string_view given) {
    const std::string words = neutralise(given);
    if (words.size() > max_text)
        throw UserError(text("the message is too long: ", max_text, " bytes at most"));
    for (auto& [name, room] : rooms_.all())
        if (only == nullptr || only == &room) rooms_.add_line(room, Kind::announced, nullptr, words);
}

ControlAnswer Administration::list_rooms() const {
    std::vector<std::string> lines{
        text(column("ROOM", 24), column("ENTRY", 8), column("MEMBERS", 8), column("LINES", 8), "TOPIC")};
    for (const auto& [name, room] : rooms_.all())
        lines.push_back(text(column(name, 24), column(room.is_open() ? "open" : "code", 8),
                             column(text(room.members().size()), 8),
                             column(text(room.log().next_line() - 1), 8),
                             room.topic().empty() ? "-" : room.topic()));
    return lines;
}

// Each row is made when it is asked for.
ControlAnswer Administration::list_clients() const {
    std::vector<std::pair<pid_t, ClientNumber>> all;
    for (const auto& [number, client] : people_.all()) all.emplace_back(client.pid, number);
    std::sort(all.begin(), all.end());
    const auto row = [this](const std::pair<pid_t, ClientNumber>& listed) -> std::optional<std::string> {
        const Client* const client = people_.find(listed.second);
        if (client == nullptr) return {}; // it has left meanwhile
        return row_of(*client);
    };
    return table_of(text(column("PID", 8), column("CLIENT", 24), column("SECONDS", 8), column("SPEAKS", 8),
                         column("TLS", 16), column("ROOM", 16), "NAME"),
                    std::move(all), row);
}

std::string Administration::row_of(const Client& client) const {
    const auto age = std::chrono::duration_cast<std::chrono::seconds>(Clock::now() - client.since).count();
    std::string rooms;
    for (const Client::Membership& in : client.rooms)
        rooms += text(rooms.empty() ? "" : ",", in.room->name());
    const std::string tls = pool_.tls_of(client);
    return text(column(text(client.pid), 8), column(client.peer, 24), column(text(age), 8),
                column(client.speaks_irc() ? "irc" : "-", 8), column(is_secure(tls) ? tls : "-", 16),
                column(rooms.empty() ? "-" : rooms, 16), client.name.empty() ? "-" : client.name);
}

ControlAnswer Administration::list_bans() const {
    const auto row = [](const Ban& ban) -> std::optional<std::string> {
        return text(column(ban.whom, 24), column(ban.room.empty() ? "-" : ban.room, 16),
                    column(shown_end(ban.until), 24), column(ban.by.empty() ? "administrator" : ban.by, 16),
                    ban.has_address() ? ban.network->shown() : "-");
    };
    return table_of(
        text(column("WHOM", 24), column("ROOM", 16), column("UNTIL", 24), column("BY", 16), "ADDRESS"),
        bans_.all(std::chrono::system_clock::now()), row);
}

ControlAnswer Administration::stats() const {
    const auto uptime = std::chrono::duration_cast<std::chrono::seconds>(Clock::now() - service_.started());
    std::array<std::size_t, 2> of_tls{}; // 1.2 and 1.3
    std::size_t of_irc = 0;
    for (const auto& [number, client] : people_.all()) {
        if (client.speaks_irc()) ++of_irc;
        const std::string tls = pool_.tls_of(client);
        if (is_secure(tls)) ++of_tls.at(tls.starts_with("1.2/") ? 0 : 1);
    }
    return std::vector{
        text("uptime-seconds ", uptime.count()),
        text("clients ", people_.count()),
        text("max-clients ", pool_.max_clients()),
        text("clients-tls-1.2 ", of_tls[0]),
        text("clients-tls-1.3 ", of_tls[1]),
        text("clients-irc ", of_irc),
        text("accepted ", people_.added()),
        text("refused ", pool_.refused()),
        text("crashed ", pool_.crashed()),
        text("rooms ", rooms_.all().size()),
        text("lines ", rooms_.lines()),
        text("log-lines-lost ", log_.lost()),
    };
}

ControlAnswer Administration::history(Words words) {
    HistoryQuery query = read_history_words(words);
    const Room& room = known_room(query.room);
    const RoomLog& log = room.log();
    if (query.is_limited) { // the last lines are where the last numbers are: nothing else is read
        const std::uint64_t lines = std::min(query.options.last.value_or(20), log.end_line() - 1);
        query.options.from = log.end_line() - lines;
    }
    const auto lines = std::make_shared<LogPrint>(log, query.room, query.options);
    Answer answer;
    // By its number: a room that is made again under the same name has another, and another log.
    answer.more = [this, lines, number = room.number()] {
        if (rooms_.find(number) == nullptr) throw UserError("the room is closed");
        return lines->next();
    };
    answer.is_busy = [lines] { return lines->is_busy(); };
    if (!query.options.follows) answer.has_ended = [lines] { return lines->has_ended(); };
    return answer;
}

} // namespace chatd
