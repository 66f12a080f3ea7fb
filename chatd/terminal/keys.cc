// SPDX-License-Identifier: ISC
#include "chatd/terminal/keys.hh"

#include "common/text.hh"

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

namespace chatd {
namespace {

using common::utf8_length;

constexpr char control(char letter) { return static_cast<char>(letter & 0x1f); }
constexpr char escape_key = '\x1b';
constexpr char delete_key = '\x7f';
constexpr std::size_t max_sequence = 16; // bytes; a longer one is none that is known

bool is_control(char byte) { return static_cast<unsigned char>(byte) < 0x20 || byte == delete_key; }
bool is_ascii(char byte) { return static_cast<unsigned char>(byte) < 0x80; }
bool continues_a_character(char byte) { return (static_cast<unsigned char>(byte) & 0xc0U) == 0x80; }

struct ControlKey {
    char byte;
    Key key;
};
constexpr std::array control_keys{
    ControlKey{'\r', Key::enter},
    ControlKey{'\n', Key::enter},
    ControlKey{'\t', Key::tab},
    ControlKey{delete_key, Key::erase_before},
    ControlKey{control('A'), Key::home},
    ControlKey{control('B'), Key::left},
    ControlKey{control('C'), Key::interrupt},
    ControlKey{control('D'), Key::end_or_erase},
    ControlKey{control('E'), Key::end},
    ControlKey{control('F'), Key::right},
    ControlKey{control('H'), Key::erase_before},
    ControlKey{control('K'), Key::kill_behind},
    ControlKey{control('L'), Key::redraw},
    ControlKey{control('N'), Key::down},
    ControlKey{control('P'), Key::up},
    ControlKey{control('U'), Key::kill_before},
    ControlKey{control('W'), Key::kill_blanks_before},
    ControlKey{control('Y'), Key::yank},
};

// What follows ESC. [1;5D is xterm's Ctrl-Left, and Alt has 3; Od is rxvt's.
struct Sequence {
    std::string_view bytes;
    Key key;
};
constexpr std::array sequences{
    Sequence{"[A", Key::up},
    Sequence{"OA", Key::up},
    Sequence{"[B", Key::down},
    Sequence{"OB", Key::down},
    Sequence{"[D", Key::left},
    Sequence{"OD", Key::left},
    Sequence{"[C", Key::right},
    Sequence{"OC", Key::right},
    Sequence{"[1;5D", Key::word_left},
    Sequence{"[1;3D", Key::word_left},
    Sequence{"Od", Key::word_left},
    Sequence{"b", Key::word_left},
    Sequence{"[1;5C", Key::word_right},
    Sequence{"[1;3C", Key::word_right},
    Sequence{"Oc", Key::word_right},
    Sequence{"f", Key::word_right},
    Sequence{"[H", Key::home},
    Sequence{"OH", Key::home},
    Sequence{"[1~", Key::home},
    Sequence{"[7~", Key::home},
    Sequence{"[F", Key::end},
    Sequence{"OF", Key::end},
    Sequence{"[4~", Key::end},
    Sequence{"[8~", Key::end},
    Sequence{"[3~", Key::erase_under},
    Sequence{"d", Key::kill_word_behind},
    Sequence{"\x7f", Key::kill_word_before},
    Sequence{"\b", Key::kill_word_before},
    Sequence{"[200~", Key::paste_begins},
    Sequence{"[201~", Key::paste_ends},
};

std::optional<KeyPress> key_of(std::string_view sequence) {
    const auto found = std::find_if(sequences.begin(), sequences.end(),
                                    [&](const Sequence& known) { return known.bytes == sequence; });
    if (found == sequences.end()) return {};
    return KeyPress{found->key};
}

} // namespace

std::optional<KeyPress> KeyReader::press(char byte) {
    const bool after_return = std::exchange(after_return_, byte == '\r');
    if (after_return && (byte == '\n' || byte == '\0')) return {}; // one end with the CR
    std::optional<KeyPress> pressed;
    if (continue_sequence(byte, pressed)) return pressed;
    if (!is_control(byte)) return press_character(byte);
    unfinished_.clear();
    for (const ControlKey& known : control_keys)
        if (known.byte == byte) return KeyPress{known.key};
    return KeyPress{};
}

std::optional<KeyPress> KeyReader::press_character(char byte) {
    if (!continues_a_character(byte)) unfinished_.clear();
    unfinished_ += byte;
    if (utf8_length(unfinished_) == unfinished_.size()) {
        const bool disturbs = common::disturbs_a_line(common::utf8_code(unfinished_));
        std::string character = std::exchange(unfinished_, {});
        return disturbs ? KeyPress{} : KeyPress{Key::character, std::move(character)};
    }
    const auto first = static_cast<unsigned char>(unfinished_[0]);
    if (first >= 0xc2 && first <= 0xf4 && unfinished_.size() < 4) return {};
    unfinished_.clear();
    return KeyPress{};
}

// ESC [ parameters final (ECMA-48 5.4), ESC O final, or ESC and any one key. Whether the byte was part of it:
// a control character ends every sequence and is itself, so that no key press can hide the next line.
bool KeyReader::continue_sequence(char byte, std::optional<KeyPress>& pressed) {
    if (byte == escape_key) {
        unfinished_.clear();
        sequence_.clear();
        awaits_ = Awaits::escape;
        return true;
    }
    if (awaits_ == Awaits::key) return false;
    const bool erases = awaits_ == Awaits::escape && (byte == delete_key || byte == '\b');
    if ((is_control(byte) && !erases) || !is_ascii(byte)) {
        awaits_ = Awaits::key;
        return false;
    }
    if (sequence_.size() < max_sequence) sequence_ += byte;
    const bool is_linux_function_key = sequence_ == "[["; // ESC [ [ A
    if (awaits_ == Awaits::escape && byte == '[')
        awaits_ = Awaits::sequence;
    else if ((awaits_ == Awaits::escape && byte == 'O') || is_linux_function_key)
        awaits_ = Awaits::one_more;
    else if (awaits_ != Awaits::sequence || byte >= '@') {
        awaits_ = Awaits::key;
        pressed = key_of(sequence_);
    }
    return true;
}

} // namespace chatd
