// SPDX-License-Identifier: ISC
#include "tests/bench/connection.hh"

#include "common/errors.hh"
#include "common/socket.hh"

#include <algorithm>
#include <arpa/inet.h>
#include <cstring>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <utility>

namespace bench {

using common::checked;

common::Fd connect_to_port(std::uint16_t port, std::uint32_t from) {
    common::Fd socket{checked("socket", {}, [] { return ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0); })};
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    const timeval patience{.tv_sec = 20, .tv_usec = 0};
    for (const int option : {SO_RCVTIMEO, SO_SNDTIMEO}) // the latter is also connect's
        ::setsockopt(socket.get(), SOL_SOCKET, option, &patience, sizeof patience);
    if (from != INADDR_LOOPBACK) {
        sockaddr_in own = address;
        own.sin_port = 0;
        own.sin_addr.s_addr = htonl(from);
        const int on = 1; // a port that other connections have is fine, if they go elsewhere
        ::setsockopt(socket.get(), IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof on);
        checked("bind", {},
                [&] { return ::bind(socket.get(), reinterpret_cast<const sockaddr*>(&own), sizeof own); });
    }
    checked("connect to port", std::to_string(port), [&] {
        return ::connect(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address);
    });
    return socket;
}

void Connection::send(std::string_view bytes) {
    while (!bytes.empty())
        bytes.remove_prefix(static_cast<std::size_t>(checked(
            "send", {}, [&] { return ::send(socket_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL); })));
}

std::size_t Connection::receive(std::span<char> into) {
    return static_cast<std::size_t>(
        checked("receive", {}, [&] { return ::recv(socket_.get(), into.data(), into.size(), 0); }));
}

std::size_t Connection::discard(std::size_t most) {
    constexpr std::size_t piece = 1 << 20;
    std::size_t total = std::min(most, end_ - begin_);
    begin_ += total;
    while (total < most) {
        const auto got = checked("receive", {}, [&] {
            return ::recv(socket_.get(), nullptr, std::min(piece, most - total), MSG_TRUNC);
        });
        if (got == 0) break;
        total += static_cast<std::size_t>(got);
    }
    return total;
}

std::string_view Connection::read_line() {
    for (std::size_t searched = begin_;;) {
        const auto* const found =
            static_cast<const char*>(std::memchr(buffer_.data() + searched, '\n', end_ - searched));
        if (found) {
            const auto end = static_cast<std::size_t>(found - buffer_.data());
            std::string_view line{buffer_.data() + begin_, end - begin_};
            begin_ = end + 1;
            if (line.ends_with('\r')) line.remove_suffix(1);
            return line;
        }
        std::copy(buffer_.begin() + begin_, buffer_.begin() + end_, buffer_.begin());
        end_ -= std::exchange(begin_, 0);
        searched = end_;
        const std::size_t got = receive(std::span{buffer_}.subspan(end_));
        if (got == 0) throw Failure{"the server has ended the connection, or sent an endless line"};
        end_ += got;
    }
}

void Connection::finish_sending() { ::shutdown(socket_.get(), SHUT_WR); }

void Connection::drop() {
    common::set_reset_on_close(socket_.get());
    socket_.reset();
}

void send_file(Connection& to, int file, std::size_t size) {
    for (off_t at = 0; std::cmp_less(at, size);)
        if (checked("sendfile", {},
                    [&] { return ::sendfile(to.fd(), file, &at, size - static_cast<std::size_t>(at)); }) == 0)
            throw Failure{"the file to be sent is too short"};
}

} // namespace bench
