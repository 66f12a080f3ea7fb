// SPDX-License-Identifier: ISC
#include "common/log.hh"

#include "common/errors.hh"
#include "common/text.hh"

#include <algorithm>
#include <climits>
#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <syslog.h>
#include <system_error>
#include <unistd.h>

namespace common {
namespace {

int syslog_priority(Severity severity) {
    switch (severity) {
    case Severity::error: return LOG_ERR;
    case Severity::warning: return LOG_WARNING;
    case Severity::notice: return LOG_NOTICE;
    default: return LOG_DEBUG;
    }
}

// Whatever it is, opening it and writing to it never waits: it may be a FIFO that nobody reads.
Fd open_log(const std::string& path) {
    constexpr int flags = O_WRONLY | O_APPEND | O_CLOEXEC | O_NOCTTY | O_NONBLOCK;
    constexpr mode_t mode = 0640; // whatever the umask
    for (;;) {
        const int there = retry([&] { return ::open(path.c_str(), flags); });
        if (there >= 0) return Fd{there};
        if (errno != ENOENT) fail("open the log", path);
        Fd made{retry([&] { return ::open(path.c_str(), flags | O_CREAT | O_EXCL, mode); })};
        if (made) {
            checked("set the mode of", path, [&] { return ::fchmod(made.get(), mode); });
            return made;
        }
        if (errno != EEXIST) fail("make the log", path);
    }
}

// A terminal is opened anew, so that writing to it never waits, and whoever else has it open still may. Where
// it cannot be, standard error itself is used.
Fd open_own_terminal() {
    if (::isatty(STDERR_FILENO) == 0) return {};
    const char* const name = ::ttyname(STDERR_FILENO);
    if (name == nullptr) return {};
    return Fd{retry([&] { return ::open(name, O_WRONLY | O_NOCTTY | O_NONBLOCK | O_CLOEXEC); })};
}

bool is_socket(int fd) {
    struct stat found {};
    return ::fstat(fd, &found) == 0 && S_ISSOCK(found.st_mode);
}

bool has_room(int fd) {
    pollfd asked{fd, POLLOUT, 0};
    return retry([&] { return ::poll(&asked, 1, 0); }) == 1 && (asked.revents & POLLOUT) != 0;
}

} // namespace

Log::Place Log::Place::of(const std::string& word, bool foreground) {
    if (word.empty()) return foreground ? Target::standard_error : Target::syslog;
    if (word == "stderr") return Target::standard_error;
    if (word == "syslog") return Target::syslog;
    return {Target::file, word};
}

Log::Log(std::string program, std::string role, Place place, Severity least, Fd opened)
    : role_(std::move(role)), place_(std::move(place)), syslog_(std::move(program)), least_(least) {
    const bool is_file = place_.target == Target::file;
    if (!is_file && place_.target != Target::standard_error) return;
    if (!opened) opened = is_file ? open_log(place_.file) : open_own_terminal();
    file_ = std::move(opened);
    if (!is_file) error_is_socket_ = is_socket(STDERR_FILENO);
}

std::string Log::place() const {
    switch (place_.target) {
    case Target::standard_error: return "stderr";
    case Target::syslog: return "syslog";
    default: return place_.file;
    }
}

std::optional<std::string> Log::explain_silence() {
    if (place_.target != Target::syslog || syslog_.is_heard()) return {};
    return "no syslog runs here, so nothing is logged: start one, or name a file with `log FILE'";
}

void Log::reopen() {
    if (place_.target != Target::file) return;
    try {
        file_ = open_log(place_.file);
        is_torn_ = false;
    } catch (const std::system_error& failure) {
        error(text(failure.what(), ": the file that was open stays in use"));
    }
}

void Log::take(Fd file) {
    if (!file || place_.target != Target::file) return;
    file_ = std::move(file);
    is_torn_ = false;
}

void Log::write(Severity severity, std::string_view line) { write_for(role_, ::getpid(), severity, line); }

void Log::write_for(std::string_view role, long pid, Severity severity, std::string_view line) {
    if (shows(severity)) put(role, pid, severity, line);
}

void Log::always(std::string_view line) { put(role_, ::getpid(), Severity::notice, line); }

void Log::put(std::string_view role, long pid, Severity severity, std::string_view line) {
    const std::string whole = text(role, '[', pid, "]: ", keep_to_one_line(line));
    if (place_.target == Target::syslog)
        put_syslog(severity, whole);
    else
        put_line(whole + '\n');
}

std::string Log::tell_of_lost() const {
    return text(role_, '[', ::getpid(), "]: lines of the log lost ", untold_);
}

void Log::put_syslog(Severity severity, std::string_view line) {
    if (untold_ > 0 && syslog_.send(syslog_priority(Severity::warning), tell_of_lost())) untold_ = 0;
    if (untold_ == 0 && syslog_.send(syslog_priority(severity), line)) return;
    ++lost_;
    ++untold_;
}

// One write a line, so that lines of several processes never mix. A log that cannot be written is no reason
// to stop serving, nor to wait.
void Log::put_line(std::string line) {
    std::string before = is_torn_ ? "\n" : "";
    if (untold_ > 0) before += tell_of_lost() + '\n';
    line.insert(0, before);
    const std::size_t written = write_at_once(line);
    if (written >= before.size()) untold_ = 0;
    if (written == line.size()) {
        is_torn_ = false;
        return;
    }
    ++lost_;
    ++untold_;
    if (written > 0) is_torn_ = line[written - 1] != '\n';
}

// What is taken at once; the rest is not waited for. Standard error may be shared with whoever started us, so
// that it cannot be made non-blocking: it is asked before each write, of no more than a pipe then takes.
std::size_t Log::write_at_once(std::string_view bytes) const {
    const auto taken = [&](auto write) {
        return static_cast<std::size_t>(std::max<ssize_t>(0, retry(write)));
    };
    if (file_) return taken([&] { return ::write(file_.get(), bytes.data(), bytes.size()); });
    if (error_is_socket_)
        return taken(
            [&] { return ::send(STDERR_FILENO, bytes.data(), bytes.size(), MSG_DONTWAIT | MSG_NOSIGNAL); });
    std::size_t done = 0;
    while (done < bytes.size() && has_room(STDERR_FILENO)) {
        const std::string_view piece = bytes.substr(done, PIPE_BUF);
        const std::size_t wrote = taken([&] { return ::write(STDERR_FILENO, piece.data(), piece.size()); });
        done += wrote;
        if (wrote < piece.size()) break;
    }
    return done;
}

} // namespace common
