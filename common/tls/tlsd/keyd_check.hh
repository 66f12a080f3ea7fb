// SPDX-License-Identifier: ISC
// Whether a keyd that follows another has the keys of the certificates: it has read their files anew, and
// these may be others by now. A process of its own has it sign with each, since keyd may be slow, or be busy
// with others, and tlsd has relays to serve. Run by tlsd. Trusts keyd.
#pragma once

#include "common/children.hh"
#include "common/fd.hh"
#include "common/tls/gnutls/certificates.hh"

#include <optional>
#include <sys/types.h>

namespace common {

class KeydCheck {
public:
    enum class Found {
        right,   // all keys are theirs
        others,  // one is not
        unknown, // it did not answer, or something was lacking
    };

    // Both must outlive this.
    KeydCheck(const Certificates& certificates, Children& children)
        : certificates_(certificates), children_(children) {}

    // Starts it; one that is under way is ended, and not heard. pair: with that keyd. False: there can be no
    // process now.
    bool begin(Fd pair);
    // What came out, if that is the process which has ended.
    std::optional<Found> end(const Ended& ended);

private:
    int run(Fd pair) const;

    const Certificates& certificates_;
    Children& children_;
    pid_t pid_ = -1; // -1: none is under way
};

} // namespace common
