// SPDX-License-Identifier: ISC
#include "common/syslog_socket.hh"

#include "common/address.hh"
#include "common/errors.hh"
#include "common/new_socket.hh"
#include "common/text.hh"

#include <array>
#include <ctime>
#include <syslog.h>

namespace common {
namespace {

// "Nov 29 10:20:17", as RFC 3164 has it; no locale changes the month.
std::string format_time(std::time_t now) {
    constexpr std::array months{"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    std::tm parts{};
    ::localtime_r(&now, &parts);
    std::array<char, 32> rest{};
    const std::size_t size = std::strftime(rest.data(), rest.size(), "%e %H:%M:%S", &parts);
    return text(months[static_cast<std::size_t>(parts.tm_mon)], ' ', std::string_view{rest.data(), size});
}

} // namespace

// False with the errno of a place where somebody may listen all the same, if there is one.
bool SyslogSocket::connect() {
    int failure = ENOENT;
    for (const std::string& place : places_) {
        const Address to = Address::of_path(place);
        for (const int type : {SOCK_DGRAM, SOCK_STREAM}) {
            socket_.reset(new_socket(AF_UNIX, type));
            is_stream_ = type == SOCK_STREAM;
            if (socket_ && retry([&] { return ::connect(socket_.get(), to.data(), to.size()); }) == 0)
                return true;
            if (errno != EPROTOTYPE && errno != ECONNREFUSED && errno != ENOENT) failure = errno;
        }
    }
    socket_.reset();
    errno = failure;
    return false;
}

bool SyslogSocket::is_heard() {
    if (socket_ || connect()) return true;
    return errno == EAGAIN || errno == EMFILE || errno == ENFILE; // a busy one, or who knows
}

bool SyslogSocket::send(int priority, std::string_view line) {
    std::string message =
        text('<', LOG_DAEMON | priority, '>', format_time(std::time(nullptr)), ' ', program_, ": ", line);
    if (is_stream_) message += '\0';
    if (socket_ && send_once(message)) return true;
    if (socket_ || !connect()) return false; // full
    if (is_stream_ && message.back() != '\0') message += '\0';
    return send_once(message);
}

bool SyslogSocket::send_once(std::string_view message) {
    const auto sent =
        // cppcheck-suppress invalidLifetime
        retry([&] { return ::send(socket_.get(), message.data(), message.size(), MSG_NOSIGNAL); });
    if (sent == static_cast<ssize_t>(message.size())) return true;
    // What a stream took a part of would run into the next message.
    const bool is_only_full = sent < 0 && (errno == EAGAIN || errno == ENOBUFS || errno == EMSGSIZE);
    if (!is_only_full) socket_.reset();
    return false;
}

} // namespace common
