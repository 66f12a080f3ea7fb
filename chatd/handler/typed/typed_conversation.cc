// SPDX-License-Identifier: ISC
#include "chatd/handler/typed/typed_conversation.hh"

#include "common/text.hh"

#include <array>
#include <utility>

using namespace common;

namespace chatd {

TypedConversation::TypedConversation(const HandlerSide& side, const Catalogues& catalogues, Language language,
                                     std::size_t lines_at_once)
    : Conversation(side), output(client, catalogues, language) {
    typing.limit_lines(lines_at_once);
    hub.count_with([this] { return input.dealt_with(); });
}

bool TypedConversation::read() {
    const bool any = input.read();
    return input.change_dialect() || any;
}

bool TypedConversation::obey_next() {
    const std::optional<Line> line = input.next_line();
    if (!line) return false;
    typing.obey(*line);
    return true;
}

// What the client's terminal wants beside lines.
bool TypedConversation::serve() {
    TelnetDialect* const telnet = output.telnet();
    if (telnet == nullptr || output.is_ending()) return false;
    using Wanted = TelnetRequest::Kind;
    bool any = false;
    for (; std::optional<TelnetRequest> request = telnet->next_request(); any = true) {
        switch (request->kind) {
        case Wanted::completion: completer.begin(std::move(request->words)); break;
        case Wanted::sign_of_life: output.say(Phrase::here); break;
        case Wanted::session: registration.begin_session(request->words); break;
        }
    }
    return (!is_busy() && completer.ask()) || any;
}

void TypedConversation::prepare_output() {
    output.lay();
    option.tell_progress();
}

void TypedConversation::show(const RoomView& room, const Record& record, bool is_earlier) {
    if (is_earlier && room.tells_own()) option.tell_own(record);
    if (!output.display().shows(record)) return;
    output.show_record(record, rooms.is_current(room) ? std::string_view{} : room.name(),
                       is_earlier ? Display::When::earlier : Display::When::now);
}

void TypedConversation::lose_lines(const RoomView&, std::uint64_t count) {
    output.say(Phrase::lost, text(count));
}

void TypedConversation::lose_room(const std::string& name, bool was_current) {
    output.say(Phrase::room_closed, name);
    const RoomView* const next = rooms.current();
    if (was_current && next != nullptr) output.say(Phrase::room_is_current, next->name());
}

void TypedConversation::be_accepted(const HubRequest& request, const std::string& words) {
    if (request.what == Message::name || request.what == Message::login) registration.accept_name(words);
}

void TypedConversation::be_refused(const HubRequest& request, Refusal why) {
    if (completer.is_asking()) return completer.fail();
    if (request.is_lookups) return lookup.end_log();
    registration.refuse(request, why);
}

void TypedConversation::take_list(const HubRequest& request, const std::string& lines, bool is_last) {
    if (completer.is_asking()) return completer.take(request, lines, is_last);
    const Display& display = output.display();
    for (const std::string& row : split_lines(lines)) {
        if (request.what == Message::who)
            output.show(display.who_row(row));
        else if (request.what == Message::bans)
            output.show(display.ban_row(row));
        else if (registration.take_room(row))
            output.show(display.room_row(row));
    }
    if (request.what == Message::bans && lines.empty()) output.say(Phrase::nobody_banned);
    if (is_last) registration.describe_rooms();
}

void TypedConversation::take_log(const HubRequest& request, std::uint32_t segment, Fd log,
                                 std::uint64_t offset, std::uint64_t next) {
    if (request.is_lookups) return lookup.open(segment, std::move(log), offset);
    output.say(Phrase::skipped, text(rooms.skip(request.room, next, segment, std::move(log), offset)));
}

void TypedConversation::be_told(std::uint64_t from, std::string_view name, std::string_view words) {
    last_teller = from;
    output.show(output.display().told(name, words));
}

void TypedConversation::be_slowed(SlowedBy by, std::uint32_t lines, std::uint32_t seconds) {
    constexpr std::array phrases{Phrase::slowed, Phrase::slowed_address, Phrase::slowed_codes};
    output.say(phrases.at(static_cast<std::size_t>(by)), text(lines), text(seconds));
}

void TypedConversation::be_dismissed(Farewell why, const std::string& words) {
    const bool stops = why == Farewell::stopping || why == Farewell::stopping_with_words;
    output.finish(output.display().farewell(why, words), stops ? End::come_again : End::for_good);
}

void TypedConversation::part(Parting why, std::chrono::seconds idle) {
    const Display& display = output.display();
    switch (why) {
    case Parting::all_done: return output.finish();
    case Parting::server_ended: return output.finish(display.line(Phrase::server_ended), End::come_again);
    case Parting::other_version: return output.finish(display.line(Phrase::other_version), End::come_again);
    case Parting::asked_to_leave: return output.finish(display.line(Phrase::asked_to_leave));
    case Parting::idle: return output.finish(display.line(Phrase::idle, text(idle.count())));
    }
}

} // namespace chatd
