// SPDX-License-Identifier: ISC
#include "chatd/terminal/typed_line.hh"

#include "chatd/terminal/graphemes.hh"
#include "common/text.hh"

#include <algorithm>
#include <vector>

namespace chatd {
namespace {

using common::text;

constexpr std::size_t least_columns = 2; // of a terminal that can show every character
constexpr std::size_t least_rows = 2;
constexpr std::string_view erase_below = "\x1b[J";

std::size_t columns_of(const Window& window) { return std::max(window.columns, least_columns); }
// Behind a full row some terminals stand in it still and some in the next: no row is full.
std::size_t row_width(const Window& window) { return std::max(window.columns, least_columns + 1) - 1; }

// How words lie in rows, from a left edge on.
struct Layout {
    Layout(std::string_view words, std::size_t width) {
        std::size_t column = 0;
        for (std::size_t at = 0, end = 0; at < words.size(); at = end) {
            end = grapheme_behind(words, at);
            const std::size_t columns = columns_of_grapheme(words.substr(at, end - at));
            if (column + columns > width) {
                row_starts.push_back(at);
                column = 0;
            }
            column += columns;
            widest = std::max(widest, column);
        }
        ends_in_full_row = column == width;
    }
    std::size_t row_of(std::size_t byte) const {
        const auto behind = std::upper_bound(row_starts.begin(), row_starts.end(), byte);
        return static_cast<std::size_t>(behind - row_starts.begin()) - 1;
    }
    std::size_t last_row() const { return row_starts.size() - 1; }

    std::vector<std::size_t> row_starts{0}; // bytes
    std::size_t widest = 0;                 // columns of a row
    bool ends_in_full_row = false;
};

// The words from this byte on, each row with its end.
std::string in_rows(std::string_view words, const Layout& layout, std::size_t from) {
    std::string out;
    for (const std::size_t start : layout.row_starts) {
        if (start == 0 || start < from) continue;
        out.append(words.substr(from, start - from)).append("\r\n");
        from = start;
    }
    return out.append(words.substr(from));
}

std::string go_up(std::size_t rows) { return rows == 0 ? std::string{} : text("\x1b[", rows, 'A'); }

} // namespace

std::string TypedLine::draw(std::string_view prompt, std::string_view line, std::size_t cursor,
                            const Window& window) {
    const std::size_t width = row_width(window);
    // A quarter is for what others say meanwhile.
    const std::size_t rows = std::max(window.rows, least_rows);
    const std::size_t max_rows = rows - 1 - rows / 4;
    std::string words = text(prompt, line);
    std::size_t at = prompt.size() + cursor;
    const Layout whole{words, width};
    if (whole.last_row() >= max_rows) {
        const std::size_t first = whole.row_of(at) - std::min(whole.row_of(at), max_rows - 1);
        const std::size_t behind = first + max_rows;
        if (behind <= whole.last_row()) words.resize(whole.row_starts[behind]);
        words.erase(0, whole.row_starts[first]);
        at -= whole.row_starts[first];
    }

    const bool stands = is_drawn_ && !note_window(window);
    if (stands && words == drawn_ && at == cursor_) return {};

    const Layout shown{words, width};
    const bool only_appends = stands && cursor_ == drawn_.size() && at == words.size() &&
                              words.rfind(drawn_, 0) == 0 &&
                              grapheme_before(words, drawn_.size() + 1) == drawn_.size();
    std::string out =
        only_appends ? in_rows(words, shown, drawn_.size()) : remove() + in_rows(words, shown, 0);
    drawn_ = std::move(words);
    cursor_ = at;
    width_ = width;
    is_drawn_ = true;

    if (cursor_ == drawn_.size()) return out;
    const std::size_t row = shown.row_of(cursor_);
    const std::size_t start = shown.row_starts[row];
    return out + '\r' + go_up(shown.last_row() - row) + drawn_.substr(start, cursor_ - start);
}

std::string TypedLine::remove() {
    std::string out;
    if (is_drawn_) out = text('\r', go_up(Layout{drawn_, width_}.row_of(cursor_)), erase_below);
    forget();
    return out;
}

std::string TypedLine::leave(const Window& window) {
    if (!is_drawn_) return {};
    const Layout shown{drawn_, width_};
    // A full row would go on in the next one: it is left as it was drawn.
    if (shown.last_row() > 0 && !Layout{drawn_, columns_of(window)}.ends_in_full_row) {
        const std::string words = drawn_;
        return text(remove(), words, "\r\n");
    }
    std::string out = "\r";
    out.append(shown.last_row() - shown.row_of(cursor_) + 1, '\n');
    forget();
    return out;
}

bool TypedLine::note_window(const Window& window) {
    if (!is_drawn_) return false;
    const Layout shown{drawn_, width_};
    const bool is_same = row_width(window) == width_;
    is_disturbed_ |= !is_same && (shown.last_row() > 0 || shown.widest > row_width(window));
    return is_disturbed_;
}

} // namespace chatd
