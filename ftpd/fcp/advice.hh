// SPDX-License-Identifier: ISC
// What to type instead, for servers that fcp and fls cannot talk to: command lines of other people's
// programs. Run by fcp and fls. Logic on bytes alone.
#pragma once

#include "common/tls/tls_wish.hh"
#include "ftpd/fcp/remote_name.hh"

#include <cstdint>
#include <string>
#include <string_view>

namespace ftpd {

struct Wish {
    enum class Use { fetch, send, list } use;
    RemoteName remote;
    std::uint16_t port;
    std::string local{};            // the file or folder here; of a list none
    bool recursive = false;         // a whole tree
    bool password_in_netrc = false; // of remote's user, in ~/.netrc
    common::TlsWish::Mode tls{};
};

// A line for the shell that does it: of curl(1) for a file or a folder's list, of lftp(1) for trees, and
// for a pattern whose matches go into a folder, which local then is. No password stands in it: the program
// takes it from ~/.netrc, or asks.
std::string command_for(const Wish& wish);

// The name of the program in such a line.
inline std::string_view program_of(std::string_view command) { return command.substr(0, command.find(' ')); }

// Whether the last component of a path is a pattern of the shell.
bool is_pattern(std::string_view path);

} // namespace ftpd
