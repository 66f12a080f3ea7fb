// SPDX-License-Identifier: ISC
// Memory that processes share which are not forked from one another: the status pages of chatd's handlers,
// and those that a parent of ftpd leaves to the next.
#pragma once

#include "common/fd.hh"

#include <cstddef>
#include <span>
#include <string>

namespace common {

// A nameless shared memory object of count pages of zeros (shm_open(3), unlinked at once); where the system
// gives none, or somebody has taken all the names, make_shared_file in folder, which must exist.
Fd make_shared_pages(std::size_t count, const std::string& folder);
// A nameless file of count pages of zeros in folder, whose place on the disk is taken: whoever writes to a
// page that finds none is killed.
Fd make_shared_file(std::size_t count, const std::string& folder);
// How many pages it has. Throws std::system_error.
std::size_t pages_of(int fd);
// How many there can be: shared memory counts as a file for the limit of a file's size (ulimit -f).
std::size_t most_shared_pages();
// Makes it so many pages long, which it was not; those that it has stay. Throws std::system_error.
void grow_shared_pages(int fd, std::size_t from, std::size_t to);
// Maps count pages from first on, for reading and writing, until the process ends.
std::span<std::byte> map_shared_pages(int fd, std::size_t first, std::size_t count);
std::size_t page_size();

} // namespace common
