// SPDX-License-Identifier: ISC
// Prompt and typed line as they stand at the bottom of a terminal, over as many rows as they need: the bytes
// that take them off, show what has arrived above them and put them there again. For terminals that know the
// control sequences of a vt100 (ECMA-48): CUU, CUF, ED. Run by chat; pure.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace chatd {

class TypedLine {
public:
    // Shows above (whole lines, or nothing), then prompt and line with the terminal's cursor before the
    // line's byte cursor. All text must be harmless. width: the terminal's columns, which may have changed.
    std::string draw(std::string_view above, std::string_view prompt, std::string_view line,
                     std::size_t cursor, std::size_t width);
    // Shows above and leaves nothing below it.
    std::string remove(std::string_view above, std::size_t width);

private:
    std::string drawn_; // prompt and line
    std::size_t cursor_ = 0;
};

} // namespace chatd
