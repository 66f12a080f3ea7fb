// SPDX-License-Identifier: ISC
#include "common/file_to_socket.hh"

#include "common/errors.hh"

#include <algorithm>
#include <sys/sendfile.h>

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

} // namespace common
