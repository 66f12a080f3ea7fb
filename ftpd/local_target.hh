// SPDX-License-Identifier: ISC
// Where fcp writes what it fetches. A file appears under its name when it is complete and not before: until
// then it has a temporary name beside it, which is removed however else the program ends (but SIGKILL).
#pragma once

#include "common/fd.hh"

#include <string>
#include <string_view>

namespace ftpd {

class LocalTarget {
public:
    // "-": standard output. What is there and no regular file (a FIFO, /dev/null) is written to as it is; the
    // file that a symbolic link leads to is replaced, not the link. One target at a time in a process. Throws
    // std::system_error.
    explicit LocalTarget(const std::string& path);
    ~LocalTarget();
    LocalTarget(const LocalTarget&) = delete;
    LocalTarget& operator=(const LocalTarget&) = delete;

    void write(std::string_view bytes);
    // The name appears, or the file under it is replaced and keeps its permissions.
    void complete();

private:
    void open_temporary();

    std::string path_;
    std::string temporary_; // empty: none
    common::Fd file_;       // standard output's own is borrowed
};

} // namespace ftpd
