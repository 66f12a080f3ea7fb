// SPDX-License-Identifier: ISC
// The folders of this side: what there is to send of a local path, and those that fcp makes below a target.
// Run by fcp.
#pragma once

#include "ftpd/fcp/local_target.hh"

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <sys/stat.h>
#include <vector>

namespace ftpd {

// What there is to send of a local path: the file, or a folder and all below it.
struct LocalItem {
    std::string path;     // to open it by
    std::string relative; // below what was named; empty: that itself
    struct stat status {};

    bool is_folder() const { return S_ISDIR(status.st_mode); }
};

// In an order in which folders come before what is in them, and each folder's entries by name. Something
// that is neither is given only if it was named itself. A link that was named itself is followed, one that is
// met below it only if links says so, never around in a circle and within Visits. on_problem: for
// each path that cannot be read or sent, which is skipped.
enum class Links { left_out, followed };
using OnProblem = std::function<void(const std::string& path, const std::string& why)>;
std::vector<LocalItem> walk(const std::string& path, bool recursive, Links links,
                            const OnProblem& on_problem);

// The folders that fcp makes below a target: whatever names a server sends, and whatever links lie there,
// nothing is reached outside of it.
class LocalTree {
public:
    struct Folder {
        std::shared_ptr<const Folder> parent; // none: this is the top
        std::string name;                     // a plain one
        std::string unique;                   // of the server's folder, to see loops by
    };
    using FolderPtr = std::shared_ptr<const Folder>;

    // path: of the top, which must be a folder, or a link to one. Throws std::system_error.
    explicit LocalTree(const std::string& path);
    // The same; the folder is created if it does not exist.
    static LocalTree make_at(const std::string& path);

    const FolderPtr& top() const { return top_; }
    // Makes it in its parent, unless it exists. Throws std::system_error: ENOTDIR or ELOOP where a file or
    // a link has its name, which is not followed.
    void make(const FolderPtr& folder);
    SharedFd open(const FolderPtr& folder);
    // The local path, for messages.
    std::string path_of(const FolderPtr& folder, std::string_view name = {}) const;
    // Of a folder that is complete.
    void keep_facts(const FolderPtr& folder, const KeptFacts& kept);

private:
    std::string path_;
    SharedFd top_fd_;
    FolderPtr top_ = std::make_shared<Folder>();
    FolderPtr last_; // that was opened, and its descriptor: files come folder by folder
    SharedFd last_fd_;
};

// Whether one of the folders above it is the same on the server.
bool is_loop(const LocalTree::Folder& folder);

} // namespace ftpd
