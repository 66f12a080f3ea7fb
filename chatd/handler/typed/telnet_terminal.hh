// SPDX-License-Identifier: ISC
// The client's side of a telnet connection as a handler has agreed on it: whether each key is sent as it is
// pressed, what kind of terminal there is, how large it is, and which characters it has. Run by handlers,
// which do not trust it; works on bytes, without descriptors.
//
// Keys take both ECHO and SGA (RFC 857, RFC 858). With a client that refuses SGA, as TinyFugue and Mudlet do,
// ECHO is on only while a secret is asked for: nobody would see what is typed.
#pragma once

#include "chatd/terminal/telnet_options.hh"
#include "chatd/terminal/typed_line.hh"

#include <cstddef>
#include <optional>
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
    // Whether it does not, as far as it has said: then its Enter is not seen either.
    bool hides_echo() const { return is_hidden_ && options_.is_on(telnet::Side::ours, telnet::Option::echo); }
    // It has been waited for long enough: what is not answered by now counts as refused, until it is
    // answered.
    std::string settle();

    // Keys come one by one (ECHO and SGA are agreed to), and this side is to edit.
    bool sends_keys() const;
    // The other side is chat(1).
    bool is_chat() const { return options_.is_on(telnet::Side::theirs, telnet::Option::chat); }
    // What was offered has been answered.
    bool is_settled() const;
    // The type's name, in lower case; empty: it has none, and is taken for a vt100 without colours.
    const std::string& type() const { return type_; }
    const Window& window() const { return window_; }

    // What follows a prompt for which the client's own line editor waits: GA (RFC 854), EOR where that was
    // agreed to (RFC 885), nothing where GA is suppressed.
    std::string prompt_end() const;

    // As RFC 854 has text, or RFC 856 once that was agreed to: LF and CR LF become CR LF. In the client's
    // character set.
    std::string encode(std::string_view text) const;
    // UTF-8 as the client will see it: with Latin-1 it lacks most characters.
    std::string shown(const std::string& text) const;
    // What the client has sent, in UTF-8. NUL is nothing (RFC 854), unless it is the second byte of an Enter.
    std::string decode(std::string_view data);
    // Lines whose ends are right already, from this byte on, into the client's character set.
    void translate(std::string& words, std::size_t from) const;

private:
    static constexpr unsigned max_charset_changes = 32; // more are a game

    std::string learn_type(std::string_view type);
    std::string offer_keys();
    std::string obey_about_keys(telnet::Command verb, bool turned_on);
    std::string give_back_echo();
    bool may_send_keys() const;
    void take_window(std::optional<telnet::WindowSize> size);
    std::string agree_on_charset(std::string_view bytes);

    telnet::Options options_;
    bool knows_type_ = false;
    bool is_dumb_ = false;
    bool is_hidden_ = false;    // a secret is asked for
    bool ignores_keys_ = false; // SGA was not answered
    bool asks_charset_ = false; // and has not been answered
    char last_byte_ = '\0';     // of its data
    bool is_latin1_ = false;
    unsigned charset_changes_ = 0;
    std::string type_;
    Window window_;
};

} // namespace chatd
