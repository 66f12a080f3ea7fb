// SPDX-License-Identifier: ISC
#include "ftpd/fcp/local_tree.hh"

#include "common/errors.hh"
#include "common/text.hh"

#include <fcntl.h>
#include <sys/stat.h>

using namespace common;

namespace ftpd {
namespace {

constexpr int to_enter = O_RDONLY | O_DIRECTORY | O_CLOEXEC;

} // namespace

LocalTree::LocalTree(const std::string& path)
    : path_(path),
      top_fd_(
          std::make_shared<const Fd>(checked("open", path, [&] { return ::open(path.c_str(), to_enter); }))) {
}

LocalTree LocalTree::make_at(const std::string& path) {
    if (::mkdir(path.c_str(), 0777) != 0 && errno != EEXIST) fail("make the folder", path);
    return LocalTree{path};
}

void LocalTree::make(const FolderPtr& folder) {
    if (!folder->parent) return;
    const SharedFd parent = open(folder->parent);
    if (::mkdirat(parent->get(), folder->name.c_str(), 0777) != 0 && errno != EEXIST)
        fail("make the folder", path_of(folder));
    open(folder);
}

SharedFd LocalTree::open(const FolderPtr& folder) {
    if (!folder->parent) return top_fd_;
    if (folder == last_) return last_fd_;
    const SharedFd parent = open(folder->parent);
    last_fd_ = std::make_shared<const Fd>(checked("enter", path_of(folder), [&] {
        return ::openat(parent->get(), folder->name.c_str(), to_enter | O_NOFOLLOW);
    }));
    last_ = folder;
    return last_fd_;
}

std::string LocalTree::path_of(const FolderPtr& folder, std::string_view name) const {
    std::string path = folder->parent ? path_of(folder->parent, folder->name) : path_;
    if (!name.empty()) path.append(path.empty() || path.back() == '/' ? "" : "/").append(name);
    return path;
}

void LocalTree::keep_facts(const FolderPtr& folder, const KeptFacts& kept) {
    set_facts(*open(folder), kept, path_of(folder));
}

std::size_t depth_of(const LocalTree::Folder& folder) {
    std::size_t depth = 0;
    for (const LocalTree::Folder* above = folder.parent.get(); above != nullptr; above = above->parent.get())
        ++depth;
    return depth;
}

bool is_loop(const LocalTree::Folder& folder) {
    if (folder.unique.empty()) return false;
    for (const LocalTree::Folder* above = folder.parent.get(); above != nullptr; above = above->parent.get())
        if (above->unique == folder.unique) return true;
    return false;
}

} // namespace ftpd
