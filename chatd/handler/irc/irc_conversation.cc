// SPDX-License-Identifier: ISC
#include "chatd/handler/irc/irc_conversation.hh"

#include "chatd/handler/irc/irc_commands.hh"
#include "chatd/handler/irc/names.hh"
#include "chatd/handler/irc/refusals.hh"
#include "chatd/handler/irc/stamps.hh"
#include "chatd/handler/irc/text_parts.hh"
#include "common/secret.hh"
#include "common/text.hh"

#include <algorithm>
#include <cstdint>
#include <utility>

using namespace common;

namespace chatd::irc {
namespace {

// Whether its words must not be found in memory afterwards.
bool is_secret(std::string_view command) {
    return command == "PASS" || command == "OPER" || command == "AUTHENTICATE";
}

} // namespace

IrcConversation::IrcConversation(const HandlerSide& side, std::size_t most_lines, bool has_accounts)
    : Conversation(side),
      capabilities(has_accounts),
      replies(side.client.waiting(), capabilities),
      lines_at_once(most_lines == 0 ? SIZE_MAX : most_lines) {}

// --- The client.

bool IrcConversation::read() {
    const bool any = Conversation::read();
    if (any) silence.hear(Clock::now());
    return any;
}

bool IrcConversation::obey_next() {
    if (steps_.run()) return true;
    end_command();
    std::optional<ClientLine> line = input.next();
    if (!line) return false;
    obey(*line);
    if (is_secret(line->command))
        for (std::string& param : line->params) erase_bytes(param);
    return true;
}

void IrcConversation::obey(const ClientLine& line) {
    is_asked_for_ = line.command != "PING" && line.command != "PONG"; // which programs send by themselves
    steps_.begin();
    is_answering_ = true;
    replies.begin(line.tag("label"));
    switch (line.fault) {
    case ClientLine::Fault::none: break;
    case ClientLine::Fault::too_long: return replies.numeric(Numeric::input_too_long);
    case ClientLine::Fault::not_utf8:
        return replies.fail("*", "INVALID_UTF8", {}, "A line is of UTF-8: set your client to it");
    case ClientLine::Fault::not_text:
        return replies.numeric(Numeric::unknown_error, {"*"}, "No NUL in a line");
    }
    if (line.command.empty()) {
        is_answering_ = false; // not even with ACK
        replies.begin({});
    } else {
        obey_command(*this, line);
    }
}

void IrcConversation::end_command() {
    if (!std::exchange(is_answering_, false)) return;
    replies.end();
}

// While it ends nothing is left to do at a time.
std::optional<IrcConversation::Clock::time_point> IrcConversation::waits_until() const {
    if (client.is_ending()) return {};
    return silence.next();
}

// A client whose words are held back, or that takes none of ours, is not silent: its PONG, or our PING, would
// not come through. What is left to write to one that is gone would never be taken.
bool IrcConversation::serve() {
    if (client.is_ending()) return false;
    if (hub.is_waiting() || input.is_full() || !client.is_empty()) silence.hear(Clock::now());
    switch (silence.look(Clock::now())) {
    case Silence::Verdict::quiet: return false;
    case Silence::Verdict::ask: replies.event(ServerLine("", "PING").text(server_word)); break;
    case Silence::Verdict::gone:
        finish("Ping timeout");
        client.write();
        throw Gone{};
    }
    return true;
}

void IrcConversation::finish(std::string_view why) {
    if (client.is_ending()) return;
    end_command();
    replies.event(ServerLine("", "ERROR").text(text("Closing link: ", why)));
    client.finish();
}

// --- Asking the hub.

void IrcConversation::ask(Message what, std::string packet, std::string about, Answers answers) {
    ask({.what = what, .about = std::move(about)}, std::move(packet), std::move(answers));
}

void IrcConversation::ask(HubRequest request, std::string packet, Answers answers) {
    answers_ = std::move(answers);
    hub.ask(std::move(packet), std::move(request));
}

void IrcConversation::refuse(std::string_view about, Refusal why) {
    const RefusalRow& row = row_of(why);
    replies.numeric(row.number, {about}, row.words.empty() ? words_of(row.number) : row.words);
}

void IrcConversation::be_accepted(const HubRequest&, const std::string& words) {
    steps_.begin();
    const Answers answers = std::move(answers_);
    if (answers.accepted) answers.accepted(words);
}

void IrcConversation::be_refused(const HubRequest& request, Refusal why) {
    if (request.is_lookups) return history.end_log();
    steps_.begin();
    const Answers answers = std::move(answers_);
    if (answers.refused)
        answers.refused(why);
    else
        refuse(request.about, why);
}

void IrcConversation::enter(const HubRequest&, RoomView& room, const Entrance& entrance) {
    steps_.begin();
    const Answers answers = std::move(answers_);
    places.add(room.number(), room.name());
    room.show_own();
    if (answers.entered) answers.entered(room, entrance);
}

void IrcConversation::take_list(const HubRequest&, const std::string& lines, bool is_last) {
    steps_.begin();
    if (answers_.row)
        for (std::string_view rest = lines; !rest.empty();) {
            const std::string_view row = rest.substr(0, rest.find('\n'));
            rest.remove_prefix(std::min(row.size() + 1, rest.size()));
            answers_.row(row);
        }
    if (!is_last) return;
    const Answers answers = std::move(answers_);
    if (answers.listed) answers.listed();
}

// --- The rooms.

void IrcConversation::leave(std::uint32_t room) {
    rooms.leave(room);
    if (const Place* const place = places.find(room)) accounts.forget(place->name);
    for (const std::string& label : echoes.forget(room)) replies.acknowledge(label);
    places.remove(room);
}

void IrcConversation::show(const RoomView& room, const Record& record, bool is_earlier) {
    Place* const place = places.find(room.number());
    if (place == nullptr) return;
    const LogOf log{room.name(), place->birth};
    if (is_earlier) return places.show_earlier(*place, records.earlier_lines_of(record, log));
    if (record.kind == Kind::joined) accounts.note(room.name(), record);
    places.end_earlier(*place);
    const bool is_own = room.is_own(record);
    const std::string label = is_own ? echoes.take(record.serial) : std::string{};
    for (const ServerLine& line : records.lines_of(record, log, is_own, label)) replies.event(line);
    if (record.kind != Kind::joined) accounts.note(room.name(), record);
}

// Among them may be that somebody has left.
void IrcConversation::lose_lines(const RoomView& room, std::uint64_t count) {
    accounts.forget(room.name());
    ServerLine line{server_word, "NOTICE"};
    line.word(channel_of(room.name()))
        .text(text(count, " lines are gone: the room's log is not kept so long"));
    replies.event(line);
}

void IrcConversation::lose_room(const std::string& name, bool) {
    const auto& all = places.all();
    const auto lost = std::find_if(all.begin(), all.end(), [&](const Place& p) { return p.name == name; });
    if (lost != all.end()) leave(lost->room);
    ServerLine line{server_word, "KICK"};
    line.word(channel_of(name)).word(replies.nick()).text("The room is closed");
    replies.event(line);
}

// --- What the hub says unasked.

void IrcConversation::be_told(std::uint64_t, std::string_view name, std::string_view words) {
    be_told_as(Telling::said, name, words);
}

void IrcConversation::be_told_as(Telling how, std::string_view name, std::string_view words) {
    if (how == Telling::invited) {
        ServerLine line{prefix_of(name), "INVITE"};
        records.add_time(line, now_in_microseconds());
        return replies.event(line.word(replies.nick()).word(channel_of(words)));
    }
    for (const ServerLine& line : records.private_lines(how, name, replies.nick(), words))
        replies.event(line);
}

void IrcConversation::be_slowed(SlowedBy by, std::uint32_t lines, std::uint32_t seconds) {
    const std::string_view who = by == SlowedBy::own_lines ? "You say" : "Your address says";
    ServerLine line{server_word, "NOTICE"};
    line.word(replies.nick());
    if (by == SlowedBy::wrong_codes)
        line.text("Too many wrong keys came from your address: the next one waits");
    else
        line.text(
            text(who, " more than ", lines, " lines in ", seconds, " s: the rest waits, nothing is lost"));
    replies.event(line);
}

// What the logs say of it, a kick say, is shown before.
void IrcConversation::be_dismissed(Farewell why, const std::string& words) {
    rooms.wake();
    rooms.follow();
    finish(words.empty() ? std::string{words_of(why)} : words);
}

void IrcConversation::part(Parting why, std::chrono::seconds idle) {
    switch (why) {
    case Parting::all_done: return finish("You have ended the connection");
    case Parting::server_ended: return finish("The server has ended");
    case Parting::other_version: return finish("The server has another version: connect again");
    case Parting::asked_to_leave: return finish("The server has ended this connection");
    case Parting::idle: return finish(text("Idle for ", idle.count(), " s"));
    }
}

void IrcConversation::tell_of_wait() {
    ServerLine line{server_word, "NOTICE"};
    replies.event(line.word(replies.nick()).text("The server is slow to answer: what you send waits"));
}

} // namespace chatd::irc
