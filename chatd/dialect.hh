// SPDX-License-Identifier: ISC
// A dialect is how one kind of client is spoken to: what bytes a line of words becomes. A handler has one;
// the hub knows none of them. Works on values, without descriptors; the words themselves are display.hh's.
#pragma once

#include <memory>
#include <string>
#include <string_view>

namespace chatd {

class Dialect {
public:
    virtual ~Dialect() = default;

    // Bytes to send. The words are safe: the hub has neutralised what they are made from.
    virtual std::string prompt(std::string_view words) const = 0;
    virtual std::string line(std::string_view words) const = 0;
    virtual std::string bell() const = 0; // before the line that it is rung for

    // After the client's first line: whether it ended in CR LF.
    virtual void saw_crlf() = 0;
};

// For nc: lines of text.
std::unique_ptr<Dialect> make_line_dialect();

} // namespace chatd
