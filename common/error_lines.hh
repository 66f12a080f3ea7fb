// SPDX-License-Identifier: ISC
// What a child writes on its standard error, for the log of its parent. A child's standard error is its end
// of its pair with the parent: that costs no descriptor, and one child takes nobody else's room. So each
// write is a packet, which a parent tells from a frame by its first bytes. A child may have been taken over:
// what it writes is escaped, and no more than so much of it gets into the log.
#pragma once

#include "common/log.hh"

#include <cstddef>
#include <functional>
#include <span>
#include <string>
#include <string_view>

namespace common {

// In the child: standard error is what fd is, which must be a socket that tells of its end without a signal.
void point_errors_at(int fd);

// Whether a byte can stand in text: a visible character, a blank, TAB, CR or LF. No number of a frame is one.
bool is_text_byte(char byte);

class ErrorLines {
public:
    static constexpr std::size_t max_bytes = 32768; // of one child; the log says when there was more
    static constexpr std::size_t max_line = 1024;   // what is longer is broken
    // That each line takes of them beside its own: or a child could make the parent log tens of thousands.
    static constexpr std::size_t line_cost = 64;

    // Whose they are.
    struct Source {
        std::string_view role;
        long pid;
    };
    // The bytes of a packet, which may have been cut; whole lines go into the log, as errors. Empty ones do
    // not.
    void add(std::span<const char> bytes, bool is_cut, Log& log, const Source& source);
    // Nothing more will come: a last line without its end.
    void end(Log& log, const Source& source);
    // The same for another place than a log.
    using Tell = std::function<void(const std::string& line)>;
    void add(std::span<const char> bytes, bool is_cut, const Tell& tell);
    void end(const Tell& tell);

private:
    std::string line_; // that has no end yet
    std::size_t taken_ = 0;
    bool is_over_ = false; // and it was told
};

} // namespace common
