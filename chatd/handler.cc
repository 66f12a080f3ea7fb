// SPDX-License-Identifier: ISC
#include "chatd/handler.hh"

#include "chatd/words.hh"
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

bool is_command(std::string_view line) {
    return !line.empty() && line[0] == '/' && line.substr(0, 2) != "//";
}

// What a line says in a room, made harmless; no value for a command and for what is empty or too long. The
// hub does the same again: it trusts no handler.
std::optional<std::string> speech_of(const Line& line) {
    std::string_view words = line.text;
    if (line.too_long || words.empty() || is_command(words)) return {};
    if (words[0] == '/') words.remove_prefix(1);
    std::string harmless = neutralise(words);
    if (harmless.size() > max_text) return {};
    return harmless;
}

} // namespace

void SleepFlag::announce() const {
    flag().store(1, std::memory_order_seq_cst);
    std::atomic_thread_fence(std::memory_order_seq_cst); // before the log is read once more
}

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
        show(display_.prompt(Phrase::ask_name));
        poller_->watch(hub_.get(), Interest::read);
        while (!is_finished()) {
            bool did_something = read_hub();
            did_something |= read_client();
            did_something |= obey_client();
            did_something |= query_ ? answer_query() : follow_logs();
            did_something |= write_client();
            if (!did_something) wait();
        }
    } catch (const Gone&) {
        // The hub sees the end of our pair and tells the rooms.
    }
    return 0;
}

// Ended by itself or by its client, and nothing is left to write.
bool Handler::is_finished() const {
    if (!output_.empty()) return false;
    if (ending_) return true;
    return input_ended_ && !waiting_for_answer_ && !held_ && !query_ && input_.buffered().empty() &&
           std::all_of(views_.begin(), views_.end(),
                       [](const auto& view) { return view->has_caught_up() && !view->is_at_segment_end(); });
}

bool Handler::has_room_for_output() const { return output_.size() < most_output; }

bool Handler::has_caught_up() const {
    return std::all_of(views_.begin(), views_.end(), [](const auto& view) { return view->has_caught_up(); });
}

void Handler::finish(std::string_view last_words) {
    show(last_words);
    ending_ = true;
}

bool Handler::read_hub() {
    std::array<char, max_frame> packet{};
    bool any = false;
    for (;; any = true) {
        Received got = receive_packet(hub_.get(), packet);
        if (got.state == IoState::would_block) return any;
        if (got.state != IoState::done) {
            if (!ending_) finish(display_.line(Phrase::server_ended));
            write_client();
            throw Gone{};
        }
        const std::span<const char> bytes = std::span{packet}.first(got.bytes);
        if (std::string_view{bytes.data(), bytes.size()} != wake)
            handle_packet(bytes, std::move(got.passed));
        else
            for (const auto& view : views_) view->wake();
    }
}

bool Handler::read_client() {
    if (input_ended_ || input_.full() || ending_) return false;
    switch (input_.fill(client_.get())) {
    case IoState::done: return true;
    case IoState::would_block: return false;
    case IoState::ended: input_ended_ = true; return true;
    case IoState::vanished: throw Gone{};
    }
    return false;
}

// One line at a time: the next is looked at when the last one was answered, and what came of it has been
// taken by the client. So answers come in the order of the commands.
bool Handler::obey_client() {
    if (waiting_for_answer_ || query_ || ending_ || !has_room_for_output()) return false;
    for (const auto& view : views_) // first of all: whoever speaks without a pause hears the others, too
        if (view->is_at_segment_end() && ask_for_segment(*view)) return true;
    const std::optional<Line> line = next_line();
    if (!line) {
        const std::size_t rest = input_ended_ ? input_.buffered().size() : 0;
        input_.consume(rest); // half a line at the end of input is no line
        return rest != 0;
    }
    if (!std::exchange(seen_first_line_, true) && input_.ended_in_crlf()) display_.dialect().saw_crlf();
    last_line_ = std::chrono::steady_clock::now();
    obey(*line);
    return true;
}

void Handler::obey(const Line& line) {
    if (paste_) return add_to_paste(line);
    switch (state_) {
    case State::asking_name:
        if (!line.too_long && is_command(line.text)) return obey_command(line.text);
        if (!line.too_long && line.text.size() <= max_name)
            return ask_hub(NameFrame::make(line.text), Message::name);
        show(display_.refused(Refusal::name_too_long, tries_left_));
        return ask_again();
    case State::asking_password:
        state_ = State::asking_name; // unless it is right
        return ask_hub(LoginFrame::make(std::string_view{line.text}.substr(0, max_code)), Message::login);
    case State::asking_code: {
        // A code of that length can only be wrong; the hub counts it, so it is asked.
        const std::string_view code = line.too_long ? std::string_view{"?"} : line.text;
        return ask_hub(EnterFrame::make(code.substr(0, max_code), std::uint8_t{0}), Message::enter);
    }
    case State::inside: break;
    }
    if (line.too_long) return show(display_.refused(Refusal::text_too_long, tries_left_));
    if (line.text.empty()) return;
    if (is_command(line.text)) return obey_command(line.text);
    if (current_ == 0) return show(display_.line(Phrase::in_no_room));
    if (std::optional<std::string> words = speech_of(line)) return say(*std::move(words));
    show(display_.refused(Refusal::text_too_long, tries_left_));
}

