// SPDX-License-Identifier: ISC
// One client's handler, in a process of its own: owns the client's socket, speaks its dialect, hands its
// lines to the hub one frame at a time, and follows the logs of the rooms that it was let into. Trusts the
// hub; trusts nothing the client sends. It may fall behind as far as it likes: what it has not read costs
// nobody anything.
//
// This class is the loop around the parts of the conversation (conversation.hh).
#pragma once

#include "chatd/handler/conversation.hh"
#include "chatd/tls_note.hh"
#include "common/fd.hh"
#include "common/poller.hh"
#include "common/signals.hh"

#include <chrono>
#include <memory>
#include <optional>
#include <span>

namespace chatd {

class Handler {
public:
    struct Parameters {
        common::Backend events{};
        std::chrono::seconds idle_timeout{}; // 0: none
        Language language{};                 // until the client chooses
        std::size_t lines_at_once = 0;       // that may go to the hub together; 0: no limit
        Front front{};
    };
    // hub: this handler's end of its pair with the hub; page: its status page.
    Handler(const Parameters& parameters, const Catalogues& catalogues, common::Fd client, common::Fd hub,
            std::span<std::byte> page);
    // Serves the client until it, or the hub, is gone; the exit status.
    int run();

private:
    // Each does what it can without waiting, and tells whether it did anything.
    bool read_hub();
    bool hear_of_tls();
    void note_tls();
    bool obey_client();
    bool serve_terminal();
    bool look_up();
    bool tell_of_wait();
    bool write_client();

    bool is_done() const; // the client has ended its input, and nothing is left to do or to write
    void wait();
    std::optional<std::chrono::milliseconds> time_left() const; // no value: the client may be silent

    std::chrono::seconds idle_timeout_;
    common::Signals signals_;
    std::unique_ptr<common::Poller> poller_;
    TlsNote note_;
    Conversation talk_;
    int awaited_relay_ = -1; // the pair with the client's relay, as long as that has not told how it began
    bool is_relay_ready_ = false;
    bool has_noted_tls_ = false;
    std::chrono::steady_clock::time_point last_line_ = std::chrono::steady_clock::now();
};

} // namespace chatd
