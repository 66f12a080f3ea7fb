// SPDX-License-Identifier: ISC
// The control connection of a session (RFC 959, section 5): commands in, replies out, and the commands that
// come while a transfer waits. Run by the session; trusts nothing the client sends. Every function that waits
// throws SessionOver (ftpd/session/client_socket.hh).
#pragma once

#include "ftpd/session/client_socket.hh"

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace ftpd {

class Connection {
public:
    using Deadline = ClientSocket::Deadline;

    explicit Connection(ClientSocket& client) : client_(client) {}

    // The next command; no value when the client has ended its input and all before that was taken. Throws
    // SessionOver: idle at the deadline, protocol for a TLS handshake where a command should stand.
    std::optional<common::Line> next_line(Deadline deadline);

    // Waits until there is something to take of the client's input, or its end; false at that time.
    bool wait_for_input(common::Clock::time_point until);
    // The commands that are waiting to be taken, as they came.
    std::vector<std::string> waiting_lines() const;

    // Offered each command that comes while a data connection is waited for or written; true: it is done, so
    // take the next. One that it leaves waits for next_line, with all after it. It may throw.
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

    // "CODE WORDS". A line end in the words, as a name may hold one, becomes `?', and IAC is doubled.
    // protocol: commands of the telnet protocol, sent as they are at the end of the line, where they trouble
    // nobody who reads lines.
    void reply(int code, std::string_view words, std::string_view protocol = {});
    // A reply with a hint after it for a person, who could type that; a machine does not get it.
    void reply_with_hint(int code, std::string_view words, std::string_view hint);
    // A reply of several lines (RFC 959, section 4.2): "CODE-FIRST", each line with a space before it, "CODE
    // LAST".
    void begin_lines(int code, std::string_view first);
    void add_line(std::string_view line);
    // A line that holds a name exactly, for a program that takes only CR LF for its end: LF is sent as it is,
    // CR as CR NUL.
    void add_exact_line(std::string_view line);
    void end_lines(int code, std::string_view last);
    // The last reply, with one try to write it: the session ends.
    void say_last(int code, std::string_view words);

    // As ClientSocket::wait_for, for a data connection, or the listener of one: commands go to the attendant
    // meanwhile.
    bool wait_for_data(int fd, common::Interest interest, Deadline deadline);
    // Whether the client has ended its input. Commands that came before that go to the attendant.
    bool input_ended();
    // Notices what a wait would notice, without waiting: for a transfer whose peer is so fast that it never
    // waits.
    void look_around();
    // The same until a time, which a transfer that is kept to a rate waits for.
    void pause_until(common::Clock::time_point when);

    // True for a person with nc, whose first line ended in a bare LF, and one with telnet, once it has shown.
    bool is_person() const { return client_.buffer().saw_bare_newline() || telnet_; }
    bool is_telnet() const { return telnet_; }
    void set_telnet() { telnet_ = true; }

    ClientSocket& client() const { return client_; }

private:
    void attend();

    ClientSocket& client_;
    unsigned lines_since_look_ = 0;
    Attendant attendant_;               // while a data connection is used
    bool attending_ = false;            // it is at work, and may wait for the client itself
    std::optional<common::Line> ahead_; // a line that it has left
    bool telnet_ = false;
};

} // namespace ftpd
