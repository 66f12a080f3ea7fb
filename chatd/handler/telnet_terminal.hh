// SPDX-License-Identifier: ISC
// The client's side of a telnet connection as a handler has agreed on it: whether each key is sent as it is
// pressed, what kind of terminal there is, and how large it is. Run by handlers, which do not trust it; works
// on bytes, without descriptors.
#pragma once

#include "chatd/terminal/telnet_options.hh"
#include "chatd/terminal/typed_line.hh"

#include <string>
#include <string_view>

namespace chatd {

class TelnetTerminal {
public:
    TelnetTerminal();

    // What is to be sent first, and in answer; may be empty. First the terminal's type is asked for: on a
    // dumb one the client had better edit its lines itself.
    std::string offer();
    std::string receive(telnet::Command verb, telnet::Option option);
    std::string receive_subnegotiation(telnet::Option option, std::string_view bytes);
    // Before and after a secret is asked for, where the client edits: it is not to show what is typed.
    std::string hide_echo(bool hidden);

    // Keys come one by one (ECHO and SGA are agreed to), and this side is to edit.
    bool sends_keys() const;
    // The other side is chat(1).
    bool is_chat() const { return options_.is_on(telnet::Side::theirs, telnet::Option::chat); }
    // What was offered has been answered.
    bool is_settled() const;
    // The type's name, in lower case; empty: it has none, and is taken for a vt100 without colours.
    const std::string& type() const { return type_; }
    const Window& window() const { return window_; }

    // As RFC 854 has text, or RFC 856 once that was agreed to: LF and CR LF become CR LF.
    std::string encode(std::string_view text) const;

private:
    std::string learn_type(std::string_view type);

    telnet::Options options_;
    bool knows_type_ = false;
    bool is_dumb_ = false;
    std::string type_;
    Window window_;
};

} // namespace chatd
