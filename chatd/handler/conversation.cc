// SPDX-License-Identifier: ISC
#include "chatd/handler/conversation.hh"

#include "common/errors.hh"
#include "common/text.hh"

#include <algorithm>
#include <array>

using namespace common;

namespace chatd {
namespace {

using Packet = std::span<const char>;

void take_acceptance(Conversation& c, const HubRequest& request, Packet packet, Fd) {
    const std::string words = AcceptedFrame::read(packet).second;
    if (request.what == Message::name || request.what == Message::login)
        return c.registration.accept_name(words);
    if (request.accepted != nullptr) request.accepted(c, request, words);
}

void take_refusal(Conversation& c, const HubRequest& request, Packet packet, Fd) {
    const auto why = static_cast<Refusal>(std::get<0>(RefusedFrame::read(packet).first));
    if (c.completer.is_asking()) return c.completer.fail();
    if (request.is_lookups) return c.lookup.end_log();
    // What was read goes on after all, or was the last.
    if (request.what != Message::next_segment) c.registration.refuse(request, why);
}

void enter(Conversation& c, const HubRequest& request, Packet packet, Fd log) {
    c.registration.enter(request, packet, std::move(log));
}

void resume(Conversation& c, const HubRequest& request, Packet packet, Fd) {
    c.registration.resume(request, packet);
}

void take_segment(Conversation& c, const HubRequest& request, Packet packet, Fd log) {
    const auto [room, segment, offset, next] = SegmentFrame::read(packet).first;
    if (request.is_lookups) return c.lookup.open(segment, std::move(log), offset);
    if (request.what == Message::next_segment)
        return c.rooms.go_on(request.room, segment, std::move(log), offset);
    c.output.say(Phrase::skipped, text(c.rooms.skip(request.room, next, segment, std::move(log), offset)));
}

void take_listing(Conversation& c, const HubRequest& request, Packet packet, Fd) {
    const auto [fields, lines] = ListingFrame::read(packet);
    const std::uint32_t next = std::get<0>(fields);
    if (c.completer.is_asking()) return c.completer.take(request, lines, next);
    const Display& display = c.output.display();
    for (const std::string& row : split_lines(lines)) {
        if (request.what == Message::who)
            c.output.show(display.who_row(row));
        else if (request.what == Message::bans)
            c.output.show(display.ban_row(row));
        else if (c.registration.take_room(row))
            c.output.show(display.room_row(row));
    }
    if (request.what == Message::bans && lines.empty()) c.output.say(Phrase::nobody_banned);
    if (next == 0) return c.registration.describe_rooms();
    c.hub.ask(request.what == Message::who     ? WhoFrame::make(request.about, next)
              : request.what == Message::rooms ? RoomsFrame::make({}, next)
                                               : BansFrame::make({}, next),
              request);
}

void be_dismissed(Conversation& c, const HubRequest&, Packet packet, Fd) {
    if (c.output.is_ending()) return; // it comes again, from a hub that follows the one that said it
    const auto [fields, words] = DismissedFrame::read(packet);
    const auto why = static_cast<Farewell>(std::get<0>(fields));
    const bool stops = why == Farewell::stopping || why == Farewell::stopping_with_words;
    c.output.finish(c.output.display().farewell(why, words), stops ? End::come_again : End::for_good);
}

void be_told(Conversation& c, const HubRequest&, Packet packet, Fd) {
    const auto [fields, words] = ToldFrame::read(packet);
    const auto [from, serial, name_size] = fields;
    const std::string_view whole = words;
    const std::string_view name = whole.substr(0, name_size);
    const bool is_new = c.hub.take_told(from, serial);
    if (!is_new || c.output.display().taste().ignores(from)) return;
    c.last_teller = from;
    c.output.show(c.output.display().told(name, whole.substr(name.size())));
}

void hear_of_ignored(Conversation& c, const HubRequest&, Packet packet, Fd) {
    const auto [fields, words] = KnownAsFrame::read(packet);
    const auto [person, name_size] = fields;
    const std::string_view whole = words;
    const std::string_view name = whole.substr(0, name_size);
    for (const auto& [client] : Former::iter_unpack(whole.substr(name.size())))
        c.output.display().taste().ignore(person, client, name);
}

void take_token(Conversation& c, const HubRequest&, Packet packet, Fd) {
    c.registration.take_token(TokenFrame::read(packet).second);
}

void be_slowed(Conversation& c, const HubRequest&, Packet packet, Fd) {
    const auto [lines, seconds, by] = SlowedFrame::read(packet).first;
    constexpr std::array phrases{Phrase::slowed, Phrase::slowed_address, Phrase::slowed_codes};
    c.output.say(phrases.at(by), text(lines), text(seconds));
    c.hub.forget_wait();
}

// The hub is another one now, and knows what the last one had put by: it hears the rest, and as a wake may
// have been lost, the logs are read.
void begin_again(Conversation& c, const HubRequest&, Packet packet, Fd) {
    const auto [version, hub] = AgainFrame::read(packet).first;
    if (!speaks_with(version)) {
        if (c.output.is_ending()) return;
        return c.output.finish(c.output.display().line(Phrase::other_version), End::come_again);
    }
    c.rooms.wake();
    if (!c.is_busy()) c.input.settle_count();
    c.hub.say_here(hub, c.rooms.current_number(), c.hub.announces() ? c.input.settled() : 0);
    c.registration.repeat_seen();
    c.hub.repeat_request();
}

// It has left it, and so reads no more of it than it has now.
void lose_room(Conversation& c, const HubRequest&, Packet packet, Fd) {
    const auto [number] = ClosedFrame::read(packet).first;
    if (!c.rooms.follows(number) || c.output.is_ending()) return;
    c.rooms.wake();
    if (!c.lookup.holds_rooms()) c.rooms.follow();
    const bool was_current = number == c.rooms.current_number();
    c.output.say(Phrase::room_closed, c.rooms.leave(number));
    const RoomView* const next = c.rooms.current();
    if (was_current && next != nullptr) c.output.say(Phrase::room_is_current, next->name());
}

// The first that it hears, where it is so.
void be_under_tls(Conversation& c, const HubRequest&, Packet packet, Fd relay) {
    RelayFrame::read(packet);
    if (!relay) throw PeerError("a client under TLS without its relay");
    c.output.tls().adopt(std::move(relay));
}

struct Rule {
    Message message;
    bool is_answer; // to what was asked
    void (*act)(Conversation& c, const HubRequest& request, Packet packet, Fd passed);
};
constexpr std::array rules{
    Rule{Message::accepted, true, take_acceptance},
    Rule{Message::refused, true, take_refusal},
    Rule{Message::entered, true, enter},
    Rule{Message::segment, true, take_segment},
    Rule{Message::listing, true, take_listing},
    Rule{Message::resumed, true, resume},
    Rule{Message::dismissed, false, be_dismissed},
    Rule{Message::told, false, be_told},
    Rule{Message::token, false, take_token},
    Rule{Message::slowed, false, be_slowed},
    Rule{Message::known_as, false, hear_of_ignored},
    Rule{Message::again, false, begin_again},
    Rule{Message::closed, false, lose_room},
    Rule{Message::relay, false, be_under_tls},
};

} // namespace

void Conversation::handle(HubTalk::Heard& heard) {
    const Message message = message_of(heard.packet);
    const auto rule =
        std::find_if(rules.begin(), rules.end(), [&](const Rule& r) { return r.message == message; });
    if (rule == rules.end()) throw PeerError("the hub sent a frame that is not for a handler");
    const HubRequest request = rule->is_answer ? hub.take_answer() : HubRequest{};
    rule->act(*this, request, heard.packet, std::move(heard.passed));
}

} // namespace chatd