// Lines that have come together go to the hub together: a pipe's hundred cost what one costs.
void Handler::say(std::string lines) {
    while (lines.size() + 1 + max_text <= max_batch) {
        held_ = next_line();
        const std::optional<std::string> more = held_ ? speech_of(*held_) : std::nullopt;
        if (!more) break;
        lines.append("\n").append(*more);
        held_.reset();
    }
    ask_hub(SayFrame::make(lines, current_, static_cast<std::uint8_t>(Kind::said), std::uint8_t{0}),
            Message::say);
}

// In a block every line is text, but the one with a single dot, which ends it.
void Handler::add_to_paste(const Line& line) {
    Paste& paste = *paste_;
    if (line.too_long || line.text != ".") {
        const std::string words = line.text.empty() ? " " : neutralise(line.text);
        paste.too_long = paste.too_long || line.too_long || words.size() > max_text ||
                         paste.lines.size() + words.size() + 1 > max_batch || paste.count == max_paste_lines;
        if (paste.too_long) return paste.lines.clear();
        paste.lines.append(paste.count++ == 0 ? "" : "\n").append(words);
        return;
    }
    const Paste whole = std::move(paste);
    paste_.reset();
    if (whole.too_long)
        return show(display_.line(Phrase::paste_too_long, text(max_batch), text(max_paste_lines)));
    if (whole.count == 0) return show(display_.line(Phrase::paste_empty));
    if (current_ == 0) return show(display_.line(Phrase::in_no_room));
    ask_hub(SayFrame::make(whole.lines, current_, static_cast<std::uint8_t>(Kind::said), std::uint8_t{1}),
            Message::say);
}

std::optional<Line> Handler::next_line() {
    if (held_) return std::exchange(held_, std::nullopt);
    return input_.next();
}

// Takes records from the logs while the client takes what they look like.
bool Handler::follow_logs() {
    bool any = false;
    for (const auto& view : views_) any |= !ending_ && follow(*view);
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
        if (step.kind == RoomView::Step::Kind::line)
            show(
                display_.record(record, room, step.is_earlier ? Display::When::earlier : Display::When::now));
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

bool Handler::write_client() {
    bool any = false;
    std::size_t written = 0;
    while (written < output_.size()) {
        const IoResult wrote = write_some(client_.get(), std::string_view{output_}.substr(written));
        if (wrote.state == IoState::vanished) throw Gone{};
        if (wrote.state != IoState::done) break;
        written += wrote.bytes;
        any = true;
    }
    output_.erase(0, written);
    if (output_.empty()) acknowledge_told();
    return any;
}

// True when it can: there was nothing in any log after the hub had been told to wake this handler.
bool Handler::prepare_to_sleep() {
    sleep_.announce();
    for (const auto& view : views_) view->look_again();
    bool found_something = follow_logs() || !output_.empty();
    // What stands there and is no record may be damage; the hub knows whether more stands behind it.
    for (const auto& view : views_) found_something = found_something || ask_for_segment(*view);
    if (found_something) sleep_.clear();
    return !found_something;
}

void Handler::wait() {
    // With output left the client wakes us; without, the hub must, and a record may have come since we
    // looked.
    if (output_.empty() && !query_ && !views_.empty() && has_caught_up() && !prepare_to_sleep()) return;
    const bool wants_input = !input_ended_ && !input_.full() && !ending_;
    const auto interest = (wants_input ? 1U : 0U) | (output_.empty() ? 0U : 2U);
    poller_->watch(client_.get(), static_cast<Interest>(interest));
    for (const Event& event : poller_->wait(time_left(), signals_.while_waiting()))
        if (event.fd == client_.get() && event.hangup && !wants_input) throw Gone{};
    signals_.take(SIGINT); // the terminal's; the hub acts on it
    if (signals_.take(SIGTERM)) finish(display_.line(Phrase::asked_to_leave));
    if (time_left() == std::chrono::milliseconds{0})
        finish(display_.line(Phrase::idle, text(idle_timeout_.count())));
}

// Until the client has been silent for too long; no value when it may be.
std::optional<std::chrono::milliseconds> Handler::time_left() const {
    if (idle_timeout_.count() == 0 || ending_) return {};
    const auto left = last_line_ + idle_timeout_ - std::chrono::steady_clock::now();
    return std::max(std::chrono::milliseconds{0}, std::chrono::ceil<std::chrono::milliseconds>(left));
}

} // namespace chatd
