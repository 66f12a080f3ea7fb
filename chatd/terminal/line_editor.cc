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
    bool (LineEditor::*act)();
};

const LineEditor::Action LineEditor::actions[] = {
    {Key::left, &LineEditor::go_left},
    {Key::right, &LineEditor::go_right},
    {Key::word_left, &LineEditor::go_word_left},
    {Key::word_right, &LineEditor::go_word_right},
    {Key::home, &LineEditor::go_home},
    {Key::end, &LineEditor::go_to_end},
    {Key::up, &LineEditor::go_back},
    {Key::down, &LineEditor::go_forward},
    {Key::erase_before, &LineEditor::erase_before},
    {Key::erase_under, &LineEditor::erase_under},
    {Key::end_or_erase, &LineEditor::erase_under},
    {Key::kill_blanks_before, &LineEditor::kill_blanks_before},
    {Key::kill_word_before, &LineEditor::kill_word_before},
    {Key::kill_word_behind, &LineEditor::kill_word_behind},
    {Key::kill_before, &LineEditor::kill_before},
    {Key::kill_behind, &LineEditor::kill_behind},
    {Key::yank, &LineEditor::yank},
    {Key::paste_begins, &LineEditor::begin_paste},
};

LineEditor::Wish LineEditor::press(char byte) {
    const std::optional<KeyPress> pressed = keys_.press(byte);
    if (!pressed) return Wish::nothing;
    return pasting_ ? paste(*pressed) : obey(*pressed);
}

LineEditor::Wish LineEditor::obey(const KeyPress& pressed) {
    switch (pressed.key) {
    case Key::character: return insert(pressed.text);
    case Key::enter: return Wish::send;
    case Key::tab: return Wish::complete;
    case Key::redraw: return Wish::redraw;
    case Key::interrupt: take(); return Wish::interrupt;
    case Key::end_or_erase:
        if (line_.empty()) return Wish::end;
        break;
    default: break;
    }
    for (const Action& known : actions)
        if (known.key == pressed.key) return (this->*known.act)() ? Wish::nothing : Wish::bell;
    return pressed.key == Key::paste_ends ? Wish::nothing : Wish::bell;
}

std::string LineEditor::take() {
    cursor_ = 0;
    history_.start_over();
    return std::exchange(line_, {});
}

bool LineEditor::replace(std::size_t from, std::string_view text) {
    if (line_.size() - (cursor_ - from) + text.size() > most_) return false;
    line_.replace(from, cursor_ - from, text);
    cursor_ = from + text.size();
    return true;
}

LineEditor::Wish LineEditor::insert(std::string_view text) {
    const bool is_block = line_.find('\n') != line_.npos || text.find('\n') != text.npos;
    if (text.empty() || line_.size() + text.size() > (is_block ? most_of_block_ : most_)) return Wish::bell;
    line_.insert(cursor_, text);
    cursor_ += text.size();
    return Wish::nothing;
}

bool LineEditor::begin_paste() {
    pasting_ = true;
    return true;
}

LineEditor::Wish LineEditor::paste(const KeyPress& pressed) {
    if (pressed.key == Key::paste_ends) return end_paste();
    const std::string_view text = pressed.key == Key::character ? std::string_view{pressed.text}
                                  : pressed.key == Key::enter   ? "\n"
                                  : pressed.key == Key::tab     ? " "
                                                                : "";
    // One byte more than fits is kept: it tells that it was too much.
    if (pasted_.size() <= std::max(most_, most_of_block_)) pasted_ += text;
    return Wish::nothing;
}

LineEditor::Wish LineEditor::end_paste() {
    pasting_ = false;
    std::string text = std::exchange(pasted_, {});
    if (!text.empty() && text.back() == '\n') text.pop_back(); // what was selected ended with its line
    if (!blocks_allowed_) text.resize(std::min(text.find('\n'), text.size()));
    if (text.empty()) return Wish::nothing;
    return insert(text) == Wish::nothing ? Wish::nothing : Wish::too_long;
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

} // namespace chatd
