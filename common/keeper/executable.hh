// SPDX-License-Identifier: ISC
// The file of a program that is to be executed: the one that is running, as it was at its start, or the one
// that stands at the same path now. Run by the keeper.
#pragma once

#include "common/fd.hh"

#include <chrono>
#include <optional>
#include <span>
#include <string>
#include <sys/stat.h>
#include <vector>

namespace common {

// How this process was started: by which path, with which arguments, in which folder, with which priority.
// Made before anything changes that.
class Invocation {
public:
    // Of main(). The path is the first argument; if that has no slash, what the system has executed, or,
    // where it does not tell, what the shell would find in PATH. priority: what the daemon was started with,
    // if this process is executed in it and has another.
    explicit Invocation(std::span<char* const> arguments, std::optional<int> priority = {});

    const std::string& path() const { return path_; } // absolute; without a slash it was not found
    const std::vector<std::string>& arguments() const { return arguments_; } // the first is the path
    int priority() const { return priority_; }                               // -20 to 19
    // Into the folder where it was started, as far as that can be: relative names in the arguments mean then
    // what they meant.
    void go_back() const;

private:
    std::string path_;
    std::vector<std::string> arguments_;
    Fd folder_;
    int priority_;
};

class Executable {
public:
    // What stands at the path now. Throws std::system_error, and UserError for what is no file or was not
    // found.
    explicit Executable(std::string path);
    // What stood there when it was opened.
    Executable(std::string path, Fd opened);

    const std::string& path() const { return path_; }
    int fd() const { return fd_.get(); } // close-on-exec; -1: it may not be read
    // Whether the path still leads to this file, and nobody has written to it.
    bool is_at_path() const;
    // Becomes this file, though another may stand at the path by now, if it may be read; with these arguments
    // and the environment as it is. busy: so long it is tried again while somebody has it open for writing,
    // execve(2), ETXTBSY. Throws std::system_error when it cannot.
    [[noreturn]] void execute(const std::vector<std::string>& arguments,
                              std::chrono::milliseconds busy = {}) const;

private:
    std::string path_;
    Fd fd_;
    struct stat found_ {};
};

} // namespace common
