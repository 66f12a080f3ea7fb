// SPDX-License-Identifier: ISC
// The lines that a person has typed before, to be called back. Whoever adds them leaves out what is secret.
// Used by the line editor; pure.
#pragma once

#include <cstddef>
#include <deque>
#include <optional>
#include <string>

namespace chatd {

class LineHistory {
public:
    static constexpr std::size_t most_lines = 100;
    static constexpr std::size_t most_bytes = 16 * 1024; // of all together; the oldest go first

    // Not twice in a row.
    void add(const std::string& line);
    // The line before the one that was called back last, or the last one, when there is one. line: what
    // stands there now; at the end it is called back, too.
    std::optional<std::string> go_back(const std::string& line);
    std::optional<std::string> go_forward();
    // The line was sent: the next one called back is the last again.
    void start_over() { back_ = 0; }

private:
    std::deque<std::string> lines_;
    std::size_t bytes_ = 0;
    std::size_t back_ = 0; // how many lines before the end; 0: at the end
    std::string unsent_;   // what stood there before any was called back
};

} // namespace chatd
