// SPDX-License-Identifier: ISC
#include "common/file_to_socket.hh"

#include "common/errors.hh"

#include <algorithm>
#include <array>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <unistd.h>

namespace common {

IoResult copy_file_to_socket(int file, off_t& offset, std::size_t most, int socket) {
    constexpr std::size_t piece = 1024 * 1024; // bytes; then the caller looks around
    const ssize_t moved = retry([&] { return ::sendfile(socket, file, &offset, std::min(most, piece)); });
    if (moved > 0) return {IoState::done, static_cast<std::size_t>(moved)};
    if (moved == 0) return {IoState::ended};
    if (errno == EAGAIN) return {IoState::would_block};
    if (means_vanished(errno)) return {IoState::vanished};
    if (errno != EINVAL && errno != ENOSYS) fail("send a file"); // those: a file system that cannot
    return copy_file_to_socket_by_reading(file, offset, most, socket);
}

// Few bytes are copied sooner than sendfile(2) passes on their pages.
IoResult copy_last_to_socket(int file, off_t& offset, std::size_t most, int socket) {
    std::array<char, last_piece> bytes;
    const std::size_t wanted = std::min(most, bytes.size());
    const ssize_t got =
        checked("read", "a file", [&] { return ::pread(file, bytes.data(), wanted, offset); });
    if (got == 0) return {IoState::ended};
    const ssize_t sent =
        retry([&] { return ::send(socket, bytes.data(), static_cast<std::size_t>(got), MSG_MORE); });
    if (sent < 0 && errno == EAGAIN) return {IoState::would_block};
    if (sent < 0 && means_vanished(errno)) return {IoState::vanished};
    if (sent < 0) fail("send", "a file");
    offset += sent;
    return {IoState::done, static_cast<std::size_t>(sent)};
}

} // namespace common
