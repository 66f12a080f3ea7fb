// SPDX-License-Identifier: ISC
#include "chatd/handler/followed_rooms.hh"

#include "chatd/handler/conversation.hh"

#include <algorithm>
#include <utility>

using namespace common;

namespace chatd {

bool FollowedRooms::follow() {
    if (client_.is_ending()) return false;
    bool any = false;
    // After /live nothing is shown of its room: the answer says where it goes on.
    const auto& asked = hub_.request();
    const std::uint32_t skipped = asked && asked->what == Message::find ? asked->room : 0;
    for (const auto& view : views_) any |= view->number() != skipped && follow(*view);
    return any;
}

bool FollowedRooms::follow(RoomView& view) {
    if (view.is_at_segment_end() && ask_for_segment(view)) return true;
    bool any = false;
    // Where chat(1) goes on after its place is lost, whatever it does not know to be dealt with comes again.
    view.hold_own_from(hub_.announces() && hub_.is_waiting() ? hub_.unanswered_serial() : 0);
    for (Record record; client_.has_room() && !view.has_caught_up(); any = true) {
        const RoomView::Step step = view.next(record);
        if (step.kind == RoomView::Step::Kind::nothing) return any;
        if (step.kind == RoomView::Step::Kind::line && hears_hub_before(view, record)) {
            view.put_back(std::move(record));
            return true;
        }
        if (step.kind == RoomView::Step::Kind::lost) conversation_->lose_lines(view, step.lost);
        if (step.kind == RoomView::Step::Kind::line) conversation_->show(view, record, step.is_earlier);
    }
    return any;
}

// Whoever comes in may be somebody who is ignored, back with another number: the hub has said so before it
// wrote the line, so it is heard before the line is shown.
bool FollowedRooms::hears_hub_before(RoomView& view, const Record& record) {
    const IgnoredPeople* const ignored = conversation_->ignored();
    if (record.kind != Kind::joined || ignored == nullptr || !ignored->ignores_anybody()) return false;
    if (!view.note_hearing(record.line)) return false;
    hub_.set_ready();
    return true;
}

bool FollowedRooms::ask_for_segment(RoomView& view) {
    if (hub_.is_waiting() || !view.needs_segment()) return false;
    view.note_asked();
    hub_.ask(NextFrame::make({}, view.number(), view.segment()),
             {.what = Message::next_segment, .room = view.number()});
    return true;
}

bool FollowedRooms::ask_for_segments() {
    for (const auto& view : views_)
        if (view->is_at_segment_end() && ask_for_segment(*view)) return true;
    return false;
}

void FollowedRooms::go_on(std::uint32_t room, std::uint32_t segment, Fd log, std::uint64_t offset) {
    if (RoomView* const view = find(room)) view->go_on(segment, std::move(log), offset);
}

std::uint64_t FollowedRooms::skip(std::uint32_t room, std::uint64_t line, std::uint32_t segment, Fd log,
                                  std::uint64_t offset) {
    RoomView* const view = find(room);
    return view == nullptr ? 0 : view->skip_to(line, segment, std::move(log), offset);
}

void FollowedRooms::catch_up() {
    RoomView* const view = current();
    if (view == nullptr) return;
    view->look_again();
    follow(*view);
}

void FollowedRooms::wake() {
    sleep_.begin_to_look();
    for (const auto& view : views_) view->wake();
}

bool FollowedRooms::prepare_to_sleep() {
    if (!sleep_.fall_asleep()) return wake(), false;
    for (const auto& view : views_) {
        // What is not a record may have been half written, or is damage: the hub knows what follows it.
        if (view->has_tail()) view->look_again();
        if (follow(*view) || ask_for_segment(*view)) return false;
    }
    return true;
}

bool FollowedRooms::has_caught_up() const {
    return std::all_of(views_.begin(), views_.end(), [](const auto& view) { return view->has_caught_up(); });
}

bool FollowedRooms::has_read_all() const {
    return std::all_of(views_.begin(), views_.end(),
                       [](const auto& view) { return view->has_caught_up() && !view->is_at_segment_end(); });
}

RoomView& FollowedRooms::enter(const RoomView::Start& start, const std::string& name, Fd log) {
    views_.push_back(std::make_unique<RoomView>(start, name, std::move(log)));
    current_ = start.room;
    return *views_.back();
}

std::string FollowedRooms::leave(std::uint32_t room) {
    const RoomView* const view = find(room);
    if (view == nullptr) return {};
    std::string name = view->name();
    std::erase_if(views_, [&](const auto& one) { return one.get() == view; });
    if (current_ == room) current_ = views_.empty() ? 0 : views_.back()->number();
    return name;
}

const RoomView& FollowedRooms::next_behind_current() const {
    auto next = std::find_if(views_.begin(), views_.end(),
                             [&](const auto& view) { return view->number() == current_; });
    return ++next == views_.end() ? *views_.front() : **next;
}

RoomView* FollowedRooms::find(std::uint32_t number) {
    const auto found = std::find_if(views_.begin(), views_.end(),
                                    [&](const auto& view) { return view->number() == number; });
    return found == views_.end() ? nullptr : found->get();
}

RoomView* FollowedRooms::find(std::string_view name) {
    const auto found =
        std::find_if(views_.begin(), views_.end(), [&](const auto& view) { return view->name() == name; });
    return found == views_.end() ? nullptr : found->get();
}

bool FollowedRooms::has_passed_joining(std::uint32_t room) const {
    return std::all_of(views_.begin(), views_.end(), [&](const auto& view) {
        return view->number() != room || view->has_passed_joining();
    });
}

std::string FollowedRooms::place() const {
    std::string place;
    for (const auto& view : views_) {
        const auto room = PlaceRoom::pack(view->number(), view->next_line());
        place.append(room.data(), room.size());
    }
    return place;
}

} // namespace chatd
