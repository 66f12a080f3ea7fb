// SPDX-License-Identifier: ISC
#include "common/log.hh"

#include "common/errors.hh"
#include "common/text.hh"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
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

// Where syslog(3) of the usual systems has its daemon; openlog(3) does not tell whether there is one.
bool has_syslog() {
    for (const std::string_view path : {"/dev/log", "/var/run/log"}) {
        sockaddr_un to{};
        to.sun_family = AF_UNIX;
        path.copy(to.sun_path, sizeof to.sun_path - 1);
        for (const int type : {SOCK_DGRAM, SOCK_STREAM}) {
            const Fd socket{::socket(AF_UNIX, type, 0)};
            if (!socket) return true; // who knows
            set_nonblocking(socket.get());
            if (::connect(socket.get(), reinterpret_cast<const sockaddr*>(&to), sizeof to) == 0) return true;
            if (errno == EAGAIN || errno == EINPROGRESS) return true; // a busy one
        }
    }
    return false;
}

} // namespace

Log::Place Log::Place::of(const std::string& word, bool foreground) {
    if (word.empty()) return foreground ? Target::standard_error : Target::syslog;
    if (word == "stderr") return Target::standard_error;
    if (word == "syslog") return Target::syslog;
    return {Target::file, word};
}

Log::Log(std::string program, std::string role, Place place, Severity least, Fd opened)
    : program_(std::move(program)), role_(std::move(role)), place_(std::move(place)), least_(least) {
    if (place_.target == Target::syslog) ::openlog(program_.c_str(), LOG_NDELAY, LOG_DAEMON);
    if (place_.target == Target::file) file_ = opened ? std::move(opened) : open_log(place_.file);
}

Log::~Log() {
    if (place_.target == Target::syslog) ::closelog();
}

std::string Log::place() const {
    switch (place_.target) {
    case Target::standard_error: return "stderr";
    case Target::syslog: return "syslog";
    default: return place_.file;
    }
}

std::optional<std::string> Log::explain_silence() const {
    if (place_.target != Target::syslog || has_syslog()) return {};
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
        ::syslog(syslog_priority(severity), "%s", whole.c_str());
    else
        put_line(place_.target == Target::file ? file_.get() : STDERR_FILENO, whole + '\n');
}

// One write a line, so that lines of several processes never mix. A log that cannot be written is no reason
// to stop serving.
void Log::put_line(int fd, std::string line) {
    if (untold_ > 0) line.insert(0, text(role_, '[', ::getpid(), "]: lines of the log lost ", untold_, '\n'));
    if (is_torn_) line.insert(0, 1, '\n');
    const ssize_t written = retry([&] { return ::write(fd, line.data(), line.size()); });
    if (written == static_cast<ssize_t>(line.size())) {
        untold_ = 0;
        is_torn_ = false;
        return;
    }
    ++lost_;
    ++untold_;
    if (written > 0) is_torn_ = line[static_cast<std::size_t>(written) - 1] != '\n';
}

} // namespace common
