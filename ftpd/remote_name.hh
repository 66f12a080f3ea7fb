// SPDX-License-Identifier: ISC
// The names on the command line of fcp and fls: which are remote, and what a copy is called where only its
// folder was named. Logic on bytes alone.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace ftpd {

struct RemoteName {
    std::string host; // without brackets
    std::string path; // as given; empty: the server's top

    std::string shown() const; // HOST:PATH, escaped
};

// HOST:PATH or [IPV6]:PATH. No value for a local name: one without a colon, or with a slash before its first
// colon. Throws UserError for a remote name that lacks its host or a bracket.
std::optional<RemoteName> parse_remote_name(std::string_view word);

// HOST:PORT or [IPV6]:PORT, as resolve_address reads it.
std::string address_text(std::string_view host, std::uint16_t port);

// The local path of what is fetched: local itself, or the remote path's last component in it when it is a
// directory. Throws UserError when that component is no name for a file, or the remote path is empty.
std::string local_target(std::string_view local, bool is_directory, const RemoteName& remote);

// The path of what is sent: the remote one itself, or the local name's last component behind it when it is
// empty or ends in a slash. Throws UserError when that is no name for a file, as for `-', standard input.
std::string remote_target(const RemoteName& remote, std::string_view local);

} // namespace ftpd
