// SPDX-License-Identifier: ISC
#include "ftpd/session/tree.hh"

#include "common/entry_type.hh"
#include "common/errors.hh"
#include "common/rename.hh"
#include "common/text.hh"
#include "ftpd/path.hh"
#include "ftpd/session/refusal.hh"
#include "ftpd/session/sorted_names.hh"

#include <algorithm>
#include <array>
#include <cerrno>
#include <dirent.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <memory>
#include <system_error>
#include <unistd.h>

using namespace common;

namespace ftpd {
namespace {

constexpr std::size_t max_sorted = 10000; // names of a directory that are held and sorted at once
constexpr std::size_t max_entries = 500;  // that are handed on at once: the client reads on meanwhile

struct stat status_of(int fd) {
    struct stat status {};
    checked("stat", {}, [&] { return ::fstat(fd, &status); });
    return status;
}

// The status of the entry's name, without following a link; false, with errno, when there is none to be had.
bool look_at(int directory, Entry& entry) {
    if (::fstatat(directory, entry.name.c_str(), &entry.status, AT_SYMLINK_NOFOLLOW) != 0) return false;
    if (!S_ISLNK(entry.status.st_mode)) return true;
    std::array<char, 4096> target; // not filled: most entries are not links
    const ssize_t length = ::readlinkat(directory, entry.name.c_str(), target.data(), target.size());
    if (length > 0) entry.link_target.assign(target.data(), static_cast<std::size_t>(length));
    return true;
}

bool is_enough(Detail detail, mode_t type) {
    return detail == Detail::names || (detail == Detail::types && type != 0 && !S_ISLNK(type));
}

// Hands on the names in their order, with what is known of each, and forgets them. The entries of one batch
// are those of the next, for their memory.
void hand_on(int directory, SortedNames& names, Detail detail, const Tree::OnBatch& on_batch) {
    std::vector<Entry> entries(std::min(names.size(), max_entries));
    std::size_t count = 0;
    names.for_each([&](std::string_view name, mode_t type) {
        Entry& entry = entries[count];
        entry.name = name;
        entry.link_target.clear();
        entry.unknown = 0;
        entry.status.st_mode = type;
        if (!is_enough(detail, type) && !look_at(directory, entry)) {
            entry.unknown = errno;
            if (errno == ENOENT) return; // just gone
        }
        if (++count < entries.size()) return;
        on_batch(entries);
        count = 0;
    });
    if (count > 0) on_batch(std::span{entries}.first(count));
    names.clear();
}

void rename_over(const Place& from, const Place& to) {
    checked("rename", from.name, [&] {
        return ::renameat(from.directory.get(), from.name.c_str(), to.directory.get(), to.name.c_str());
    });
}

// shown: the new name. Where the system cannot do it to a folder, one that comes meanwhile is replaced if it
// is empty.
void rename_to_free(const Place& from, const Place& to, std::string_view shown) {
    const Renamed renamed = rename_if_free(from.directory.get(), from.name, to.directory.get(), to.name);
    if (renamed == Renamed::done) return;
    Entry moved{from.name, {}, {}}, present{to.name, {}, {}};
    if (renamed == Renamed::taken || look_at(to.directory.get(), present))
        throw Refusal{550, text(escape(shown), " exists already: you may not replace it.")};
    if (!look_at(from.directory.get(), moved)) fail("look at", from.name);
    if (!S_ISDIR(moved.status.st_mode))
        throw Refusal{550, "This file system gives no new name without the right to replace files."};
    rename_over(from, to);
}

std::string directory_of(std::string_view path) {
    const std::size_t slash = path.rfind('/');
    return slash == 0 ? "/" : std::string{path.substr(0, slash)};
}

} // namespace

OpenFile Tree::open_file(std::string_view path) const {
    OpenFile file{open_beneath(root_.get(), path, O_RDONLY | O_NONBLOCK | O_NOCTTY)};
    file.status = status_of(file.fd.get());
    if (S_ISDIR(file.status.st_mode))
        throw Refusal{550, text(escape(path), " is a directory: list it, or get a file in it.")};
    if (!S_ISREG(file.status.st_mode)) throw Refusal{550, text(escape(path), " is not a regular file.")};
    return file;
}

Fd Tree::open_directory(std::string_view path, Detail detail) const {
    Fd directory = open_beneath(root_.get(), path, O_RDONLY | O_DIRECTORY);
    // Without that every entry would be unknown.
    if (detail != Detail::names)
        checked("search", path, [&] { return ::faccessat(directory.get(), ".", X_OK, 0); });
    return directory;
}

Fd Tree::enter_directory(std::string_view path) const {
    Fd directory = open_beneath(root_.get(), path, open_for_search | O_DIRECTORY);
    // Where that only finds it (O_PATH), looking into it is what needs the permission.
    checked("enter", path, [&] { return ::faccessat(directory.get(), ".", X_OK, 0); });
    return directory;
}

struct stat Tree::status(std::string_view path) const {
    if (path == "/") return status_of(root_.get());
    if (const Entry named = entry(path); !S_ISLNK(named.status.st_mode)) return named.status;
    // A link may lead to a directory that has no name of its own below: the top.
    try {
        return status_of(enter_directory(path).get());
    } catch (const std::system_error& error) {
        if (error.code().value() != ENOTDIR && error.code().value() != EACCES) throw;
    }
    const Place found = place(path, LastLink::follow);
    struct stat status {};
    checked("stat", {}, [&] {
        return ::fstatat(found.directory.get(), found.name.c_str(), &status, AT_SYMLINK_NOFOLLOW);
    });
    return status;
}

Entry Tree::entry(std::string_view path) const {
    if (path == "/") return {"/", status_of(root_.get()), {}};
    const Place found = place(path, LastLink::keep);
    Entry entry{found.name, {}, {}};
    if (!look_at(found.directory.get(), entry)) fail("look at", found.name);
    return entry;
}

struct stat Tree::target_status(std::string_view path, const Entry& entry) const {
    if (!S_ISLNK(entry.status.st_mode)) return entry.status;
    try {
        return status(path);
    } catch (const std::system_error&) {
        return entry.status;
    }
}

Place Tree::place(std::string_view path, LastLink last) const {
    return place_beneath(root_.get(), path, last);
}

void Tree::make_directory(std::string_view path) const {
    if (path == "/") fail_with(EEXIST, "make a directory");
    const Place made = place(path, LastLink::keep);
    checked("make a directory", {}, [&] { return ::mkdirat(made.directory.get(), made.name.c_str(), 0777); });
}

void Tree::remove_directory(std::string_view path) const {
    if (path == "/") throw Refusal{550, "The root folder cannot be changed."};
    const Place gone = place(path, LastLink::keep);
    checked("remove", {}, [&] { return ::unlinkat(gone.directory.get(), gone.name.c_str(), AT_REMOVEDIR); });
}

void Tree::remove_file(std::string_view path) const {
    const Entry found = entry(path);
    if (S_ISDIR(found.status.st_mode))
        throw Refusal{550, text(escape(path), " is a directory: RMD removes it.")};
    const Place gone = place(path, LastLink::keep);
    checked("remove", {}, [&] { return ::unlinkat(gone.directory.get(), gone.name.c_str(), 0); });
}

bool Tree::rename(std::string_view from, std::string_view to, bool may_replace) const {
    if (from == "/" || to == "/") throw Refusal{550, "The root folder cannot be changed."};
    const Place old_place = place(from, LastLink::keep), new_place = place(to, LastLink::keep);
    try {
        if (may_replace)
            rename_over(old_place, new_place);
        else
            rename_to_free(old_place, new_place, to);
        return true;
    } catch (const std::system_error& error) {
        if (error.code().value() == EXDEV) return false;
        if (error.code().value() != EINVAL) throw;
        throw Refusal{550, text("A directory cannot be moved into itself: ", escape(to), '.')};
    }
}

void Tree::set_modification_time(std::string_view path, std::time_t when) const {
    const Place changed = place(path, LastLink::follow);
    std::array<timespec, 2> times{}; // of access and of modification
    times[0].tv_nsec = UTIME_OMIT;
    times[1].tv_sec = when;
    checked("set the time", {}, [&] {
        return ::utimensat(changed.directory.get(), changed.name.c_str(), times.data(), AT_SYMLINK_NOFOLLOW);
    });
}

void Tree::change_mode(std::string_view path, mode_t mode) const {
    const mode_t kind = status(path).st_mode; // to open a device may move a tape
    if (!S_ISREG(kind) && !S_ISDIR(kind))
        throw Refusal{550, text(escape(path), " is neither a regular file nor a directory.")};
    // By name it could be a link by now, which fchmodat(2) would follow out of the tree.
    const Fd file = open_beneath(root_.get(), path, O_RDONLY | O_NONBLOCK | O_NOCTTY);
    checked("change the mode", {}, [&] { return ::fchmod(file.get(), mode); });
}

void Tree::list(std::string_view path, Detail detail, const OnBatch& on_batch) const {
    Fd fd = open_directory(path, detail);
    const std::unique_ptr<DIR, int (*)(DIR*)> stream{::fdopendir(fd.get()), ::closedir};
    if (!stream) fail("list", path);
    const int directory = fd.release(); // the stream owns it now
    SortedNames names;
    for (;;) {
        errno = 0;
        const dirent* const found = ::readdir(stream.get());
        if (found == nullptr && errno != 0) fail("list", path);
        if (found == nullptr) break;
        const std::string_view name = found->d_name;
        if (name == "." || name == ".." || names_->refuse(name)) continue;
        names.add(name, type_of(*found));
        if (names.size() == max_sorted) hand_on(directory, names, detail, on_batch);
    }
    hand_on(directory, names, detail, on_batch);
}

Selection::Selection(const Tree& tree, std::string path, Detail detail, Exact exact)
    : tree_(tree), path_(std::move(path)), detail_(detail), kind_(look(exact)) {
    // Refused now, and not in the middle of an answer.
    if (kind_ != Kind::file) tree_.open_directory(folder(), detail_);
}

Selection::Kind Selection::look(Exact exact) const {
    const std::string_view name = last_component(path_);
    const bool may_be_pattern = name.find_first_of("*?[") != name.npos;
    const bool has_too_many_stars = static_cast<std::size_t>(std::ranges::count(name, '*')) > max_stars;
    try {
        const Entry named = tree_.entry(path_);
        if (S_ISDIR(tree_.target_status(path_, named).st_mode)) return Kind::directory;
        return may_be_pattern && !has_too_many_stars && exact == Exact::among_matches ? Kind::pattern
                                                                                      : Kind::file;
    } catch (const std::system_error& error) {
        if (error.code().value() != ENOENT || !may_be_pattern) throw;
    }
    if (has_too_many_stars) throw Refusal{501, text("A pattern may have ", max_stars, " stars.")};
    return Kind::pattern;
}

std::string Selection::folder() const { return kind_ == Kind::directory ? path_ : directory_of(path_); }

void Selection::list(const Tree::OnBatch& on_batch) const {
    if (is_file()) {
        const Entry alone = tree_.entry(path_);
        return on_batch({&alone, 1});
    }
    if (!is_pattern()) return tree_.list(path_, detail_, on_batch);
    const std::string pattern{last_component(path_)};
    tree_.list(folder(), detail_, [&](std::span<const Entry> entries) {
        std::vector<Entry> matching;
        for (const Entry& entry : entries)
            if (entry.name == pattern || ::fnmatch(pattern.c_str(), entry.name.c_str(), FNM_PERIOD) == 0)
                matching.push_back(entry);
        on_batch(matching);
    });
}

} // namespace ftpd
