// SPDX-License-Identifier: ISC
#include "chatd/handler/handler.hh"

#include "common/errors.hh"
#include "common/socket.hh"
#include "common/text.hh"

#include <algorithm>
#include <array>
#include <csignal>

using namespace common;

namespace chatd {
namespace {

constexpr std::size_t most_output = 32768; // bytes that wait for the client; then the log waits
constexpr std::size_t most_records = 1000; // that a query looks at before the hub is heard again
constexpr std::size_t most_found = 50;     // lines of a search that are shown

std::chrono::milliseconds time_until(std::chrono::steady_clock::time_point when) {
    const auto left = when - std::chrono::steady_clock::now();
    return std::max(std::chrono::milliseconds{0}, std::chrono::ceil<std::chrono::milliseconds>(left));
}

} // namespace

Handler::Handler(const Settings& settings, const Catalogues& catalogues, Fd client, Fd hub,
                 std::span<std::byte> page)
    : idle_timeout_(settings.idle_timeout),
      client_(std::move(client)),
      hub_(std::move(hub)),
      sleep_(page),
      signals_{SIGTERM, SIGINT},
      poller_(Poller::make(settings.events)),
      display_(catalogues, catalogues.has(settings.language) ? settings.language : Language::english,
               make_line_dialect()) {}

int Handler::run() {
    try {
        ask(Question::name);
        poller_->watch(hub_.get(), Interest::read);
        while (!ending_ || !output_.empty()) {
            bool did_something = read_hub();
            did_something |= read_client();
            did_something |= change_dialect();
            did_something |= obey_client();
            did_something |= grant_wishes();
            did_something |= query_ ? answer_query() : follow_logs();
            did_something |= write_client();
            if (is_done())
                finish({});
            else if (!did_something)
                wait();
        }
    } catch (const Gone&) {
        // The hub sees the end of our pair and tells the rooms.
    }
    return 0;
}

// The client has ended its input, and nothing is left to do or to write.
bool Handler::is_done() const {
    return input_ended_ && !ending_ && output_.empty() && !waiting_for_answer_ && !held_ && !query_ &&
           !dialect().has_lines() && std::all_of(views_.begin(), views_.end(), [](const auto& view) {
               return view->has_caught_up() && !view->is_at_segment_end();
           });
}

bool Handler::has_room_for_output() const { return output_.size() < most_output; }

bool Handler::has_caught_up() const {
    return std::all_of(views_.begin(), views_.end(), [](const auto& view) { return view->has_caught_up(); });
}

void Handler::finish(std::string_view last_words, End end) {
    dialect().close(output_);
    show(last_words);
    tell_end(end);
    ending_ = true;
}

bool Handler::read_hub() {
    bool any = false;
    for (; hub_is_ready_; any = true) {
        Received got = receive_packet(hub_.get(), {packet_.get(), max_frame});
        hub_is_ready_ = got.state != IoState::would_block;
        if (!hub_is_ready_) return any;
        if (got.state == IoState::vanished) continue; // its last words may be queued behind the reset
        if (got.state != IoState::done) {
            if (!ending_) finish(display_.line(Phrase::server_ended), End::come_again);
            write_client();
            throw Gone{};
        }
        if (std::string_view{packet_.get(), got.bytes} != wake) {
            handle_packet({packet_.get(), got.bytes}, std::move(got.passed));
            continue;
        }
        look_again();
        hub_is_ready_ = !poller_->reports_again(); // mostly nothing stands behind a wake
    }
    return any;
}

// Takes records from the logs while the client takes what they look like.
bool Handler::follow_logs() {
    bool any = false;
    const bool skips = waiting_for_answer_ && asked_ == Message::find; // /live: the answer says to where
    for (const auto& view : views_)
        any |= !ending_ && !(skips && view->number() == asked_room_) && follow(*view);
    return any;
}

bool Handler::follow(RoomView& view) {
    if (view.is_at_segment_end() && ask_for_segment(view)) return true;
    bool any = false;
    const std::string_view room = view.number() == current_ ? std::string_view{} : view.name();
    for (Record record; has_room_for_output() && !view.has_caught_up(); any = true) {
        const RoomView::Step step = view.next(record);
        if (step.kind == RoomView::Step::Kind::nothing) return any;
        if (step.kind == RoomView::Step::Kind::lost) show(display_.line(Phrase::lost, text(step.lost)));
        if (step.kind != RoomView::Step::Kind::line || !display_.shows(record)) continue;
        dialect().lift(output_);
        display_.append_record(output_, record, room,
                               step.is_earlier ? Display::When::earlier : Display::When::now);
    }
    return any;
}

bool Handler::ask_for_segment(RoomView& view) {
    if (waiting_for_answer_ || !view.wants_segment()) return false;
    asked_room_ = view.number();
    ask_hub(NextFrame::make({}, view.number(), view.segment()), Message::next_segment);
    return true;
}

bool Handler::answer_query() {
    Query& query = *query_;
    if (waiting_for_answer_) return false;
    bool any = false;
    for (Record record; has_room_for_output(); any = true) {
        const LogQuery::Result result = query.log.next(record, most_records);
        if (result == LogQuery::Result::segment_end) {
            ask_hub(NextFrame::make({}, query.room, query.log.segment()), Message::next_segment);
            return true;
        }
        if (query.log.has_ended()) return finish_query(), true;
        if (result == LogQuery::Result::nothing) return true; // the hub is heard before it goes on
        ++query.found;
        const std::string line = display_.record(record, {}, Display::When::earlier);
        if (!query.is_search) {
            show(line);
            continue;
        }
        query.last.push_back(line);
        if (query.last.size() > most_found) query.last.pop_front();
    }
    return any;
}

void Handler::finish_query() {
    const Query query = *std::move(query_);
    query_.reset();
    if (query.found == 0) return show(display_.line(Phrase::nothing_found));
    for (const std::string& line : query.last) show(line);
    if (query.found > query.last.size() && query.is_search)
        show(display_.line(Phrase::found, text(query.last.size()), text(query.found)));
}

void Handler::look_again() {
    sleep_.begin_to_look();
    for (const auto& view : views_) view->wake();
}

// True when it can: the hub has written nothing since the logs were read, and wakes this handler when it has.
bool Handler::prepare_to_sleep() {
    if (!sleep_.fall_asleep()) return look_again(), false;
    for (const auto& view : views_) {
        // What is no record may have been half written, or is damage: the hub knows what stands behind it.
        if (view->has_tail()) view->look_again();
        if (follow(*view) || ask_for_segment(*view)) return false;
    }
    return true;
}

void Handler::wait() {
    // With output left the client wakes us; without, the hub must.
    if (output_.empty() && !query_ && !views_.empty() && has_caught_up() && !prepare_to_sleep()) return;
    const auto interest = (wants_input() ? 1U : 0U) | (output_.empty() ? 0U : 2U);
    poller_->watch(client_.get(), static_cast<Interest>(interest));
    std::optional<std::chrono::milliseconds> at_most = time_left();
    if (const auto dialect_waits = dialect().waits_until())
        at_most = std::min(at_most.value_or(std::chrono::hours{1}), time_until(*dialect_waits));
    for (const Event& event : poller_->wait(at_most, signals_.while_waiting())) {
        if (event.fd == client_.get() && event.hangup && !wants_input()) throw Gone{};
        (event.fd == client_.get() ? client_is_ready_ : hub_is_ready_) |= event.readable;
    }
    signals_.take(SIGINT); // the terminal's; the hub acts on it
    if (signals_.take(SIGTERM)) finish(display_.line(Phrase::asked_to_leave));
    if (time_left() == std::chrono::milliseconds{0})
        finish(display_.line(Phrase::idle, text(idle_timeout_.count())));
}

// Until the client has been silent for too long; no value when it may be.
std::optional<std::chrono::milliseconds> Handler::time_left() const {
    if (idle_timeout_.count() == 0 || ending_) return {};
    return time_until(last_line_ + idle_timeout_);
}

} // namespace chatd
