// SPDX-License-Identifier: ISC
// The control connection of a session (RFC 959, section 5), and the one place where a session waits: whatever
// it waits for, it also notices what the client sends (into a fixed buffer), that the client or the parent is
// gone, and that it should stop. Run by the session; trusts nothing the client sends.
#pragma once

#include "common/fd.hh"
#include "common/line_reader.hh"
#include "common/loop.hh"
#include "common/signals.hh"

#include <chrono>
#include <initializer_list>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace ftpd {

inline constexpr std::size_t max_line = 8190; // bytes of a command; holds any path and its verb
// How long a peer may take none of what we write, or send none of what it announced.
inline constexpr std::chrono::minutes stall_limit{5};

// Thrown to end a session.
struct SessionOver {
    enum class Reason { client_gone, parent_gone, stopped, idle, stalled, protocol } reason;
};

class Connection {
public:
    using Deadline = std::optional<common::Clock::time_point>; // none: for ever

    Connection(common::Backend events, common::Fd client, common::Fd pair);

    // The next command; no value when the client has ended its input and all before that was taken. Throws
    // SessionOver (idle) at the deadline.
    std::optional<common::Line> next_line(Deadline deadline);

    // "CODE TEXT", written before it returns. The text must not hold CR LF; IAC is doubled, CR becomes CR
    // NUL.
    void reply(int code, std::string_view text);
    // A reply of several lines (RFC 959, section 4.2): "CODE-FIRST", each line with a space before it, "CODE
    // LAST".
    void begin_lines(int code, std::string_view first);
    void add_line(std::string_view line);
    void end_lines(int code, std::string_view last);

    // Bytes of an in-band body to the client, all of them.
    void send_body(std::string_view bytes);
    // Bytes of an in-band body from the client, at least one; none at the end of its input.
    std::size_t receive_body(std::span<char> into);

    // Waits until fd is ready; false at the deadline. Throws SessionOver.
    bool wait_for(int fd, common::Interest interest, Deadline deadline);
    // Notices what a wait would notice, without waiting: for a transfer whose peer is so fast that it never
    // waits.
    void look_around() { wait_for(client_.get(), common::Interest::none, common::Clock::now()); }
    // Must be called before fd, which wait_for was called with, is closed.
    void forget(int fd);

    // True once the client has closed its sending side; looks at the socket.
    bool input_ended();
    // True for a person with nc: the first line ended in a bare LF.
    bool is_person() const { return reader_.saw_bare_newline(); }

    // One try to say something last, without waiting.
    void say_last(int code, std::string_view text);

    // Sends a packet to the parent, waiting for room.
    void tell_parent(std::span<const char> packet);

    int socket() const { return client_.get(); }

private:
    bool take_input();
    void handle_parent_event();
    void watch_client(common::Interest interest);
    void watch_other(int fd, common::Interest interest);

    common::Fd client_;
    common::Fd pair_;
    common::Signals signals_;
    std::unique_ptr<common::Poller> poller_;
    common::LineReader reader_{max_line, common::LineEnds::first_decides};
    common::Interest client_interest_ = common::Interest::none;
    int other_ = -1; // the one other descriptor that is watched
    common::Interest other_interest_ = common::Interest::none;
    std::string lines_; // of a reply that is being put together
    bool input_ended_ = false;
};

} // namespace ftpd
