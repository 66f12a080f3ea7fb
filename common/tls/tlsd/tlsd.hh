// SPDX-License-Identifier: ISC
// tlsd: holds the certificates of a daemon, and no key, and makes a relay for each client's process that
// wants one. The daemon's main process brings it the pairs with those; it is warm by then, so that a relay
// costs a fork. Trusts the keeper, keyd and the main process; of clients' processes nothing: a malformed
// frame ends that pair alone. Of a relay it believes only that it wants another pair with keyd, when that is
// another one, and that it waits for its client alone: then it is the first to go where there are too many.
// Where it loses the main process or keyd by a fault, it ends, and the keeper starts another; relays live on.
#pragma once

#include "common/children.hh"
#include "common/error_lines.hh"
#include "common/fd.hh"
#include "common/keeper/keeper_link.hh"
#include "common/loop.hh"
#include "common/privileges.hh"
#include "common/tls/allowance.hh"
#include "common/tls/gnutls/certificates.hh"
#include "common/tls/gnutls/tls_server.hh"
#include "common/tls/tls_frames.hh"
#include "common/tls/tlsd/keyd_check.hh"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace common {

class Tlsd {
public:
    struct Parts {
        KeeperLink& keeper;
        Fd main;                        // its end of the pair with the main process
        Fd keyd;                        // and of the pair with keyd
        std::optional<Identity> relays; // whom they become; none: they stay what this is
    };
    // certificates must outlive this.
    Tlsd(Certificates& certificates, Parts parts);
    ~Tlsd() { keeper_.detach(); } // which outlives this
    Tlsd(const Tlsd&) = delete;
    Tlsd& operator=(const Tlsd&) = delete;
    // Serves until the main process has let go of it, and neither a client's process nor a relay is left. The
    // exit status.
    int run();

private:
    struct Client { // a client's process that wants no relay yet
        Watch pair;
        std::string peer;
    };
    struct Relay {
        Watch pair; // which is its standard error, too
        std::string peer;
        std::uint64_t keyd = 0; // which one it has a pair with
        bool wants_keyd = false;
        std::optional<Clock::time_point> lingers_since{}; // for its client alone
        ErrorLines complaints{};
    };

    void read_main();
    void lose_main();
    void add_client(std::string peer, Fd pair);
    void read_client(std::uint64_t number);
    void start_relay(const Client& client, TlsReceived begin);
    bool make_room();
    bool end_lingering(std::string_view peer);
    int run_relay(const RelayTerms& terms, Fd process, Fd keyd, Fd guard, TlsReceived begin);
    void read_relay(pid_t pid);
    void give_keyd(pid_t pid, Relay& relay);
    void give_keyd_to_all();
    void try_again();
    Fd make_keyd_pair(const std::string& peer);
    void take(Given given);
    void lose_keyd();
    void try_keyd();
    void try_keyd_later();
    void read_keyd();
    void fail(std::string_view why);
    void reap();
    void note(Severity severity, std::string_view line);

    Certificates& certificates_;
    TlsServer server_;
    KeeperLink& keeper_;
    Loop loop_;
    Watch main_, keyd_;
    std::optional<Identity> identity_;
    std::map<std::uint64_t, Client> clients_;
    std::map<pid_t, Relay> relays_;
    Children children_;
    KeydCheck check_;
    Allowance lacks_{{.at_once = 4, .pace = std::chrono::seconds{10}}}; // of descriptors, that are told
    std::uint64_t next_ = 1;
    std::uint64_t keyd_number_ = 1; // counts those that there were
    std::size_t max_clients_ = 0;   // 0: that is not known
    bool has_main_ = true;
    bool has_keeper_ = true;
    bool is_keyd_right_ = true; // it has the keys
    bool tries_again_ = false;
    bool was_full_ = false;   // of relays, and it was told
    bool has_failed_ = false; // another tlsd is better
};

} // namespace common
