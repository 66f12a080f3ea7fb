// SPDX-License-Identifier: ISC
#include "ftpd/confinement.hh"

#include "common/errors.hh"
#include "ftpd/settings.hh"

#include <fcntl.h>
#include <system_error>
#include <unistd.h>

using namespace common;

namespace ftpd {

std::optional<Identity> find_identity(const Settings& settings) {
    if (::geteuid() != 0) return {};
    return find_user(settings.run_as);
}

Fd open_root(const Settings& settings) {
    return Fd{checked("open the root", settings.root,
                      [&] { return ::open(settings.root.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC); })};
}

Fd open_root(const Settings& settings, const std::optional<Identity>& identity) {
    try {
        return open_root(settings);
    } catch (const std::system_error& error) {
        if (!identity || error.code() != std::errc::permission_denied) throw;
    }
    Fd root;
    act_as(*identity, [&] { root = open_root(settings); });
    return root;
}

bool shut_in(int root, const std::optional<Identity>& identity, TreeAccess access) {
    if (identity) {
        enter_root(root);
        become(*identity);
    }
    forbid_new_privileges();
    const bool restricted = restrict_files(root, access);
    limit_resources({});
    return restricted;
}

} // namespace ftpd
