// SPDX-License-Identifier: ISC
#include "ftpd/limits.hh"

#include "common/amounts.hh"
#include "common/authd/user_file.hh"

#include <array>

namespace ftpd {
namespace {

struct Key {
    std::string_view key;
    std::uint64_t Limits::*limit;
};
constexpr std::array keys{
    Key{"rate-up", &Limits::rate_up},
    Key{"rate-down", &Limits::rate_down},
    Key{"max-upload", &Limits::max_upload},
};

} // namespace

Limits parse_limits(std::string_view field, const Limits& usual) {
    Limits limits = usual;
    for (const std::string_view given : common::split_list(field)) {
        const std::size_t equals = given.find('=');
        if (equals == given.npos) continue;
        for (const Key& known : keys)
            if (known.key == given.substr(0, equals))
                limits.*known.limit =
                    common::read_size(given.substr(equals + 1)).value_or(usual.*known.limit);
    }
    return limits;
}

} // namespace ftpd
