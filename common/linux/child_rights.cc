// SPDX-License-Identifier: ISC
#include "common/child_rights.hh"

#include "common/errors.hh"

#include <array>
#include <cstdint>
#include <grp.h>
#include <linux/capability.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace common {
namespace {

constexpr std::uint32_t kept =
    1U << CAP_SETUID | 1U << CAP_SETGID | 1U << CAP_SYS_CHROOT | 1U << CAP_KILL; // all among the first 32

// capset(2): effective and permitted; nothing that a program executed later would inherit.
void keep_only(std::uint32_t rights) {
    __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
    std::array<__user_cap_data_struct, _LINUX_CAPABILITY_U32S_3> sets{};
    sets[0].effective = sets[0].permitted = rights;
    checked("capset", {}, [&] { return ::syscall(SYS_capset, &header, sets.data()); });
}

} // namespace

void become_maker_of_children(const Identity& identity) {
    checked("prctl", "PR_SET_KEEPCAPS", [] { return ::prctl(PR_SET_KEEPCAPS, 1L, 0L, 0L, 0L); });
    checked("setgroups", identity.name, [&] { return ::setgroups(1, &identity.gid); });
    checked("setgid", identity.name, [&] { return ::setgid(identity.gid); });
    checked("setuid", identity.name, [&] { return ::setuid(identity.uid); });
    checked("prctl", "PR_SET_KEEPCAPS", [] { return ::prctl(PR_SET_KEEPCAPS, 0L, 0L, 0L, 0L); });
    keep_only(kept);
}

void give_up_childrens_rights() {
    if (::geteuid() != 0) keep_only(0);
}

} // namespace common
