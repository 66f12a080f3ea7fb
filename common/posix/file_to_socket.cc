// SPDX-License-Identifier: ISC
#include "common/file_to_socket.hh"

namespace common {

IoResult copy_file_to_socket(int file, off_t& offset, std::size_t most, int socket) {
    return copy_file_to_socket_by_reading(file, offset, most, socket);
}

} // namespace common
