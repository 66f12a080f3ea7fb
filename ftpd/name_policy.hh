// SPDX-License-Identifier: ISC
// Which names in the tree clients may see and use: not the server's own (ftpd/path.hh), not hidden ones where
// `hidden-files' says no, not those of `deny'. Logic on bytes alone.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace ftpd {

struct NamePolicy {
    bool hidden_files = true;        // names that begin with a dot are names like others
    std::vector<std::string> denied; // patterns of fnmatch(3)

    // Why this name, one component of a path, is not to be had; no value: it is.
    std::optional<std::string> refuse(std::string_view name) const;
    // The same for any component of an absolute path.
    std::optional<std::string> refuse_path(std::string_view path) const;
};

} // namespace ftpd
