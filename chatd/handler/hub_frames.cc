// SPDX-License-Identifier: ISC
#include "chatd/handler/hub_frames.hh"

#include "common/errors.hh"
#include "common/text.hh"

#include <algorithm>
#include <array>
#include <cstddef>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>

using namespace common;

namespace chatd {
namespace {

// FollowedRooms asks for what follows in a log; the conversation asks for whatever else there is.
bool is_of_rooms(const HubRequest& request) {
    return request.what == Message::next_segment && !request.is_lookups;
}

// The first field of all that ask for lists: how many entries are to be skipped.
using FrameSkip = pack::Struct<"=I">;
constexpr std::size_t skip_at = WhoFrame::fields_at;
static_assert(WhoFrame::layout.starts_with("=I") && RoomsFrame::layout.starts_with("=I") &&
              BansFrame::layout.starts_with("=I") && PeopleFrame::layout.starts_with("=I"));

} // namespace

void HubFrames::take_acceptance(const HubRequest& request, Packet packet, Fd) {
    const std::string words = AcceptedFrame::read(packet).second;
    if (request.accepted)
        request.accepted(request, words);
    else
        conversation_.be_accepted(request, words);
}

void HubFrames::take_refusal(const HubRequest& request, Packet packet, Fd) {
    const auto why = static_cast<Refusal>(std::get<0>(RefusedFrame::read(packet).first));
    // What was read goes on after all, or was the last.
    if (!is_of_rooms(request)) conversation_.be_refused(request, why);
}

void HubFrames::enter(const HubRequest& request, Packet packet, Fd log) {
    const auto [fields, words] = EnteredFrame::read(packet);
    RoomView::Start start;
    Conversation::Entrance entrance;
    std::tie(start.room, start.client, start.joined, start.first, start.segment, start.offset,
             entrance.others) = fields;
    if (rooms_.follows(start.room)) return; // of a return that was asked for again
    start.formers = formers_;
    std::vector<std::string> told = split_lines(words); // name, topic, those who are there
    const std::string name = told.at(0);
    if (told.size() > 1) entrance.topic = told[1];
    told.erase(told.begin(), told.begin() + std::min<std::ptrdiff_t>(std::ssize(told), 2));
    entrance.present = std::move(told);
    entrance.is_newcomer = start.first == 0;
    conversation_.enter(request, rooms_.enter(start, name, std::move(log)), entrance);
}

void HubFrames::take_segment(const HubRequest& request, Packet packet, Fd log) {
    const auto [room, segment, offset, next] = SegmentFrame::read(packet).first;
    if (is_of_rooms(request))
        rooms_.go_on(request.room, segment, std::move(log), offset);
    else
        conversation_.take_log(request, segment, std::move(log), offset, next);
}

void HubFrames::take_listing(const HubRequest& request, Packet packet, Fd) {
    const auto [fields, lines] = ListingFrame::read(packet);
    const std::uint32_t next = std::get<0>(fields);
    conversation_.take_list(request, lines, next == 0);
    if (next == 0) return;
    std::string more = request.packet;
    FrameSkip::pack_into(more, skip_at, next);
    hub_.ask(std::move(more), request);
}

void HubFrames::resume(const HubRequest& request, Packet packet, Fd) {
    const auto [fields, words] = ResumedFrame::read(packet);
    const auto [rooms, counted, name_size] = fields;
    const std::string name = words.substr(0, name_size);
    formers_.clear();
    for (const auto& [former] : Former::iter_unpack(std::string_view{words}.substr(name.size())))
        formers_.push_back(former);
    hub_.expect(request, rooms);
    conversation_.resume(request, name, counted);
}

void HubFrames::be_dismissed(const HubRequest&, Packet packet, Fd) {
    if (client_.is_ending()) return; // it comes again, from a hub that follows the one that said it
    const auto [fields, words] = DismissedFrame::read(packet);
    conversation_.be_dismissed(static_cast<Farewell>(std::get<0>(fields)), words);
}

void HubFrames::be_told(const HubRequest&, Packet packet, Fd) {
    const auto [fields, words] = ToldFrame::read(packet);
    const auto [from, serial, name_size] = fields;
    const std::string_view whole = words;
    const std::string_view name = whole.substr(0, name_size);
    const bool is_new = hub_.take_told(from, serial);
    const IgnoredPeople* const ignored = conversation_.ignored();
    if (!is_new || (ignored != nullptr && ignored->ignores(from))) return;
    conversation_.be_told(from, name, whole.substr(name.size()));
}

// Only to a client of IRC.
void HubFrames::be_told_as(const HubRequest&, Packet packet, Fd) {
    const auto [fields, words] = ToldAsFrame::read(packet);
    const auto [how, from, serial, name_size] = fields;
    const std::string_view whole = words;
    const std::string_view name = whole.substr(0, name_size);
    if (hub_.take_told(from, serial))
        conversation_.be_told_as(static_cast<Telling>(how), name, whole.substr(name.size()));
}

// Only to a client that has said that it wants it. What the logs say that was written before is read before:
// so its conversation counts it as taken when it has shown it.
void HubFrames::be_told_of(const HubRequest&, Packet packet, Fd) {
    const auto [fields, words] = ToldOfFrame::read(packet);
    const auto [deed, name_size, guest_size] = fields;
    if (words.size() < std::size_t{name_size} + guest_size)
        throw PeerError("names that are longer than their frame");
    rooms_.wake();
    const std::string_view whole = words, rest = whole.substr(name_size);
    conversation_.be_told_of(static_cast<Deed>(deed), whole.substr(0, name_size), rest.substr(0, guest_size),
                             rest.substr(guest_size));
}

void HubFrames::hear_of_ignored(const HubRequest&, Packet packet, Fd) {
    const auto [fields, words] = KnownAsFrame::read(packet);
    const auto [person, name_size] = fields;
    const std::string_view whole = words;
    const std::string_view name = whole.substr(0, name_size);
    IgnoredPeople* const ignored = conversation_.ignored();
    if (ignored == nullptr) return;
    for (const auto& [client] : Former::iter_unpack(whole.substr(name.size())))
        ignored->ignore(person, client, name);
}

void HubFrames::take_token(const HubRequest&, Packet packet, Fd) {
    conversation_.take_token(TokenFrame::read(packet).second);
}

void HubFrames::be_slowed(const HubRequest&, Packet packet, Fd) {
    const auto [lines, seconds, by] = SlowedFrame::read(packet).first;
    conversation_.be_slowed(static_cast<SlowedBy>(by), lines, seconds);
    hub_.forget_wait();
}

// The hub is another one now, and knows what the last one had put by: it hears the rest, and as a wake may
// have been lost, the logs are read.
void HubFrames::begin_again(const HubRequest&, Packet packet, Fd) {
    const auto [version, hub] = AgainFrame::read(packet).first;
    if (!speaks_with(version)) {
        if (!client_.is_ending()) conversation_.part(Parting::other_version);
        return;
    }
    hub_.note_hubs_version(version);
    rooms_.wake();
    if (!conversation_.is_busy()) conversation_.settle();
    hub_.say_here(hub, rooms_.current_number(), hub_.announces() ? conversation_.settled() : 0);
    conversation_.tell_next_hub();
    hub_.repeat_request();
}

// It has left it, and so reads no more of it than it has now.
void HubFrames::lose_room(const HubRequest&, Packet packet, Fd) {
    const auto [number] = ClosedFrame::read(packet).first;
    if (!rooms_.follows(number) || client_.is_ending()) return;
    rooms_.wake();
    if (!conversation_.holds_rooms()) rooms_.follow();
    const bool was_current = number == rooms_.current_number();
    conversation_.lose_room(rooms_.leave(number), was_current);
}

// The first that it hears, where it is so.
void HubFrames::be_under_tls(const HubRequest&, Packet packet, Fd relay) {
    RelayFrame::read(packet);
    if (!relay) throw PeerError("a client under TLS without its relay");
    client_.tls().adopt(std::move(relay));
}

std::span<const HubFrames::Rule> HubFrames::rules() {
    static constexpr std::array table{
        Rule{Message::accepted, true, &HubFrames::take_acceptance},
        Rule{Message::refused, true, &HubFrames::take_refusal},
        Rule{Message::entered, true, &HubFrames::enter},
        Rule{Message::segment, true, &HubFrames::take_segment},
        Rule{Message::listing, true, &HubFrames::take_listing},
        Rule{Message::resumed, true, &HubFrames::resume},
        Rule{Message::dismissed, false, &HubFrames::be_dismissed},
        Rule{Message::told, false, &HubFrames::be_told},
        Rule{Message::told_as, false, &HubFrames::be_told_as},
        Rule{Message::told_of, false, &HubFrames::be_told_of},
        Rule{Message::token, false, &HubFrames::take_token},
        Rule{Message::slowed, false, &HubFrames::be_slowed},
        Rule{Message::known_as, false, &HubFrames::hear_of_ignored},
        Rule{Message::again, false, &HubFrames::begin_again},
        Rule{Message::closed, false, &HubFrames::lose_room},
        Rule{Message::relay, false, &HubFrames::be_under_tls},
    };
    return table;
}

void HubFrames::handle(HubTalk::Heard& heard) {
    const Message message = message_of(heard.packet);
    const auto known = rules();
    const auto rule =
        std::find_if(known.begin(), known.end(), [&](const Rule& r) { return r.message == message; });
    if (rule == known.end()) throw PeerError("the hub sent a frame that is not for a handler");
    const HubRequest request = rule->is_answer ? hub_.take_answer() : HubRequest{};
    (this->*rule->act)(request, heard.packet, std::move(heard.passed));
}

} // namespace chatd
