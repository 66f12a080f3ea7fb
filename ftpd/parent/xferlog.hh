// SPDX-License-Identifier: ISC
// The transfer log in the format that wu-ftpd's xferlog(5) gave its name to, which tools that count transfers
// read. Run by the parent; what clients sent is made harmless here.
#pragma once

#include "common/fd.hh"
#include "ftpd/frames.hh"

#include <ctime>
#include <string>

namespace ftpd {

// "Sat Nov 21 10:20:17 2026 1 127.0.0.1 12 /README.txt b _ o a anonymous ftp 0 * c", with its line end. Time
// in the server's zone, whole seconds, at least 1; in names, blanks and what is no visible ASCII become `_'.
std::string format_xferlog(const Transfer& transfer, const std::string& host, std::time_t now);

class Xferlog {
public:
    // Opens the file to append to, or makes it with mode 0640. Throws std::system_error.
    explicit Xferlog(std::string path);

    // One write a line. Throws std::system_error.
    void write(const Transfer& transfer, const std::string& host);
    // The file of this name now: a log that was rotated. Throws as the constructor, and keeps the old one
    // then.
    void reopen();

private:
    std::string path_;
    common::Fd file_;
};

} // namespace ftpd
