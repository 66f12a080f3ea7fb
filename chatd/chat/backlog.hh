// SPDX-License-Identifier: ISC
// What was typed for a server of chatd and is not dealt with yet, over all the connections that chat takes:
// as long as our place can be taken again, it is sent once more; what was typed in a place that is lost is
// held until we are inside again. Run by chat; works on bytes.
#pragma once

#include "chatd/terminal/session_option.hh"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace chatd {

class Backlog {
public:
    static constexpr std::size_t max_bytes = 65536; // ahead of the server; then nothing more is taken

    std::size_t size() const { return undealt_.size() + held_.size(); }
    bool is_empty() const { return size() == 0; }
    bool has_room() const { return size() < max_bytes; }

    // Typed on this connection, and sent.
    void add(std::string_view keys) { undealt_ += keys; }
    // Typed while there is no connection.
    void keep(std::string_view keys) { (has_place_ ? undealt_ : held_) += keys; }
    // Typed too early: kept until it can be said.
    void hold(std::string_view keys) { held_ += keys; }
    std::string take_held();
    // Takes the first line of what is held, without its end; no value while it is incomplete. has_ended:
    // nothing more will come.
    std::optional<std::string> take_line(bool has_ended);
    bool holds_nothing() const { return held_.empty(); }

    // We are inside: what is typed is said here, whatever becomes of the connection.
    void take_place() { has_place_ = true; }
    bool has_place() const { return has_place_; }
    // The server has dealt with what the mark says; after a loss of the place that tells what of the rest
    // stands in the logs.
    void note_mark(const Mark& mark);
    // The place was lost, and this line stands in the log: if it is ours, it is not said again, nor what came
    // before it. are_keys: what was typed are keys, of which some only make a line.
    void drop_said(const SaidLine& line, bool are_keys);

    // The place is lost. keeps: what was not dealt with is said when we are inside again; else it is dropped.
    void lose_place(bool keeps);

    // The server has dealt with so many bytes, counted from when the place was taken.
    void deal_with(std::uint64_t bytes);
    // So many bytes make the line that is being typed, and so do these keys, which do not depend on what was
    // typed before.
    void note_line(std::uint64_t end, std::string_view keys);
    // The place is ours again, and the server has dealt with so many bytes: what is to be sent once more. The
    // server counts on from there, also where it had told of more before: of what it alone had dealt with.
    const std::string& take_up(std::uint64_t bytes);

private:
    std::uint64_t dealt_ = 0;
    std::string undealt_;        // after what was dealt with, as far as it was sent or can be
    std::uint64_t line_end_ = 0; // 0: no line was noted
    std::string line_keys_;
    std::string held_;
    std::size_t doubtful_ = 0; // bytes of what is held: they were sent, and may have been said
    Mark mark_;
    bool has_place_ = false;
};

} // namespace chatd
