// SPDX-License-Identifier: ISC
#include "common/state.hh"

#include "common/errors.hh"
#include "common/text.hh"

#include <cstdlib>
#include <fcntl.h>
#include <pwd.h>
#include <sys/stat.h>
#include <unistd.h>

namespace common {
namespace {

void make_directories(const std::string& path) {
    for (std::size_t end = path.find('/', 1);; end = path.find('/', end + 1)) {
        const std::string part = path.substr(0, end);
        if (::mkdir(part.c_str(), 0700) != 0 && errno != EEXIST) fail("make the directory", part);
        if (end == path.npos) return;
    }
}

} // namespace

std::string default_state_directory(std::string_view daemon) {
    if (::geteuid() == 0) return text("/var/lib/", daemon);
    if (const char* const base = std::getenv("XDG_STATE_HOME"); base != nullptr && *base == '/')
        return text(base, '/', daemon);
    const char* home = std::getenv("HOME");
    if (home == nullptr || *home != '/') {
        const passwd* const entry = ::getpwuid(::geteuid());
        if (entry == nullptr) throw UserError("there is no home directory: name a folder with `state'");
        home = entry->pw_dir;
    }
    return text(home, "/.local/state/", daemon);
}

StateDirectory::StateDirectory(std::string path) : path_(std::move(path)) {
    make_directories(path_);
    const std::string file = path_ + "/lock";
    lock_ =
        Fd{checked("open", file, [&] { return ::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600); })};
    struct flock whole {};
    do { // again, if whoever had the lock has let go of it before we could ask
        whole = {};
        whole.l_type = F_WRLCK;
        whole.l_whence = SEEK_SET;
        if (retry([&] { return ::fcntl(lock_.get(), F_SETLK, &whole); }) == 0) return;
        if (errno != EACCES && errno != EAGAIN) fail("lock", file);
        checked("ask who holds", file, [&] { return ::fcntl(lock_.get(), F_GETLK, &whole); });
    } while (whole.l_type == F_UNLCK);
    throw UserError(text("process ", whole.l_pid, " uses the state directory ", path_,
                         ": stop it, or give this daemon another with `state'"));
}

} // namespace common
