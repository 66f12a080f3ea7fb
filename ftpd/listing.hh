// SPDX-License-Identifier: ISC
// How an entry of a directory is written for LIST (as ls -l, for people and old clients), for NLST, and for
// MLSD and MLST (RFC 3659, section 7). Text from values; nothing here looks at the file system. Times are
// UTC.
#pragma once

#include "ftpd/rights.hh"
#include "ftpd/tree.hh"

#include <ctime>
#include <string>

namespace ftpd {

// "-rw-r--r--   1 1000 1000     1234 Nov 21 07:26 README.txt"; the year in place of the time for what is six
// months away from now or more. What would disturb a line becomes `?'.
std::string format_long(const Entry& entry, std::time_t now);

// Whether the name can stand in a line that a program reads: no CR, no LF.
bool fits_a_line(const Entry& entry);

// "type=file;size=1234;modify=20261121072600;perm=r;unique=fd00g1a2b;UNIX.mode=0644; NAME". The type and
// the rest are of what a link leads to when target is given (MLSD describes the file a name stands for).
std::string format_facts(const Entry& entry, const struct stat& target, Rights rights);
inline constexpr std::string_view fact_names = "type*;size*;modify*;perm*;unique*;UNIX.mode*;";

// "20261121072600", as MDTM answers (RFC 3659, section 2.3).
std::string format_time(std::time_t when);

} // namespace ftpd
