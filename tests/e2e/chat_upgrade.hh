// SPDX-License-Identifier: ISC
// What tests of chatd's upgrades share: a chatd whose program is to be replaced, and people who talk while it
// is.
#pragma once

#include "tests/e2e/chat_client.hh"
#include "tests/e2e/upgrade.hh"

#include <atomic>
#include <functional>
#include <future>
#include <string>
#include <string_view>

namespace e2e {

// chatd_with, from this place, with the configuration in a file.
Daemon::Setting chatd_in(const ProgramPlace& place, Words lines);

struct UpgradedServer {
    explicit UpgradedServer(Words lines = {"room lobby", "history-on-join 0"})
        : daemon(chatd_in(place, std::move(lines))) {}
    explicit UpgradedServer(const std::function<Daemon::Setting(const ProgramPlace&)>& make)
        : daemon(make(place)) {}

    Path control() const { return daemon.state() / "control"; }
    Result upgrade() const { return e2e::upgrade(daemon, place); }
    bool runs_new(pid_t pid) const { return runs(pid, place.path()); }

    ProgramPlace place{"chatd"};
    Daemon daemon;
};

// Two in the lobby, of whom one talks all the while, and the other must be shown each line once and in its
// order.
class Talk {
public:
    explicit Talk(const Daemon& daemon);
    ~Talk() { is_over_ = true; }
    Talk(const Talk&) = delete;
    Talk& operator=(const Talk&) = delete;

    // Throws Failure unless each line that was said was shown. How many; each is "speaker say: line NUMBER".
    int finish();

private:
    int speak();
    int hear();

    ChatClient speaker_, listener_;
    std::atomic<bool> is_over_ = false;
    std::future<int> speaking_, hearing_;
};

// Each says a line, which the other hears. Throws Failure if not.
void check_they_talk(ChatClient& one, ChatClient& other, std::string_view word);

// Whether the words name the version before an upgrade and the one after it.
bool has_both_versions(const std::string& said);

Connection connect_to_file(const Path& socket);
// A user file in the folder, with zoe, whose password is `sesame': so there is an authd.
Path write_users(const TempDir& folder);

} // namespace e2e
