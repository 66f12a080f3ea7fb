// SPDX-License-Identifier: ISC
// Waits until descriptors can be read or written, with select(2), poll(2), epoll(7) level-triggered or
// epoll edge-triggered behind one interface, in any process. Code above it tries first and waits only after
// would_block; then it is right under all four. A descriptor left with work undone (its budget for this round
// is used) is put on the ready list with again(), so that one flooder starves nobody. A forked child makes
// its own Poller and never touches its parent's: under epoll both would change one and the same set.
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
constexpr bool wants_read(Interest interest) {
    return interest == Interest::read || interest == Interest::both;
}
constexpr bool wants_write(Interest interest) {
    return interest == Interest::write || interest == Interest::both;
}

// A hangup is reported in every wait (epoll-edge: once), whatever the interest, until the descriptor is
// forgotten; what was received before it can still be read. select cannot tell: there it is readable and
// writable instead.
struct Event {
    int fd;
    bool readable; // also at end of input and after an error: the next read tells which; only if wanted
    bool writable; // also after an error: the next write tells; only if wanted
    bool hangup;   // the connection is dead both ways (POLLHUP, POLLERR)
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
    // FD_SETSIZE or beyond ("select cannot watch descriptor 1024 ...: use `events poll'"). A descriptor that
    // epoll does not take (regular file, /dev/null) is always ready, as it is under select and poll.
    void watch(int fd, Interest interest);
    // Stops watching; must be called before fd is closed. Nothing if fd is not watched.
    void forget(int fd);
    // Puts fd on the ready list: the next wait returns at once and reports fd as ready for its whole
    // interest. Nothing if fd is not watched.
    void again(int fd);
    // none also for a descriptor that is not watched.
    Interest interest_in(int fd) const;
    // Whether what is left unread is reported by the next wait once more (not when edge-triggered). Then who
    // expects no more need not read on until it would block.
    virtual bool reports_again() const { return true; }

    // Waits for events, at most so long (no value: for ever). mask: the signal mask in force during the wait,
    // and only then (nullptr: unchanged); a pending signal that it lets in is delivered by every wait,
    // however busy the descriptors are. Returns none at the time-out or after a signal, at most one Event for
    // each descriptor. The span is valid until the next call.
    std::span<const Event> wait(std::optional<std::chrono::milliseconds> at_most,
                                const sigset_t* mask = nullptr);

protected:
    Poller() = default;
    // What a backend does; interest_in says what was watched before.
    virtual void update(int fd, Interest now, bool is_new) = 0;
    virtual void remove(int fd) = 0;
    // Appends to events, each descriptor once, with hangup but without the caller's interest worked in;
    // timeout in milliseconds, -1 for ever. EINTR and the time-out append nothing.
    virtual void collect(int timeout_ms, const sigset_t* mask, std::vector<Event>& events) = 0;

private:
    struct Watched {
        bool watched = false;
        bool on_ready_list = false;
        Interest interest = Interest::none;
    };
    Watched* find_watched(int fd); // nullptr if fd is not watched
    void add_ready_list();

    std::vector<Watched> table_; // its index is the descriptor
    std::vector<int> ready_;     // may name descriptors forgotten since; on_ready_list decides
    std::vector<Event> events_;
};

} // namespace common
