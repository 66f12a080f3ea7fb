// SPDX-License-Identifier: ISC
// Who gets a handler, and what becomes of it: accepts clients as long as there are pages and a spawner for
// them, hands them over, and hears how their handlers ended. Those of a spawner that died, or let go, are
// orphans: the keeper tells of their end where the system can, and elsewhere their pages rest until they must
// have ended. A handler whose client has left is given a moment to end. Handlers that an earlier hub had stay
// (takeover.hh). Run by the hub.
#pragma once

#include "chatd/hub/bans.hh"
#include "chatd/hub/deposits.hh"
#include "chatd/hub/leaving_handlers.hh"
#include "chatd/hub/orphans.hh"
#include "chatd/hub/people.hh"
#include "chatd/hub/spawner_link.hh"
#include "chatd/settings.hh"
#include "chatd/tls_note.hh"
#include "common/acceptor.hh"
#include "common/admission.hh"
#include "common/log.hh"
#include "common/loop.hh"
#include "common/status_pages.hh"

#include <chrono>
#include <csignal>
#include <cstdint>
#include <functional>
#include <map>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace chatd {

class HandlerPool {
public:
    // What SpawnerLink does.
    struct Spawner {
        std::function<bool()> is_ready;
        std::function<pid_t()> pid;
        std::function<void(ClientNumber, std::size_t page, Front front, common::Fd socket, common::Fd pair)>
            spawn;
        std::function<void(ClientNumber, int signal)> signal;
        std::function<std::uint16_t()> version = [] { return protocol_version; };
        std::function<void(pid_t)> kill_orphan{}; // that the keeper has inherited
    };
    struct Callbacks {
        std::function<void(ClientNumber)> on_readable; // its pair brings a frame, or the handler's end
        std::function<void(Client&)> on_lost;          // it has no handler and will not get one: to end it
        std::function<void(Client&)> on_arrival{};     // it has come in, and will get one
        // Something went wrong while the hub worked for it, for this reason: to end it.
        std::function<void(Client&, std::string_view why)> on_fault{};
        // TlsDoor::begin.
        std::function<bool(Arrival&)> begin_tls = [](Arrival&) { return false; };
    };

    // pages: as many as there may be clients.
    HandlerPool(common::Loop& loop, common::Log& log, const Settings& settings, common::StatusPages& pages,
                People& people, const Bans& bans, Deposits& deposits, Spawner spawner, Callbacks callbacks);

    // own: descriptors that the hub needs for other things than these listeners and clients.
    void open(std::vector<common::Given> listeners, std::size_t own) {
        acceptor_.open(std::move(listeners), settings_, own);
    }
    void start(); // to accept
    void add_listener(common::Given listener) { acceptor_.add(std::move(listener)); }
    void remove_listener(const std::string& label) { acceptor_.remove(label); }
    bool listens_at(std::string_view label) const { return acceptor_.has(label); }
    // After a reload. own: as open has it.
    void configure(std::size_t own);
    // Accepts no more clients; those that wait for a spawner are turned away.
    void close();
    // The same for a hub that hands over: others go on listening. Those who were accepted are still let in.
    void accept_no_more() {
        accepts_ = false;
        update();
    }
    // Whether some of them have no handler yet.
    bool has_arrivals() const;
    // Those of them who have none now are told to come again.
    void turn_arrivals_away();

    void take(common::Accepted accepted) { let_in(Arrival{std::move(accepted), {}}); }
    // What an earlier hub had: a client whose facts are there, and the handler of one that has left.
    void restore(Client& client, common::Fd pair);
    void restore_leaving(ClientFacts facts, common::Fd pair); // its answer: the farewell
    // All of those are there; spawner: its pid, who may be another one than they were handed to.
    void settle_restored(pid_t spawner);
    // Some of the handlers that the spawner has; who is not among all of them has ended.
    void on_handlers(std::span<const SpawnerLink::Callbacks::Handler> some, bool is_last);
    // The keeper has taken all deposits again.
    void on_deposited();
    // What SpawnerLink tells. pid -1: no process could be forked.
    void on_spawned(ClientNumber number, pid_t pid);
    void on_ended(ClientNumber number, int status); // of waitpid(2)
    // What the keeper tells of a process that is nobody's.
    void on_orphan_end(pid_t pid, int status) {
        if (const auto orphan = orphans_.find(pid)) on_ended(*orphan, status);
    }
    void on_spawner_lost();
    void on_spawner_ready();

