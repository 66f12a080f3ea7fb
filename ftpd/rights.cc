// SPDX-License-Identifier: ISC
#include "ftpd/rights.hh"

#include "common/authd/user_file.hh"

#include <array>

namespace ftpd {
namespace {

struct Word {
    std::string_view word;
    Right right;
};
constexpr std::array words{
    Word{"list", Right::list},
    Word{"read", Right::read},
    Word{"write", Right::create},
    Word{"overwrite", Right::overwrite},
    Word{"delete", Right::remove},
    Word{"rename", Right::rename},
    Word{"mkdir", Right::make_directory},
};

} // namespace

Rights parse_rights(std::string_view field) {
    Rights rights;
    for (const std::string_view given : common::split_list(field))
        for (const Word& known : words)
            if (known.word == given) rights.add(known.right);
    return rights;
}

} // namespace ftpd
