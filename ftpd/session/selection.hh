// SPDX-License-Identifier: ISC
// What the argument of LIST, NLST, LS or STAT names: a directory's entries, one file, or, where nothing has
// that name, the entries that match it as a shell pattern, which the `mget' of FTP clients sends. Only the
// last component is a pattern. Run by the session.
#pragma once

#include "ftpd/session/tree.hh"

#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace ftpd {

class Selection {
public:
    static constexpr std::size_t most_stars = 3; // fnmatch(3) may take time exponential in them

    // path: absolute, of the tree (ftpd/path.hh). Throws what Tree does for a name that is not there or may
    // not be listed, and Refusal (501) for a pattern with too many stars.
    Selection(const Tree& tree, std::string path);

    // As Tree::list; one batch for a file.
    void list(const std::function<void(const std::vector<Entry>&)>& on_batch) const;

    bool is_file() const { return kind_ == Kind::file; }
    bool is_pattern() const { return kind_ == Kind::pattern; }
    const std::string& path() const { return path_; }
    std::string folder() const; // that the entries are in

private:
    enum class Kind { directory, file, pattern };
    const Tree& tree_;
    std::string path_;
    Kind kind_;
};

} // namespace ftpd
