// SPDX-License-Identifier: ISC
// How a client of IRC comes in: NICK, USER, PASS, CAP and AUTHENTICATE in whatever order it sends them. When
// the name and the user are known and the capabilities are agreed on, the hub is asked for the name; then the
// client is inside, in no room yet. Run by handlers.
#pragma once

#include "chatd/handler/irc/sasl_plain.hh"
#include "chatd/protocol.hh"
#include "common/secret.hh"

#include <string>
#include <string_view>

namespace chatd::irc {

class IrcConversation;
struct ClientLine;

class IrcRegistration {
public:
    explicit IrcRegistration(IrcConversation& conversation) : conversation_(conversation) {}

    bool is_inside() const { return is_inside_; }

    void take_cap(const ClientLine& line);
    void take_pass(const ClientLine& line);
    void take_nick(std::string_view name);
    void take_user(const ClientLine& line);
    void authenticate(std::string_view param);

private:
    void go_on();
    void refuse_name(Refusal why);
    void log_in();
    void log_in_by_sasl();
    void be_inside(const std::string& name);

    IrcConversation& conversation_;
    bool is_inside_ = false;
    bool has_user_ = false;
    std::string name_; // asked for; empty: none yet
    common::Secret password_;
    SaslPlain sasl_;
};

} // namespace chatd::irc
