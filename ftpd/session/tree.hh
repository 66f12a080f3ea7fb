// SPDX-License-Identifier: ISC
// The served tree: files and directories beneath one directory descriptor, by absolute paths of the tree
// (ftpd/path.hh), and what the argument of a listing selects of it. Whatever a path or a link in it says,
// nothing outside is reached (common/beneath.hh). Run by the session. Throws std::system_error for what the
// system refuses and Refusal for what we do.
#pragma once

#include "common/beneath.hh"
#include "common/fd.hh"
#include "ftpd/access.hh"

#include <ctime>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <sys/stat.h>

namespace ftpd {

struct OpenFile {
    common::Fd fd;
    struct stat status {};
};

// Which file it is, whatever its name.
struct FileId {
    dev_t device = 0;
    ino_t inode = 0;
    bool operator==(const FileId&) const = default;
};
inline FileId id_of(const struct stat& status) { return {status.st_dev, status.st_ino}; }

// A name in a directory and what is known of it.
struct Entry {
    std::string name;
    struct stat status {};   // of the link itself, if it is one; as far as the listing's Detail goes
    std::string link_target; // where a symbolic link points, as it is written
    int unknown = 0;         // errno: why nothing but the name is known; 0: all is
};

// How much of each entry a listing needs.
enum class Detail {
    names, // which the permission to read the directory tells
    types, // in status.st_mode, where it says no more than that; of a link all. It must be searched, too
    all,
};

class Tree {
public:
    using OnBatch = std::function<void(std::span<const Entry>)>;

    Tree(common::Fd root, const NamePolicy& names) : root_(std::move(root)), names_(&names) {}

    // A regular file, for reading; opened without blocking, so that no FIFO or device holds the session.
    OpenFile open_file(std::string_view path) const;
    common::Fd open_directory(std::string_view path, Detail detail) const; // for listing
    common::Fd enter_directory(std::string_view path) const; // needs only the permission to search it
    // Of what the path leads to, links followed; of the path's own entry.
    struct stat status(std::string_view path) const;
    Entry entry(std::string_view path) const;
    // What the entry at path leads to: its own status where it is no link, or one that leads nowhere.
    struct stat target_status(std::string_view path, const Entry& entry) const;

    common::Place place(std::string_view path, common::LastLink last) const;

    void make_directory(std::string_view path) const;
    void remove_directory(std::string_view path) const;
    void remove_file(std::string_view path) const;
    // Onto a name that is free at that very moment; may_replace: or onto a file or an empty directory, as
    // rename(2) does. False where the two are on different file systems, and nothing was done.
    [[nodiscard]] bool rename(std::string_view from, std::string_view to, bool may_replace) const;
    void set_modification_time(std::string_view path, std::time_t when) const;
    // mode: the nine bits of permissions. The server's user must be able to open the file.
    void change_mode(std::string_view path, mode_t mode) const;

    // Calls on_batch for the entries of a directory, sorted by name within each 10,000, in batches of at most
    // 500, so that a directory of any size is listed whole from bounded memory. `.', `..' and names that
    // clients may not use are skipped. An entry that cannot be looked at comes with the reason.
    void list(std::string_view path, Detail detail, const OnBatch& on_batch) const;

    int root() const { return root_.get(); }
    const NamePolicy& names() const { return *names_; }

private:
    common::Fd root_;
    const NamePolicy* names_; // of the settings
};

// What the argument of LIST, NLST, LS or STAT names: a directory's entries, one file (or a link that leads
// nowhere), or the entries that match it as a shell pattern, which the `mget' of FTP clients sends. Only the
// last component is a pattern.
class Selection {
public:
    static constexpr std::size_t max_stars = 3; // fnmatch(3) may take time exponential in them

    // What a name with the characters of a pattern is where a file has that very name: that file alone, for
    // programs that were told the name, or one of those that match. A directory of that name is always
    // itself.
    enum class Exact { alone, among_matches };

    // path: absolute, of the tree (ftpd/path.hh). Throws what Tree does for a name that does not exist or
    // may not be listed, and Refusal (501) for a pattern with too many stars.
    Selection(const Tree& tree, std::string path, Detail detail, Exact exact = Exact::among_matches);

    // As Tree::list; one batch for a file.
    void list(const Tree::OnBatch& on_batch) const;

    bool is_file() const { return kind_ == Kind::file; }
    bool is_pattern() const { return kind_ == Kind::pattern; }
    const std::string& path() const { return path_; }
    std::string folder() const; // that the entries are in

private:
    enum class Kind { directory, file, pattern };
    Kind look(Exact exact) const;

    const Tree& tree_;
    std::string path_;
    Detail detail_;
    Kind kind_;
};

} // namespace ftpd
