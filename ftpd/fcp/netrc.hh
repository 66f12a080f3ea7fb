// SPDX-License-Identifier: ISC
// The file ~/.netrc, in which a person keeps logins for FTP servers: netrc(5). Run by fcp and fls.
#pragma once

#include "common/secret.hh"

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace ftpd {

struct NetrcEntry {
    std::string machine; // empty: `default', for every machine
    std::string user;    // empty: none
    std::optional<common::Secret> password;
};

// Words between blanks or line ends, in double quotes if they contain such (a backslash makes the next
// character stand for itself): machine NAME or default, then login, password and account with a word each;
// `macdef' is skipped up to an empty line, and `#' in place of a keyword up to the line's end. Throws
// UserError for anything else, with the line.
std::vector<NetrcEntry> parse_netrc(std::string_view text);

// The first entry for that host and, unless it is empty, that user; none: nullptr. Names of hosts have no
// case.
const NetrcEntry* find_login(std::span<const NetrcEntry> entries, std::string_view host,
                             std::string_view user);

// The entry of the file at path; no value if there is no entry or no file. Throws UserError when it holds a
// password for that host and others may read it, or own it.
std::optional<NetrcEntry> read_login(const std::string& path, std::string_view host, std::string_view user);

} // namespace ftpd
