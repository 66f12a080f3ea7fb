// SPDX-License-Identifier: ISC
// The transfer log (xferlog): a line for each file that a session has moved, in full and once, also if the
// parent dies while it writes. Run by the parent.
#pragma once

#include "common/fd.hh"
#include "ftpd/frames.hh"

#include <cstddef>
#include <cstdint>
#include <ctime>
#include <string>

namespace ftpd {

// "Sat Nov 21 10:20:17 2026 1 127.0.0.1 12 /README.txt b _ o a anonymous ftp 0 * c", with its line end. Time
// in the server's zone, whole seconds, at least 1; in names, blanks and what is not visible ASCII become `_'.
std::string format_xferlog(const Transfer& transfer, const std::string& host, std::time_t now);

// A transfer as all sessions together know it.
struct TransferId {
    std::uint64_t session = 0; // its pid; 0: none
    std::uint64_t number = 0;
    bool operator==(const TransferId&) const = default;
};

// What is known of the line that is being written, in memory that outlives the process
// (ftpd/parent/kept_pages.hh). A death can come between any two of its words: session is the last that is set
// and the first that is unset.
struct XferlogJournal {
    std::uint64_t session = 0, number = 0; // whose line; session 0: none is under way
    std::uint64_t device = 0, file = 0;    // where
    std::uint64_t size = 0, length = 0;    // bytes: of the file before, and of the line
    std::uint64_t is_torn = 0;             // the file ends in a line of which the disk has taken a part
};

// The transfer log in the format that wu-ftpd's xferlog(5) gave its name to, which tools that count transfers
// read.
class Xferlog {
public:
    // Where a process before this one has died over a line, that either stands there whole now, which has()
    // tells, or what stands of it is cut off. journal must outlive this.
    Xferlog(common::Fd file, XferlogJournal& journal);
    // The file to append to, which is made with mode 0640. Neither this nor write waits, whatever it is: a
    // FIFO needs a reader (ENXIO). Throws std::system_error.
    static common::Fd open(const std::string& path);

    // One write per line. After one of which only a part fitted, the next begins a new line. Until settle()
    // it is under way: the session may say of it again. Throws std::system_error.
    void write(TransferId id, const Transfer& transfer, const std::string& host);
    // The session will not say of it again.
    void settle();
    // Whether this one is written, by this process or the one before, and not settled.
    bool has(TransferId id) const { return id == written_; }

private:
    void look_at_last_line(std::uint64_t size);

    common::Fd file_;
    XferlogJournal& journal_;
    TransferId written_; // and not settled
};

} // namespace ftpd
