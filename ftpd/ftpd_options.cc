// SPDX-License-Identifier: ISC
#include "ftpd/ftpd_options.hh"

#include <algorithm>

using namespace common;

namespace ftpd {

std::vector<Option> ftpd_options(FtpdOptions& wanted) {
    std::vector<Option> table = daemon_options(wanted);
    table.insert(
        std::ranges::find(table, 'n', &Option::letter),
        {'i', "", "serve one client, on standard input and output", [&](auto) { wanted.one_client = true; }});
    return table;
}

} // namespace ftpd
