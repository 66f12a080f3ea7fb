// SPDX-License-Identifier: ISC
#include "common/sandbox.hh"

#include "common/errors.hh"

#include <algorithm>
#include <charconv>
#include <cstring>
#include <dirent.h>
#include <memory>
#include <optional>
#include <unistd.h>
#include <vector>

namespace common {
namespace {

// The open descriptors; nothing if the system does not list them. A list without the descriptor it is being
// read from is none: some systems have a /dev/fd that holds 0, 1 and 2 only.
std::optional<std::vector<int>> list_descriptors() {
    const std::unique_ptr<DIR, int (*)(DIR*)> directory{::opendir("/dev/fd"), ::closedir};
    if (!directory) return {};
    std::vector<int> found;
    while (const dirent* entry = ::readdir(directory.get())) {
        const char* const end = entry->d_name + std::strlen(entry->d_name);
        int number = 0;
        if (std::from_chars(entry->d_name, end, number).ptr == end) found.push_back(number);
    }
    const int own = ::dirfd(directory.get());
    if (own <= STDERR_FILENO || std::erase(found, own) == 0) return {};
    return found;
}

void limit(int resource, rlim_t wanted, const char* name) {
    if (wanted == RLIM_INFINITY) return;
    rlimit now{};
    checked("getrlimit", name, [&] { return ::getrlimit(resource, &now); });
    if (now.rlim_max != RLIM_INFINITY) wanted = std::min(wanted, now.rlim_max);
    now = {wanted, wanted};
    checked("setrlimit", name, [&] { return ::setrlimit(resource, &now); });
}

} // namespace

void close_other_descriptors_one_by_one(std::span<const int> keep) {
    constexpr long most = 1 << 20; // where the limit is out of reach, so is a descriptor beyond this
    const auto close_unless_kept = [&](int fd) {
        if (std::find(keep.begin(), keep.end(), fd) == keep.end()) ::close(fd); // EBADF: it was not open
    };
    if (const auto listed = list_descriptors()) {
        std::for_each(listed->begin(), listed->end(), close_unless_kept);
        return;
    }
    const long limit = ::sysconf(_SC_OPEN_MAX); // -1: there is none
    const int end = static_cast<int>(limit < 0 ? most : std::min(limit, most));
    for (int fd = 0; fd < end; ++fd) close_unless_kept(fd);
}

void limit_resources(const ResourceLimits& limits) {
    limit(RLIMIT_CORE, limits.core_bytes, "RLIMIT_CORE");
    limit(RLIMIT_NOFILE, limits.open_files, "RLIMIT_NOFILE");
#ifdef RLIMIT_NPROC // not POSIX, but old and widespread
    limit(RLIMIT_NPROC, limits.processes, "RLIMIT_NPROC");
#endif
}

} // namespace common
