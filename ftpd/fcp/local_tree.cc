// SPDX-License-Identifier: ISC
#include "ftpd/fcp/local_tree.hh"

#include "common/errors.hh"
#include "common/text.hh"
#include "ftpd/fcp/remote_name.hh"
#include "ftpd/fcp/walk_limits.hh"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <dirent.h>
#include <fcntl.h>
#include <memory>
#include <optional>
#include <sys/stat.h>

using namespace common;

namespace ftpd {
namespace {

class Walk {
public:
    Walk(std::vector<LocalItem>& items, Links links, const OnProblem& on_problem)
        : items_(items), follows_(links == Links::followed), on_problem_(on_problem) {}

    // Of a folder, all below it.
    void enter(const std::string& path, const std::string& relative, const struct stat& status) {
        const auto is_same = [&](const struct stat& above) {
            return above.st_dev == status.st_dev && above.st_ino == status.st_ino;
        };
        if (std::ranges::any_of(above_, is_same)) return on_problem_(path, std::string{leads_back});
        if (follows_ && !visits_.enter(text(status.st_dev, ' ', status.st_ino)))
            return on_problem_(path, std::string{met_too_often});
        const auto names = names_in(path);
        if (!names) return;
        items_.push_back({path, relative, status});
        above_.push_back(status);
        for (const std::string& name : *names) look(join_path(path, name), join_path(relative, name));
        above_.pop_back();
    }

private:
    void look(const std::string& path, const std::string& relative) {
        struct stat status {};
        const int looked = follows_ ? ::stat(path.c_str(), &status) : ::lstat(path.c_str(), &status);
        if (looked != 0) return on_problem_(path, std::strerror(errno));
        if (S_ISLNK(status.st_mode)) return on_problem_(path, std::string{link_left_out});
        if (S_ISDIR(status.st_mode)) return enter(path, relative, status);
        if (!S_ISREG(status.st_mode)) return on_problem_(path, "is neither a file nor a folder: left out");
        items_.push_back({path, relative, status});
    }

    std::optional<std::vector<std::string>> names_in(const std::string& path) {
        const std::unique_ptr<DIR, int (*)(DIR*)> stream{::opendir(path.c_str()), ::closedir};
        if (!stream) return on_problem_(path, std::strerror(errno)), std::nullopt;
        std::vector<std::string> names;
        for (;;) {
            errno = 0;
            const dirent* const found = ::readdir(stream.get());
            if (found == nullptr) break;
            const std::string_view name = found->d_name;
            if (name != "." && name != "..") names.emplace_back(name);
        }
        if (errno != 0) on_problem_(path, std::strerror(errno));
        std::ranges::sort(names);
        return names;
    }

    std::vector<LocalItem>& items_;
    bool follows_; // links
    Visits visits_;
    const OnProblem& on_problem_;
    std::vector<struct stat> above_; // the folders that we are in
};

constexpr int to_enter = O_RDONLY | O_DIRECTORY | O_CLOEXEC;

} // namespace

std::vector<LocalItem> walk(const std::string& path, bool recursive, Links links,
                            const OnProblem& on_problem) {
    std::vector<LocalItem> items;
    struct stat status {};
    if (path != "-" && ::stat(path.c_str(), &status) != 0)
        on_problem(path, std::strerror(errno));
    else if (!S_ISDIR(status.st_mode))
        items.push_back({path, "", status});
    else if (!recursive)
        on_problem(path, "is a folder: -r copies it");
    else
        Walk{items, links, on_problem}.enter(path, "", status);
    return items;
}

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

bool is_loop(const LocalTree::Folder& folder) {
    if (folder.unique.empty()) return false;
    for (const LocalTree::Folder* above = folder.parent.get(); above != nullptr; above = above->parent.get())
        if (above->unique == folder.unique) return true;
    return false;
}

} // namespace ftpd
