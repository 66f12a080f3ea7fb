// SPDX-License-Identifier: ISC
// keyd: the one process that holds the private keys of certificates. It does nothing but sign, for relays,
// each of which has a pair with it, and none more often than its allowance. Trusts tlsd, which brings the
// pairs; of relays nothing: a malformed frame ends that pair alone. A relay that was taken over can have
// handshakes of its own signed, at that pace, and learns nothing of a key.
#pragma once

#include "common/fd.hh"
#include "common/loop.hh"
#include "common/tls/allowance.hh"
#include "common/tls/keyd/private_key.hh"
#include "common/tls/tls_frames.hh"

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace common {

class Keyd {
public:
    // tlsd: its end of the pair with that.
    Keyd(std::vector<PrivateKey> keys, Fd tlsd);
    // Serves until all have gone that could ask. The exit status.
    int run();

private:
    struct Relay {
        Watch pair;
        std::string peer; // its client's address
        Allowance allowance;
        std::optional<TlsFrame> waiting; // a question that comes too soon
    };

    void read_tlsd();
    void lose_tlsd();
    void add_relay(std::string peer, Fd pair);
    void read_relay(std::uint64_t number);
    void sign(std::uint64_t number, const TlsFrame& question);
    void cut_off(std::uint64_t number, const std::string& why);
    void drop(std::uint64_t number);

    std::vector<PrivateKey> keys_;
    Allowance::Limits limits_; // of each relay
    Fd tlsd_;
    Loop loop_;
    std::map<std::uint64_t, Relay> relays_;
    std::uint64_t next_ = 1;
    Allowance lacks_{{.at_once = 4, .pace = std::chrono::seconds{10}}}; // of descriptors, that are told
    bool has_tlsd_ = true;
    bool has_failed_ = false; // another keyd is better
};

} // namespace common
