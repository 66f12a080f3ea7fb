// SPDX-License-Identifier: ISC
#include "ftpd/session/session_process.hh"

#include "common/authd/authd_link.hh"
#include "common/errors.hh"
#include "common/socket.hh"
#include "common/text.hh"
#include "ftpd/session/session.hh"

#include <array>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

using namespace common;

namespace ftpd {

std::optional<Identity> find_identity(const Settings& settings) {
    if (::geteuid() != 0) return {};
    return find_user(settings.run_as);
}

AuthdSettings authd_settings(const Settings& settings) {
    AuthdSettings made = make_authd_settings(settings, "ftpd");
    if (settings.anonymous_root != "/") made.strangers = settings.anonymous_root;
    return made;
}

Fd open_root(const Settings& settings) {
    return Fd{checked("open the root", settings.root,
                      [&] { return ::open(settings.root.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC); })};
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

void run_session_process(const Settings& settings, const std::optional<Identity>& identity,
                         SessionParts parts) {
    const std::array keep{STDIN_FILENO,     STDOUT_FILENO,    STDERR_FILENO,    parts.client.get(),
                          parts.pair.get(), parts.root.get(), parts.authd.get()};
    close_other_descriptors(keep);
    // Low numbers, whatever the parent's were: select(2) knows no high ones.
    constexpr int low_enough = 32;
    for (Fd* const fd : {&parts.client, &parts.pair, &parts.root, &parts.authd}) {
        if (!*fd || fd->get() < low_enough) continue;
        *fd = duplicate(fd->get());
    }
    ::umask(settings.umask);
    // Who logs in is shut in more narrowly then (Session::confine).
    const bool may_write = settings.anonymous.may_write() || parts.authd;
    const bool restricted =
        shut_in(parts.root.get(), identity, may_write ? TreeAccess::write : TreeAccess::read);
    set_urgent_inline(parts.client.get());
    set_keepalive(parts.client.get());
    set_no_delay(parts.client.get());
    parts.user = identity ? identity->name : text(::geteuid());
    Session session{settings, std::move(parts)};
    // Without destructors: they would let the parent's TERM in, and an orderly end would look like a crash.
    ::_exit(
        session.run(restricted ? "" : "this system cannot restrict files for a process: relying on paths"));
}

} // namespace ftpd
