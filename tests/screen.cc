// SPDX-License-Identifier: ISC
#include "tests/screen.hh"

#include "chatd/words.hh"
#include "common/text.hh"

#include <algorithm>
#include <utility>

namespace tests {

void Screen::write(std::string_view bytes) {
    while (!bytes.empty()) {
        const std::size_t length = std::max<std::size_t>(common::utf8_length(bytes), 1);
        const std::string character{bytes.substr(0, length)};
        if (character == "\x1b") {
            bytes = obey(bytes);
            continue;
        }
        bytes.remove_prefix(length);
        if (character == "\r")
            column_ = 0;
        else if (character == "\n")
            ++row_; // the program's LF is CR LF here, as a terminal's driver makes it
        else if (character != "\a")
            put(character, chatd::columns_of(character));
    }
}

// ESC [ NUMBER A, C and J; colours and the mode of pastes cannot be seen; another one is shown.
std::string_view Screen::obey(std::string_view sequence) {
    for (const std::string_view mode : {"\x1b[?2004h", "\x1b[?2004l"})
        if (sequence.substr(0, mode.size()) == mode) return sequence.substr(mode.size());
    const std::size_t end =
        sequence.substr(0, 2) == "\x1b[" ? sequence.find_first_not_of("0123456789", 2) : sequence.npos;
    if (end == sequence.npos || std::string_view{"ACJm"}.find(sequence[end]) == std::string_view::npos) {
        put("^[", 1);
        return sequence.substr(1);
    }
    const auto count = common::parse_number<std::size_t>(sequence.substr(2, end - 2)).value_or(1);
    switch (sequence[end]) {
    case 'A': row_ -= std::min(count, row_); break;
    case 'm': break;
    case 'C': column_ = std::min(column_ + count, width_ - 1); break;
    default: // J
        current_row().resize(std::min(current_row().size(), column_));
        current_row().goes_on = false;
        rows_.resize(row_ + 1);
    }
    return sequence.substr(end + 1);
}

void Screen::put(const std::string& character, std::size_t columns) {
    if (columns == 0) { // joins the one before
        if (last_row_ < rows_.size() && last_column_ < rows_[last_row_].size())
            rows_[last_row_][last_column_] += character;
        return;
    }
    if (column_ + columns > width_) break_row();
    Row& row = current_row();
    row.resize(std::max(row.size(), column_ + columns), " ");
    row[column_] = character;
    last_row_ = row_;
    last_column_ = column_;
    for (std::size_t i = 1; i < columns; ++i) row[column_ + i].clear();
    column_ += columns;
    if (at_once_ && column_ == width_) break_row();
}

void Screen::break_row() {
    current_row().goes_on = true;
    ++row_;
    column_ = 0;
}

void Screen::resize(std::size_t width, Lines lines) {
    if (lines == Lines::laid_anew)
        lay_anew(width);
    else
        for (Row& row : rows_) {
            if (row.size() <= width) continue;
            if (row[width].empty()) row[width - 1] = " "; // the left half of a wide character
            row.resize(width);
        }
    width_ = width;
    if (lines == Lines::cut) column_ = std::min(column_, width - 1);
}

void Screen::lay_anew(std::size_t width) {
    Screen laid{width};
    current_row();
    std::size_t row = 0, column = 0;
    for (std::size_t at = 0; at < rows_.size(); ++at) {
        if (at == row_) row = laid.row_, column = laid.column_;
        for (std::size_t cell = 0; cell < rows_[at].size(); ++cell) {
            const std::string& character = rows_[at][cell];
            if (character.empty()) continue;
            const bool is_wide = cell + 1 < rows_[at].size() && rows_[at][cell + 1].empty();
            laid.put(character, is_wide ? 2 : 1);
            if (at == row_ && cell < column_) row = laid.row_, column = laid.column_;
        }
        if (rows_[at].goes_on) continue;
        ++laid.row_;
        laid.column_ = 0;
    }
    rows_ = std::move(laid.rows_);
    row_ = row;
    column_ = column;
}

Screen::Row& Screen::current_row() {
    if (rows_.size() <= row_) rows_.resize(row_ + 1);
    return rows_[row_];
}

std::string Screen::text() const {
    std::string all;
    for (const Row& row : rows_) {
        std::string line;
        for (const std::string& cell : row) line += cell;
        line.erase(line.find_last_not_of(' ') + 1);
        all += line + '\n';
    }
    all.erase(all.find_last_not_of('\n') + 1);
    return all.empty() ? all : all + '\n';
}

std::string Screen::cursor() const { return common::text(row_, ':', column_); }

} // namespace tests
