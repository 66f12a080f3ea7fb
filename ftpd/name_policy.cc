// SPDX-License-Identifier: ISC
#include "ftpd/name_policy.hh"

#include "common/text.hh"
#include "ftpd/path.hh"

#include <fnmatch.h>

using common::text;

namespace ftpd {

std::optional<std::string> NamePolicy::refuse(std::string_view name) const {
    if (is_reserved(name)) return text("Names that begin with ", reserved_prefix, " are the server's own.");
    if (!hidden_files && name.substr(0, 1) == ".")
        return "Names that begin with a dot are not to be had here.";
    for (const std::string& pattern : denied)
        if (::fnmatch(pattern.c_str(), std::string{name}.c_str(), 0) == 0)
            return text("Names like ", common::escape(pattern), " are not to be had here.");
    return {};
}

std::optional<std::string> NamePolicy::refuse_path(std::string_view path) const {
    for (const std::string_view name : components(path))
        if (std::optional<std::string> why = refuse(name)) return why;
    return {};
}

} // namespace ftpd
