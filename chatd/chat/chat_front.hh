// SPDX-License-Identifier: ISC
// The side of chat that faces its user: a person at a terminal, or a pipe. It trusts the person, and
// makes harmless what the server says. The side that faces the server is in chat_talk.cc.
#pragma once

#include "chatd/terminal/telnet_options.hh"

#include <memory>
#include <signal.h>
#include <string>
#include <string_view>
#include <utility>

namespace chatd {

class ChatFront {
public:
    virtual ~ChatFront() = default; // restores the terminal

    // Bytes of standard input; returns those that are for the server.
    virtual std::string take_input(std::string_view bytes) = 0;
    // Standard input has ended; returns what is still for the server.
    virtual std::string end_input() = 0;
    // Whether the person has said, by a key, that nothing more will come.
    virtual bool has_ended() const { return false; }

    // Shows what the server has said. pauses: no more of it has arrived yet.
    virtual void show(std::string_view said, bool pauses) = 0;
    // Shows a message about the connection. passing: the next such message, or what the server says,
    // replaces it.
    enum class Notice { passing, lasting };
    virtual void tell(std::string_view, Notice) {}
    // Keys were pressed that had no effect.
    virtual void ring() {}

    // The terminal's window, where the server draws; and once after it has changed.
    virtual telnet::WindowSize size() const { return {}; }
    virtual bool take_resized() { return false; }
    // Once after the terminal was another's: what the server has drawn does not stand above the cursor.
    virtual bool take_returned() { return false; }

    // The signal mask for a wait; nullptr: as it is.
    virtual const sigset_t* while_waiting() const { return nullptr; }
    // After each wait: acts on the signals that came, and on the keys that stand for some. Returns the one
    // that is to end the program, or 0.
    virtual int obey_signals() { return 0; }
};

// All use descriptors 0 and 1.
std::unique_ptr<ChatFront> make_terminal_front(); // edits lines itself
std::unique_ptr<ChatFront> make_screen_front();   // the server edits and draws
std::unique_ptr<ChatFront> make_pipe_front();

// Writes all of it to standard output.
void write_out(std::string_view bytes);

} // namespace chatd
