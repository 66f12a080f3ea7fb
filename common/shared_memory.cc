// SPDX-License-Identifier: ISC
#include "common/shared_memory.hh"

#include "common/errors.hh"
#include "common/text.hh"

#include <cstdlib>
#include <fcntl.h>
#include <limits>
#include <string_view>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

namespace common {
namespace {

void find_room(int fd, std::size_t from, std::size_t to, std::string_view where) {
    const auto first = static_cast<off_t>(from * page_size());
    const auto bytes = static_cast<off_t>((to - from) * page_size());
    int error = EINTR; // it answers with the number, not with -1
    while (error == EINTR) error = ::posix_fallocate(fd, first, bytes);
    if (error != 0) fail_with(error, "find room for shared memory in", where);
}

} // namespace

Fd make_shared_file(std::size_t count, const std::string& folder) {
    std::string name = folder + "/pages-XXXXXX";
    Fd fd{checked("make a file for shared memory in", folder, [&] { return ::mkstemp(name.data()); })};
    ::unlink(name.c_str());
    set_close_on_exec(fd.get());
    find_room(fd.get(), 0, count, folder);
    return fd;
}

std::size_t pages_of(int fd) {
    struct stat found {};
    checked("look at", "shared memory", [&] { return ::fstat(fd, &found); });
    return static_cast<std::size_t>(found.st_size) / page_size();
}

std::size_t most_shared_pages() {
    rlimit limit{};
    checked("getrlimit", {}, [&] { return ::getrlimit(RLIMIT_FSIZE, &limit); });
    if (limit.rlim_cur == RLIM_INFINITY) return std::numeric_limits<std::size_t>::max();
    return static_cast<std::size_t>(limit.rlim_cur) / page_size();
}

void grow_shared_pages(int fd, std::size_t from, std::size_t to) { find_room(fd, from, to, {}); }

Fd make_shared_pages(std::size_t count, const std::string& folder) {
    constexpr int tries = 100; // a name may be another process's by chance
    for (int attempt = 0; attempt < tries; ++attempt) {
        const std::string name = text("/suite-", ::getpid(), '-', attempt);
        const int number = ::shm_open(name.c_str(), O_RDWR | O_CREAT | O_EXCL, 0600);
        if (number < 0 && errno == EEXIST) continue;
        if (number < 0) break; // no /dev/shm, or none that we may write to
        Fd fd{number};
        ::shm_unlink(name.c_str());
        checked("size shared memory", {},
                [&] { return ::ftruncate(fd.get(), static_cast<off_t>(count * page_size())); });
        return fd;
    }
    return make_shared_file(count, folder); // where nobody else can take the names
}

std::span<std::byte> map_shared_pages(int fd, std::size_t first, std::size_t count) {
    const std::size_t bytes = count * page_size();
    void* const mapped = ::mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd,
                                static_cast<off_t>(first * page_size()));
    if (mapped == MAP_FAILED) fail("map shared memory");
    return {static_cast<std::byte*>(mapped), bytes};
}

std::size_t page_size() { return static_cast<std::size_t>(::sysconf(_SC_PAGESIZE)); }

} // namespace common
