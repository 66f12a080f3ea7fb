// SPDX-License-Identifier: ISC
// What the user of a client program wants of TLS: the options for it, which fcp, fls and chat share.
#pragma once

#include "common/options.hh"

#include <string>
#include <string_view>
#include <vector>

namespace common {

struct TlsWish {
    enum class Mode {
        off,
        required, // once the server has agreed to it; else nothing is said
        implicit, // from the first byte on
    };
    Mode mode = Mode::off;
    std::string issuers{}; // a file of certificates that are trusted instead of the system's; empty: those
    std::string pin{};     // a fingerprint, in 64 small hexadecimal digits, which the certificate must have;
                           // pin_new; empty: the user is asked
};
inline constexpr std::string_view pin_new = "new"; // a certificate that is not known yet becomes so, unasked

// --ca-file and --pin, which fill wish; it must outlive them.
std::vector<Option> tls_options(TlsWish& wish);

// "SHA-256 AB:CD:...", as openssl(1) and `ftpctl certificate make' show it, of the bytes of a digest.
std::string show_fingerprint(std::string_view digest);
// The same in 64 small hexadecimal digits; of what was typed with colons or without, in either case: empty
// if it is none.
std::string hex_of(std::string_view digest);
std::string read_fingerprint(std::string_view typed);

} // namespace common
