// SPDX-License-Identifier: ISC
// A chatd with a certificate, and people under TLS and without it who are there, as tests of TLS use them.
#pragma once

#include "tests/e2e/chat_client.hh"
#include "tests/e2e/tls_house.hh"

#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace e2e {

// It has a listener in the clear and one for TLS, and its certificate is for localhost.
class SecuredChat {
public:
    // lines: further ones of its configuration; children_fail: as of Daemon::Setting.
    explicit SecuredChat(const Words& lines = {}, bool children_fail = false);

    const Daemon& daemon() const { return *daemon_; }
    Daemon& daemon() { return *daemon_; }
    std::uint16_t port() const { return daemon_->addresses().at(1).port(); } // for TLS
    std::string place() const;
    std::string certificate() const { return own_.certificate; }
    Path key() const { return own_.key; }
    // Another pair of files in the place of these.
    void renew(const TestCertificate& other) { put_in_place(other, own_); }
    // Its keeper's children of a role.
    std::vector<pid_t> processes(const std::string& role) const;
    pid_t process(const std::string& role) const; // waits until there is one
    std::vector<pid_t> relays() const;            // whose tlsd lives
    // Those that serve clients.
    std::vector<pid_t> handlers() const;
    pid_t handler_of(const std::string& name) const;
    // Kills one of them, once another is there in its place.
    void kill_and_wait(const std::string& role);

private:
    TempDir folder_;
    TestCertificate own_;
    std::optional<Daemon> daemon_;
    std::set<pid_t> orphans_; // relays whose tlsd was killed
};

// Somebody under TLS: a program that is typed to.
class Guest {
public:
    explicit Guest(const Words& command) : program_(command) {}
    explicit Guest(const SecuredChat& server, const Words& more = {}) : program_(openssl(server, more)) {}

    static Words openssl(const SecuredChat& server, const Words& more = {});
    void enter(std::string_view name, std::string_view code = "");
    void say(std::string_view line);
    void hear(std::string_view words) { seen_ = program_.out().wait_for(words, seen_); }
    Process& program() { return program_; }

private:
    Process program_;
    std::size_t seen_ = 0;
};

// Each hears what the other says.
void check_they_talk(Guest& guest, ChatClient& ann, std::string_view word);

} // namespace e2e
