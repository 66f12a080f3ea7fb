// SPDX-License-Identifier: ISC
// authd: the one process that knows the hashes of users' passwords. Forked by a daemon's parent
// (common/authd/authd_link.hh), it reads the user file and answers clients' processes, each over a pair of
// its own, whether a password is right. A check takes tens of milliseconds, so it is made in a forked worker,
// a few at a time, and addresses take turns. Trusts its parent; of clients' processes nothing: a malformed
// packet ends that pair alone, and so does whatever goes wrong while it works for one. What it says never
// tells a wrong name from a wrong password, nor does the time it takes.
#pragma once

#include "common/authd/authd_frames.hh"
#include "common/authd/hold_off.hh"
#include "common/authd/user_store.hh"
#include "common/children.hh"
#include "common/loop.hh"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace common {

struct AuthdSettings {
    std::string users; // the user file; empty: there are none, only secrets
    // How to open it where authd may not: throws UserError or std::system_error. Empty: by its path.
    std::function<Fd()> open_users{};
    const UserTable* table = nullptr;
    std::string strangers;   // the folder of those without an account, which is told of where it meets a
                             // home; empty: nobody is told of any
    unsigned tries = 3;      // of one client
    HoldOff::Policy holdoff; // whose free_failures are the tries
    std::vector<StoredSecret> secrets; // at most max_secrets
    // For LoginKind::known: names of which this makes the same are one, and so are those that only look like
    // one where no user has the name itself. Without the first nobody is told which names there are.
    std::function<std::string(std::string_view)> fold_name{}, likeness{};
    Backend events = Backend::poll;
    std::size_t workers = 0;                          // checks at once; 0: as many as processors, up to 4
    std::chrono::milliseconds failure_delay{1000};    // a wrong answer is told so much later
    std::chrono::milliseconds max_check_time{10'000}; // then it is broken off: a hash asks for too much work
    // How long those are served who have come before the parent let go, which nobody tells of a new
    // password: as long as it takes somebody to log in.
    std::chrono::seconds time_alone{300};
};

// A queue for each key, and the keys take turns: who has a hundred things waiting delays another's one by one
// thing at the most. Authd's keys are clients' addresses.
template <class Key, class Item>
class FairQueue {
public:
    void push(const Key& key, Item item) {
        std::deque<Item>& queue = waiting_[key];
        if (queue.empty()) turns_.push_back(key);
        queue.push_back(std::move(item));
    }

    // The oldest of the key whose turn it is; no value when nothing waits.
    std::optional<Item> pop() {
        if (turns_.empty()) return {};
        const auto found = waiting_.find(turns_.front());
        turns_.pop_front();
        std::optional<Item> item{std::move(found->second.front())};
        found->second.pop_front();
        if (found->second.empty())
            waiting_.erase(found);
        else
            turns_.push_back(found->first);
        return item;
    }

    bool empty() const { return turns_.empty(); }

private:
    std::map<Key, std::deque<Item>> waiting_; // no empty queue in it
    std::deque<Key> turns_;                   // each of its keys once
};

class Authd {
public:
    Authd(AuthdSettings settings, Fd parent);
    // Serves until the parent and all clients have gone, or the parent for a while: it may have let go of
    // this authd for another one, and clients' processes live on that are in the middle of a login. The exit
    // status.
    int run();

private:
    struct Client {
        Watch pair;
        std::string address;
        unsigned failures = 0;
        std::optional<Question> question; // waiting for its turn
    };
    // What a worker does. client is what the client was known by; it may be gone when the worker ends.
    struct Check {
        std::uint64_t client = 0;
        std::string address;
        LoginKind kind{};
        std::string name;
        std::vector<std::string> hashes; // against which; of a decoy, if it is for nothing
        std::vector<Verdict> verdicts;   // for each hash: what its match is worth; none for a decoy
        Loop::TimerId limit{};
    };

    void serve();
    void read_parent();
    void pause_parent(const std::exception& error);
    void lose_parent();
    void cut_off(std::uint64_t number, std::string_view why);
    void handle_parent(std::span<const char> packet, Fd passed);
    void add_client(std::string address, Fd pair);
    void serve_client(std::uint64_t number, const Event& event);
    void drop(std::uint64_t number);

    void start_checks();
    void tell_whether_known(std::uint64_t number, const std::string& name);
    void answer(std::uint64_t number, Client& client, Question question);
    Check prepare(std::uint64_t number, const Client& client, const Question& question);
    void end_check(const Ended& ended);
    void count_failure(const Check& check);
    unsigned use_up_try(Client& client) const;
    void send(std::uint64_t number, const Verdict& verdict);
    void note(Severity severity, std::string_view text);
    void note(const std::vector<Note>& told);
    void stop_workers();

    AuthdSettings settings_;
    Fd parent_;
    Loop loop_;
    UserStore users_;
    HoldOff hold_off_;
    std::map<std::uint64_t, Client> clients_;
    FairQueue<std::string, std::uint64_t> turns_; // of clients, by address
    Children workers_;
    std::map<pid_t, Check> checks_;
    std::vector<StoredSecret> coming_; // secrets of a new configuration
    std::size_t coming_count_ = 0;
    std::uint64_t next_client_ = 1;
    Patience patience_; // with the parent's pair
    bool has_parent_ = true;
    bool over_ = false;
    bool has_failed_ = false;
};

} // namespace common
