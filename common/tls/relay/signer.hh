// SPDX-License-Identifier: ISC
// Signatures for handshakes, which keyd makes. Run by relays, and by tlsd, which tries each key at its start.
// Trusts keyd and tlsd.
#pragma once

#include "common/fd.hh"
#include "common/loop.hh"

#include <cstdint>
#include <string>
#include <string_view>

namespace common {

class Signer {
public:
    // keyd: our end of a pair with that; none: tlsd is asked for one, over the pair with it, which is
    // borrowed; -1: there is nobody to be asked.
    Signer(Fd keyd, int tlsd) : keyd_(std::move(keyd)), tlsd_(tlsd) {}

    // Waits: whoever asks too often gets it later. Throws PeerError when it is refused, another
    // std::runtime_error after ten seconds; where keyd has died, another is waited for so long, too.
    std::string sign(std::uint32_t key, std::uint32_t algorithm, std::string_view bytes);

private:
    void renew(Clock::time_point deadline);

    Fd keyd_;
    int tlsd_;
};

} // namespace common
