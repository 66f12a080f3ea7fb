// SPDX-License-Identifier: ISC
#include "chatd/typed_line.hh"

#include "chatd/words.hh"
#include "common/text.hh"

#include <algorithm>

namespace chatd {
namespace {

using common::text;

// Counted from where the prompt begins, at a left edge.
struct Place {
    std::size_t row = 0;
    std::size_t column = 0;
};

// Where the cursor stands behind these words: after a full row at its right edge, not yet in the next.
Place place_behind(std::string_view words, std::size_t width) {
    Place at;
    for (std::size_t length = 0; !words.empty(); words.remove_prefix(length)) {
        length = std::max<std::size_t>(common::utf8_length(words), 1);
        const std::size_t columns = columns_of(words.substr(0, length));
        if (at.column + columns > width) at = {at.row + 1, 0};
        at.column += columns;
    }
    return at;
}

// Where the character stands that begins at this byte, or would stand behind the last one.
Place place_of(std::string_view words, std::size_t byte, std::size_t width) {
    const Place at = place_behind(words.substr(0, byte), width);
    const std::string_view behind = words.substr(byte);
    const std::size_t columns =
        behind.empty() ? 1 : columns_of(behind.substr(0, common::utf8_length(behind)));
    return at.column + columns > width ? Place{at.row + 1, 0} : at;
}

std::string move(std::size_t count, char direction) {
    return count == 0 ? std::string{} : text("\x1b[", count, direction);
}

constexpr char up = 'A';
constexpr char right = 'C';
constexpr std::string_view erase_below = "\x1b[J";
constexpr std::size_t least_width = 2; // of a terminal that can show every character

} // namespace

std::string TypedLine::draw(std::string_view above, std::string_view prompt, std::string_view line,
                            std::size_t cursor, std::size_t width) {
    std::string out = remove(above, width);
    width = std::max(width, least_width);
    drawn_ = text(prompt, line);
    cursor_ = prompt.size() + cursor;
    out += drawn_;
    // Behind a full row some terminals stand in it still and some in the next; now all are in the next.
    if (place_behind(drawn_, width).column == width) out += " \r";
    if (cursor_ == drawn_.size()) return out;
    const Place end = place_of(drawn_, drawn_.size(), width);
    const Place wanted = place_of(drawn_, cursor_, width);
    return out + '\r' + move(end.row - wanted.row, up) + move(wanted.column, right);
}

std::string TypedLine::remove(std::string_view above, std::size_t width) {
    std::string out;
    if (!drawn_.empty())
        out = text('\r', move(place_of(drawn_, cursor_, std::max(width, least_width)).row, up), erase_below);
    drawn_.clear();
    cursor_ = 0;
    return out.append(above);
}

} // namespace chatd
