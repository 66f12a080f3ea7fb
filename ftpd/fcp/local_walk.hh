// SPDX-License-Identifier: ISC
// What there is to send of a local path: the file, or a folder and all below it. Symbolic links are followed,
// as scp -r does, but never around in a circle. Run by fcp.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <sys/stat.h>
#include <vector>

namespace ftpd {

struct LocalItem {
    std::string path;     // to open it by
    std::string relative; // below what was named; empty: that itself
    struct stat status {};

    bool is_folder() const { return S_ISDIR(status.st_mode); }
};

// In an order in which folders come before what is in them, and each folder's entries by name. What is no
// regular file or folder is given only where it was named itself. on_problem: for each path that cannot be
// read or sent, which is left out.
using OnProblem = std::function<void(const std::string& path, const std::string& why)>;
std::vector<LocalItem> walk(const std::string& path, bool recursive, const OnProblem& on_problem);

} // namespace ftpd
