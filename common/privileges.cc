// SPDX-License-Identifier: ISC
#include "common/privileges.hh"

#include "common/errors.hh"

#include <grp.h>
#include <pwd.h>
#include <unistd.h>

namespace common {

Identity find_user(std::string_view name) {
    const std::string wanted{name};
    const passwd* const entry = ::getpwnam(wanted.c_str());
    if (!entry) throw UserError{"run-as " + wanted + ": there is no such user; create it or name another"};
    if (entry->pw_uid == 0 || entry->pw_gid == 0)
        throw UserError{"run-as " + wanted + ": this user has root's rights; name an ordinary user"};
    return {entry->pw_uid, entry->pw_gid, wanted};
}

void enter_root(int directory) {
    checked("fchdir", {}, [&] { return ::fchdir(directory); });
    checked("chroot", {}, [] { return ::chroot("."); });
    checked("chdir", "/", [] { return ::chdir("/"); });
}

void become(const Identity& identity) {
    // The user last: it takes away the right to change the others.
    checked("setgroups", identity.name, [&] { return ::setgroups(1, &identity.gid); });
    checked("setgid", identity.name, [&] { return ::setgid(identity.gid); });
    checked("setuid", identity.name, [&] { return ::setuid(identity.uid); });

    const bool is_user = ::getuid() == identity.uid && ::geteuid() == identity.uid;
    const bool is_group = ::getgid() == identity.gid && ::getegid() == identity.gid;
    const bool is_final = ::setuid(0) == -1 && ::seteuid(0) == -1 && ::setgid(0) == -1 && ::setegid(0) == -1;
    if (!is_user || !is_group || !is_final)
        throw std::logic_error{"root's rights were not given up for good as " + identity.name};
}

} // namespace common
