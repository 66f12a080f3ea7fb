// SPDX-License-Identifier: ISC
#include "chatd/handler/typed/telnet_dialect.hh"

#include <algorithm>
#include <array>
#include <utility>

using namespace common;

namespace chatd {

using telnet::Command;
using telnet::Event;
using telnet::Option;

namespace {

using namespace std::chrono_literals;

constexpr auto time_to_answer = 300ms; // the first offer: a person does not notice, and few links are slower
constexpr auto time_to_settle = 2s;    // the others, once it is known that the client speaks telnet
constexpr std::size_t piece = 1024;    // bytes that are read at once
constexpr std::size_t max_lines = 64;  // that wait to be taken
constexpr std::size_t max_requests = 4;
constexpr std::size_t max_ahead = 4096; // bytes of keys that wait for a question

constexpr char interrupt_key = '\x03';

} // namespace

// A first line was answered by the client itself; else it has been asked, and the words stand there.
TelnetDialect::TelnetDialect(const TelnetStart& start)
    : line_(terminal_, start.question, !start.answer), negotiates_until_(Clock::now() + time_to_answer) {
    line_.send(terminal_.offer());
    if (start.answer) {
        line_.send("\r");
        lines_.push_back({*start.answer, 0});
    }
    receive(start.bytes);
}

bool TelnetDialect::is_full() const {
    return lines_.size() >= max_lines || ahead_.size() + early_.size() >= max_ahead;
}

IoState TelnetDialect::fill(int client) {
    std::array<char, piece> bytes{};
    const IoResult got = read_some(client, bytes);
    receive({bytes.data(), got.bytes});
    return got.state;
}

void TelnetDialect::receive(std::string_view bytes) {
    while (const std::optional<Event> event = decoder_.next(bytes)) {
        const bool is_first = event->kind != Event::Kind::data && !std::exchange(has_answered_, true);
        if (is_first && negotiates_until_) negotiates_until_ = Clock::now() + time_to_settle;
        switch (event->kind) {
        case Event::Kind::data: take_data(terminal_.decode(event->bytes)); break;
        case Event::Kind::command: obey_command(event->command); break;
        case Event::Kind::option: answer(terminal_.receive(event->command, event->option)); break;
        case Event::Kind::subnegotiation: take_subnegotiation(event->option, event->bytes); break;
        }
    }
}

std::optional<Line> TelnetDialect::next_line() {
    if (is_negotiating()) return {};
    end_negotiation();
    if (lines_.empty()) return {};
    TypedIn typed = std::move(lines_.front());
    lines_.pop_front();
    // What hides the secret hides the Enter behind it: what comes next would stand in its row.
    if (!line_.is_edited() && line_.is_secret() && terminal_.hides_echo()) line_.send("\r\n");
    taken_ = typed.end;
    return std::move(typed.line);
}

// A line that is being edited stays: it is seen there.
bool TelnetDialect::drop_input() {
    const bool has_dropped = reader_.drop(), any = has_lines() || !ahead_.empty();
    lines_.clear();
    consumed_ += ahead_.size() + early_.size();
    ahead_.clear();
    early_.clear();
    taken_ = consumed_;
    return any || has_dropped;
}

std::optional<TelnetRequest> TelnetDialect::next_request() {
    if (requests_.empty() && std::exchange(has_requested_, false)) take_keys(std::exchange(ahead_, {}));
    if (requests_.empty()) return {};
    TelnetRequest request = std::move(requests_.front());
    requests_.pop_front();
    return request;
}

std::optional<Dialect::Clock::time_point> TelnetDialect::waits_until() const {
    const auto answers = is_negotiating() && has_lines() ? negotiates_until_ : std::nullopt;
    const auto draws = line_.waits_until();
    return answers && draws ? std::min(answers, draws) : answers ? answers : draws;
}

// What the two sides have agreed to by now is how it stays.
void TelnetDialect::end_negotiation() {
    if (negotiates_until_) {
        negotiates_until_.reset();
        line_.send(terminal_.settle());
        if (line_.is_open()) line_.send(prompt_end());
    }
    take_data(std::exchange(early_, {}));
}

void TelnetDialect::take_data(std::string_view data) {
    if (line_.is_edited()) return take_keys(data);
    if (terminal_.is_chat() && is_negotiating()) {
        early_ += data;
        return;
    }
    while (!data.empty()) {
        const std::size_t added = reader_.add(data);
        data.remove_prefix(added);
        consumed_ += added;
        while (std::optional<Line> line = reader_.next())
            lines_.push_back({*std::move(line), consumed_ - reader_.buffered().size()});
    }
}

// Keys after an answer wait for what is asked next: it may be a password.
void TelnetDialect::take_keys(std::string_view keys) {
    for (; !keys.empty() && line_.is_open() && !has_requested_ && !ended_; keys.remove_prefix(1)) {
        if (terminal_.is_chat()) ++consumed_;
        act_on(line_.press(keys[0], consumed_));
    }
    if (!ended_) ahead_ += keys;
}

void TelnetDialect::act_on(LineEditor::Outcome outcome) {
    using Outcome = LineEditor::Outcome;
    switch (outcome) {
    case Outcome::nothing: return;
    case Outcome::send: lines_.push_back({Line{line_.take()}, consumed_}); return;
    case Outcome::end: ended_ = true; return;
    case Outcome::bell: return line_.ring();
    case Outcome::interrupt: return line_.leave();
    case Outcome::too_long: lines_.push_back({Line{"", true}, consumed_}); return;
    case Outcome::block_too_long: lines_.push_back({Line{"\n", true}, consumed_}); return;
    case Outcome::redraw: return line_.redraw();
    case Outcome::complete:
        if (line_.is_secret()) return line_.ring();
        has_requested_ = true;
        requests_.push_back({TelnetRequest::Kind::completion, line_.before_cursor()});
    }
}

void TelnetDialect::obey_command(Command command) {
    LineEditor* const editor = line_.editor();
    switch (command) {
    case Command::are_you_there:
        if (requests_.size() < max_requests) requests_.push_back({TelnetRequest::Kind::sign_of_life});
        return;
    case Command::interrupt:
    case Command::break_key:
        if (editor != nullptr && line_.is_open()) act_on(editor->press(interrupt_key));
        return;
    case Command::erase_character:
        if (editor != nullptr) editor->erase_character();
        return;
    case Command::erase_line:
        if (editor != nullptr) editor->erase_line();
        return;
    default: return; // AO, GA, NOP, DM: nothing is to be done
    }
}

// Sends it, and acts on what both sides have agreed to by now. The client may want to edit by itself again
// (telnet's `mode line').
void TelnetDialect::answer(const std::string& bytes) {
    line_.send(bytes);
    if (terminal_.sends_keys() && !line_.is_edited()) begin_editing();
    if (!terminal_.sends_keys() && line_.is_edited()) {
        line_.end();
        take_data(std::exchange(ahead_, {}));
    }
    if (terminal_.is_settled()) end_negotiation();
}

void TelnetDialect::take_subnegotiation(Option option, std::string_view bytes) {
    if (option == Option::chat && terminal_.is_chat() && requests_.size() < 2)
        requests_.push_back({TelnetRequest::Kind::session, std::string{bytes}});
    const Window before = terminal_.window();
    answer(terminal_.receive_subnegotiation(option, bytes));
    if (option == Option::window_size) line_.note_window(before);
}

void TelnetDialect::begin_editing() {
    line_.begin();
    const std::string begun{reader_.buffered()};
    reader_.consume(begun.size());
    consumed_ -= begun.size();
    take_keys(begun + std::exchange(early_, {}));
}

std::string TelnetDialect::ask(Asked asked, std::string_view words) {
    std::string shown = line_.ask(asked, words);
    if (line_.is_edited()) take_keys(std::exchange(ahead_, {}));
    return shown;
}

// None for whom has not said a word of telnet: nc shows the bytes.
std::string TelnetDialect::prompt_end() const {
    const bool is_asked = has_answered_ && !line_.is_edited() && line_.asks() && !terminal_.is_chat();
    return is_asked ? terminal_.prompt_end() : std::string{};
}

// Of the reader's, also what ends the last line and came after it (CR LF, CR NUL).
std::uint64_t TelnetDialect::taken() const {
    return line_.is_edited() || !lines_.empty() ? taken_ : consumed_ - reader_.buffered().size();
}

} // namespace chatd
