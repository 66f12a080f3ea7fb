// SPDX-License-Identifier: ISC
// Waits until descriptors can be read or written, with select(2), poll(2), epoll(7) level-triggered or
// epoll edge-triggered behind one interface, in any process. Code above it tries first and waits only after
// would_block; then it is right under all four. A descriptor left with work undone (its budget for this round
// is used) is put on the ready list with again(), so that one flooder starves nobody.
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <signal.h>
#include <span>
#include <string_view>
#include <vector>

namespace common {

enum class Backend { select, poll, epoll, epoll_edge };

// The word of the `events` directive: select, poll, epoll, epoll-edge. Throws UserError for any other, with
// the words that are known.
Backend parse_backend(std::string_view word);
std::string_view backend_name(Backend backend);
// The best that this build and this kernel offer: epoll, else poll.
Backend best_backend();

enum class Interest : unsigned { none = 0, read = 1, write = 2, both = 3 };

struct Event {
    int fd;
    bool readable; // also at end of input and after an error: the next read tells which
    bool writable; // also after an error: the next write tells
    bool hangup;   // the connection is dead both ways (POLLHUP, POLLERR); reported whatever the interest;
                   // select cannot tell and reports it as readable and writable
};

class Poller {
public:
    // Throws UserError where the build or the kernel lacks the backend, naming one that works.
    static std::unique_ptr<Poller> make(Backend backend);
    virtual ~Poller() = default;
    Poller(const Poller&) = delete;
    Poller& operator=(const Poller&) = delete;

    // Starts watching fd, or changes what it is watched for. A change (also to the same interest) reports the
    // present readiness once more under edge-triggered epoll. select throws UserError for a descriptor of
    // FD_SETSIZE or beyond ("select cannot watch descriptor 1024 ...: use `events poll'").
    void watch(int fd, Interest interest);
    // Stops watching; must be called before fd is closed. Nothing if fd is not watched.
    void forget(int fd);
    // Puts fd on the ready list: the next wait returns at once and reports fd as ready for its whole
    // interest.
    void again(int fd);

    // Waits for events, at most so long (no value: for ever; rounded up to milliseconds). mask: the signal
    // mask in force during the wait, and only then (nullptr: unchanged). Returns none at the time-out or
    // after a signal. The span is valid until the next call.
    std::span<const Event> wait(std::optional<std::chrono::milliseconds> at_most,
                                const sigset_t* mask = nullptr);

protected:
    Poller() = default;
    // What a backend does; interests_ says what was watched before (index is the descriptor).
    virtual void update(int fd, Interest now, bool is_new) = 0;
    virtual void remove(int fd) = 0;
    // Appends to events; timeout in milliseconds, -1 for ever. EINTR and the time-out append nothing.
    virtual void collect(int timeout_ms, const sigset_t* mask, std::vector<Event>& events) = 0;

    Interest interest_in(int fd) const;

private:
    struct Watched {
        bool watched = false;
        bool on_ready_list = false;
        Interest interest = Interest::none;
    };
    std::vector<Watched> table_;
    std::vector<int> ready_;
    std::vector<Event> events_;
};

} // namespace common
