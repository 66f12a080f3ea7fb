// SPDX-License-Identifier: ISC
// Looking at what waits on a pair of packets without taking it: who dies before the packet is dealt with
// leaves it to whoever follows on the same pair.
#pragma once

#include "common/fd.hh"
#include "common/loop.hh"

#include <cstddef>
#include <span>

namespace common {

struct Peeked {
    IoState state; // done, would_block, ended, or vanished: a reset, behind which packets may wait
    std::size_t bytes = 0;
    bool is_cut = false; // it is longer than the buffer
};
// The next packet into the buffer; it stays, and so do descriptors that it brings. Throws std::system_error.
Peeked peek_packet(int fd, std::span<char> into);
// Takes the packet that was looked at, and lets go of descriptors that it brings. Throws std::system_error.
void drop_packet(int fd);

// False: nothing has come, nor has the other side ended, up to the deadline. Any descriptor will do.
bool wait_for_input(int fd, Clock::time_point deadline);

// Whether the other side has ended; packets of it may still wait.
bool has_hung_up(int fd);

} // namespace common
