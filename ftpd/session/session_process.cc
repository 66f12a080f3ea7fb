// SPDX-License-Identifier: ISC
#include "ftpd/session/session_process.hh"

#include "common/errors.hh"
#include "common/socket.hh"
#include "common/text.hh"
#include "ftpd/confinement.hh"
#include "ftpd/session/session.hh"

#include <array>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

using namespace common;

namespace ftpd {

void run_session_process(const Settings& settings, const std::optional<Identity>& identity,
                         SessionParts parts) {
    const std::array keep{STDIN_FILENO,     STDOUT_FILENO,    STDERR_FILENO,    parts.client.get(),
                          parts.pair.get(), parts.root.get(), parts.authd.get()};
    close_other_descriptors(keep);
    // Low numbers, whatever the parent's were: select(2) knows no high ones.
    constexpr int low_enough = 32;
    for (Fd* const fd : {&parts.client, &parts.pair, &parts.root, &parts.authd}) {
        if (!*fd || fd->get() < low_enough) continue;
        const int low =
            checked("duplicate", "a descriptor", [&] { return ::fcntl(fd->get(), F_DUPFD_CLOEXEC, 3); });
        fd->reset(low);
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
