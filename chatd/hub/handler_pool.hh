// SPDX-License-Identifier: ISC
// Who gets a handler, and what becomes of it: accepts clients as long as there are pages and a spawner for
// them, hands them over, and hears how their handlers ended. Those of a spawner that died are orphans: nobody
// tells of their end, so their pages rest until they must have ended. A handler whose client has left is
// given a moment to end. Run by the hub.
#pragma once

#include "chatd/hub/bans.hh"
#include "chatd/hub/people.hh"
#include "chatd/settings.hh"
#include "common/acceptor.hh"
#include "common/admission.hh"
#include "common/error_lines.hh"
#include "common/log.hh"
#include "common/loop.hh"
#include "common/status_pages.hh"

#include <chrono>
#include <csignal>
#include <cstdint>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace chatd {

class HandlerPool {
public:
    // What SpawnerLink does.
    struct Spawner {
        std::function<bool()> is_ready;
        std::function<void(ClientNumber, std::size_t page, common::Fd socket, common::Fd pair)> spawn;
        std::function<void(ClientNumber, int signal)> signal;
    };
    struct Callbacks {
        std::function<void(ClientNumber)> on_readable; // its pair brings a frame, or the handler's end
        std::function<void(Client&)> on_lost;          // it has no handler and will not get one: to end it
        std::function<void(Client&)> on_arrival{};     // it has come in, and will get one
        // Something went wrong while the hub worked for it, for this reason: to end it.
        std::function<void(Client&, std::string_view why)> on_fault{};
    };

    // pages: as many as there may be clients.
    HandlerPool(common::Loop& loop, common::Log& log, const Settings& settings, common::StatusPages& pages,
                People& people, const Bans& bans, Spawner spawner, Callbacks callbacks);

    // own: descriptors that the hub needs for other things than these listeners and clients.
    void open(std::vector<common::Given> listeners, std::size_t own) {
        acceptor_.open(std::move(listeners), settings_, own);
    }
    void start(); // to accept
    void add_listener(common::Given listener) { acceptor_.add(std::move(listener)); }
    void remove_listener(const std::string& label) { acceptor_.remove(label); }
    // After a reload. own: as open has it.
    void configure(std::size_t own);
    // Accepts no more clients; those that wait for a spawner are turned away.
    void close();

    // What it throws leaves the client with the caller.
    void take(common::Accepted&& accepted);
    // What SpawnerLink tells. pid -1: no process could be forked.
    void on_spawned(ClientNumber number, pid_t pid);
    void on_ended(ClientNumber number, int status); // of waitpid(2)
    void on_spawner_lost();
    void on_spawner_ready();

    void kill(const Client& client) { spawner_.signal(client.number, SIGKILL); }
    // Its handler, if that sleeps. What goes wrong with that ends this client alone.
    void wake(const Client& client) const;
    // Something went wrong for a client: it is ended when what is done now is done.
    void give_up(const Client& client, std::string_view why) const;
    // Its handler takes nothing more, and has ended: reading tells, after its last words. If that does not
    // come to pass, the client is ended.
    void doubt(const Client& client) const;
    // The same for a callback, when the client is still there: at once.
    common::Loop::OnError charge_to(ClientNumber number) const;
    // It is gone from the people, and its page is free once its handler has ended, which is killed if it
    // takes its time.
    void release(Client& client);
    // After the spawner's end: what handlers wrote on their standard error until then.
    void read_last_words();

    std::size_t max_clients() const { return acceptor_.max_clients(); } // now, once it is open
    std::string places() const { return acceptor_.places(); }
    std::uint64_t refused() const { return acceptor_.refused(); } // since the start
    std::uint64_t crashed() const { return crashed_; }

private:
    // Handlers whose clients have left, until they are known to have ended: their pairs, on which they have
    // heard the end, for what they write on standard error.
    struct Leaving {
        common::Watch pair;
        common::ErrorLines errors;
        pid_t pid;
        common::Loop::TimerId kill_at;
    };

    void update();
    void send_wake(const Client& client, common::Patience patience) const;
    void give_up_after(std::chrono::seconds time, const Client& client, std::string_view why) const;
    void admit(common::Accepted accepted);
    void rest_page(ClientNumber number);
    void on_pair(ClientNumber number);
    void hand_on(ClientNumber number);
    void give_time_to_end(Client& client);
    bool read_errors(Leaving& leaving);
    void kill_late(ClientNumber number);

    common::Loop& loop_;
    common::Log& log_;
    const Settings& settings_;
    common::StatusPages& pages_;
    People& people_;
    const Bans& bans_;
    Spawner spawner_;
    Callbacks callbacks_;
    common::Acceptor acceptor_;
    std::map<ClientNumber, std::size_t> pages_in_use_; // until the handler is known to have ended
    std::map<ClientNumber, std::size_t> orphans_;      // of those, handlers of a spawner that died
    std::map<ClientNumber, Leaving> leaving_;
    // When the spawner died, of these it was not known whether they had a handler: a frame of it tells, or
    // the end of the pair.
    std::set<ClientNumber> unsure_;
    std::vector<common::Accepted> arrivals_; // of clients that wait for the next spawner
    std::uint64_t crashed_ = 0;
};

} // namespace chatd
