// SPDX-License-Identifier: ISC
#include "ftpd/local_target.hh"

#include "common/errors.hh"
#include "common/text.hh"

#include <atomic>
#include <cstdlib>
#include <fcntl.h>
#include <filesystem>
#include <optional>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

using namespace common;

namespace ftpd {
namespace {

// For the handler: the name to remove. A program that blocks in reads and writes of other people's pipes and
// terminals cannot take signals inside one wait only, as the daemons do.
std::atomic<const char*> unfinished{nullptr};
static_assert(std::atomic<const char*>::is_always_lock_free);

extern "C" void remove_unfinished(int signal) {
    if (const char* const name = unfinished) ::unlink(name);
    ::raise(signal); // its action is the default again: this ends the program when the handler returns
}

void catch_ending_signals() {
    for (const int signal : {SIGHUP, SIGINT, SIGPIPE, SIGQUIT, SIGTERM}) {
        struct sigaction action {};
        checked("sigaction", {}, [&] { return ::sigaction(signal, nullptr, &action); });
        if (action.sa_handler == SIG_IGN) continue; // nohup(1)
        action = {};
        action.sa_handler = remove_unfinished;
        action.sa_flags = static_cast<int>(SA_RESETHAND);
        checked("sigaction", {}, [&] { return ::sigaction(signal, &action, nullptr); });
    }
}

std::optional<struct stat> look(const std::string& path) {
    struct stat found {};
    if (::stat(path.c_str(), &found) == 0) return found;
    if (errno != ENOENT) fail("look at", path);
    return {};
}

// Where a symbolic link leads; the path itself when it is none.
std::string follow_link(const std::string& path) {
    std::error_code error;
    if (!std::filesystem::is_symlink(path, error)) return path;
    const std::filesystem::path target = std::filesystem::canonical(path, error);
    if (error) fail_with(error.value(), "follow the link", path);
    return target;
}

mode_t permissions_of_new_files() {
    const mode_t mask = ::umask(0);
    ::umask(mask);
    return 0666 & ~mask;
}

} // namespace

LocalTarget::LocalTarget(const std::string& path) : path_(path) {
    if (path == "-") {
        path_ = "standard output";
        file_ = Fd{checked("dup", path_, [] { return ::dup(STDOUT_FILENO); })};
        return;
    }
    if (const auto present = look(path); present && !S_ISREG(present->st_mode)) {
        file_ = Fd{checked("open", path, [&] { return ::open(path.c_str(), O_WRONLY | O_CLOEXEC); })};
        return;
    }
    path_ = follow_link(path);
    open_temporary();
}

LocalTarget::~LocalTarget() {
    if (temporary_.empty()) return;
    ::unlink(temporary_.c_str());
    unfinished = nullptr;
}

void LocalTarget::open_temporary() {
    constexpr std::size_t most = 200; // bytes of the name, so that the temporary one fits NAME_MAX
    const std::size_t folder = path_.rfind('/') + 1;
    std::string name = text(path_.substr(0, folder), '.', path_.substr(folder, most), ".fcp-XXXXXX");
    catch_ending_signals();
    sigset_t all;
    sigset_t before;
    ::sigfillset(&all);
    ::sigprocmask(SIG_BLOCK, &all, &before);
    file_ = Fd{::mkstemp(name.data())};
    const int error = errno;
    if (file_) {
        temporary_ = name;
        unfinished = temporary_.c_str();
    }
    ::sigprocmask(SIG_SETMASK, &before, nullptr);
    if (!file_) fail_with(error, "create", path_);
}

void LocalTarget::write(std::string_view bytes) {
    while (!bytes.empty()) {
        const auto wrote =
            checked("write", path_, [&] { return ::write(file_.get(), bytes.data(), bytes.size()); });
        bytes.remove_prefix(static_cast<std::size_t>(wrote));
    }
}

void LocalTarget::complete() {
    if (!temporary_.empty()) {
        const auto present = look(path_);
        const mode_t mode = present ? present->st_mode & 0777 : permissions_of_new_files();
        checked("set the permissions of", path_, [&] { return ::fchmod(file_.get(), mode); });
    }
    // Some file systems tell only now that there was no room.
    checked("close", path_, [&] { return ::close(file_.release()) == -1 && errno != EINTR ? -1 : 0; });
    if (temporary_.empty()) return;
    checked("rename", path_, [&] { return ::rename(temporary_.c_str(), path_.c_str()); });
    unfinished = nullptr;
    temporary_.clear();
}

} // namespace ftpd
