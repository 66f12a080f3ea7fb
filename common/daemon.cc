// SPDX-License-Identifier: ISC
#include "common/daemon.hh"

#include "common/address.hh"
#include "common/errors.hh"
#include "common/text.hh"

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>
#include <fcntl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

namespace common {
namespace {

void point_at_null(std::initializer_list<int> descriptors) {
    const Fd null{checked("open", "/dev/null", [] { return ::open("/dev/null", O_RDWR | O_CLOEXEC); })};
    for (const int fd : descriptors)
        checked("duplicate", "/dev/null", [&] { return ::dup2(null.get(), fd); });
}

// Prints the line that comes; false when none does.
bool pass_on_line(int from) {
    std::string line;
    std::array<char, 4096> bytes{};
    while (!line.ends_with('\n')) {
        const IoResult got = read_some(from, bytes);
        if (got.state != IoState::done) return false;
        line.append(bytes.data(), got.bytes);
    }
    // The daemon serves, whether anybody hears it or not.
    (void)retry([&] { return ::write(STDOUT_FILENO, line.data(), line.size()); });
    return true;
}

} // namespace

void open_standard_descriptors() {
    for (;;) {
        Fd null{checked("open", "/dev/null", [] { return ::open("/dev/null", O_RDWR); })};
        if (null.get() > STDERR_FILENO) return;
        null.release(); // the lowest number that was free: it is 0, 1 or 2 from now on
    }
}

Detachment Detachment::leave_terminal() {
    std::array<int, 2> ends{};
    checked("create a pipe", {}, [&] { return ::pipe(ends.data()); });
    Fd reading{ends[0]};
    Fd writing{ends[1]};
    switch (checked("fork", {}, [] { return ::fork(); })) {
    case 0: break; // the daemon
    default:       // the process that was started: it says how the start went
        writing.reset();
        ::_exit(pass_on_line(reading.get()) ? 0 : 1);
    }
    set_close_on_exec(writing.get());
    checked("leave the terminal's session", {}, [] { return ::setsid(); });
    leave_folder(false);
    Detachment detachment;
    detachment.waiting_ = std::move(writing);
    return detachment;
}

void Detachment::leave_folder(bool foreground) {
    if (!foreground) checked("change to", "/", [] { return ::chdir("/"); });
}

void Detachment::report_ready(std::string_view line, bool keeps_error) {
    discard_standard_descriptors(keeps_error);
    const std::string whole = text(line, '\n');
    for (std::string_view rest = whole; !rest.empty();) {
        const IoResult wrote = write_some(waiting_.get(), rest);
        if (wrote.state != IoState::done) break; // whoever waited was killed
        rest.remove_prefix(wrote.bytes);
    }
    waiting_.reset();
}

void tell_ready(Detachment* detachment, Log& log, const Readiness& what) {
    const bool logs_here = log.target() == Log::Target::standard_error;
    if (const auto why = log.explain_silence())
        std::fprintf(stderr, "%s\n", text(what.program, ": ", *why).c_str());
    const std::string line =
        keep_to_one_line(text(what.program, ": listening on ", what.places, ", pid ", ::getpid(), ", log ",
                              log.place(), ", control ", what.control));
    if (detachment != nullptr)
        detachment->report_ready(line, logs_here);
    else if (!logs_here)
        std::fprintf(stderr, "%s\n", line.c_str());
}

void discard_standard_input_and_output() { point_at_null({STDIN_FILENO, STDOUT_FILENO}); }

void discard_standard_descriptors(bool keeps_error) {
    discard_standard_input_and_output();
    if (!keeps_error) point_at_null({STDERR_FILENO});
}

void notify_service_manager(std::string_view state) {
    const char* const path = std::getenv("NOTIFY_SOCKET");
    if (path == nullptr || (path[0] != '/' && path[0] != '@')) return;
    // '@' means an abstract socket: a NUL in its place, and a length instead of an end (unix(7)).
    std::string name = path;
    sockaddr_un to{};
    if (name.size() >= sizeof to.sun_path) return;
    to.sun_family = AF_UNIX;
    name.copy(to.sun_path, name.size());
    if (name[0] == '@') to.sun_path[0] = '\0';
    // A manager that cannot be told, or does not listen, is no reason not to serve, nor not to stop.
    const Fd socket{::socket(AF_UNIX, SOCK_DGRAM, 0)};
    if (!socket) return;
    const timeval limit{1, 0}; // nor is one that does not read a reason to wait
    ::setsockopt(socket.get(), SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
    const auto length = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + name.size());
    (void)retry([&] {
        return ::sendto(socket.get(), state.data(), state.size(), MSG_NOSIGNAL,
                        reinterpret_cast<const sockaddr*>(&to), length);
    });
}

std::size_t raise_descriptor_limit() {
    rlimit limit{};
    checked("ask for the limit of descriptors", {}, [&] { return ::getrlimit(RLIMIT_NOFILE, &limit); });
    limit.rlim_cur = limit.rlim_max;
    ::setrlimit(RLIMIT_NOFILE, &limit); // where it may not be raised, the lower one stays in force
    checked("ask for the limit of descriptors", {}, [&] { return ::getrlimit(RLIMIT_NOFILE, &limit); });
    return limit.rlim_cur;
}

std::size_t require_descriptors(std::size_t own) {
    const std::size_t limit = raise_descriptor_limit();
    if (limit > own) return limit;
    throw UserError(text("this process may have only ", limit, " descriptors (RLIMIT_NOFILE), and needs ",
                         own + 1, " to serve one client: raise the limit"));
}

int own_priority() {
    errno = 0; // -1 is a priority, too
    const int priority = ::getpriority(PRIO_PROCESS, 0);
    if (priority == -1 && errno != 0) fail("ask for", "the priority");
    return priority;
}

void change_priority(int nice, int started_with) {
    const int more = std::clamp(started_with + nice, -20, 19) - own_priority();
    if (more == 0) return;
    errno = 0;
    if (::nice(more) == -1 && errno != 0) fail("set", text("nice ", nice));
}

} // namespace common
