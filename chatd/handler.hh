// SPDX-License-Identifier: ISC
// One client's handler, in a process of its own: owns the client's socket, speaks its dialect, hands its
// lines to the hub one at a time, and follows the log of the room that it was let into. Trusts the hub;
// trusts nothing the client sends. It may fall behind as far as it likes: what it has not read costs nobody
// anything.
#pragma once

#include "chatd/dialect.hh"
#include "chatd/log_reader.hh"
#include "chatd/protocol.hh"
#include "common/fd.hh"
#include "common/line_reader.hh"
#include "common/poller.hh"
#include "common/signals.hh"

#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>

namespace chatd {

// What a handler shares with the hub: a word that is 1 while it sleeps and wants to be woken.
class SleepFlag {
public:
    explicit SleepFlag(std::span<std::byte> page) : word_(reinterpret_cast<std::uint32_t*>(page.data())) {}
    // Handler: before it looks once more and waits.
    void announce() const;
    // Handler: it is awake by itself.
    void clear() const { flag().store(0, std::memory_order_relaxed); }
    // Hub: after it has written. True when the handler is to be woken.
    bool take() const { return flag().exchange(0, std::memory_order_seq_cst) == 1; }

private:
    std::atomic_ref<std::uint32_t> flag() const { return std::atomic_ref<std::uint32_t>{*word_}; }
    std::uint32_t* word_;
};

class Handler {
public:
    Handler(common::Backend events, std::chrono::seconds idle_timeout, common::Fd client, common::Fd hub,
            std::span<std::byte> page);
    // Serves the client until it, or the hub, is gone; the exit status.
    int run();

private:
    enum class State { asking_name, asking_code, in_room };
    // Each does what it can without waiting, and tells whether it did anything.
    bool read_hub();
    bool read_client();
    bool obey_client();
    bool follow_log();
    bool write_client();

    void handle_packet(std::span<const char> packet, common::Fd passed);
    void on_accepted();
    void on_refused(std::span<const char> packet);
    void on_entered(std::span<const char> packet, common::Fd log);
    void on_segment(std::span<const char> packet, common::Fd log);
    void on_listing(std::span<const char> packet);
    std::optional<common::Line> next_line();
    void obey(const common::Line& line);
    void say(std::string lines);
    void obey_command(std::string_view command);
    void ask_hub(std::string packet, Message what);
    void show_record(const Record& record);
    void show(std::string_view bytes) { output_.append(bytes); }
    void finish(std::string_view last_words);
    bool is_finished() const;
    bool has_room_for_output() const;
    void wait();
    std::optional<std::chrono::milliseconds> time_left() const;

    std::chrono::seconds idle_timeout_; // 0: none
    common::Fd client_;
    common::Fd hub_;
    SleepFlag sleep_;
    common::Signals signals_;
    std::unique_ptr<common::Poller> poller_;
    std::unique_ptr<Dialect> dialect_ = make_line_dialect();
    common::LineReader input_{max_text, common::LineEnds::any};
    std::string output_; // not yet written; bounded by has_room_for_output
    State state_ = State::asking_name;
    Message asked_{};                  // what the hub has not answered yet
    std::optional<common::Line> held_; // a line that was looked at, but has to wait
    bool waiting_for_answer_ = false;
    bool input_ended_ = false;
    bool seen_first_line_ = false;
    bool ending_ = false; // nothing more is taken in; what is in output_ is still written
    unsigned tries_left_ = 3;
    std::chrono::steady_clock::time_point last_line_ = std::chrono::steady_clock::now();

    LogReader log_;
    std::uint32_t room_ = 0;
    std::uint32_t segment_ = 0;
    std::uint64_t own_number_ = 0;
    std::uint64_t own_line_ = 0;      // when we joined
    std::uint64_t next_line_ = 0;     // expected in the log; 0: none yet
    std::uint64_t tail_ = UINT64_MAX; // where bytes stood, at the last sleep, that were no record
    bool caught_up_ = true;
    bool at_segment_end_ = false; // and the next one is still to be asked for
};

} // namespace chatd
