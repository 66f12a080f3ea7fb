// SPDX-License-Identifier: ISC
#include "common/file_to_socket.hh"

#include "common/errors.hh"

#include <algorithm>
#include <unistd.h>
#include <vector>

namespace common {

IoResult copy_file_to_socket_by_reading(int file, off_t& offset, std::size_t most, int socket) {
    constexpr std::size_t piece = 256 * 1024;
    std::vector<char> buffer(std::min(most, piece));
    const ssize_t got = retry([&] { return ::pread(file, buffer.data(), buffer.size(), offset); });
    if (got < 0) fail("read a file");
    if (got == 0) return {IoState::ended};
    // What the socket does not take now is read again: nothing is kept between calls.
    const IoResult wrote = write_some(socket, {buffer.data(), static_cast<std::size_t>(got)});
    offset += static_cast<off_t>(wrote.bytes);
    return wrote;
}

} // namespace common
