// SPDX-License-Identifier: ISC
#include "chatd/handler/typed/edited_line.hh"

#include "chatd/handler/typed/completion.hh"
#include "chatd/protocol.hh"
#include "chatd/terminal/graphemes.hh"
#include "common/text.hh"

#include <utility>

using namespace common;

namespace chatd {
namespace {

constexpr std::string_view own_prompt = "> ";
constexpr std::string_view sign_of_line_end = "\u21b5";  // in a block
constexpr std::string_view begin_pastes = "\x1b[?2004h"; // of xterm and all that came after it
constexpr std::string_view end_pastes = "\x1b[?2004l";
constexpr std::string_view paste_begins = "\x1b[200~", paste_ends = "\x1b[201~", left_key = "\x1b[D";
constexpr std::string_view clear_screen = "\x1b[H\x1b[2J";
constexpr std::string_view clear_below = "\r\x1b[J";
// A window that is drawn larger or smaller with a mouse changes many times: the line is drawn when it rests.
constexpr std::chrono::milliseconds rest{150};

std::string show_line_ends(std::string_view line) {
    std::string shown;
    for (const char byte : line) byte == '\n' ? shown.append(sign_of_line_end) : shown.append(1, byte);
    return shown;
}

} // namespace

void EditedLine::begin() {
    editor_.emplace(max_text, max_batch);
    editor_->allow_blocks(asked_ == Asked::nothing);
    if (!terminal_.type().empty()) put(begin_pastes);
    if (is_open_) put("\r"); // over the question that stands there
}

void EditedLine::end() {
    put(typed_.remove());
    if (!terminal_.type().empty()) put(end_pastes);
    editor_.reset();
}

std::string EditedLine::ask(Asked asked, std::string_view words) {
    asked_ = asked;
    prompt_ = asked == Asked::nothing ? own_prompt : words;
    is_open_ = true;
    if (is_plain_) return {};
    out_ += terminal_.hide_echo(is_secret());
    if (!editor_) return asked == Asked::nothing ? std::string{} : std::string{words};
    editor_->allow_blocks(asked == Asked::nothing);
    return {};
}

LineEditor::Outcome EditedLine::press(char key, std::uint64_t count) {
    using Outcome = LineEditor::Outcome;
    count_ = count;
    rests_at_.reset();
    if (!terminal_.is_chat()) return editor_->press(key);
    const std::string before = editor_->line();
    const Outcome outcome = editor_->press(key);
    // What is more than a character more may come from what was before, which another session does not have.
    const std::string& line = editor_->line();
    const bool is_typed = line.size() > before.size() && static_cast<unsigned char>(key) >= ' ' &&
                          editor_->cursor() > 0 && line[editor_->cursor() - 1] == key;
    if (!is_secret() && !is_typed && line != before && !line.empty()) tell_line();
    const bool ends = outcome == Outcome::interrupt && before.empty(); // as ^C ends a program
    return ends ? Outcome::end : outcome;
}

// To chat(1): keys that make the line anew.
void EditedLine::tell_line() {
    std::string keys = text(paste_begins, editor_->line(), paste_ends);
    const std::string_view behind = std::string_view{editor_->line()}.substr(editor_->cursor());
    for (std::size_t at = 0; at < behind.size(); at = grapheme_behind(behind, at)) keys += left_key;
    out_ += encode_line(count_, keys);
}

std::string EditedLine::take() {
    put(draw(editor_->line().size()));
    leave();
    is_open_ = asked_ == Asked::nothing;
    return editor_->take();
}

std::string EditedLine::before_cursor() const { return editor_->line().substr(0, editor_->cursor()); }

void EditedLine::complete(std::string_view words, std::size_t from, const Completed& completed) {
    if (!editor_ || before_cursor() != words) return;
    rests_at_.reset();
    if (completed.word.empty())
        rings_ = completed.choice.empty();
    else
        rings_ = !editor_->replace(from, completed.word);
    if (terminal_.is_chat()) tell_line();
}

std::string EditedLine::draw(std::size_t cursor) {
    const std::string prompt = terminal_.shown(prompt_);
    if (is_secret()) return typed_.draw(prompt, {}, 0, terminal_.window());
    const std::string_view line = editor_->line();
    const auto shown = [&](std::string_view part) { return terminal_.shown(show_line_ends(part)); };
    return typed_.draw(prompt, shown(line), shown(line.substr(0, cursor)).size(), terminal_.window());
}

void EditedLine::lift(std::string& out) {
    if (typed_.is_drawn()) put(typed_.remove());
    rests_at_.reset();
    out += std::exchange(out_, {});
}

void EditedLine::lay(std::string& out) {
    const bool waits = rests_at_ && std::chrono::steady_clock::now() < *rests_at_;
    if (!waits) rests_at_.reset();
    if (editor_ && is_open_ && !is_closed_ && !waits) put(draw(editor_->cursor()));
    if (std::exchange(rings_, false)) out_ += '\a';
    out += std::exchange(out_, {});
}

void EditedLine::close(std::string& out) {
    if (!is_closed_ && editor_) {
        // What was not sent stays to be seen; chat(1) keeps it for its next connection.
        const bool stays = is_open_ && !is_secret() && !terminal_.is_chat() && !editor_->line().empty();
        if (stays) put(draw(editor_->cursor()));
        put(stays ? typed_.leave(terminal_.window()) : typed_.remove());
        if (!terminal_.type().empty()) put(end_pastes);
    }
    is_closed_ = true;
    out += std::exchange(out_, {});
}

void EditedLine::leave() { put(typed_.leave(terminal_.window())); }

void EditedLine::redraw() {
    put(clear_screen);
    typed_.forget();
}

void EditedLine::note_window(const Window& before) {
    if (terminal_.window() != before) {
        if (typed_.note_window(terminal_.window())) rests_at_ = std::chrono::steady_clock::now() + rest;
    } else if (terminal_.is_chat() && typed_.is_drawn()) { // it was stopped, and the terminal was another's
        put(clear_below);
        typed_.forget();
        rests_at_.reset();
    }
}

} // namespace chatd
