// SPDX-License-Identifier: ISC
// What ftpd takes on its command line: what every daemon of the suite does, and -i.
#pragma once

#include "common/options.hh"

namespace ftpd {

struct FtpdOptions : common::DaemonOptions {
    bool one_client = false; // -i
};
// The table that fills wanted, which must outlive it.
std::vector<common::Option> ftpd_options(FtpdOptions& wanted);

} // namespace ftpd
