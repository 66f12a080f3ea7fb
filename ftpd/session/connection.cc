// SPDX-License-Identifier: ISC
#include "ftpd/session/connection.hh"

#include "common/text.hh"
#include "ftpd/path.hh"
#include "ftpd/session/refusal.hh"

#include <string>
#include <utility>

using namespace common;

namespace ftpd {
namespace {

using Reason = SessionOver::Reason;

constexpr unsigned max_lines_before_look = 64; // of a client that never lets us wait
constexpr std::string_view tls_handshake =
    "\x16\x03"; // how a TLS record with a ClientHello begins (RFC 8446 5.1)

// What the telnet protocol under FTP asks of bytes that stand for themselves (RFC 854): a name may hold them.
std::string in_telnet(std::string_view bytes) {
    std::string out;
    for (const char c : bytes) {
        out += c;
        if (c == '\xff') out += c;
        if (c == '\r') out += '\0';
    }
    return out;
}

std::string format_line(int code, char separator, std::string_view words) {
    return text(code, separator, in_telnet(in_one_line(words)), "\r\n");
}

} // namespace

std::optional<Line> Connection::next_line(Deadline deadline) {
    if (ahead_) return std::exchange(ahead_, {});
    if (++lines_since_look_ >= max_lines_before_look) look_around();
    LineReader& buffer = client_.buffer();
    for (;;) {
        if (buffer.at_line_start() && buffer.buffered().substr(0, tls_handshake.size()) == tls_handshake)
            throw SessionOver{Reason::protocol, "a TLS handshake: closing"};
        if (std::optional<Line> line = buffer.next()) return line;
        if (client_.saw_end_of_input()) return {};
        // Bytes without a line's end keep nobody alive.
        if (deadline && Clock::now() >= *deadline) throw SessionOver{Reason::idle};
        client_.flush();
        if (client_.read_once()) continue; // another read follows before anything is waited for
        lines_since_look_ = 0;
        if (!client_.wait_for(client_.fd(), Interest::read, deadline)) throw SessionOver{Reason::idle};
    }
}

bool Connection::wait_for_input(Clock::time_point until) {
    if (ahead_ || !client_.buffer().buffered().empty() || client_.saw_end_of_input()) return true;
    return client_.wait_for(client_.fd(), Interest::read, until);
}

std::vector<std::string> Connection::waiting_lines() const {
    std::vector<std::string> lines;
    if (ahead_) lines.push_back(ahead_->text);
    for (const std::string_view line : std::as_const(client_).buffer().waiting_lines())
        lines.emplace_back(line);
    return lines;
}

// Lets the attendant have the commands that are there, in their order. It may wait for the client in turn.
void Connection::attend() {
    if (!attendant_ || attending_) return;
    const struct Attending {
        bool& flag;
        explicit Attending(bool& given) : flag(given) { flag = true; }
        ~Attending() { flag = false; }
    } attending{attending_};
    while (!ahead_) {
        std::optional<Line> line = client_.buffer().next();
        if (!line) return;
        if (!attendant_(*line)) ahead_ = std::move(line);
    }
}

bool Connection::wait_for_data(int fd, Interest interest, Deadline deadline) {
    using Woken = ClientSocket::Woken;
    for (;;) {
        attend();
        const Woken woken = client_.wait_once(fd, interest, deadline);
        if (woken != Woken::by_others) return woken == Woken::ready;
    }
}

bool Connection::input_ended() {
    const bool ended = client_.input_ended();
    attend();
    return ended;
}

void Connection::look_around() {
    lines_since_look_ = 0;
    client_.wait_once(client_.fd(), Interest::none, Clock::now());
    attend();
}

void Connection::pause_until(Clock::time_point when) {
    while (Clock::now() < when) {
        client_.wait_once(client_.fd(), Interest::none, when);
        attend();
    }
}

void Connection::reply(int code, std::string_view words, std::string_view protocol) {
    std::string line = format_line(code, ' ', words);
    line.insert(line.size() - 2, protocol);
    client_.say(line);
}

void Connection::reply_with_hint(int code, std::string_view words, std::string_view hint) {
    if (is_person() && !hint.empty()) return reply(code, text(words, ' ', hint));
    reply(code, words);
}

void Connection::begin_lines(int code, std::string_view first) { client_.say(format_line(code, '-', first)); }

void Connection::add_line(std::string_view line) {
    if (line.find_first_of("\r\n") != line.npos) return add_exact_line(in_one_line(line));
    add_exact_line(line);
}

void Connection::add_exact_line(std::string_view line) {
    client_.say(" ");
    if (line.find_first_of("\xff\r") == line.npos)
        client_.say(line);
    else
        client_.say(in_telnet(line));
    client_.say("\r\n");
}

void Connection::end_lines(int code, std::string_view last) { client_.say(format_line(code, ' ', last)); }

void Connection::say_last(int code, std::string_view words) {
    client_.flush_at_last(format_line(code, ' ', words));
}

} // namespace ftpd
