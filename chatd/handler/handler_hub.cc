// SPDX-License-Identifier: ISC
// The handler's part about the hub: what it is asked, and what becomes of its answers. Run by handlers, which
// trust the hub.
#include "chatd/handler/handler.hh"

#include "common/errors.hh"
#include "common/socket.hh"
#include "common/text.hh"

#include <algorithm>
#include <array>
#include <tuple>

using namespace common;

namespace chatd {

struct Handler::PacketRule {
    Message message;
    bool is_answer; // to what was asked
    void (Handler::*handle)(Packet packet, Fd passed);
};

void Handler::handle_packet(Packet packet, Fd passed) {
    static constexpr std::array rules{
        PacketRule{Message::accepted, true, &Handler::on_accepted},
        PacketRule{Message::refused, true, &Handler::on_refused},
        PacketRule{Message::entered, true, &Handler::on_entered},
        PacketRule{Message::segment, true, &Handler::on_segment},
        PacketRule{Message::listing, true, &Handler::on_listing},
        PacketRule{Message::resumed, true, &Handler::on_resumed},
        PacketRule{Message::dismissed, false, &Handler::on_dismissed},
        PacketRule{Message::told, false, &Handler::on_told},
        PacketRule{Message::token, false, &Handler::on_token},
        PacketRule{Message::slowed, false, &Handler::on_slowed},
    };
    const Message message = message_of(packet);
    const auto rule =
        std::find_if(rules.begin(), rules.end(), [&](const PacketRule& r) { return r.message == message; });
    if (rule == rules.end()) throw PeerError("the hub sent a frame that is not for a handler");
    if (rule->is_answer) waiting_for_answer_ = false;
    (this->*rule->handle)(packet, std::move(passed));
}

void Handler::ask_hub(const std::string& packet, Message what, std::string_view about) {
    announce_count();
    asked_ = what;
    asked_about_ = about;
    waiting_for_answer_ = true;
    // One frame is on its way at most, so there is room for it.
    if (send_packet(hub_.get(), packet) != IoState::done) throw Gone{};
}

// Private messages count as taken when the client's socket has taken them.
void Handler::acknowledge_told() {
    if (untaken_ == 0) return;
    if (send_packet(hub_.get(), TookFrame::make({}, untaken_)) == IoState::done) untaken_ = 0;
}

// The question that a client is at once more.
void Handler::ask_again() {
    if (tries_left_ == 0)
        finish({});
    else if (state_ == State::asking_name)
        ask(Question::name);
    else if (state_ == State::asking_password)
        ask(Question::password);
    else if (state_ == State::asking_code)
        ask(Question::code);
}

RoomView* Handler::view_of(std::uint32_t room) {
    const auto found =
        std::find_if(views_.begin(), views_.end(), [&](const auto& view) { return view->number() == room; });
    return found == views_.end() ? nullptr : found->get();
}

RoomView* Handler::find_view(std::string_view name) {
    const auto found =
        std::find_if(views_.begin(), views_.end(), [&](const auto& view) { return view->name() == name; });
    return found == views_.end() ? nullptr : found->get();
}

void Handler::on_accepted(Packet packet, Fd) {
    const std::string words = AcceptedFrame::read(packet).second;
    switch (asked_) {
    case Message::name:
    case Message::login:
        display_.set_own_name(words);
        state_ = State::asking_code;
        return is_for_a_program() ? ask_again() : look_at_door(Door::greeting);
    case Message::nick: display_.set_own_name(words); return tell_asked(Question::nothing);
    case Message::leave: {
        const std::string room = current().name();
        std::erase_if(views_, [&](const auto& view) { return view->number() == current_; });
        current_ = views_.empty() ? 0 : views_.back()->number();
        show(display_.line(Phrase::left_room, room));
        if (current_ != 0) show(display_.line(Phrase::room_is_current, current().name()));
        return;
    }
    case Message::tell: {
        const std::size_t tab = words.find('\t'); // a name, and why it is away
        if (tab != words.npos)
            show(display_.line(Phrase::is_away, words.substr(0, tab), words.substr(tab + 1)));
        return;
    }
    case Message::oper: return show(display_.line(Phrase::operator_now));
    case Message::act: return catch_up(); // what was done is shown as everybody sees it
    case Message::topic:                  // "?" asked for it
        if (asked_about_ != "?") return catch_up();
        return show(words.empty() ? display_.line(Phrase::no_topic, current().name())
                                  : display_.line(Phrase::topic_is, current().name(), words));
    case Message::away: return show(display_.line(asked_about_.empty() ? Phrase::away_off : Phrase::away_on));
    case Message::quit: return finish(display_.line(Phrase::goodbye));
    default: return;
    }
}

void Handler::on_refused(Packet packet, Fd) {
    const auto why = static_cast<Refusal>(std::get<0>(RefusedFrame::read(packet).first));
    if (completing_ && completing_->is_asked) return end_completion({});
    if (asked_ == Message::next_segment) { // what was read goes on after all, or was the last
        if (query_) finish_query();
        return;
    }
    if (why == Refusal::password_needed) {
        state_ = State::asking_password;
        return ask(Question::password);
    }
    if (why == Refusal::help_wanted) return look_at_door(Door::help);
    if (asked_ == Message::login) return on_login_refused(why);
    if (entered_to_come_ > 0) waiting_for_answer_ = --entered_to_come_ > 0;
    if (state_ == State::inside && asked_ != Message::resume) count_refusal();
    if (state_ != State::inside && (why == Refusal::wrong_code || why == Refusal::wrong_token)) --tries_left_;
    // Inside, the number of tries is the hub's to count.
    show(state_ == State::inside && why == Refusal::wrong_code ? display_.line(Phrase::wrong_code)
                                                               : display_.refused(why, tries_left_));
    ask_again();
}

// What is typed next may be the password once more, so it is not taken for a name.
void Handler::on_login_refused(Refusal why) {
    constexpr std::array about_password{Refusal::wrong_password, Refusal::held_off, Refusal::not_now};
    const bool is_about_password =
        std::find(about_password.begin(), about_password.end(), why) != about_password.end();
    show(display_.refused(why, tries_left_));
    if (is_about_password) show(display_.line(Phrase::another_name));
    if (!is_about_password) state_ = State::asking_name;
    ask_again();
}

void Handler::on_entered(Packet packet, Fd log) {
    const auto [fields, words] = EnteredFrame::read(packet);
    RoomView::Place place;
    std::uint32_t others = 0;
    std::tie(place.room, place.client, place.joined, place.first, place.segment, place.offset, others) =
        fields;
    place.formers = formers_;
    const std::vector<std::string> told = split_lines(words); // name, topic, those who are there
    const std::string& name = told.at(0);
    const std::string topic = told.size() > 1 ? told[1] : std::string{};
    views_.push_back(std::make_unique<RoomView>(place, name, std::move(log)));
    if (is_bot_) views_.back()->hide_earlier();
    current_ = place.room;
    state_ = State::inside;
    const bool is_return = entered_to_come_ > 0;
    if (is_return) waiting_for_answer_ = --entered_to_come_ > 0;
    if (session_ && is_return) return; // it never left
    if (is_plain()) views_.back()->hide_earlier();
    ask(Question::nothing);
    show(display_.line(Phrase::entered, name));
    if (!topic.empty()) show(display_.line(Phrase::topic_is, name, topic));
    if (!is_return && !is_for_a_program()) {
        std::string present;
        for (std::size_t at = 2; at < told.size(); ++at) present += text(at == 2 ? "" : ", ", told[at]);
        const std::size_t named = told.size() - std::min<std::size_t>(told.size(), 2);
        show(others == 0       ? display_.line(Phrase::nobody_present)
             : others == named ? display_.line(Phrase::present, present)
                               : display_.line(Phrase::present_and_more, present, text(others - named)));
    }
    if (!token_.empty()) show(display_.line(Phrase::token_is, std::exchange(token_, {})));
}

void Handler::on_segment(Packet packet, Fd log) {
    const auto [room, segment, offset, next] = SegmentFrame::read(packet).first;
    if (query_) return query_->log.open(segment, std::move(log), offset);
    RoomView& view = *view_of(asked_room_);
    if (asked_ == Message::next_segment) return view.go_on(segment, std::move(log), offset);
    show(display_.line(Phrase::skipped, text(view.skip_to(next, segment, std::move(log), offset))));
}

void Handler::on_listing(Packet packet, Fd) {
    const auto [fields, lines] = ListingFrame::read(packet);
    const std::uint32_t next = std::get<0>(fields);
    const Message asked = asked_;
    if (completing_ && completing_->is_asked) return take_candidates(lines, next);
    const bool is_at_door = state_ == State::asking_code;
    for (const std::string& row : split_lines(lines)) {
        if (is_at_door) open_rooms_.add(row);
        if (is_at_door && door_ != Door::rooms) continue;
        show(asked == Message::who     ? display_.who_row(row)
             : asked == Message::rooms ? display_.room_row(row)
                                       : display_.ban_row(row));
    }
    if (asked == Message::bans && lines.empty()) show(display_.line(Phrase::nobody_banned));
    if (next == 0) return is_at_door ? describe_door() : void();
    ask_hub(asked == Message::who     ? WhoFrame::make(asked_about_, next)
            : asked == Message::rooms ? RoomsFrame::make({}, next)
                                      : BansFrame::make({}, next),
            asked, std::string{asked_about_});
}

// Before the question for a code, or when somebody asked what it is about.
void Handler::describe_door() {
    const OpenRooms& open = open_rooms_;
    if (door_ == Door::help) show(display_.line(Phrase::code_help));
    if (door_ != Door::greeting && open.count == 0) show(display_.line(Phrase::no_open_rooms));
    if (door_ != Door::rooms && !open.first.empty()) show(display_.line(Phrase::enter_alone, open.first));
    if (door_ != Door::rooms && open.count > (open.first.empty() ? 0 : 1))
        show(display_.line(Phrase::open_rooms, open.names, text(open.count)));
    ask_again();
}

void OpenRooms::add(std::string_view row) {
    const std::string_view name = row.substr(0, row.find('\t'));
    const std::string_view rest = row.substr(std::min(name.size() + 1, row.size()));
    if (rest.substr(0, rest.find('\t')).find('f') != rest.npos) first = name;
    if (++count <= max_present) names += text(count == 1 ? "" : ", ", name);
    if (count == max_present + 1) names += ", ...";
}

void Handler::on_dismissed(Packet packet, Fd) {
    const auto [fields, words] = DismissedFrame::read(packet);
    const auto why = static_cast<Farewell>(std::get<0>(fields));
    const bool stops = why == Farewell::stopping || why == Farewell::stopping_with_words;
    finish(display_.farewell(why, words), stops ? End::come_again : End::for_good);
}

void Handler::on_told(Packet packet, Fd) {
    const auto [fields, words] = ToldFrame::read(packet);
    const auto [from, name_size] = fields;
    const std::string_view whole = words;
    const std::string_view name = whole.substr(0, name_size);
    ++untaken_;
    if (!display_.ignores(name)) last_teller_ = from;
    show(display_.told(name, whole.substr(name.size())));
}

void Handler::on_token(Packet packet, Fd) {
    const std::string token = TokenFrame::read(packet).second;
    if (session_)
        output_ += encode(SessionMessage::token, token);
    else
        token_ = token;
}

void Handler::on_slowed(Packet packet, Fd) {
    const auto [lines, seconds] = SlowedFrame::read(packet).first;
    show(display_.line(Phrase::slowed, text(lines), text(seconds)));
}

void Handler::on_resumed(Packet packet, Fd) {
    const auto [fields, words] = ResumedFrame::read(packet);
    const auto [rooms, counted, name_size] = fields;
    const std::string name = words.substr(0, name_size);
    for (const auto& [former] : Former::iter_unpack(std::string_view{words}.substr(name.size())))
        formers_.push_back(former);
    entered_to_come_ = rooms;
    waiting_for_answer_ = entered_to_come_ > 0;
    state_ = State::inside;
    display_.set_own_name(name);
    resume_session(counted);
    ask(Question::nothing);
    if (session_) return;
    show(display_.line(Phrase::welcome_back, name));
    if (!waiting_for_answer_ && !token_.empty())
        show(display_.line(Phrase::token_is, std::exchange(token_, {})));
}

} // namespace chatd
