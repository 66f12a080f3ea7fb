// SPDX-License-Identifier: ISC
// A file that holds a daemon's process number for as long as it runs (the `pid-file' directive). Made by the
// process that has the state's lock, so that of two daemons the second leaves the first one's alone.
#pragma once

#include <string>
#include <sys/types.h>

namespace common {

// Throws UserError unless path is absent, empty, or a file that holds a process number.
void check_pid_file(const std::string& path);

class PidFile {
public:
    // Writes this process's number, with mode 0644, in one step; an older number is replaced. The empty path
    // is none. Throws UserError when path is a file that holds something else, or no file.
    explicit PidFile(std::string path);
    ~PidFile(); // removes it, in the process that wrote it, if it still holds this number
    PidFile(const PidFile&) = delete;
    PidFile& operator=(const PidFile&) = delete;

private:
    std::string path_;
    pid_t pid_;
};

} // namespace common
