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
    std::string user;                      // empty: not said
    std::string host;                      // without brackets
    std::string path;                      // as given; empty: the server's top
    std::optional<std::string> password{}; // of a URL
    std::uint16_t port = 0;                // of a URL; 0: not said
    bool begins_with_tls = false;          // of ftps:

    std::string shown(std::string_view other_path) const; // HOST:PATH, escaped
    std::string shown() const { return shown(path); }
    bool same_server(const RemoteName& other) const {
        return user == other.user && host == other.host && port == other.port && password == other.password &&
               begins_with_tls == other.begins_with_tls;
    }
};

// [USER@]HOST:PATH or [USER@][IPV6]:PATH, or ftp://[USER[:PASSWORD]@]HOST[:PORT][/PATH], whose port is 21
// where none is said; or the same with ftps, where it is 990. No value for a local name: one without a colon,
// or with a slash before its first colon. Throws UserError for a remote name that lacks its host or a
// bracket.
std::optional<RemoteName> parse_remote_name(std::string_view word);

// HOST:PORT or [IPV6]:PORT, as resolve_address reads it.
std::string address_text(std::string_view host, std::uint16_t port);

// What a copy of path is called in a folder: the last component, slashes after it left out. Empty where the
// path has none that is a name, as `', `.', `a/..' and `/'.
std::string_view name_of_copy(std::string_view path);

// The path of a name in a folder; an empty folder is the top, and the path then as relative as that was.
std::string join_path(std::string_view folder, std::string_view name);

} // namespace ftpd
