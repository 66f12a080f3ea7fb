// SPDX-License-Identifier: ISC
#include "common/tls/relay/outbox.hh"

#include "common/errors.hh"

#include <algorithm>
#include <cerrno>
#include <sys/socket.h>

namespace common {
namespace {

#ifdef MSG_MORE
constexpr int more = MSG_MORE; // packets are filled up
#else
constexpr int more = 0;
#endif

} // namespace

ssize_t Outbox::send(int socket, std::span<const iovec> pieces, bool has_more) {
    std::size_t sent = 0;
    if (is_empty()) {
        msghdr message{};
        message.msg_iov = const_cast<iovec*>(pieces.data());
        message.msg_iovlen = static_cast<decltype(message.msg_iovlen)>(pieces.size());
        const int flags = MSG_NOSIGNAL | MSG_DONTWAIT | (has_more ? more : 0);
        const ssize_t result = retry([&] { return ::sendmsg(socket, &message, flags); });
        if (result < 0 && errno != EAGAIN && errno != EWOULDBLOCK) return -1;
        sent = static_cast<std::size_t>(std::max<ssize_t>(result, 0));
    }
    std::size_t all = 0;
    for (const iovec& piece : pieces) {
        const std::size_t done = std::min(piece.iov_len, sent - std::min(sent, all));
        all += piece.iov_len;
        const char* const bytes = static_cast<const char*>(piece.iov_base);
        bytes_.insert(bytes_.end(), bytes + done, bytes + piece.iov_len);
    }
    return static_cast<ssize_t>(all);
}

IoState Outbox::flush(int socket) {
    const IoResult result = send_some(socket, {bytes_.data() + begin_, bytes_.size() - begin_});
    if (result.state != IoState::done) return result.state;
    begin_ += result.bytes;
    if (!is_empty()) return IoState::done;
    std::vector<char>{}.swap(bytes_);
    begin_ = 0;
    return IoState::done;
}

} // namespace common
