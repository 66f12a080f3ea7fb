// SPDX-License-Identifier: ISC
// The listening side of a daemon's parent: accepts clients as long as there is room for them, turns away
// those over a limit per address, and pauses when the system lacks what a client needs. Never reads from a
// client.
#pragma once

#include "common/admission.hh"
#include "common/daemon_settings.hh"
#include "common/keeper/keeper_link.hh"
#include "common/log.hh"
#include "common/loop.hh"
#include "common/refusals.hh"
#include "common/socket.hh"

#include <functional>
#include <list>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <sys/types.h>
#include <vector>

namespace common {

class Acceptor {
public:
    struct Callbacks {
        // Its listener is the keeper's label.
        std::function<void(Accepted client)> on_client;
        // Clients that are here now from there, as Address::network names it, and from everywhere.
        std::function<std::size_t(const std::string& network)> count_from;
        std::function<std::size_t()> count;
        // What a refused client is told that came in by this listener.
        std::function<std::string(std::string_view why, std::string_view listener)> farewell;
        std::function<void()> on_refusal{}; // one was
    };

    Acceptor(Loop& loop, Log& log, Callbacks callbacks)
        : loop_(loop), log_(log), callbacks_(std::move(callbacks)) {}
    // Without close() the listeners stay what they are: the keeper, which has the same sockets, gives them to
    // the next process, if this one could not go on.
    ~Acceptor() = default;
    Acceptor(const Acceptor&) = delete;
    Acceptor& operator=(const Acceptor&) = delete;

    // The sockets that the keeper has opened. Raises the limit of descriptors to its hard limit: those that
    // are neither own nor listeners are for clients, up to the settings' max_clients of now. Throws as
    // require_descriptors.
    void open(std::vector<Given> listeners, const DaemonSettings& settings, std::size_t own);
    // Other descriptors are needed for other things than clients now, also beside the listeners.
    void set_own(std::size_t own) { capacity_->set_own(own + listeners_.size()); }
    // Logs a line for each that ends in `listening on ADDRESS', and starts accepting.
    void start(const DaemonSettings& settings);
    // Once it has started: one more listener, and one less.
    void add(Given listener);
    void remove(const std::string& label);
    // Other limits; logs a warning when there is no room for as many clients as they allow.
    void configure(const DaemonSettings& settings);
    // How many clients there can be now; before it is open, as many as there can ever be.
    std::size_t max_clients() const { return capacity_ ? capacity_->clients(wanted_) : client_ceiling; }
    std::string places() const; // their addresses, a blank between them

    // Without room the listeners are not polled, and clients wait in the backlog; but where it is full, and
    // the settings say so, they are accepted and told to come later.
    enum class Vacancy { free, full, not_now };
    void set_vacancy(Vacancy vacancy);
    // Stops accepting for a second, then tries again.
    void pause(std::string_view why);
    void turn_away(const Accepted& client, std::string_view why);
    // Whether it listens there, by the keeper's label.
    bool has(std::string_view label) const;
    // Nobody is let in any more, and others go on listening on the same sockets: no client notices.
    void hand_over() {
        tell_refusals();
        listeners_.clear();
    }
    // Stops listening; the keeper, which has the same sockets, removes the files of Unix sockets.
    void close();

    // The log's lines for a client that was let in and for one that has left, which `who' describes; clients:
    // how many are here now.
    void log_accept(std::string_view peer, pid_t pid, std::size_t clients) const;
    void log_end(std::string_view who, std::size_t clients, Severity severity = Severity::notice) const;

    std::uint64_t refused() const { return refused_; }

private:
    struct Listener {
        std::string label, place; // what the keeper calls it; its address, for people
        Fd fd;
        Watch watch{};
    };

    void hold(Given given);
    void start(Listener& listener);
    void accept_clients(const Listener& listener);
    void admit(Accepted client);
    std::optional<std::string> refusal_for(const Address& peer);
    void log_refusal(const Address& peer, std::string_view why);
    void sum_up_later();
    void tell_refusals();
    void update();

    Loop& loop_;
    Log& log_;
    Callbacks callbacks_;
    AddressLimits limits_;
    Admission admission_;
    std::optional<Capacity> capacity_; // once the listeners are there
    std::size_t wanted_ = 0;           // clients at once
    std::list<Listener> listeners_;
    std::uint64_t refused_ = 0;
    Refusals refusals_; // since the log was told
    bool sums_up_ = false;
    Vacancy vacancy_ = Vacancy::free;
    bool refuses_when_full_ = false;
    bool paused_ = false;
    bool polling_ = true;
};

} // namespace common
