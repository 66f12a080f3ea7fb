// SPDX-License-Identifier: ISC
// A client's process (or chatd's hub on a client's behalf) asks authd about a password, over a pair of its
// own, without ever blocking: ask, wait until fd() can be read as the process waits for everything else, take
// the verdict. One question at a time. Trusts authd.
//
//     login.ask(LoginKind::user, name, password);
//     while (!(verdict = login.take_verdict())) control.wait_for(login.fd(), Interest::read, deadline);
#pragma once

#include "common/fd.hh"
#include "common/secret.hh"

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace common {

enum class LoginKind : std::uint8_t {
    user = 1,   // a user's name and password
    secret = 2, // the password alone, against the hash of this name; an empty name stands for any of them
    known = 3,  // without a password: whether a user has this name (AuthdSettings::fold_name); not counted
};

struct Verdict {
    enum class Kind : std::uint8_t {
        accepted = 1,
        refused = 2,     // the name or the password is wrong, and nothing tells which
        held_off = 3,    // nothing was tried: this address failed too often, and has to wait
        unavailable = 4, // nothing was tried, or it was interrupted: authd is not there, or cannot work now
    };
    Kind kind = Kind::unavailable;
    unsigned tries_left = 0;     // refused, held_off: 0 ends the connection, and authd answers no more
    std::chrono::seconds wait{}; // held_off: so long
    // accepted: the user's, as the user file has them; of a secret, and of a known name, only the name.
    std::string name{}, home{}, rights{}, limits{};
};

class Login {
public:
    Login() = default; // every verdict is unavailable
    // pair: from AuthdLink::open_client.
    explicit Login(Fd pair) : pair_(std::move(pair)) {}

    // Throws std::logic_error while a verdict is waited for, and PeerError when name or password are longer
    // than max_user_name, max_password, or hold a NUL. The caller erases its own copy of the password.
    void ask(LoginKind kind, std::string_view name, std::string_view password);
    // No value: not yet. Without a question, or when authd has gone, it is unavailable; it is for good when
    // is_connected says no. Throws PeerError for a malformed verdict.
    std::optional<Verdict> take_verdict();
    // Gives up waiting, and this pair: the verdict that comes later belongs to nobody.
    void give_up() { pair_.reset(); }

    bool is_connected() const { return static_cast<bool>(pair_); }
    int fd() const { return pair_.get(); } // -1 when it is not connected

private:
    Fd pair_;
    bool is_waiting_ = false;
};

} // namespace common
