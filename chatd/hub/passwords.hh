// SPDX-License-Identifier: ISC
// The hub asks authd on a client's behalf, since it could not believe a handler that says what authd has
// said, and never checks a password itself. There is an authd only with a user file or something that is kept
// as a hash. Run by the hub.
#pragma once

#include "chatd/hub/answers.hh"
#include "chatd/hub/departures.hh"
#include "chatd/hub/people.hh"
#include "chatd/hub/turn.hh"
#include "chatd/settings.hh"
#include "common/authd/authd_link.hh"
#include "common/authd/login.hh"
#include "common/log.hh"
#include "common/loop.hh"

#include <functional>
#include <optional>
#include <string_view>

namespace chatd {

class Passwords {
public:
    using OnVerdict = std::function<void(Client&, const common::Verdict&)>;

    // end_authd: called when it has broken the protocol.
    Passwords(common::Loop& loop, common::Log& log, const Settings& settings, People& people,
              Answers& answers, Departures& departures, std::function<void()> end_authd)
        : loop_(loop),
          log_(log),
          settings_(settings),
          people_(people),
          answers_(answers),
          departures_(departures),
          end_authd_(std::move(end_authd)) {}

    // on_turn hears whom the hub works for.
    void tell_turns(Turn::OnTurn on_turn) { on_turn_ = std::move(on_turn); }
    // From now on authd is asked, if it is needed now; the keeper starts it.
    void start();
    // The pair with an authd that the keeper has started.
    void adopt(common::Fd pair, pid_t pid);
    void configure(); // after a reload
    bool has_authd() const { return authd_.has_value(); }
    void stop();   // tells it to end
    void leave() { // it goes on with another hub
        if (authd_) authd_->leave();
    }

    // Until the verdict the client may ask nothing else. Without an authd it is unavailable, and told at
    // once. The caller erases its own copy of the password. Throws as common::Login::ask.
    void ask(Client& client, common::LoginKind kind, std::string_view name, std::string_view password,
             OnVerdict on_verdict);
    // What a verdict other than accepted gets; after login-tries wrong ones the client is dismissed.
    void refuse(Client& client, const common::Verdict& verdict);

private:
    void watch(Client& client);
    void hear_verdict(ClientNumber number);

    common::Loop& loop_;
    common::Log& log_;
    const Settings& settings_;
    People& people_;
    Answers& answers_;
    Departures& departures_;
    std::function<void()> end_authd_;
    Turn::OnTurn on_turn_ = [](ClientNumber) {};
    std::optional<common::AuthdLink> authd_;
};

} // namespace chatd
