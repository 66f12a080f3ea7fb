// SPDX-License-Identifier: ISC
#include "chatd/chat/terminal_filter.hh"

#include "common/text.hh"

#include <algorithm>
#include <array>
#include <utility>

namespace chatd {
namespace {

constexpr char escape = '\x1b';
constexpr std::string_view harmless = "\ufffd";
constexpr std::string_view passed_controls = "\r\n\a\b";
constexpr std::string_view paste_on = "\x1b[?2004h", paste_off = "\x1b[?2004l";
constexpr std::string_view top_left = "\x1b[H"; // of a screen that is cleared

bool is_control(char byte) { return static_cast<unsigned char>(byte) < 0x20 || byte == '\x7f'; }
bool is_digit(char byte) { return byte >= '0' && byte <= '9'; }
bool is_final(char byte) { return byte >= '@' && byte <= '~'; }

// Whole, from ESC on.
bool is_allowed(std::string_view sequence) {
    if (sequence == paste_on || sequence == paste_off || sequence == top_left) return true;
    if (sequence.substr(0, 2) != "\x1b[") return false;
    const std::string_view parameters = sequence.substr(2, sequence.size() - 3);
    const bool is_number =
        parameters.size() <= 5 && std::all_of(parameters.begin(), parameters.end(), is_digit);
    switch (sequence.back()) {
    case 'A':
    case 'B':
    case 'C':
    case 'D': return is_number;
    case 'J': // 3 would erase what has scrolled away
    case 'K': return parameters.empty() || parameters == "0" || parameters == "1" || parameters == "2";
    case 'm':
        return std::all_of(parameters.begin(), parameters.end(),
                           [](char byte) { return is_digit(byte) || byte == ';'; });
    default: return false;
    }
}

} // namespace

std::string TerminalFilter::filter(std::string_view bytes) {
    std::string out;
    for (const char byte : bytes) take(byte, out);
    return out;
}

void TerminalFilter::take(char byte, std::string& out) {
    if (sequence_.empty() && byte != escape) return take_text(byte, out);
    if (byte == escape || is_control(byte) || static_cast<unsigned char>(byte) >= 0x80) {
        // It cannot be part of a sequence; what has begun is none.
        end_character(out);
        end_sequence(out);
        if (byte != escape) return take_text(byte, out);
        sequence_ = byte;
        return;
    }
    sequence_ += byte;
    const bool is_csi = sequence_.size() >= 2 && sequence_[1] == '[';
    const bool has_ended = is_csi ? sequence_.size() > 2 && is_final(byte) : sequence_.size() >= 2;
    if (has_ended || sequence_.size() > max_sequence) end_sequence(out);
}

void TerminalFilter::take_text(char byte, std::string& out) {
    const bool continues = (static_cast<unsigned char>(byte) & 0xc0U) == 0x80;
    if (!continues) end_character(out);
    if (byte == '\0') return;
    if (byte == '\t') byte = ' ';
    if (is_control(byte)) {
        out += passed_controls.find(byte) != passed_controls.npos ? std::string_view{&byte, 1} : harmless;
        if (byte != '\n') return;
        at_line_start_ = true;
        ++rows_above_;
        return;
    }
    at_line_start_ = false;
    unfinished_ += byte;
    if (const std::size_t length = common::utf8_length(unfinished_); length == unfinished_.size()) {
        const std::string character = std::exchange(unfinished_, {});
        out += common::disturbs_a_line(common::utf8_code(character)) ? harmless : std::string_view{character};
        return;
    }
    const auto first = static_cast<unsigned char>(unfinished_[0]);
    const std::size_t promised = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : first >= 0xc2 ? 2 : 1;
    if (unfinished_.size() >= promised) end_character(out);
}

// Of a character that never came whole each byte counts as one that is none.
void TerminalFilter::end_character(std::string& out) {
    for (std::size_t i = unfinished_.size(); i > 0; --i) out += harmless;
    unfinished_.clear();
}

// One that is not allowed is shown, less its power.
void TerminalFilter::end_sequence(std::string& out) {
    const std::string whole = std::exchange(sequence_, {});
    if (whole.empty()) return;
    if (whole.size() > 2 && is_final(whole.back()) && is_allowed(whole)) {
        if (whole == paste_on || whole == paste_off) pastes_in_brackets_ = whole == paste_on;
        if (whole == top_left) rows_above_ = 0;
        out += whole.back() == 'A' ? go_up(whole) : whole;
        return;
    }
    at_line_start_ = false;
    out.append(harmless).append(whole, 1);
}

std::string TerminalFilter::go_up(std::string_view sequence) {
    const std::string_view number = sequence.substr(2, sequence.size() - 3);
    const std::size_t wanted =
        std::max<std::size_t>(common::parse_number<std::size_t>(number).value_or(1), 1);
    const std::size_t rows = std::min(wanted, rows_above_);
    rows_above_ -= rows;
    if (rows == 0) return {};
    return rows == wanted ? std::string{sequence} : common::text("\x1b[", rows, 'A');
}

} // namespace chatd
