// SPDX-License-Identifier: ISC
#include "chatd/handler.hh"

#include "chatd/words.hh"
#include "common/errors.hh"
#include "common/socket.hh"
#include "common/text.hh"

#include <array>
#include <csignal>

using namespace common;

namespace chatd {
namespace {

constexpr std::size_t most_output = 32768; // bytes that wait for the client; then the log waits

// Thrown when the client, or the hub, is gone: there is nobody to say it to.
struct Gone {};

// What a line says in a room, made harmless; no value for a command and for what is empty or too long. The
// hub does the same again: it trusts no handler.
std::optional<std::string> speech_of(const Line& line) {
    std::string_view words = line.text;
    if (line.too_long || words.empty()) return {};
    if (words[0] == '/' && words.substr(0, 2) != "//") return {};
    if (words[0] == '/') words.remove_prefix(1);
    std::string harmless = neutralise(words);
    if (harmless.size() > max_text) return {};
    return harmless;
}

std::string_view without_last_newline(std::string_view lines) {
    if (!lines.empty() && lines.back() == '\n') lines.remove_suffix(1);
    return lines;
}

} // namespace

void SleepFlag::announce() const {
    flag().store(1, std::memory_order_seq_cst);
    std::atomic_thread_fence(std::memory_order_seq_cst); // before the log is read once more
}

Handler::Handler(Backend events, std::chrono::seconds idle_timeout, Fd client, Fd hub,
                 std::span<std::byte> page)
    : idle_timeout_(idle_timeout),
      client_(std::move(client)),
      hub_(std::move(hub)),
      sleep_(page),
      signals_{SIGTERM, SIGINT},
      poller_(Poller::make(events)) {}

int Handler::run() {
    try {
        show(dialect_->ask_name());
        poller_->watch(hub_.get(), Interest::read);
        while (!is_finished()) {
            bool did_something = read_hub();
            did_something |= read_client();
            did_something |= obey_client();
            did_something |= follow_log();
            did_something |= write_client();
            if (!did_something) wait();
        }
    } catch (const Gone&) {
        // The hub sees the end of our pair and tells the room.
    }
    return 0;
}

// Ended by itself or by its client, and nothing is left to write.
bool Handler::is_finished() const {
    if (!output_.empty()) return false;
    if (ending_) return true;
    return input_ended_ && !waiting_for_answer_ && !held_ && input_.buffered().empty() && caught_up_;
}

bool Handler::has_room_for_output() const { return output_.size() < most_output; }

void Handler::finish(std::string_view last_words) {
    show(dialect_->notice(last_words));
    ending_ = true;
}

bool Handler::read_hub() {
    std::array<char, max_frame> packet{};
    bool any = false;
    for (;; any = true) {
        Received got = receive_packet(hub_.get(), packet);
        if (got.state == IoState::would_block) return any;
        if (got.state != IoState::done) {
            if (!ending_) finish("The server has ended.");
            write_client();
            throw Gone{};
        }
        const std::span<const char> bytes = std::span{packet}.first(got.bytes);
        if (std::string_view{bytes.data(), bytes.size()} == wake)
            caught_up_ = false;
        else
            handle_packet(bytes, std::move(got.passed));
    }
}

void Handler::handle_packet(std::span<const char> packet, Fd passed) {
    switch (message_of(packet)) {
    case Message::accepted: return on_accepted();
    case Message::refused: return on_refused(packet);
    case Message::entered: return on_entered(packet, std::move(passed));
    case Message::segment: return on_segment(packet, std::move(passed));
    case Message::listing: return on_listing(packet);
    case Message::dismissed: return finish(DismissedFrame::read(packet).second);
    default: throw PeerError("the hub sent a frame that is not for a handler");
    }
}

void Handler::on_accepted() {
    waiting_for_answer_ = false;
    if (state_ != State::asking_name) return;
    state_ = State::asking_code;
    show(dialect_->ask_code());
}

void Handler::on_refused(std::span<const char> packet) {
    waiting_for_answer_ = false;
    const auto why = static_cast<Refusal>(std::get<0>(RefusedFrame::read(packet).first));
    if (asked_ == Message::next_segment) return; // the segment goes on after all
    if (why == Refusal::wrong_code) --tries_left_;
    show(dialect_->refused(why, tries_left_));
    if (tries_left_ == 0)
        ending_ = true;
    else if (state_ == State::asking_name)
        show(dialect_->ask_name());
    else if (state_ == State::asking_code)
        show(dialect_->ask_code());
}

void Handler::on_entered(std::span<const char> packet, Fd log) {
    waiting_for_answer_ = false;
    const auto [fields, room_name] = EnteredFrame::read(packet);
    std::uint64_t offset = 0;
    std::tie(room_, own_number_, own_line_, segment_, offset) = fields;
    log_ = LogReader{std::move(log), offset};
    state_ = State::in_room;
    caught_up_ = false;
    show(dialect_->entered(room_name));
}

void Handler::on_segment(std::span<const char> packet, Fd log) {
    waiting_for_answer_ = false;
    segment_ = std::get<1>(SegmentFrame::read(packet).first);
    log_ = LogReader{std::move(log), 0};
    tail_ = UINT64_MAX;
    caught_up_ = false;
}

void Handler::on_listing(std::span<const char> packet) {
    waiting_for_answer_ = false;
    const auto [fields, lines] = ListingFrame::read(packet);
    show(dialect_->listing(without_last_newline(lines)));
    const std::uint32_t next = std::get<0>(fields);
    if (next == 0) return;
    ask_hub(asked_ == Message::who ? WhoFrame::make({}, next) : RoomsFrame::make({}, next), asked_);
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

// One line at a time: the next is looked at when the hub has answered, and when what came of the last one has
// been taken by the client.
bool Handler::obey_client() {
    if (waiting_for_answer_ || ending_ || !has_room_for_output()) return false;
    const std::optional<Line> line = next_line();
    if (!line) {
        const std::size_t rest = input_ended_ ? input_.buffered().size() : 0;
        input_.consume(rest); // half a line at the end of input is no line
        return rest != 0;
    }
    if (!std::exchange(seen_first_line_, true) && input_.ended_in_crlf()) dialect_->saw_crlf();
    last_line_ = std::chrono::steady_clock::now();
    obey(*line);
    return true;
}

void Handler::obey(const Line& line) {
    switch (state_) {
    case State::asking_name:
        if (line.too_long || line.text.size() > max_name) {
            show(dialect_->refused(Refusal::name_too_long, tries_left_));
            return show(dialect_->ask_name());
        }
        return ask_hub(NameFrame::make(line.text), Message::name);
    case State::asking_code:
        // A code of that length can only be wrong; the hub counts nothing, so it is said here.
        return ask_hub(EnterFrame::make(line.too_long ? std::string_view{"?"}
                                                      : std::string_view{line.text}.substr(0, max_code)),
                       Message::enter);
    case State::in_room: break;
    }
    if (line.too_long) return show(dialect_->refused(Refusal::text_too_long, tries_left_));
    if (line.text.empty()) return;
    if (std::optional<std::string> words = speech_of(line)) return say(*std::move(words));
    if (line.text[0] == '/' && line.text.substr(0, 2) != "//") return obey_command(line.text);
    show(dialect_->refused(Refusal::text_too_long, tries_left_));
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
    ask_hub(SayFrame::make(lines), Message::say);
}

std::optional<Line> Handler::next_line() {
    if (held_) return std::exchange(held_, std::nullopt);
    return input_.next();
}

void Handler::obey_command(std::string_view command) {
    if (command == "/who") return ask_hub(WhoFrame::make({}, std::uint32_t{0}), Message::who);
    if (command == "/rooms") return ask_hub(RoomsFrame::make({}, std::uint32_t{0}), Message::rooms);
    if (command == "/help") return show(dialect_->help());
    if (command == "/quit") return finish("Goodbye.");
    show(dialect_->notice(text("There is no command ", escape(command.substr(0, command.find(' ')), 32),
                               ": /help lists them. To say it, begin with //.")));
}

void Handler::ask_hub(std::string packet, Message what) {
    asked_ = what;
    waiting_for_answer_ = true;
    // One frame is on its way at most, so there is room for it.
    if (send_packet(hub_.get(), packet) != IoState::done) throw Gone{};
}

// Takes records from the log while the client takes what they look like.
bool Handler::follow_log() {
    if (at_segment_end_ && !waiting_for_answer_) {
        at_segment_end_ = false;
        ask_hub(NextFrame::make({}, room_, segment_), Message::next_segment);
        return true;
    }
    if (!log_ || caught_up_ || ending_) return false;
    bool any = false;
    for (Record record; has_room_for_output(); any = true) {
        caught_up_ = log_.next(record) == LogReader::Result::not_yet;
        if (caught_up_) return true;
        if (record.kind == Kind::segment_end) return at_segment_end_ = caught_up_ = true;
        show_record(record);
    }
    return any;
}

void Handler::show_record(const Record& record) {
    if (next_line_ != 0 && record.line > next_line_) show(dialect_->lost(record.line - next_line_));
    const bool is_mark = record.kind == Kind::segment_start;
    next_line_ = record.line + (is_mark ? 0 : 1);
    if (is_mark || record.speaker == own_number_) return;
    const bool is_history = record.line < own_line_;
    if (is_history && (record.kind == Kind::joined || record.kind == Kind::left)) return;
    show(dialect_->record(record));
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
    return any;
}

void Handler::wait() {
    // With output left the client wakes us; without, the hub must, and a record may have come since we
    // looked.
    if (log_ && caught_up_ && output_.empty() && !at_segment_end_) {
        sleep_.announce();
        caught_up_ = false;
        follow_log();
        if (!output_.empty() || !caught_up_ || at_segment_end_) return sleep_.clear();
        const bool same_tail = log_.has_tail() && std::exchange(tail_, log_.offset()) == log_.offset();
        // Woken, and the same bytes are still no record: damage. The hub knows whether more stands behind it.
        if (same_tail && !waiting_for_answer_)
            return ask_hub(NextFrame::make({}, room_, segment_), Message::next_segment);
    }
    const bool wants_input = !input_ended_ && !input_.full() && !ending_;
    const auto interest = (wants_input ? 1U : 0U) | (output_.empty() ? 0U : 2U);
    poller_->watch(client_.get(), static_cast<Interest>(interest));
    for (const Event& event : poller_->wait(time_left(), signals_.while_waiting()))
        if (event.fd == client_.get() && event.hangup && !wants_input) throw Gone{};
    signals_.take(SIGINT); // the terminal's; the hub acts on it
    if (signals_.take(SIGTERM)) finish("You are asked to leave.");
    if (time_left() == std::chrono::milliseconds{0})
        finish(text("You have said nothing for ", idle_timeout_.count(), " seconds: goodbye."));
}

// Until the client has been silent for too long; no value when it may be.
std::optional<std::chrono::milliseconds> Handler::time_left() const {
    if (idle_timeout_.count() == 0 || ending_) return {};
    const auto left = last_line_ + idle_timeout_ - std::chrono::steady_clock::now();
    return std::max(std::chrono::milliseconds{0}, std::chrono::ceil<std::chrono::milliseconds>(left));
}

} // namespace chatd
