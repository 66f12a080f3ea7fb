// SPDX-License-Identifier: ISC
// Memory that processes share which are not forked from one another: the status pages of chatd's handlers.
#pragma once

#include "common/fd.hh"

#include <cstddef>
#include <span>

namespace common {

// A nameless shared memory object of count pages of zeros (shm_open(3), unlinked at once).
Fd make_shared_pages(std::size_t count);
// Maps count pages from first on, for reading and writing, until the process ends.
std::span<std::byte> map_shared_pages(int fd, std::size_t first, std::size_t count);
std::size_t page_size();

} // namespace common
