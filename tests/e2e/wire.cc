// SPDX-License-Identifier: ISC
#include "tests/e2e/wire.hh"

#include "common/errors.hh"
#include "common/socket.hh"

#include <algorithm>
#include <array>
#include <charconv>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>

namespace e2e {

using common::IoState;

Connection::Connection(std::uint16_t port, Seconds limit)
    : Connection(common::resolve_address("127.0.0.1:" + std::to_string(port)).at(0), limit) {}

Connection::Connection(const common::Address& address, Seconds limit)
    : Connection(common::connect_to({&address, 1}, std::chrono::steady_clock::now() + limit), limit) {}

Connection::Connection(common::Fd socket, Seconds limit) : socket_(std::move(socket)), limit_(limit) {
    ::signal(SIGPIPE, SIG_IGN); // say it as a Failure
    common::set_nonblocking(socket_.get());
}

void Connection::wait(short events) {
    const auto deadline = std::chrono::steady_clock::now() + limit_;
    pollfd watched{socket_.get(), events, 0};
    for (;;) {
        const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(
            deadline - std::chrono::steady_clock::now());
        const int ready = ::poll(&watched, 1, static_cast<int>(std::max<long>(left.count(), 0)));
        if (ready > 0) return;
        if (ready == -1 && errno == EINTR) continue;
        if (ready == -1) common::fail("poll");
        throw Failure{(events & POLLOUT ? "the other side does not read; " : "nothing came; ") +
                      std::string{"not yet read: "} + buffer_};
    }
}

bool Connection::try_send(std::string_view bytes) {
    while (!bytes.empty()) {
        const auto written = common::write_some(socket_.get(), bytes);
        if (written.state == IoState::vanished) return false;
        if (written.state == IoState::would_block) wait(POLLOUT);
        bytes.remove_prefix(written.bytes);
    }
    return true;
}

void Connection::send(std::string_view bytes) {
    if (!try_send(bytes)) throw Failure{"cannot send: the other side is gone"};
}

Connection::Got Connection::read_more() {
    std::array<char, 64 * 1024> piece;
    for (;;) {
        const auto got = common::read_some(socket_.get(), piece);
        switch (got.state) {
        case IoState::done: buffer_.append(piece.data(), got.bytes); return Got::some;
        case IoState::would_block: wait(POLLIN); break;
        case IoState::ended: return Got::end;
        case IoState::vanished: return Got::reset;
        }
    }
}

std::string Connection::read_line() {
    std::size_t end;
    while ((end = buffer_.find('\n')) == std::string::npos)
        if (read_more() != Got::some) throw Failure{"ended in midst of a line: `" + buffer_ + "'"};
    std::string line = buffer_.substr(0, end);
    buffer_.erase(0, end + 1);
    if (line.ends_with('\r')) line.pop_back();
    return line;
}

std::string Connection::read_exactly(std::size_t size) {
    while (buffer_.size() < size)
        if (read_more() != Got::some)
            throw Failure{"ended after " + std::to_string(buffer_.size()) + " bytes of " +
                          std::to_string(size)};
    std::string bytes = buffer_.substr(0, size);
    buffer_.erase(0, size);
    return bytes;
}

std::string Connection::read_to_end() {
    for (;;) {
        switch (read_more()) {
        case Got::some: break;
        case Got::end: return std::exchange(buffer_, {});
        case Got::reset: throw Failure{"reset after: " + buffer_};
        }
    }
}

void Connection::wait_for_end() {
    while (read_more() == Got::some) buffer_.clear();
}

bool Connection::has_input() {
    pollfd watched{socket_.get(), POLLIN, 0};
    return !buffer_.empty() || ::poll(&watched, 1, 0) > 0;
}

// A line "226-..." opens a reply of several lines, which "226 ..." closes.
Reply Connection::read_reply() {
    std::string line = read_line(), all = line;
    const std::string code = line.substr(0, 3);
    int number = 0;
    const auto [end, error] = std::from_chars(code.data(), code.data() + code.size(), number);
    if (error != std::errc{} || end != code.data() + 3) throw Failure{"not a reply: `" + line + "'"};
    if (line.substr(3).starts_with('-'))
        for (; !line.starts_with(code + " "); all += "\n" + line) line = read_line();
    return {number, all};
}

std::string Connection::expect(int code) {
    const Reply reply = read_reply();
    if (reply.code != code) throw Failure{"expected " + std::to_string(code) + ", got: " + reply.text};
    return reply.text;
}

std::string Connection::command(std::string_view line, int code) {
    send(std::string{line} + "\r\n");
    try {
        return expect(code);
    } catch (const Failure& failure) {
        throw Failure{std::string{line} + ": " + failure.what()};
    }
}

void Connection::half_close() { ::shutdown(socket_.get(), SHUT_WR); }

void Connection::reset() {
    common::set_reset_on_close(socket_.get());
    socket_.reset();
}

common::Address Connection::local() const { return common::local_address(socket_.get()); }

void Connection::set_receive_buffer(int bytes) {
    common::checked("setsockopt", "SO_RCVBUF",
                    [&] { return ::setsockopt(socket_.get(), SOL_SOCKET, SO_RCVBUF, &bytes, sizeof bytes); });
}

// "229 ... (|||PORT|)" and "227 ... (h1,h2,h3,h4,p1,p2)".
std::uint16_t passive_port(std::string_view reply) {
    const auto open = reply.find('(');
    if (open == reply.npos) throw Failure{"no port in: " + std::string{reply}};
    std::vector<unsigned> numbers;
    for (const char* at = reply.data() + open; at != reply.data() + reply.size();) {
        unsigned number = 0;
        const auto [end, error] = std::from_chars(at, reply.data() + reply.size(), number);
        if (error == std::errc{}) numbers.push_back(number);
        at = end == at ? at + 1 : end;
    }
    if (numbers.size() == 1) return static_cast<std::uint16_t>(numbers[0]);
    if (numbers.size() == 6) return static_cast<std::uint16_t>(numbers[4] * 256 + numbers[5]);
    throw Failure{"no port in: " + std::string{reply}};
}

} // namespace e2e
