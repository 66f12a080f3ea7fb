// SPDX-License-Identifier: ISC
#include "common/pid_file.hh"

#include "common/errors.hh"
#include "common/fd.hh"
#include "common/text.hh"

#include <array>
#include <cstdio>
#include <fcntl.h>
#include <optional>
#include <sys/stat.h>
#include <unistd.h>

namespace common {
namespace {

// The number in the file; 0 for an empty one or none at all. No value for anything else.
std::optional<pid_t> number_in(const std::string& path) {
    const Fd file{retry([&] { return ::open(path.c_str(), O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC); })};
    if (!file) return errno == ENOENT ? std::optional<pid_t>{0} : std::nullopt;
    struct stat found {};
    if (::fstat(file.get(), &found) != 0 || !S_ISREG(found.st_mode)) return {};
    std::array<char, 32> bytes{};
    const ssize_t size = retry([&] { return ::read(file.get(), bytes.data(), bytes.size()); });
    if (size < 0) return {};
    std::string_view words{bytes.data(), static_cast<std::size_t>(size)};
    if (words.empty()) return 0;
    if (words.ends_with('\n')) words.remove_suffix(1);
    return parse_number<pid_t>(words, 1);
}

} // namespace

void check_pid_file(const std::string& path) {
    if (number_in(path)) return;
    throw UserError(
        text("pid-file ", path, " exists and contains no process number: remove it, or name another path"));
}

PidFile::PidFile(std::string path) : path_(std::move(path)), pid_(::getpid()) {
    if (path_.empty()) return;
    check_pid_file(path_);
    // Beside it, so that nobody reads half a number.
    const std::string fresh = text(path_, '.', pid_);
    ::unlink(fresh.c_str());
    constexpr int flags = O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC;
    const Fd file{checked("write the pid-file", path_, [&] { return ::open(fresh.c_str(), flags, 0644); })};
    const std::string number = text(pid_, '\n');
    const bool is_written = ::fchmod(file.get(), 0644) == 0 &&
                            retry([&] { return ::write(file.get(), number.data(), number.size()); }) ==
                                static_cast<ssize_t>(number.size()) &&
                            ::rename(fresh.c_str(), path_.c_str()) == 0;
    if (is_written) return;
    const int error = errno;
    ::unlink(fresh.c_str());
    fail_with(error, "write the pid-file", path_);
}

PidFile::~PidFile() {
    if (!path_.empty() && pid_ == ::getpid() && number_in(path_) == pid_) ::unlink(path_.c_str());
}

} // namespace common
