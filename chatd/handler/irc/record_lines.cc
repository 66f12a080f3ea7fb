// SPDX-License-Identifier: ISC
#include "chatd/handler/irc/record_lines.hh"

#include "chatd/handler/irc/names.hh"
#include "chatd/handler/irc/stamps.hh"
#include "chatd/handler/irc/text_parts.hh"
#include "common/text.hh"

#include <algorithm>
#include <array>
#include <utility>

using common::text;

namespace chatd::irc {
namespace {

constexpr std::size_t most_remembered = 64; // of renamings, of those kicked out, and of those gone

// How speech is put: as which command, and what stands around the words.
struct Manner {
    Kind kind;
    std::string_view command, before, behind;
};
constexpr std::array manners{
    Manner{Kind::said, "PRIVMSG", "", ""},
    Manner{Kind::acted, "PRIVMSG",
           "\x01"
           "ACTION ",
           "\x01"},
    Manner{Kind::announced, "NOTICE", "", ""},
    Manner{Kind::noted, "NOTICE", "", ""},
    Manner{Kind::noticed, "NOTICE", "", ""},
};
const Manner* find_manner(Kind kind) {
    const auto* const found =
        std::find_if(manners.begin(), manners.end(), [&](const Manner& m) { return m.kind == kind; });
    return found == manners.end() ? nullptr : found;
}

// What is a mode of the room; whom: whether it has a name, or a ban's mask, behind it.
struct ModeKind {
    enum class Whom { nobody, nick, mask };
    Kind kind;
    std::string_view letter;
    Whom whom;
};
constexpr std::array mode_kinds{
    ModeKind{Kind::moderated, "+m", ModeKind::Whom::nobody},
    ModeKind{Kind::unmoderated, "-m", ModeKind::Whom::nobody},
    ModeKind{Kind::voiced, "+v", ModeKind::Whom::nick},
    ModeKind{Kind::unvoiced, "-v", ModeKind::Whom::nick},
    ModeKind{Kind::banned, "+b", ModeKind::Whom::mask},
    ModeKind{Kind::unbanned, "-b", ModeKind::Whom::mask},
};

// "bob 10m address" is bob.
std::string_view first_word(std::string_view words) { return words.substr(0, words.find(' ')); }

// Of a mute, for which IRC has no mode that all clients know: what it does.
std::string words_of_mute(const Record& record) {
    const std::string_view whom = first_word(record.text);
    const std::string_view rest =
        std::string_view{record.text}.substr(std::min(whom.size() + 1, record.text.size()));
    return text(record.name.empty() ? "The administrator" : nick_of(record.name),
                record.kind == Kind::muted ? " has muted " : " has unmuted ", whom, rest.empty() ? "" : ": ",
                rest);
}

// "[2026-11-30 14:05 UTC] "
std::string stamp(std::int64_t microseconds) {
    const std::string time = server_time(microseconds);
    return text('[', time.substr(0, 10), ' ', time.substr(11, 5), " UTC] ");
}

} // namespace

void RecordLines::add_time(ServerLine& line, std::int64_t microseconds) const {
    if (capabilities_.has(Capability::server_time)) line.tag("time", server_time(microseconds));
}

void RecordLines::add_account(ServerLine& line, const Record& record, const LogOf& log) const {
    if (!capabilities_.has(Capability::account_tag)) return;
    const std::string account = accounts_.of(log.room, record.name);
    if (!account.empty()) line.tag("account", account);
}

void RecordLines::add_id(ServerLine& line, const Record& record, const LogOf& log, unsigned part) const {
    if (capabilities_.has(Capability::message_tags) && log.birth != 0)
        line.tag("msgid", shown({log.birth, record.line, part, std::string{log.room}}));
}

std::vector<ServerLine> RecordLines::divided(const ServerLine& line, std::string_view words,
                                             std::string_view before, std::string_view behind) const {
    std::vector<ServerLine> lines;
    for (const std::string_view part : parts_of(words, line.room() - before.size() - behind.size())) {
        lines.push_back(line);
        lines.back().text(text(before, part, behind));
    }
    return lines;
}

ServerLine RecordLines::head(const Record& record, std::string_view command) const {
    ServerLine line{prefix_of(record.name), command};
    add_time(line, record.time);
    return line;
}

std::vector<ServerLine> RecordLines::parts(ServerLine head, const Record& record, const LogOf& log,
                                           std::string_view before, std::string_view behind,
                                           std::string_view label) const {
    std::vector<ServerLine> lines = divided(head.word(channel_of(log.room)), record.text, before, behind);
    if (!label.empty()) lines.front().tag("label", label);
    for (unsigned part = 0; part < lines.size(); ++part) add_id(lines[part], record, log, part);
    return lines;
}

std::vector<ServerLine> RecordLines::private_lines(Telling how, std::string_view from, std::string_view to,
                                                   std::string_view words) const {
    ServerLine line{prefix_of(from), how == Telling::noticed ? "NOTICE" : "PRIVMSG"};
    add_time(line, now_in_microseconds());
    line.word(to);
    const Manner& acted = *find_manner(Kind::acted);
    const bool is_act = how == Telling::acted;
    return divided(line, words, is_act ? acted.before : "", is_act ? acted.behind : "");
}

std::vector<ServerLine> RecordLines::speech(const Record& record, const LogOf& log) const {
    const Manner* const manner = find_manner(record.kind);
    if (manner == nullptr) return {};
    return parts(head(record, manner->command), record, log, manner->before, manner->behind);
}

std::vector<ServerLine> RecordLines::earlier_lines_of(const Record& record, const LogOf& log) const {
    const Manner* const manner = find_manner(record.kind);
    if (manner == nullptr || capabilities_.has(Capability::server_time)) return speech(record, log);
    const std::string before = stamp(record.time) + (record.kind == Kind::acted ? "* " : "");
    return parts(head(record, "NOTICE"), record, log, before, {});
}

std::vector<ServerLine> RecordLines::lines_of(const Record& record, const LogOf& log, bool is_own,
                                              std::string_view label) {
    if (const Manner* const manner = find_manner(record.kind)) {
        if (is_own && !capabilities_.has(Capability::echo_message)) return {};
        ServerLine line = head(record, manner->command);
        add_account(line, record, log);
        return parts(std::move(line), record, log, manner->before, manner->behind, label);
    }
    const std::string channel = channel_of(log.room);
    const auto one_line = [&](ServerLine line) {
        add_time(line, record.time);
        add_account(line, record, log);
        if (record.kind != Kind::renamed) add_id(line, record, log, 0); // a new name is of all rooms
        return std::vector<ServerLine>{std::move(line)};
    };
    const auto line_from = [&](std::string_view name, std::string_view command) {
        return ServerLine{prefix_of(name), command};
    };
    switch (record.kind) {
    case Kind::joined: {
        ServerLine line = line_from(record.name, "JOIN").word(channel);
        if (capabilities_.has(Capability::extended_join))
            line.word(record.text).text(nick_of(record.name)); // the account, or *
        return one_line(line);
    }
    case Kind::left: {
        if (is_kicked(record, log)) return {};
        // Whoever leaves one room has asked for it; else the connection has ended, and all rooms are left.
        if (record.serial == 0)
            return is_gone_anew(record) ? one_line(line_from(record.name, "QUIT").text(record.text))
                                        : std::vector<ServerLine>{};
        ServerLine line = line_from(record.name, "PART").word(channel);
        if (!record.text.empty()) line.text(record.text);
        return one_line(line);
    }
    case Kind::renamed:
        if (is_own || !is_new_name(record, log)) return {};
        return one_line(line_from(record.name, "NICK").word(nick_of(record.text)));
    case Kind::topic: return one_line(line_from(record.name, "TOPIC").word(channel).text(record.text));
    case Kind::kicked:
        if (kicked_.size() == most_remembered) kicked_.erase(kicked_.begin());
        kicked_.push_back({std::string{log.room}, record.text});
        return one_line(
            line_from(record.name, "KICK").word(channel).word(nick_of(record.text)).text(record.name));
    case Kind::muted:
    case Kind::unmuted: return one_line(line_from({}, "NOTICE").word(channel).text(words_of_mute(record)));
    default: break;
    }
    const auto* const mode = std::find_if(mode_kinds.begin(), mode_kinds.end(),
                                          [&](const ModeKind& known) { return known.kind == record.kind; });
    if (mode == mode_kinds.end()) return {};
    ServerLine line = line_from(record.name, "MODE").word(channel).word(mode->letter);
    if (mode->whom == ModeKind::Whom::nick) line.word(nick_of(first_word(record.text)));
    if (mode->whom == ModeKind::Whom::mask) line.word(ban_mask_of(first_word(record.text)));
    return one_line(line);
}

// Each room that somebody is in has the record of a new name, from the same request. Where that has no
// serial, one that comes from a room which has it already is of another time.
bool RecordLines::is_new_name(const Record& record, const LogOf& log) {
    const auto known = std::find_if(renamings_.begin(), renamings_.end(), [&](const Renaming& one) {
        return one.person == record.speaker && one.request == record.serial && one.to == record.text;
    });
    if (known == renamings_.end()) {
        if (renamings_.size() == most_remembered) renamings_.erase(renamings_.begin());
        renamings_.push_back({record.speaker, record.serial, record.text, {std::string{log.room}}});
        return true;
    }
    const bool is_again = std::find(known->rooms.begin(), known->rooms.end(), log.room) != known->rooms.end();
    if (is_again) known->rooms.clear();
    known->rooms.emplace_back(log.room);
    return is_again;
}

bool RecordLines::is_gone_anew(const Record& record) {
    if (std::find(gone_.begin(), gone_.end(), record.speaker) != gone_.end()) return false;
    if (gone_.size() == most_remembered) gone_.erase(gone_.begin());
    gone_.push_back(record.speaker);
    return true;
}

bool RecordLines::is_kicked(const Record& record, const LogOf& log) {
    return std::erase_if(kicked_, [&](const Kicked& one) {
               return one.room == log.room && one.name == record.name;
           }) != 0;
}

} // namespace chatd::irc
