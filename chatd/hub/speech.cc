// SPDX-License-Identifier: ISC
#include "chatd/hub/speech.hh"

#include "chatd/words.hh"
#include "common/errors.hh"
#include "common/socket.hh"
#include "common/text.hh"

#include <algorithm>
#include <array>
#include <optional>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

using namespace common;

namespace chatd {
namespace {

// Made harmless; each has something, and not too much.
std::vector<std::string> lines_of_speech(std::string_view words, bool is_paste) {
    std::vector<std::string> lines = split_lines(words);
    for (std::string& line : lines) {
        line = neutralise(line);
        if (line.empty() || line.size() > max_text)
            throw PeerError("a line of speech that is empty or too long");
    }
    if (lines.empty()) throw PeerError("speech without a line");
    if (is_paste && lines.size() > max_paste_lines) throw PeerError("a paste of too many lines");
    return lines;
}

// As people read it who are shown lines.
std::string plain_words(const Client& from, Telling how, const std::string& said) {
    std::string plain = how == Telling::acted     ? text("* ", from.name, ' ', said)
                        : how == Telling::invited ? text("/join ", said)
                                                  : said;
    return plain.size() > max_text ? said : plain;
}

// As what it is written. A handler of a version that does not know notices would not show one, and then it is
// said; a line that an earlier hub has written stays what it is.
Kind kind_in_log(const Rooms& rooms, const Room& room, const Client& client, Kind kind) {
    if (kind != Kind::noticed || rooms.standing().has(room, kind, client)) return kind;
    const auto shows_none = [](const auto& member) { return member.second->protocol < first_with_notices; };
    const bool is_said = rooms.standing().has(room, Kind::said, client) ||
                         std::any_of(room.members().begin(), room.members().end(), shows_none);
    return is_said ? Kind::said : kind;
}

std::string frame_of(const Client& from, const Client& to, Telling how, const std::string& said) {
    const auto name_size = static_cast<std::uint8_t>(from.name.size());
    if (how == Telling::said || !to.speaks_irc())
        return ToldFrame::make(text(from.name, plain_words(from, how, said)), from.number, from.serial,
                               name_size);
    return ToldAsFrame::make(text(from.name, said), static_cast<std::uint8_t>(how), from.number, from.serial,
                             name_size);
}

// What goes wrong with the pair of one is not the fault of who speaks to it.
bool send(const Client& to, const std::string& frame) {
    try {
        return send_packet(to.pair.fd(), frame) == IoState::done;
    } catch (const std::system_error&) {
        return false;
    }
}

} // namespace

struct Speech::Words {
    Telling how;
    ClientNumber to;
    std::string_view name; // of that one, in place of the number; empty: none
    std::string_view said;
};

void Speech::on_say(Client& client, Packet packet) {
    const auto [fields, words] = SayFrame::read(packet);
    const auto [number, kind_given, is_paste] = fields;
    constexpr std::array kinds{Kind::said, Kind::acted, Kind::noticed};
    if (std::find(kinds.begin(), kinds.end(), static_cast<Kind>(kind_given)) == kinds.end())
        throw PeerError("speech of an unknown kind");
    Room& room = client.room(number);
    const Kind kind = kind_in_log(rooms_, room, client, static_cast<Kind>(kind_given));
    const std::vector<std::string> lines = lines_of_speech(words, is_paste != 0);
    const auto all_stand = [&] { // and others have read them; the last one may be of another request
        for (std::uint32_t nth = 0; nth < lines.size(); ++nth)
            if (rooms_.standing().find(room, kind, client, nth) == 0) return false;
        return true;
    };
    if (const auto why = room.refuse_speech(client, Clock::now()); why && !all_stand())
        return answers_.refuse(client, *why);
    client.last_room = &room;
    client.spoke = Clock::now();
    Rooms::Lines all{};
    for (std::uint32_t nth = 0; nth < lines.size(); ++nth) {
        all.last = rooms_.add_line(room, kind, &client, lines[nth], nth);
        if (nth == 0) all.first = all.last;
    }
    rooms_.await(room, client, all, Refusal::disk_full);
}

// To one client alone: past the logs, and so only as far as its handler gets rid of it.
void Speech::on_tell(Client& client, Packet packet) {
    const auto [fields, words] = TellFrame::read(packet);
    const auto [number, name_size] = fields;
    const std::string_view whole = words;
    if (name_size > whole.size()) throw PeerError("a name that is longer than its frame");
    tell(client, {Telling::said, number, whole.substr(0, name_size), whole.substr(name_size)});
}

void Speech::on_tell_as(Client& client, Packet packet) {
    const auto [fields, words] = TellAsFrame::read(packet);
    const auto [how, number, name_size] = fields;
    const std::string_view whole = words;
    if (name_size > whole.size()) throw PeerError("a name that is longer than its frame");
    if (how > static_cast<std::uint8_t>(Telling::invited)) throw PeerError("words of an unknown kind");
    tell(client, {static_cast<Telling>(how), number, whole.substr(0, name_size), whole.substr(name_size)});
}

void Speech::tell(Client& client, const Words& words) {
    std::string said = neutralise(words.said);
    if (said.empty() || said.size() > max_text) throw PeerError("words that are empty or too long");
    const Room* room = nullptr; // that it invites to
    if (words.how == Telling::invited) {
        room = find_in_any_case(rooms_, said);
        if (room == nullptr || !client.is_in(*room)) return answers_.refuse(client, Refusal::no_such_room);
        said = room->name();
    }
    Client* const to = words.name.empty() ? people_.find(words.to) : people_.find(words.name);
    if (to == nullptr || to->state != Client::State::inside || !to->pair)
        return answers_.refuse(client, Refusal::nobody);
    client.spoke = Clock::now();
    const std::string told = frame_of(client, *to, words.how, said);
    if (to->untaken >= max_untaken || !send(*to, told)) return answers_.refuse(client, Refusal::behind);
    ++to->untaken;
    if (room != nullptr) Witnesses::tell_invitation(client, *to, *room);
    answers_.confirm(client, to->away ? text(to->name, '\t', *to->away) : std::string{});
}

void Speech::on_took(Client& client, Packet packet) {
    const auto [count] = TookFrame::read(packet).first;
    client.untaken -= std::min(client.untaken, count);
    Witnesses::catch_up(client);
}

void Speech::on_topic(Client& client, Packet packet) {
    const auto [fields, words] = TopicFrame::read(packet);
    Room& room = client.room(std::get<0>(fields));
    if (words.empty()) return answers_.confirm(client, room.topic());
    if (const auto why = room.refuse_speech(client, Clock::now());
        why && !rooms_.standing().has(room, Kind::topic, client))
        return answers_.refuse(client, *why);
    const std::string topic = neutralise(words);
    if (topic.size() > max_topic) return answers_.refuse(client, Refusal::text_too_long);
    rooms_.set_topic(room, &client, topic);
    rooms_.await(room, client, Rooms::last_of(room), Refusal::not_done);
}

void Speech::on_away(Client& client, Packet packet) {
    const auto [fields, words] = AwayFrame::read(packet);
    std::string why = neutralise(words);
    if (why.size() > max_topic) return answers_.refuse(client, Refusal::text_too_long);
    std::optional<std::string> away;
    if (std::get<0>(fields) != 0) away = std::move(why);
    if (std::exchange(client.away, away) != away) witnesses_.tell_presence(client);
    answers_.confirm(client);
}

} // namespace chatd
