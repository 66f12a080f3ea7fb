// SPDX-License-Identifier: ISC
#include "common/keeper/executable.hh"

#include "common/daemon.hh"
#include "common/errors.hh"
#include "common/executed_path.hh"
#include "common/text.hh"

#include <cerrno>
#include <cstdlib>
#include <ctime>
#include <fcntl.h>
#include <filesystem>
#include <string_view>
#include <unistd.h>

extern "C" char** environ;

namespace common {
namespace {

bool can_execute(const std::string& path) {
    struct stat found {};
    return ::stat(path.c_str(), &found) == 0 && S_ISREG(found.st_mode) && ::access(path.c_str(), X_OK) == 0;
}

std::string absolute(const std::string& path) {
    return std::filesystem::absolute(path).lexically_normal().string();
}

// A first argument without a slash may be any word (exec -a, login shells): what the system says goes before
// it.
std::string find_program(const std::string& name) {
    if (name.find('/') != name.npos) return absolute(name);
    const std::string executed = executed_path();
    if (!executed.empty() && !executed.starts_with("/dev/fd/")) return absolute(executed);
    const char* const folders = std::getenv("PATH");
    std::string_view left = folders == nullptr ? "/bin:/usr/bin" : folders;
    for (bool is_last = false; !is_last;) {
        const std::size_t end = std::min(left.find(':'), left.size());
        const std::string_view folder = end == 0 ? "." : left.substr(0, end); // POSIX, XBD 8.3
        std::string path = absolute(text(folder, '/', name));
        if (can_execute(path)) return path;
        is_last = end == left.size();
        left.remove_prefix(is_last ? end : end + 1);
    }
    return name;
}

bool is_same(const struct stat& one, const struct stat& other) {
    return one.st_dev == other.st_dev && one.st_ino == other.st_ino && one.st_size == other.st_size &&
           one.st_mtim.tv_sec == other.st_mtim.tv_sec && one.st_mtim.tv_nsec == other.st_mtim.tv_nsec;
}

std::vector<char*> pointers_to(const std::vector<std::string>& texts) {
    std::vector<char*> all;
    all.reserve(texts.size() + 1);
    for (const std::string& one : texts) all.push_back(const_cast<char*>(one.c_str()));
    all.push_back(nullptr);
    return all;
}

} // namespace

Invocation::Invocation(std::span<char* const> arguments, std::optional<int> priority)
    : path_(find_program(arguments.front())),
      arguments_(arguments.begin(), arguments.end()),
      folder_(::open(".", O_RDONLY | O_DIRECTORY | O_CLOEXEC)),
      priority_(priority ? *priority : own_priority()) {
    arguments_.front() = path_; // who is executed by a descriptor is told it by nobody else
}

void Invocation::go_back() const {
    if (folder_ && ::fchdir(folder_.get()) != 0) return; // it is forbidden by now: then they mean nothing
}

// A FIFO without a writer would hold up whoever opens it.
Executable::Executable(std::string path)
    : path_(std::move(path)), fd_(::open(path_.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC)) {
    if (path_.find('/') == path_.npos) throw UserError(path_ + " is not found in PATH: start it by its path");
    const auto look = [&] { return fd_ ? ::fstat(fd_.get(), &found_) : ::stat(path_.c_str(), &found_); };
    checked("look at", path_, look);
    if (!S_ISREG(found_.st_mode)) throw UserError(path_ + " is not a program");
}

Executable::Executable(std::string path, Fd opened) : path_(std::move(path)), fd_(std::move(opened)) {
    checked("look at", path_, [&] { return ::fstat(fd_.get(), &found_); });
}

bool Executable::is_at_path() const {
    struct stat now {};
    return ::stat(path_.c_str(), &now) == 0 && is_same(now, found_);
}

// By its path if that will do: ps(1) shows the name of what was executed.
void Executable::execute(const std::vector<std::string>& arguments, std::chrono::milliseconds busy) const {
    constexpr auto pause = std::chrono::milliseconds{10};
    constexpr timespec moment{0, std::chrono::nanoseconds{pause}.count()};
    const std::vector<char*> all = pointers_to(arguments);
    for (;; busy -= pause) {
        if (is_at_path())
            ::execv(path_.c_str(), all.data());
        else
            ::fexecve(fd_.get(), all.data(), environ);
        if (errno != ETXTBSY || busy <= pause.zero()) fail("execute", path_);
        ::nanosleep(&moment, nullptr);
    }
}

} // namespace common
