// SPDX-License-Identifier: ISC
// The folders that fcp makes below a target: whatever names a server sends, and whatever links lie there,
// nothing is reached outside of it. Run by fcp.
#pragma once

#include "ftpd/fcp/local_target.hh"

#include <memory>
#include <string>
#include <vector>

namespace ftpd {

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
    // The same; the folder is made if it is not there.
    static LocalTree make_at(const std::string& path);

    const FolderPtr& top() const { return top_; }
    // Makes it in its parent, unless it is there. Throws std::system_error: ENOTDIR or ELOOP where a file or
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

// How many folders stand above it, and whether one of them is the same on the server.
std::size_t depth_of(const LocalTree::Folder& folder);
bool is_loop(const LocalTree::Folder& folder);

} // namespace ftpd
