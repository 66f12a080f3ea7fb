// SPDX-License-Identifier: ISC
#include "chatd/terminal/line_editor.hh"

#include <algorithm>
#include <utility>

namespace chatd {
namespace {

// Letters and digits; of other scripts every character.
bool is_of_a_word(char byte) {
    const auto code = static_cast<unsigned char>(byte);
    return code >= 0x80 || (code >= '0' && code <= '9') || ((code | 0x20) >= 'a' && (code | 0x20) <= 'z');
}

} // namespace

struct LineEditor::Action {
    Key key;
    bool (*act)(LineEditor& editor); // false: nothing, and the bell tells
};

LineEditor::Outcome LineEditor::press(char byte) {
    const std::optional<KeyPress> pressed = keys_.press(byte);
    if (!pressed) return Outcome::nothing;
    return pasting_ ? paste(*pressed) : obey(*pressed);
}

LineEditor::Outcome LineEditor::obey(const KeyPress& pressed) {
    switch (pressed.key) {
    case Key::character: return insert(pressed.text);
    case Key::enter: return Outcome::send;
    case Key::tab: return Outcome::complete;
    case Key::redraw: return Outcome::redraw;
    case Key::interrupt: take(); return Outcome::interrupt;
    case Key::end_or_erase:
        if (line_.empty()) return Outcome::end;
        break;
    default: break;
    }
    using Editor = LineEditor;
    static constexpr Action actions[]{
        {Key::left, [](Editor& e) { return e.go_to(grapheme_before(e.line_, e.cursor_)); }},
        {Key::right, [](Editor& e) { return e.go_to(grapheme_behind(e.line_, e.cursor_)); }},
        {Key::word_left, [](Editor& e) { return e.go_to(e.word_before()); }},
        {Key::word_right, [](Editor& e) { return e.go_to(e.word_behind()); }},
        {Key::home, [](Editor& e) { return e.go_to(0), true; }},
        {Key::end, [](Editor& e) { return e.go_to(e.line_.size()), true; }},
        {Key::up, [](Editor& e) { return e.show(e.history_.go_back(e.line_)); }},
        {Key::down, [](Editor& e) { return e.show(e.history_.go_forward()); }},
        {Key::erase_before, [](Editor& e) { return e.erase_before(); }},
        {Key::erase_under, [](Editor& e) { return e.erase_under(); }},
        {Key::end_or_erase, [](Editor& e) { return e.erase_under(); }},
        {Key::kill_blanks_before, [](Editor& e) { return e.kill(e.blank_word_before(), e.cursor_); }},
        {Key::kill_word_before, [](Editor& e) { return e.kill(e.word_before(), e.cursor_); }},
        {Key::kill_word_behind, [](Editor& e) { return e.kill(e.cursor_, e.word_behind()); }},
        {Key::kill_before, [](Editor& e) { return e.kill(0, e.cursor_); }},
        {Key::kill_behind, [](Editor& e) { return e.kill(e.cursor_, e.line_.size()); }},
        {Key::yank, [](Editor& e) { return e.insert(e.killed_) == Outcome::nothing; }},
        {Key::paste_begins, [](Editor& e) { return e.pasting_ = true; }},
    };
    for (const Action& known : actions)
        if (known.key == pressed.key) return known.act(*this) ? Outcome::nothing : Outcome::bell;
    return pressed.key == Key::paste_ends ? Outcome::nothing : Outcome::bell;
}

std::string LineEditor::take() {
    cursor_ = 0;
    history_.start_over();
    return std::exchange(line_, {});
}

bool LineEditor::replace(std::size_t from, std::string_view text) {
    if (line_.size() - (cursor_ - from) + text.size() > max_line_) return false;
    line_.replace(from, cursor_ - from, text);
    cursor_ = from + text.size();
    return true;
}

bool LineEditor::is_block_with(std::string_view text) const {
    return line_.find('\n') != line_.npos || text.find('\n') != text.npos;
}

LineEditor::Outcome LineEditor::insert(std::string_view text) {
    if (text.empty() || line_.size() + text.size() > (is_block_with(text) ? max_block_ : max_line_))
        return Outcome::bell;
    line_.insert(cursor_, text);
    cursor_ += text.size();
    return Outcome::nothing;
}

LineEditor::Outcome LineEditor::paste(const KeyPress& pressed) {
    if (pressed.key == Key::paste_ends) return end_paste();
    const std::string_view text = pressed.key == Key::character ? std::string_view{pressed.text}
                                  : pressed.key == Key::enter   ? "\n"
                                  : pressed.key == Key::tab     ? " "
                                                                : "";
    // One byte more than fits is kept: it tells that it was too much.
    if (pasted_.size() <= std::max(max_line_, max_block_)) pasted_ += text;
    return Outcome::nothing;
}

LineEditor::Outcome LineEditor::end_paste() {
    pasting_ = false;
    std::string text = std::exchange(pasted_, {});
    if (!text.empty() && text.back() == '\n') text.pop_back(); // what was selected ended with its line
    if (!blocks_allowed_) text.resize(std::min(text.find('\n'), text.size()));
    if (text.empty()) return Outcome::nothing;
    if (insert(text) == Outcome::nothing) return Outcome::nothing;
    return is_block_with(text) ? Outcome::block_too_long : Outcome::too_long;
}

void LineEditor::erase(std::size_t from, std::size_t to) {
    line_.erase(from, to - from);
    cursor_ = from;
}

bool LineEditor::kill(std::size_t from, std::size_t to) {
    if (from == to) return false;
    killed_ = line_.substr(from, to - from);
    erase(from, to);
    return true;
}

bool LineEditor::go_to(std::size_t place) { return std::exchange(cursor_, place) != cursor_; }

bool LineEditor::erase_before() {
    if (cursor_ == 0) return false;
    erase(grapheme_before(line_, cursor_), cursor_);
    return true;
}

bool LineEditor::erase_under() {
    if (cursor_ == line_.size()) return false;
    erase(cursor_, grapheme_behind(line_, cursor_));
    return true;
}

std::size_t LineEditor::blank_word_before() const {
    const std::string_view before = std::string_view{line_}.substr(0, cursor_);
    const std::size_t last = before.find_last_not_of(' ');
    if (last == before.npos) return 0;
    return before.find_last_of(' ', last) + 1; // npos + 1 is 0
}

std::size_t LineEditor::word_before() const {
    std::size_t at = cursor_;
    while (at > 0 && !is_of_a_word(line_[at - 1])) --at;
    while (at > 0 && is_of_a_word(line_[at - 1])) --at;
    return at;
}

std::size_t LineEditor::word_behind() const {
    std::size_t at = cursor_;
    while (at < line_.size() && !is_of_a_word(line_[at])) ++at;
    while (at < line_.size() && is_of_a_word(line_[at])) ++at;
    return at;
}

bool LineEditor::show(std::optional<std::string> line) {
    if (!line) return false;
    line_ = *std::move(line);
    cursor_ = line_.size();
    return true;
}

void LineHistory::add(const std::string& line) {
    start_over();
    if (line.empty() || (!lines_.empty() && lines_.back() == line)) return;
    lines_.push_back(line);
    bytes_ += line.size();
    while (lines_.size() > max_lines || bytes_ > max_bytes) {
        bytes_ -= lines_.front().size();
        lines_.pop_front();
    }
}

std::optional<std::string> LineHistory::go_back(const std::string& line) {
    if (back_ == lines_.size()) return {};
    if (back_ == 0) unsent_ = line;
    return lines_[lines_.size() - ++back_];
}

std::optional<std::string> LineHistory::go_forward() {
    if (back_ == 0) return {};
    if (--back_ == 0) return unsent_;
    return lines_[lines_.size() - back_];
}

} // namespace chatd
