// SPDX-License-Identifier: ISC
// Moving a file's bytes to a socket the shortest way: sendfile(2) on Linux, large reads and writes elsewhere
// and where the kernel refuses.
#pragma once

#include "common/fd.hh"

#include <cstddef>
#include <sys/types.h>

namespace common {

// Moves at most most bytes (not 0) from offset of file (a regular one) to socket, and advances offset by what
// was moved. State: done; would_block; ended at the end of the file; vanished. Throws std::system_error for a
// fault of the file. A call moves a bounded piece: call it until it would block.
IoResult copy_file_to_socket(int file, off_t& offset, std::size_t most, int socket);

// The same for the last bytes of a file, at most last_piece of them, after which the caller does nothing but
// close the socket: where the system can, they and the end travel in one packet.
inline constexpr std::size_t last_piece = 16384;
IoResult copy_last_to_socket(int file, off_t& offset, std::size_t most, int socket);

// The portable way.
IoResult copy_file_to_socket_by_reading(int file, off_t& offset, std::size_t most, int socket);

} // namespace common
