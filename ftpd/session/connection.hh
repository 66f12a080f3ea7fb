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
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace ftpd {

inline constexpr std::size_t max_line = 8190; // bytes of a command; holds any path and its verb

// Thrown to end a session.
struct SessionOver {
    enum class Reason { client_gone, parent_gone, stopped, kicked, idle, stalled, protocol } reason;
    std::string_view note = {}; // for the log
};

class Connection {
public:
    using Deadline = std::optional<common::Clock::time_point>; // none: for ever

    // stall_limit: how long the client may take none of what we write, or send none of what it announced.
    Connection(common::Backend events, std::chrono::seconds stall_limit, common::Fd client, common::Fd pair);

    // The next command; no value when the client has ended its input and all before that was taken. Throws
    // SessionOver: idle at the deadline, protocol for a TLS handshake where a command should stand.
    std::optional<common::Line> next_line(Deadline deadline);

    // Offered each command that comes while a data connection is waited for or written; true: it is done, so
    // take the next. One that it leaves waits for next_line, with all behind it. It may throw.
    using Attendant = std::function<bool(const common::Line&)>;
    // Sets the attendant until the end of its life.
    class Attention {
    public:
        Attention(Connection& control, Attendant attendant) : control_(control) {
            control_.attendant_ = std::move(attendant);
        }
        ~Attention() { control_.attendant_ = nullptr; }
        Attention(const Attention&) = delete;
        Attention& operator=(const Attention&) = delete;

    private:
        Connection& control_;
    };

    // What is said is collected and written in one piece: before anything but the parent is waited for,
    // before more of the client's input is read for a next command, when there is much of it, and by flush().

    // "CODE TEXT". The text must not hold CR LF; IAC is doubled, CR becomes CR NUL. protocol: commands of the
    // telnet protocol, sent as they are at the end of the line, where they trouble nobody who reads lines.
    void reply(int code, std::string_view text, std::string_view protocol = {});
    // A reply of several lines (RFC 959, section 4.2): "CODE-FIRST", each line with a space before it, "CODE
    // LAST".
    void begin_lines(int code, std::string_view first);
    void add_line(std::string_view line);
    void end_lines(int code, std::string_view last);

    // Bytes to the client: of an in-band body, or of the telnet protocol.
    void send_body(std::string_view bytes);
    // Writes all that was said; where it matters that the client has it now. Waits for the client.
    void flush();
    // One try to write it, without waiting: the session ends. So does say_last, which says something more.
    void flush_at_last();
    void say_last(int code, std::string_view text);
    // Bytes of an in-band body from the client, at least one; none at the end of its input.
    std::size_t receive_body(std::span<char> into);
    // For a body whose end must be looked for: waits until more than that many bytes are buffered, and shows
    // all that are; no more at the end of the input. The buffer holds max_line bytes.
    std::string_view wait_for_input(std::size_t more_than = 0);
    void consume_input(std::size_t bytes) { reader_.consume(bytes); }

    // Waits until fd is ready; false at the deadline. Throws SessionOver.
    bool wait_for(int fd, common::Interest interest, Deadline deadline);
    // The same for a data connection, or the listener of one: commands go to the attendant meanwhile.
    bool wait_for_data(int fd, common::Interest interest, Deadline deadline);
    // Notices what a wait would notice, without waiting: for a transfer whose peer is so fast that it never
    // waits.
    void look_around();
    // The same until a time, which a transfer that is kept to a rate waits for.
    void pause_until(common::Clock::time_point when);
    // Must be called before fd, which was waited for, is closed.
    void forget(int fd);

    // True once the client has closed its sending side; looks at the socket.
    bool input_ended();
    // The same, as far as it has been noticed.
    bool saw_end_of_input() const { return input_ended_; }
    // True for a person with nc, whose first line ended in a bare LF, and one with telnet, once it has shown.
    bool is_person() const { return saw_bare_newline() || telnet_; }
    bool saw_bare_newline() const { return reader_.saw_bare_newline(); }
    bool is_telnet() const { return telnet_; }
    // Something has come, or the end, behind the command that was taken last; looks at the socket.
    bool has_waiting_input() { return input_ended() || !reader_.buffered().empty(); }
    void set_telnet() { telnet_ = true; }

    // Nothing more will be said: the client has all, sees the end, and may go on sending.
    void end_output();
    // Sends a packet to the parent, waiting for room.
    void tell_parent(std::span<const char> packet);
    // What a daemon that stops has to say to the client; empty: nothing.
    const std::string& last_words();

    int socket() const { return client_.get(); }
    std::chrono::seconds stall_limit() const { return stall_limit_; }

private:
    enum class Woken { ready, by_others, deadline };
    Woken wait_once(int fd, common::Interest interest, Deadline deadline);
    void attend();
    bool take_input();
    void say(std::string_view bytes);
    void write_all(std::string_view bytes);
    void handle_parent_event();
    void watch_client(common::Interest interest);
    void watch_other(int fd, common::Interest interest);

    common::Fd client_;
    common::Fd pair_;
    std::string last_words_;
    common::Signals signals_;
    std::unique_ptr<common::Poller> poller_;
    common::LineReader reader_{max_line, common::LineEnds::first_decides};
    common::Interest client_interest_ = common::Interest::none;
    int other_ = -1; // the one other descriptor that is watched
    common::Interest other_interest_ = common::Interest::none;
    std::string unsent_; // what was said
    unsigned lines_since_wait_ = 0;
    std::chrono::seconds stall_limit_;
    Attendant attendant_;               // while a data connection is used
    bool attending_ = false;            // it is at work, and may wait for the client itself
    std::optional<common::Line> ahead_; // a line that it has left
    bool input_ended_ = false;
    bool telnet_ = false;
};

} // namespace ftpd
