// SPDX-License-Identifier: ISC
#include "ftpd/access.hh"

#include "common/amounts.hh"
#include "common/authd/user_file.hh"
#include "common/text.hh"
#include "ftpd/path.hh"

#include <array>
#include <fnmatch.h>

using common::text;

namespace ftpd {
namespace {

struct RightWord {
    std::string_view word;
    Right right;
};
constexpr std::array right_words{
    RightWord{"list", Right::list},
    RightWord{"read", Right::read},
    RightWord{"write", Right::create},
    RightWord{"overwrite", Right::overwrite},
    RightWord{"delete", Right::remove},
    RightWord{"rename", Right::rename},
    RightWord{"mkdir", Right::make_directory},
};

struct LimitKey {
    std::string_view key;
    std::uint64_t Limits::*limit;
};
constexpr std::array limit_keys{
    LimitKey{"rate-up", &Limits::rate_up},
    LimitKey{"rate-down", &Limits::rate_down},
    LimitKey{"max-upload", &Limits::max_upload},
};

} // namespace

Rights parse_rights(std::string_view field) {
    Rights rights;
    for (const std::string_view given : common::split_list(field))
        for (const RightWord& known : right_words)
            if (known.word == given) rights.add(known.right);
    return rights;
}

Limits parse_limits(std::string_view field, const Limits& usual) {
    Limits limits = usual;
    for (const std::string_view given : common::split_list(field)) {
        const std::size_t equals = given.find('=');
        if (equals == given.npos) continue;
        for (const LimitKey& known : limit_keys)
            if (known.key == given.substr(0, equals))
                limits.*known.limit =
                    common::read_size(given.substr(equals + 1)).value_or(usual.*known.limit);
    }
    return limits;
}

std::optional<std::string> NamePolicy::refuse(std::string_view name) const {
    if (is_reserved(name))
        return text("Names that begin with ", reserved_prefix, " are reserved for the server.");
    if (!hidden_files && name.substr(0, 1) == ".") return "Names that begin with a dot cannot be used here.";
    for (const std::string& pattern : denied)
        if (::fnmatch(pattern.c_str(), std::string{name}.c_str(), 0) == 0)
            return text("Names like ", common::escape(pattern), " cannot be used here.");
    return {};
}

std::optional<std::string> NamePolicy::refuse_path(std::string_view path) const {
    for (const std::string_view name : components(path))
        if (std::optional<std::string> why = refuse(name)) return why;
    return {};
}

} // namespace ftpd
