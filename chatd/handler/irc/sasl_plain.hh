// SPDX-License-Identifier: ISC
// AUTHENTICATE: what a client of IRC says of its account by SASL's mechanism PLAIN (RFC 4616), in pieces of
// 400 bytes of base64 (RFC 4648 4). Run by handlers. Pure; what is secret is erased when it was used.
#pragma once

#include "common/secret.hh"

#include <cstddef>
#include <string>
#include <string_view>

namespace chatd::irc {

class SaslPlain {
public:
    static constexpr std::string_view mechanism = "PLAIN";
    static constexpr std::size_t piece = 400; // bytes; a shorter one, or a +, is the last
    static constexpr std::size_t most = 3 * piece;

    SaslPlain() = default;
    SaslPlain(const SaslPlain&) = delete;
    SaslPlain& operator=(const SaslPlain&) = delete;
    ~SaslPlain() { common::erase_bytes(pieces_); }

    enum class Step {
        begun,     // answer AUTHENTICATE +
        more,      // there is more to come: no answer
        complete,  // name() and take_password()
        unknown,   // mechanism: 908 and 904
        too_long,  // 905
        aborted,   // by the client: 906
        malformed, // 904
    };
    // The parameter of one AUTHENTICATE.
    Step take(std::string_view param);
    bool is_running() const { return is_running_; }
    // The registration is over, or goes on without.
    void stop();

    const std::string& name() const { return name_; }
    common::Secret take_password() { return std::move(password_); }

private:
    Step finish();

    bool is_running_ = false;
    std::string pieces_; // never grows beyond what it was made for
    std::string name_;
    common::Secret password_;
};

} // namespace chatd::irc
