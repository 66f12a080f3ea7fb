// SPDX-License-Identifier: ISC
#include "common/state.hh"

#include "common/aside.hh"
#include "common/errors.hh"
#include "common/file_lock.hh"
#include "common/text.hh"

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <pwd.h>
#include <sys/stat.h>
#include <unistd.h>

namespace common {
namespace {

constexpr LockedPart of_keeper{0, 1}, of_worker{1, 1};
constexpr std::chrono::seconds patience{10}; // for a process whose keeper has died to end

[[noreturn]] void refuse(std::optional<pid_t> holder, const std::string& path) {
    throw UserError(text("process ", holder.value_or(0), " uses the state directory ", path,
                         ": stop it, or give this daemon another with `state'"));
}

void make_directories(const std::string& path) {
    for (std::size_t end = path.find('/', 1);; end = path.find('/', end + 1)) {
        const std::string part = path.substr(0, end);
        if (::mkdir(part.c_str(), 0700) != 0 && errno != EEXIST) fail("make the directory", part);
        if (end == path.npos) return;
    }
}

// The directory may be another user's, who then may have put anything there: what is written to is a file
// that has this name only.
void require_own_file(const struct stat& found, const std::string& file) {
    if (!S_ISREG(found.st_mode) || found.st_nlink != 1)
        throw UserError(text(file, " is a link, or no file: remove it"));
}

Fd open_lock(const std::string& file) {
    constexpr int flags = O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC;
    struct stat found {};
    if (::lstat(file.c_str(), &found) == 0) require_own_file(found, file);
    Fd lock{checked("open", file, [&] { return ::open(file.c_str(), flags, 0600); })};
    checked("look at", file, [&] { return ::fstat(lock.get(), &found); });
    require_own_file(found, file);
    return lock;
}

} // namespace

std::string default_state_directory(std::string_view daemon) {
    if (::geteuid() == 0) return text("/var/lib/", daemon);
    if (const char* const base = std::getenv("XDG_STATE_HOME"); base != nullptr && *base == '/')
        return text(base, '/', daemon);
    if (const char* const home = std::getenv("HOME"); home != nullptr && *home == '/')
        return text(home, "/.local/state/", daemon);
    // Aside, as find_user has it (common/privileges.cc).
    std::string home;
    try {
        home = ask_aside([]() -> std::string {
            const passwd* const entry = ::getpwuid(::geteuid());
            return entry == nullptr ? "" : entry->pw_dir;
        });
    } catch (const UserError&) {
        // Then nobody knows of one.
    }
    if (home.empty()) throw UserError("there is no home directory: name a folder with `state', or set HOME");
    return text(home, "/.local/state/", daemon);
}

void check_state_directory(const std::string& path) {
    struct stat found {};
    std::string there = path; // it, or the nearest above it that is there
    while (::stat(there.c_str(), &found) != 0) {
        if (errno != ENOENT || there == "/") fail("look at the state directory", there);
        there.erase(std::max<std::size_t>(there.rfind('/'), 1));
    }
    if (!S_ISDIR(found.st_mode))
        throw UserError(text("the state directory ", path, " cannot be created: ", there,
                             " is a file: name another with `state'"));
    if (::access(there.c_str(), W_OK | X_OK) != 0)
        throw UserError(text("the state directory ", path,
                             there == path ? " cannot be written to: " : " cannot be created: ",
                             std::strerror(errno), ": name another with `state'"));
    const std::string lock = path + "/lock";
    if (::lstat(lock.c_str(), &found) == 0) require_own_file(found, lock);
    if (::access(lock.c_str(), R_OK | W_OK) != 0 && errno != ENOENT) fail("open", lock);
}

StateDirectory::StateDirectory(std::string path) : path_(std::move(path)) {
    make_directories(path_);
    const std::string file = path_ + "/lock";
    lock_ = open_lock(file);
    take();
    if (!try_lock_file(lock_.get(), file, of_worker) &&
        !lock_file_within(patience, lock_.get(), file, of_worker))
        refuse(lock_holder(lock_.get(), file, of_worker), path_);
    unlock_file(lock_.get(), file, of_worker);
    write_holder();
}

// It has the lock already, and its number is in the file.
StateDirectory StateDirectory::adopt(Fd lock, std::string path) {
    StateDirectory state{std::move(lock), std::move(path)};
    set_close_on_exec(state.lock_.get());
    state.take();
    return state;
}

void StateDirectory::take() {
    const std::string file = path_ + "/lock";
    while (!try_lock_file(lock_.get(), file, of_keeper)) {
        // None: whoever had it has let go of it before we could ask.
        if (const std::optional<pid_t> holder = lock_holder(lock_.get(), file, of_keeper))
            refuse(holder, path_);
    }
}

void StateDirectory::claim(const Fd& lock, const std::string& path) {
    if (!try_lock_file(lock.get(), path, of_worker)) refuse(lock_holder(lock.get(), path, of_worker), path);
}

// For people and scripts; the lock alone says whether it still holds.
void StateDirectory::write_holder() {
    const std::string number = text(::getpid(), '\n');
    const std::string file = path_ + "/lock";
    checked("empty", file, [&] { return ::ftruncate(lock_.get(), 0); });
    (void)retry(
        [&] { return ::pwrite(lock_.get(), number.data(), number.size(), 0); }); // the disk may be full
}

} // namespace common
