// SPDX-License-Identifier: ISC
#include "common/sandbox.hh"

#include "common/errors.hh"
#include "common/fd.hh"

#include <algorithm>
#include <cstdint>
#include <limits>
#include <linux/landlock.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <vector>

namespace common {
namespace {

// landlock(7) as of ABI 6, which the system's header may be too old for. A kernel that does not know the
// later fields takes them as long as they are 0.
struct Ruleset {
    std::uint64_t handled_files;
    std::uint64_t handled_network;
    std::uint64_t scoped;
};

constexpr std::uint64_t right_to_refer = 1 << 13;    // ABI 2: link and rename between directories
constexpr std::uint64_t right_to_truncate = 1 << 14; // ABI 3
constexpr std::uint64_t right_to_ioctl = 1 << 15;    // ABI 5: of devices
constexpr std::uint64_t scope_of_abstract_sockets = 1 << 0, scope_of_signals = 1 << 1; // ABI 6

constexpr std::uint64_t reading = LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR;
constexpr std::uint64_t writing = reading | LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_REMOVE_DIR |
                                  LANDLOCK_ACCESS_FS_REMOVE_FILE | LANDLOCK_ACCESS_FS_MAKE_DIR |
                                  LANDLOCK_ACCESS_FS_MAKE_REG | LANDLOCK_ACCESS_FS_MAKE_SYM | // to rename one
                                  right_to_refer | right_to_truncate;

// All rights there are up to an ABI: what a ruleset does not handle is allowed.
std::uint64_t rights_known(long abi) {
    std::uint64_t rights = right_to_refer - 1; // ABI 1 has all before it
    if (abi >= 2) rights |= right_to_refer;
    if (abi >= 3) rights |= right_to_truncate;
    if (abi >= 5) rights |= right_to_ioctl;
    return rights;
}

} // namespace

void close_other_descriptors(std::span<const int> keep) {
    std::vector<int> kept{keep.begin(), keep.end()};
    std::erase_if(kept, [](int fd) { return fd < 0; });
    std::sort(kept.begin(), kept.end());
    unsigned from = 0;
    const auto close_up_to = [&](unsigned last) {
        if (from > last) return true;
        const long result = ::syscall(SYS_close_range, from, last, 0U);
        if (result == -1 && errno != ENOSYS && errno != EPERM) fail("close_range");
        return result == 0;
    };
    for (const int fd : kept) {
        const auto number = static_cast<unsigned>(fd);
        if (number > 0 && !close_up_to(number - 1)) return close_other_descriptors_one_by_one(keep);
        from = number + 1;
    }
    if (!close_up_to(std::numeric_limits<unsigned>::max())) close_other_descriptors_one_by_one(keep);
}

void forbid_new_privileges() {
    checked("prctl", "PR_SET_NO_NEW_PRIVS", [] { return ::prctl(PR_SET_NO_NEW_PRIVS, 1L, 0L, 0L, 0L); });
}

void hide_memory() {
    checked("prctl", "PR_SET_DUMPABLE", [] { return ::prctl(PR_SET_DUMPABLE, 0L, 0L, 0L, 0L); });
}

bool restrict_files(int root_directory, TreeAccess access) {
    const long abi = ::syscall(SYS_landlock_create_ruleset, nullptr, 0L, LANDLOCK_CREATE_RULESET_VERSION);
    if (abi < 1) return false;                                // not built in, not enabled, or filtered
    if (abi < 2 && access == TreeAccess::write) return false; // it could not rename between directories

    Ruleset ruleset{};
    ruleset.handled_files = rights_known(abi);
    if (abi >= 6) ruleset.scoped = scope_of_abstract_sockets | scope_of_signals;
    const Fd rules{static_cast<int>(checked("landlock_create_ruleset", {}, [&] {
        return ::syscall(SYS_landlock_create_ruleset, &ruleset, sizeof ruleset, 0L);
    }))};
    if (access != TreeAccess::none) {
        landlock_path_beneath_attr tree{};
        tree.allowed_access = (access == TreeAccess::write ? writing : reading) & ruleset.handled_files;
        tree.parent_fd = root_directory;
        checked("landlock_add_rule", {}, [&] {
            return ::syscall(SYS_landlock_add_rule, rules.get(), LANDLOCK_RULE_PATH_BENEATH, &tree, 0L);
        });
    }
    checked("landlock_restrict_self", {},
            [&] { return ::syscall(SYS_landlock_restrict_self, rules.get(), 0L); });
    return true;
}

} // namespace common
