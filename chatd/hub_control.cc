// SPDX-License-Identifier: ISC
// The administrator's side of the hub: the verbs of the control socket (chatctl(8)), and announcements, which
// also come from the console. Run by the hub; whoever may open the socket is trusted.
#include "chatd/hub.hh"

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
    text.resize(std::max(text.size(), width), ' ');
    return text;
}

// "2026-11-21T07:26:00Z 812 ada say: hello"
std::string format_record(const Record& record) {
    const std::time_t seconds = record.time / 1'000'000;
    std::tm parts{};
    ::gmtime_r(&seconds, &parts);
    std::array<char, 32> when{};
    std::strftime(when.data(), when.size(), "%Y-%m-%dT%H:%M:%SZ", &parts);
    const std::string front = text(when.data(), ' ', record.line, ' ');
    switch (record.kind) {
    case Kind::joined: return text(front, record.name, " joined");
    case Kind::left: return text(front, record.name, " left");
    case Kind::said: return text(front, record.name, " say: ", record.text);
    default: return text(front, "administrator say: ", record.text);
    }
}

// The lines of a room's log from one on, one at a time, over its segments.
class History {
public:
    History(const RoomLog& log, std::uint64_t first) : log_(log), first_(first) {
        const Position from = log.position_of_line(first);
        open(from.segment, from.offset);
    }

    std::optional<std::string> next() {
        for (Record record;;) {
            if (reader_.next(record) == LogReader::Result::not_yet) {
                if (segment_ >= log_.last_segment() || !reader_.has_tail()) return {};
                open(segment_ + 1, 0); // damage: go on behind it
            } else if (record.kind == Kind::segment_end)
                open(segment_ + 1, 0);
            else if (record.kind != Kind::segment_start && record.line >= first_)
                return format_record(record);
        }
    }

private:
    void open(std::uint32_t segment, std::uint64_t offset) {
        RoomLog::Opened opened = log_.open_segment(segment);
        reader_ = LogReader{std::move(opened.fd), opened.segment == segment ? offset : 0};
        segment_ = opened.segment;
    }

    const RoomLog& log_;
    std::uint64_t first_;
    LogReader reader_;
    std::uint32_t segment_ = 0;
};

} // namespace

std::vector<ControlVerb> Hub::control_verbs() {
    return {
        {"announce", "[-r ROOM] TEXT", "say it to everybody, or in one room, as administrator",
         [this](Words w) { return announce(w[0]); }, true},
        {"rooms", "", "list the rooms", [this](Words) { return list_rooms(); }},
        {"who", "", "list the clients", [this](Words) { return who(); }},
        {"kick", "NAME", "end a client's connection", [this](Words w) { return kick(w); }},
        {"history", "ROOM [-n N] [--follow]", "print a room's last lines, and those to come",
         [this](Words w) { return history(w); }},
        {"stats", "", "print the totals since the start", [this](Words) { return stats(); }},
    };
}

ControlAnswer Hub::announce(const std::string& rest) {
    std::string words = rest;
    Room* only = nullptr;
    constexpr std::string_view room_option = "-r ";
    if (words.rfind(room_option, 0) == 0) {
        const std::size_t start = words.find_first_not_of(' ', room_option.size());
        const std::size_t end = std::min(words.find(' ', start), words.size());
        if (start == words.npos) throw UserError("-r needs a room");
        const std::string name = words.substr(start, end - start);
        only = find_room(name);
        if (only == nullptr)
            throw UserError(text("there is no room '", escape(name, 64), "': `rooms' lists them"));
        words.erase(0, std::min(words.find_first_not_of(' ', end), words.size()));
    }
    // One quoted word is what chatctl makes of an argument with blanks; a person with nc types no quotes.
    if (words.size() >= 2 && words.front() == '"' && words.back() == '"') {
        const std::vector<std::string> parts = split_words(words);
        if (parts.size() == 1) words = parts[0];
    }
    if (words.empty()) throw UserError("say what to announce");
    announce_to(only, words);
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
        text(padded("ROOM", 24), padded("ENTRY", 8), padded("MEMBERS", 8), "LINES")};
    for (const auto& [name, room] : rooms_)
        lines.push_back(text(padded(name, 24), padded(room.settings.code.empty() ? "open" : "code", 8),
                             padded(text(room.members.size()), 8), room.log->next_line() - 1));
    return lines;
}

ControlAnswer Hub::who() const {
    std::vector<std::string> lines{
        text(padded("PID", 8), padded("CLIENT", 24), padded("SECONDS", 8), padded("ROOM", 16), "NAME")};
    for (const auto& [number, client] : clients_) {
        const auto age =
            std::chrono::duration_cast<std::chrono::seconds>(Clock::now() - client.since).count();
        lines.push_back(text(padded(text(client.pid), 8), padded(client.peer, 24), padded(text(age), 8),
                             padded(client.room == nullptr ? "-" : client.room->settings.name, 16),
                             client.name.empty() ? "-" : client.name));
    }
    std::sort(lines.begin() + 1, lines.end());
    return lines;
}

ControlAnswer Hub::kick(Words words) {
    const std::string& name = only_word(words, "a name");
    const auto found = names_.find(fold_name(name));
    if (found == names_.end())
        throw UserError(text("nobody here is called '", escape(name, 64), "': `who' lists them"));
    const ClientNumber number = found->second;
    log_.notice(text("kick ", escape(name)));
    dismiss(clients_.at(number), "The administrator has ended your connection.");
    return {};
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
    };
}

ControlAnswer Hub::history(Words words) {
    const Room* room = nullptr;
    unsigned count = 20;
    bool follow = false;
    for (std::size_t at = 0; at < words.size(); ++at) {
        if (words[at] == "--follow" || words[at] == "-f")
            follow = true;
        else if (words[at] == "-n") {
            const bool is_there = ++at < words.size();
            count = parse_count(words.subspan(at, is_there ? 1 : 0), "a number of lines", 0, most_history);
        } else
            room = find_room(words[at]);
    }
    if (room == nullptr) throw UserError("name a room: `rooms' lists them");
    const RoomLog& log = *room->log;
    const std::uint64_t first = log.next_line() - std::min<std::uint64_t>(count, log.next_line() - 1);
    const auto lines = std::make_shared<History>(log, first);
    ControlAnswer answer;
    if (follow)
        answer.more = [lines] { return lines->next(); };
    else
        while (std::optional<std::string> line = lines->next()) answer.lines.push_back(*std::move(line));
    return answer;
}

} // namespace chatd
