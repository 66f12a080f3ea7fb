// SPDX-License-Identifier: ISC
// The parent as its session knows it: packets to it, and its orders to end, which come as a packet or as a
// signal. Run by the session, which does what the parent says.
#pragma once

#include "common/fd.hh"
#include "common/signals.hh"

#include <cstdint>
#include <span>
#include <string>

namespace ftpd {

class ParentLink {
public:
    // pair: this end of a pair of packets with the parent (ftpd/frames.hh), not blocking. Blocks SIGTERM
    // outside of waits. SIGINT is the terminal's, and stays blocked as it was in the parent, which acts on
    // it.
    explicit ParentLink(common::Fd pair) : pair_(std::move(pair)), signals_{SIGTERM} {}

    // Waits until the parent has said that the client can be greeted. Throws SessionOver as take_orders.
    void wait_to_begin();
    bool has_begun() const { return has_begun_; }
    // Sends a packet, waiting for room. Throws SessionOver: parent_gone, or stopped by a signal meanwhile.
    void tell(std::span<const char> packet);

    // Numbers a transfer that it is to be told of, so that a parent knows one of which it is told again.
    std::uint64_t number_transfer() { return ++transfers_; }

    // Reads the orders that are there. Throws SessionOver: kicked, stopped, parent_gone. An order to finish
    // is obeyed in a pause.
    void take_orders();
    // Whether it was told to finish.
    bool should_finish() const { return should_finish_; }
    // Around the wait for the client's next command. Throws SessionOver (stopped) if the session was told
    // to finish.
    void begin_pause();
    void end_pause() { is_in_pause_ = false; }
    // Throws SessionOver (stopped) if a signal to end has come.
    void check_signals();
    // What a daemon that stops has to say to the client; empty: nothing.
    const std::string& last_words();
    // The daemon goes on without this client, and the last words say why.
    bool leaves_alone() const { return leaves_alone_; }

    int fd() const { return pair_.get(); } // readable when there is an order
    const sigset_t* signals_while_waiting() const { return signals_.while_waiting(); }

private:
    void obey(std::span<const char> packet);

    common::Fd pair_;
    common::Signals signals_;
    std::string last_words_;
    std::uint64_t transfers_ = 0;
    bool has_begun_ = false;
    bool is_in_pause_ = true; // nothing of the client's is under way
    bool should_finish_ = false;
    bool leaves_alone_ = false;
};

} // namespace ftpd
