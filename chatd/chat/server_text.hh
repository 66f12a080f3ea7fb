// SPDX-License-Identifier: ISC
// What a chat server sends, made harmless before the client's terminal or a pipe sees it, and cut into lines.
// A server may be hostile, or relay what is: only text and line ends come out (neutralise of words.hh). Works
// on bytes, without descriptors; run by chat.
#pragma once

#include <string>
#include <string_view>
#include <utility>

namespace chatd {

class ServerText {
public:
    static constexpr std::size_t max_line = 8192; // bytes; a longer one is broken in two

    void add(std::string_view bytes) { buffer_ += bytes; }
    // Takes out the lines that are complete, each with one LF at its end, whether it was sent with LF or CR
    // LF.
    std::string take_lines();
    // Whether one of the lines taken since the last call had the bell before it, which is not a part of it.
    bool take_bell() { return std::exchange(rings_, false); }
    // What follows them, as a prompt does: less a character, or a CR LF, of which a part has yet to
    // come.
    std::string rest() const;
    // The same, and takes it out.
    std::string take_rest();

private:
    std::size_t rest_size() const;
    std::string buffer_; // as it came
    bool rings_ = false;
};

} // namespace chatd
