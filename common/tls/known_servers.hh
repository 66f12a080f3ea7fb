// SPDX-License-Identifier: ISC
// The servers whose certificates the user has accepted, in a file of the user's: a line for each, HOST:PORT
// and the SHA-256 of the certificate's public key, in 64 hexadecimal digits; `#' begins a comment. A
// certificate that is renewed with the same key stays known. Run by client programs.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace common {

// What is said of one server there.
struct KnownServer {
    std::vector<std::string> keys; // in hexadecimal digits
    std::size_t line = 0;          // of the first, from 1; 0: there is none
};
// Of what the file holds. Names of hosts have no case.
KnownServer find_server(std::string_view content, std::string_view server);

class KnownServers {
public:
    // The file suite-tls/known-servers in $XDG_STATE_HOME or ~/.local/state; no home: none is known or kept.
    KnownServers();
    explicit KnownServers(std::string path) : path_(std::move(path)) {}

    const std::string& path() const { return path_; } // empty: none
    // Throws UserError when others can write to the file, std::system_error when it cannot be read.
    KnownServer find(std::string_view server) const;
    // One line more, also beside others that do so. Throws std::system_error.
    void add(std::string_view server, std::string_view key) const;

private:
    std::string path_;
};

} // namespace common
