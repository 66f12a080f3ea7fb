// SPDX-License-Identifier: ISC
// A process that helps a daemon's parent for as long as that runs (authd, chatd's spawner): forked with one
// end of a pair of packet sockets, started again when it dies, and killed when it does not end. Run by the
// parent.
//
// What goes wrong in the parent while it works with the helper costs the helper: it is killed, and another is
// started, so that no half-done thing stays between the two.
#pragma once

#include "common/children.hh"
#include "common/error_lines.hh"
#include "common/fd.hh"
#include "common/log.hh"
#include "common/loop.hh"

#include <chrono>
#include <cstddef>
#include <deque>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <sys/types.h>
#include <vector>

namespace common {

class HelperProcess {
public:
    struct Duties {
        std::string role{};         // in the log: authd, spawner
        std::string called{};       // in the log, when it is killed; empty: its role and pid
        std::size_t max_packet = 0; // bytes; a longer packet from it is a PeerError
        // Its standard error is its end of the pair, and goes into the log: no packet's first byte is text.
        bool has_errors_logged = false;
        // In the child, as Children::spawn has it; pair is its end.
        std::function<int(Fd pair)> body{};
        // A packet that came from it. A PeerError kills it; another is started.
        std::function<void(std::span<const char> packet)> on_packet{};
        // Another was started in place of one that died, and takes packets.
        std::function<void()> on_restart{};
        // All that waited for room in its pair has been sent.
        std::function<void()> on_sent{};
        // Its pair has ended, though not at a stop. Another is started once its end was told.
        std::function<void()> on_lost{};
        // It has broken the protocol, and another process has started it: to be ended by that.
        std::function<void()> on_misuse{};
        std::chrono::milliseconds restart_pause{1000}; // between starts of one that dies at once
        std::chrono::seconds patience{3};              // for it to end by itself at a stop
    };

    explicit HelperProcess(Duties duties) : duties_(std::move(duties)) {}
    HelperProcess(const HelperProcess&) = delete;
    HelperProcess& operator=(const HelperProcess&) = delete;

    // Takes the pair with a process that another has started, and starts again; called again for each that
    // follows one that died, it finishes what that has said. This process then ends and restarts none itself.
    void adopt(Fd pair, pid_t pid);
    // Forks it. False if no process can be forked now. Throws std::system_error for anything else.
    bool start();
    // From now on loop serves it; what it does is told in log. Both must live until stop.
    void attach(Loop& loop, Log& log);

    // Packets go in their order, each with the descriptors passed. What finds no room in the pair waits, and
    // while there is no process what is sent waits for the next.
    void send(std::string packet, Fd first = {}, Fd second = {});
    std::size_t waiting() const { return unsent_.size(); }
    void drop_waiting() { unsent_.clear(); }
    // It is running; it may not take packets yet.
    bool runs() const { return static_cast<bool>(pair_) && !is_faulty_; }

    // After SIGCHLD, for a child that was collected; false: it is another's. Reads what it said last, logs
    // how it ended, and starts another.
    bool end(pid_t pid, int status);
    // As if it had ended: SIGKILL, whatever it does.
    void kill();
    // Closes the pair, which tells it to end, and starts no other.
    void stop();
    // Of one that another has started: it goes on with another process, which has the pair, too. Nothing is
    // heard of it any more.
    void leave();
    // The number of one that another has started; none if its end of the pair has gone, for then that may be
    // another's.
    std::optional<pid_t> adopted() const;
    // After stop: waits until it has ended, for its patience at the most, and then kills it. on_other: as
    // Children::reap has it.
    void wait(const Children::OnOther& on_other = nullptr);

    pid_t pid() const { return pid_; } // of the last one that was started; -1: none was

private:
    struct Unsent {
        std::string packet;
        Fd first;
        Fd second;
    };

    std::string called() const;
    void start_again();
    void start_later(Clock::time_point when);
    void doubt();
    void fault(const std::exception& error);
    void watch();
    void read_packets();
    void wait_for_pair();
    void flush(bool has_room = false);
    void pause();
    void misuse();
    void lose();

    Duties duties_;
    Children children_;
    pid_t pid_ = -1;
    Fd pair_; // watched by the loop from attach on
    Loop* loop_ = nullptr;
    Log* log_ = nullptr;
    std::vector<char> buffer_; // of the packet that is read
    ErrorLines errors_;        // of this process
    std::deque<Unsent> unsent_;
    Clock::time_point started_{};
    Loop::TimerId restart_{};
    bool stopping_ = false;
    bool is_adopted_ = false;
    bool is_replaced_ = false; // another is there already
    bool is_doubted_ = false;  // it takes no packets
    bool pauses_ = false;      // the system lets nothing through
    bool is_faulty_ = false;   // it was killed for what went wrong; its end follows
};

} // namespace common