    // Its handler; false: nobody can.
    bool kill(ClientNumber number) {
        return orphans_.has(number) ? orphans_.kill(number) : (spawner_.signal(number, SIGKILL), true);
    }
    // For what goes wrong while the hub works for a client, when it is still there: it is ended.
    common::Loop::OnError charge_to(ClientNumber number) const;
    // It is gone from the people, and its page is free once its handler has ended, which is killed if it
    // takes its time. farewell: a frame for the handler, or nothing.
    void release(Client& client, std::string_view farewell);
    // The handlers of those who were released hear that, if what they hear outlives this hub.
    void tell_released() {
        if (deposits_.has_settled()) leaving_.tell();
    }
    // The same at the end of all, whatever outlives it.
    void tell_released_at_stop() { leaving_.tell(); }
    // After the spawner's end. wait: for events, until those have ended that the spawner did not wait for, as
    // far as anybody hears of it; false: nobody does any more. Then what all wrote on their standard error
    // until their end.
    void read_last_words(const std::function<bool()>& wait) {
        while (orphans_.are_awaited() && wait()) {
        }
        while (const std::optional<ClientNumber> leaving = leaving_.any()) on_ended(*leaving, 0);
    }

    // What its handler has noted of its TLS; empty: there is none, or it is not known.
    std::string tls_of(const Client& client) const {
        if (!common::speaks_tls(client.listener)) return {};
        const bool has_page = pages_in_use_.contains(client.number);
        return has_page ? TlsNote{pages_.page(client.page)}.read() : client.tls_note;
    }
    std::size_t max_clients() const { return acceptor_.max_clients(); } // now, once it is open
    std::string places() const { return acceptor_.places(); }
    std::uint64_t refused() const { return acceptor_.refused(); } // since the start
    std::uint64_t crashed() const { return crashed_; }

private:
    // Of a newcomer, until the spawner can have it.
    struct HandOver {
        ClientNumber client;
        std::size_t page;
        Arrival arrival;
        common::Fd pair;
    };

    void update();
    void hand_over(HandOver newcomer);
    void watch(Client& client, common::Fd pair);
    void restore_page(const ClientFacts& facts);
    void let_in(Arrival&& arrival);
    void admit(Arrival arrival);
    void on_pair(ClientNumber number);
    void hand_on(ClientNumber number);

    common::Loop& loop_;
    common::Log& log_;
    const Settings& settings_;
    common::StatusPages& pages_;
    People& people_;
    const Bans& bans_;
    Deposits& deposits_;
    Spawner spawner_;
    LeavingHandlers leaving_;
    Orphans orphans_;
    Callbacks callbacks_;
    common::Acceptor acceptor_;
    std::map<ClientNumber, std::size_t> pages_in_use_; // until the handler is known to have ended
    // When the spawner died, of these it was not known whether they had a handler: a frame of it tells, or
    // the end of the pair.
    std::set<ClientNumber> unsure_;
    std::vector<Arrival> arrivals_;   // of clients that wait for the next spawner
    std::vector<HandOver> newcomers_; // who wait until the keeper has what is deposited of them
    // Of an earlier hub: whose spawner, this one, has not told yet.
    struct Restored {
        pid_t spawner, pid;
    };
    std::map<ClientNumber, Restored> restored_;
    std::map<std::size_t, ClientNumber> restored_pages_; // whose they are, until all are restored
    std::uint64_t crashed_ = 0;
    bool accepts_ = true;
};

} // namespace chatd
