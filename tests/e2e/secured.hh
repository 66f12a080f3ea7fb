// SPDX-License-Identifier: ISC
// An ftpd with a certificate, as tests of TLS use it.
#pragma once

#include "tests/e2e/harness.hh"
#include "tests/e2e/tls_house.hh"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace e2e {

// Its certificate is for localhost, and everybody may write.
class Secured {
public:
    // lines: further ones of its configuration; listeners: so many of them.
    explicit Secured(const Words& lines = {}, std::size_t listeners = 1);

    const Daemon& daemon() const { return *daemon_; }
    Daemon& daemon() { return *daemon_; }
    std::string certificate() const { return own_.certificate; }
    Path key() const { return own_.key; }
    // Another pair of files in the place of these, and a word that they are there.
    void renew(const TestCertificate& other) { put_in_place(other, own_); }
    void reload(std::string_view expected);
    // Its keeper's children of a role.
    std::vector<pid_t> processes(const std::string& role) const;
    std::vector<pid_t> relays() const;
    std::string url(std::string_view path = {}) const;
    Words curl(const Words& more) const;
    // settings: further ones, each with a semicolon behind it.
    Words lftp(std::string_view commands, std::string_view settings = {}) const;

private:
    TempDir folder_;
    TestCertificate own_;
    std::optional<Daemon> daemon_;
};

} // namespace e2e
