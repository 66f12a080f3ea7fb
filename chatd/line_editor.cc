// SPDX-License-Identifier: ISC
#include "chatd/line_editor.hh"

#include "chatd/words.hh"
#include "common/text.hh"

#include <algorithm>
#include <utility>
#include <wchar.h>

namespace chatd {
namespace {

using common::utf8_code;
using common::utf8_length;

constexpr char control(char letter) { return static_cast<char>(letter & 0x1f); }
constexpr char escape_key = '\x1b';
constexpr std::size_t longest_sequence = 16; // bytes; of a longer one only the end matters

bool is_control(char byte) { return static_cast<unsigned char>(byte) < 0x20 || byte == '\x7f'; }
bool is_ascii(char byte) { return static_cast<unsigned char>(byte) < 0x80; }
bool continues_a_character(char byte) { return (static_cast<unsigned char>(byte) & 0xc0U) == 0x80; }

} // namespace

struct LineEditor::Key {
    char byte;
    void (LineEditor::*act)();
};

const LineEditor::Key LineEditor::keys[] = {
    {'\x7f', &LineEditor::erase_before},         {control('H'), &LineEditor::erase_before},
    {control('U'), &LineEditor::erase_line},     {control('W'), &LineEditor::erase_word},
    {control('A'), &LineEditor::go_home},        {control('E'), &LineEditor::go_to_end},
    {control('L'), &LineEditor::change_nothing},
};

// What stands behind ESC when a key sends a sequence: of a vt100 and of an xterm, in either of their modes.
struct LineEditor::Sequence {
    std::string_view bytes;
    void (LineEditor::*act)();
};

const LineEditor::Sequence LineEditor::sequences[] = {
    {"[D", &LineEditor::go_left},      {"OD", &LineEditor::go_left},    {"[C", &LineEditor::go_right},
    {"OC", &LineEditor::go_right},     {"[H", &LineEditor::go_home},    {"OH", &LineEditor::go_home},
    {"[1~", &LineEditor::go_home},     {"[7~", &LineEditor::go_home},   {"[F", &LineEditor::go_to_end},
    {"OF", &LineEditor::go_to_end},    {"[4~", &LineEditor::go_to_end}, {"[8~", &LineEditor::go_to_end},
    {"[3~", &LineEditor::erase_under},
};

LineEditor::Wish LineEditor::press(char byte) {
    const bool after_return = std::exchange(after_return_, byte == '\r');
    if (continue_sequence(byte)) return Wish::nothing;
    if (!is_control(byte)) return insert(byte);
    unfinished_.clear();
    if (byte == '\r') return Wish::send;
    if (byte == '\n') return after_return ? Wish::nothing : Wish::send; // pasted: CR LF is one end
    if (byte == '\t') return insert(" ");
    if (byte == control('D')) return line_.empty() ? Wish::end : Wish::bell;
    for (const Key& key : keys)
        if (key.byte == byte) return (this->*key.act)(), Wish::nothing;
    return Wish::bell;
}

std::string LineEditor::take() {
    cursor_ = 0;
    return std::exchange(line_, {});
}

LineEditor::Wish LineEditor::insert(char byte) {
    if (!continues_a_character(byte)) unfinished_.clear();
    unfinished_ += byte;
    if (const std::size_t length = utf8_length(unfinished_); length == unfinished_.size())
        return insert(std::exchange(unfinished_, {}));
    const auto first = static_cast<unsigned char>(unfinished_[0]);
    if (first >= 0xc2 && first <= 0xf4 && unfinished_.size() < 4) return Wish::nothing;
    unfinished_.clear();
    return Wish::bell;
}

LineEditor::Wish LineEditor::insert(std::string_view character) {
    if (line_.size() + character.size() > most_ || common::disturbs_a_line(utf8_code(character)))
        return Wish::bell;
    line_.insert(cursor_, character);
    cursor_ += character.size();
    return Wish::nothing;
}

// ESC [ parameters final (ECMA-48 5.4), ESC O final, or ESC and any one key. Whether the byte was part of it:
// a control character ends every sequence and is itself, so that no key press can hide the next line.
bool LineEditor::continue_sequence(char byte) {
    if (byte == escape_key) {
        unfinished_.clear();
        sequence_.clear();
        awaits_ = Awaits::escape;
        return true;
    }
    if (awaits_ == Awaits::key) return false;
    if (is_control(byte) || !is_ascii(byte)) {
        awaits_ = Awaits::key;
        return false;
    }
    if (sequence_.size() < longest_sequence) sequence_ += byte;
    const bool is_linux_function_key = sequence_ == "[["; // ESC [ [ A
    if (awaits_ == Awaits::escape && byte == '[')
        awaits_ = Awaits::sequence;
    else if ((awaits_ == Awaits::escape && byte == 'O') || is_linux_function_key)
        awaits_ = Awaits::one_more;
    else if (awaits_ != Awaits::sequence || byte >= '@')
        obey_sequence();
    return true;
}

void LineEditor::obey_sequence() {
    awaits_ = Awaits::key;
    for (const Sequence& known : sequences)
        if (known.bytes == sequence_) (this->*known.act)();
}

// Where the character that ends at this place begins; characters without columns belong to the one before.
std::size_t LineEditor::character_before(std::size_t at) const {
    while (at > 0) {
        const std::size_t end = at--;
        while (at > 0 && continues_a_character(line_[at])) --at;
        if (columns_of(std::string_view{line_}.substr(at, end - at)) > 0) break;
    }
    return at;
}

std::size_t LineEditor::character_behind(std::size_t at) const {
    const std::string_view text = line_;
    if (at < text.size()) at += utf8_length(text.substr(at));
    while (at < text.size()) {
        const std::size_t length = utf8_length(text.substr(at));
        if (columns_of(text.substr(at, length)) > 0) break;
        at += length;
    }
    return at;
}

void LineEditor::erase(std::size_t from, std::size_t to) {
    line_.erase(from, to - from);
    cursor_ = from;
}

void LineEditor::erase_word() {
    const std::string_view before = std::string_view{line_}.substr(0, cursor_);
    const std::size_t last = before.find_last_not_of(' ');
    const std::size_t blank = last == before.npos ? last : before.substr(0, last).find_last_of(' ');
    erase(blank == before.npos ? 0 : blank + 1, cursor_);
}

} // namespace chatd
