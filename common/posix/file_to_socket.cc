// SPDX-License-Identifier: ISC
#include "common/file_to_socket.hh"

#include <algorithm>

namespace common {

IoResult copy_file_to_socket(int file, off_t& offset, std::size_t most, int socket) {
    return copy_file_to_socket_by_reading(file, offset, most, socket);
}

IoResult copy_last_to_socket(int file, off_t& offset, std::size_t most, int socket) {
    return copy_file_to_socket_by_reading(file, offset, std::min(most, last_piece), socket);
}

} // namespace common
