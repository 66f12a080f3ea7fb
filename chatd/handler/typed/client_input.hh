// SPDX-License-Identifier: ISC
// The lines that one client has sent, and how far its bytes have been dealt with, which chat(1) is told. Run
// by handlers, which trust nothing the client sends.
#pragma once

#include "chatd/handler/typed/client_output.hh"
#include "common/line_reader.hh"

#include <cstdint>
#include <optional>

namespace chatd {

class ClientInput {
public:
    // Reads from the client of output, which must outlive it.
    explicit ClientInput(ClientOutput& output) : output_(output), client_(output.client()) {}

    // One read of the client's socket; whether anything came. Throws Gone.
    bool read();
    // Goes over to the dialect that the client turned out to speak, if it did; whether it did.
    bool change_dialect();
    bool wants_more() const { return client_.wants_more(output_.dialect()); }
    void set_ready() { client_.set_ready(); }
    bool has_ended() const { return client_.has_ended(); } // what came before may still wait in lines

    std::optional<common::Line> next_line();
    // The line that was taken last, to be taken again: it has to wait.
    void put_back(common::Line line);
    // Throws away what the client has sent and was not taken: it answers questions that are not asked now.
    // False when there was nothing. Throws Gone.
    bool drop();
    bool has_lines() const { return held_ || output_.dialect().has_lines(); } // or what may be one yet

    // The client's bytes up to the end of the line that was taken last, or as hold_count says.
    std::uint64_t dealt_with() const { return held_count_.value_or(dealt_with_); }
    // All that was taken is dealt with, also what ends the last line, but for a line that was put back.
    void settle_count();
    // How far that was when it was said last: what was taken since may wait for an answer.
    std::uint64_t settled() const { return settled_; }
    void count_from(std::uint64_t bytes);
    // The line that was taken last and those that follow are only collected: if the connection breaks they
    // have to come again. Until release_count.
    void hold_count() { held_count_ = dealt_before_; }
    void release_count() { held_count_.reset(); }

private:
    std::uint64_t taken() const;

    ClientOutput& output_;
    ClientSocket& client_;
    std::optional<common::Line> held_; // the line that was put back
    std::uint64_t held_end_ = 0;
    std::uint64_t dealt_with_ = 0, dealt_before_ = 0; // before: the last line was taken
    std::uint64_t settled_ = 0;
    std::optional<std::uint64_t> held_count_;
};

} // namespace chatd
