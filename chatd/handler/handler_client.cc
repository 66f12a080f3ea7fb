// SPDX-License-Identifier: ISC
// The handler's part about its client: what it types, and what it is shown. Run by handlers, which trust
// nothing the client sends.
#include "chatd/handler/handler.hh"

#include "chatd/words.hh"
#include "common/text.hh"

#include <algorithm>
#include <array>

using namespace common;

namespace chatd {
namespace {

// For one that is too long, and so can only be wrong; the hub counts it, so it is asked. No line has it.
constexpr std::string_view no_secret = "\n";

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

// What is secret stands in commands that have a code, a password or a token.
bool holds_secret(std::string_view line) {
    constexpr std::array<std::string_view, 3> commands{"/join", "/oper", "/resume"};
    return std::any_of(commands.begin(), commands.end(),
                       [&](std::string_view command) { return line.rfind(command, 0) == 0; });
}

} // namespace

// Nothing is read while what came of it could not be shown.
bool Handler::wants_input() const {
    return !input_ended_ && !ending_ && !dialect().is_full() && has_room_for_output();
}

bool Handler::read_client() {
    if (!client_is_ready_ || !wants_input()) return false;
    const IoState state = dialect().fill(client_.get());
    if (state == IoState::vanished) throw Gone{};
    client_is_ready_ = state != IoState::would_block;
    if (!client_is_ready_) return false;
    input_ended_ = state == IoState::ended || dialect().has_ended();
    if (input_ended_) dialect().end_input();
    return true;
}

bool Handler::change_dialect() {
    auto successor = dialect().take_successor();
    if (!successor) return false;
    display_.set_dialect(std::move(successor));
    if (input_ended_) dialect().end_input();
    return true;
}

// One line at a time: the next is looked at when the last one was answered, and what came of it has been
// taken by the client. So answers come in the order of the commands.
bool Handler::obey_client() {
    if (waiting_for_answer_ || query_ || ending_ || !has_room_for_output()) return false;
    for (const auto& view : views_) // first of all: whoever speaks without a pause hears the others, too
        if (view->is_at_segment_end() && ask_for_segment(*view)) return true;
    const std::optional<Line> line = next_line();
    if (!line) return false;
    last_line_ = std::chrono::steady_clock::now();
    obey(*line);
    return true;
}

bool Handler::grant_wishes() {
    if (ending_) return false;
    bool any = false;
    for (; std::optional<Wish> wish = dialect().next_wish(); any = true) {
        switch (wish->kind) {
        case Wish::Kind::completion: begin_completion(std::move(wish->words)); break;
        case Wish::Kind::sign_of_life: show(display_.line(Phrase::here)); break;
        case Wish::Kind::session: begin_session(wish->words); break;
        }
    }
    return ask_for_candidates() || any;
}

void Handler::obey(const Line& line) {
    if (paste_) return line.text == "." && !line.too_long ? end_paste() : add_to_paste(line);
    switch (state_) {
    case State::asking_name:
        if (!line.too_long && is_command(line.text)) return obey_command(line.text);
        if (!line.too_long && line.text.size() <= max_name)
            return ask_hub(NameFrame::make(line.text), Message::name);
        show(display_.refused(Refusal::name_too_long, tries_left_));
        return ask_again();
    case State::asking_password: {
        if (line.text.empty() && !line.too_long) {
            state_ = State::asking_name;
            return ask_again();
        }
        const bool is_too_long = line.too_long || line.text.size() > max_code;
        return ask_hub(LoginFrame::make(is_too_long ? no_secret : line.text), Message::login);
    }
    case State::asking_code: {
        if (!line.too_long && is_known_command(line.text)) return obey_command(line.text);
        std::string_view code = line.too_long ? no_secret : line.text;
        if (code.substr(0, 2) == "//") code.remove_prefix(1); // as in a room
        return ask_hub(EnterFrame::make(code.substr(0, max_code), std::uint8_t{0}), Message::enter);
    }
    case State::inside: break;
    }
    speak(line);
}

// In a room, or in none.
void Handler::speak(const Line& line) {
    const bool is_block = line.text.find('\n') != line.text.npos;
    if (line.too_long) {
        count_refusal();
        return show(is_block ? display_.line(Phrase::paste_too_long, text(max_batch), text(max_paste_lines))
                             : display_.refused(Refusal::text_too_long, tries_left_));
    }
    if (line.text.empty()) return;
    if (!holds_secret(line.text)) dialect().remember(line.text);
    if (is_block) return say_block(line.text);
    if (is_command(line.text)) return obey_command(line.text);
    if (current_ == 0) {
        count_refusal();
        return show(display_.line(Phrase::in_no_room));
    }
    if (std::optional<std::string> words = speech_of(line)) return say(*std::move(words));
    count_refusal();
    show(display_.refused(Refusal::text_too_long, tries_left_));
}

// Lines that have come together go to the hub together: a pipe's hundred cost what one costs.
void Handler::say(std::string lines) {
    while (lines.size() + 1 + max_text <= max_batch) {
        const std::uint64_t end = dealing_;
        held_ = next_line();
        const std::optional<std::string> more = held_ ? speech_of(*held_) : std::nullopt;
        if (!more) {
            held_end_ = std::exchange(dealing_, end);
            break;
        }
        lines.append("\n").append(*more);
        held_.reset();
    }
    ask_hub(SayFrame::make(lines, current_, static_cast<std::uint8_t>(Kind::said), std::uint8_t{0}),
            Message::say);
}

// A pipe's line that only looks like a command: /usr/bin/ld: cannot find -lm
void Handler::say_slashed(std::string_view line) {
    std::string words = neutralise(line);
    if (words.size() <= max_text) return say(std::move(words));
    count_refusal();
    show(display_.refused(Refusal::text_too_long, tries_left_));
}

// Every line is text there.
void Handler::add_to_paste(const Line& line) {
    Paste& paste = *paste_;
    const std::string words = line.text.empty() ? " " : neutralise(line.text);
    paste.too_long = paste.too_long || line.too_long || words.size() > max_text ||
                     paste.lines.size() + words.size() + 1 > max_batch || paste.count == max_paste_lines;
    if (paste.too_long) return paste.lines.clear();
    paste.lines.append(paste.count++ == 0 ? "" : "\n").append(words);
}

// What an editor took as one paste: as between /paste and its dot.
void Handler::say_block(std::string_view lines) {
    paste_.emplace();
    for (const std::string& line : split_lines(lines)) add_to_paste(Line{line});
    end_paste();
}

void Handler::end_paste() {
    const Paste whole = *std::move(paste_);
    paste_.reset();
    if (whole.too_long)
        return show(display_.line(Phrase::paste_too_long, text(max_batch), text(max_paste_lines)));
    if (whole.count == 0) return show(display_.line(Phrase::paste_empty));
    if (current_ == 0) return show(display_.line(Phrase::in_no_room));
    ask_hub(SayFrame::make(whole.lines, current_, static_cast<std::uint8_t>(Kind::said), std::uint8_t{1}),
            Message::say);
}

std::optional<Line> Handler::next_line() {
    const bool was_held = held_.has_value();
    std::optional<Line> line = was_held ? std::exchange(held_, std::nullopt) : dialect().next_line();
    if (line) dealing_ = was_held ? held_end_ : dialect().taken();
    return line;
}

// Above the line that is being typed, if one is.
void Handler::show(std::string_view bytes) {
    if (bytes.empty()) return;
    dialect().lift(output_);
    output_ += bytes;
}

bool Handler::write_client() {
    dialect().lay(output_);
    tell_progress();
    bool any = false;
    const bool was_full = !has_room_for_output();
    std::size_t written = 0;
    while (written < output_.size()) {
        const IoResult wrote = write_some(client_.get(), std::string_view{output_}.substr(written));
        if (wrote.state == IoState::vanished) throw Gone{};
        if (wrote.state != IoState::done) break;
        written += wrote.bytes;
        any = true;
    }
    output_.erase(0, written);
    // Nobody waited for its input; it may be the wish to skip what it is behind with.
    if (was_full && has_room_for_output()) client_is_ready_ = true;
    if (session_) session_->placed = output_.size();
    if (output_.empty()) acknowledge_told();
    return any;
}

} // namespace chatd
