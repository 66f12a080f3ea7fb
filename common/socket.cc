// SPDX-License-Identifier: ISC
#include "common/socket.hh"

#include "common/errors.hh"
#include "common/new_socket.hh"
#include "common/text.hh"

#include <algorithm>
#include <csignal>
#include <cstdlib>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/stat.h>
#include <system_error>
#include <unistd.h>

namespace common {
namespace {

Fd make_socket(int family) {
    return Fd{checked("create a socket", {}, [&] { return new_socket(family, SOCK_STREAM); })};
}

void set_option(int fd, int level, int name, int value, std::string_view what) {
    checked("set", what, [&] { return ::setsockopt(fd, level, name, &value, sizeof value); });
}

template <int (*get)(int, sockaddr*, socklen_t*)>
Address ask_address(int fd, std::string_view verb) {
    sockaddr_storage storage{};
    socklen_t size = sizeof storage;
    checked(verb, {}, [&] { return get(fd, reinterpret_cast<sockaddr*>(&storage), &size); });
    return {reinterpret_cast<const sockaddr*>(&storage), size};
}

// What is good to have: some systems refuse it for a connection whose other side has gone, which is no reason
// to let the others wait.
void wish_for(int fd, int level, int name) {
    constexpr int on = 1;
    ::setsockopt(fd, level, name, &on, sizeof on);
}

// For poll(2), which counts in an int.
int milliseconds_until(std::chrono::steady_clock::time_point deadline) {
    using std::chrono::milliseconds;
    const auto left = std::chrono::ceil<milliseconds>(deadline - std::chrono::steady_clock::now());
    return static_cast<int>(std::clamp<milliseconds::rep>(left.count(), 0, 1'000'000'000));
}

// For people. A process that has ended may have left its socket to one that it had started.
std::string server_of(int connection) {
    const std::optional<pid_t> pid = process_behind(connection);
    if (!pid) return "another process";
    const bool is_there = ::kill(*pid, 0) == 0 || errno != ESRCH;
    return is_there ? text("process ", *pid) : text("what process ", *pid, " has started");
}

// A socket file stays when its server dies; only a connection tells whether somebody is there.
void remove_stale_socket(const Address& address) {
    struct stat found {};
    const std::string path = address.path();
    if (::lstat(path.c_str(), &found) != 0 || !S_ISSOCK(found.st_mode)) return;
    const Fd probe = make_socket(AF_UNIX);
    if (::connect(probe.get(), address.data(), address.size()) == 0 || errno == EAGAIN)
        throw UserError(
            text(server_of(probe.get()), " serves ", address.shown(), ": stop it or choose another path"));
    if (errno == ECONNREFUSED) ::unlink(path.c_str());
}

// The mask makes the file's mode right from its first moment.
void bind_path(int fd, const Address& address, mode_t mode) {
    const mode_t before = ::umask(static_cast<mode_t>(~mode & 0777));
    const int bound = ::bind(fd, address.data(), address.size());
    const int error = errno;
    ::umask(before);
    if (bound != 0) fail_with(error, "listen on", address.shown());
}

} // namespace

// Nothing is formatted for an error that there is not: sessions call this for each transfer.
std::optional<Fd> listen_if_free(const Address& address) {
    Fd fd = make_socket(address.family());
    set_option(fd.get(), SOL_SOCKET, SO_REUSEADDR, 1, "SO_REUSEADDR");
    if (address.family() == AF_INET6) set_option(fd.get(), IPPROTO_IPV6, IPV6_V6ONLY, 1, "IPV6_V6ONLY");
    if (::bind(fd.get(), address.data(), address.size()) == 0 && ::listen(fd.get(), SOMAXCONN) == 0)
        return fd;
    const int error = errno;
    if (error == EADDRINUSE) return {};
    fail_with(error, "listen on", address.shown());
}

Fd listen_on(const Address& address, mode_t mode) {
    if (address.family() != AF_UNIX) {
        if (std::optional<Fd> fd = listen_if_free(address)) return *std::move(fd);
        fail_with(EADDRINUSE, "listen on", address.shown());
    }
    remove_stale_socket(address);
    Fd fd = make_socket(AF_UNIX);
    bind_path(fd.get(), address, mode);
    checked("listen on", address.shown(), [&] { return ::listen(fd.get(), SOMAXCONN); });
    return fd;
}

bool has_inherited_listeners() {
    const char* const pid = std::getenv("LISTEN_PID");
    const char* const count = std::getenv("LISTEN_FDS");
    return pid != nullptr && count != nullptr && std::string_view{count} != "0" &&
           parse_number<pid_t>(pid) == ::getpid();
}

std::vector<InheritedListener> take_inherited_listeners() {
    constexpr int first = 3; // SD_LISTEN_FDS_START
    constexpr int most = 64;
    const char* const count = std::getenv("LISTEN_FDS");
    const char* const given = std::getenv("LISTEN_FDNAMES");
    std::string_view names = given == nullptr ? "" : given;
    std::vector<InheritedListener> listeners;
    if (has_inherited_listeners()) {
        const auto number = parse_number<int>(count, 0, most);
        if (!number) throw UserError(text("LISTEN_FDS is '", escape(count), "': it must be 0 to ", most));
        for (int fd = first; fd < first + *number; ++fd) {
            int listening = 0;
            socklen_t size = sizeof listening;
            if (::getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listening, &size) != 0 || listening == 0)
                throw UserError(text("descriptor ", fd, " of LISTEN_FDS is not a listening stream socket"));
            const std::string_view name = names.substr(0, names.find(':'));
            listeners.push_back({Fd{fd}, std::string{name}});
            names.remove_prefix(std::min(names.size(), name.size() + 1));
            set_close_on_exec(fd);
            set_nonblocking(fd);
        }
    }
    for (const char* name : {"LISTEN_PID", "LISTEN_FDS", "LISTEN_FDNAMES"}) ::unsetenv(name);
    return listeners;
}

std::optional<Accepted> accept_from(const Fd& listener) {
    for (;;) {
        sockaddr_storage storage{};
        socklen_t size = sizeof storage;
        const int number =
            retry([&] { return accept_new(listener.get(), reinterpret_cast<sockaddr*>(&storage), &size); });
        if (number >= 0) return Accepted{Fd{number}, {reinterpret_cast<const sockaddr*>(&storage), size}};
        switch (errno) {
        case EAGAIN: return {};
        // Errors of a client that has gone meanwhile (accept(2)); others may wait after it.
        case ECONNABORTED:
        case ECONNRESET:
        case ETIMEDOUT:
        case EPROTO:
        case EHOSTUNREACH:
        case ENETUNREACH:
        case ENETDOWN: continue;
        default: fail("accept a client");
        }
    }
}

Fd start_connect(const Address& to, const Address* from) {
    Fd fd = make_socket(to.family());
    if (from != nullptr)
        checked("bind", from->shown(), [&] { return ::bind(fd.get(), from->data(), from->size()); });
    // An interrupted connect goes on by itself, so it must not be called again (connect(2)).
    if (::connect(fd.get(), to.data(), to.size()) != 0 && errno != EINPROGRESS && errno != EINTR)
        fail("connect to", to.shown());
    return fd;
}

int connect_error(int fd) {
    int error = 0;
    socklen_t size = sizeof error;
    checked("ask for the error of a connection", {},
            [&] { return ::getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size); });
    return error;
}

Fd connect_to(std::span<const Address> addresses, std::chrono::steady_clock::time_point deadline) {
    int error = EADDRNOTAVAIL;
    std::string last = "nothing";
    for (const Address& address : addresses) {
        last = address.shown();
        try {
            Fd fd = start_connect(address);
            const int ready = retry([&] {
                pollfd wait{fd.get(), POLLOUT, 0};
                return ::poll(&wait, 1, milliseconds_until(deadline));
            });
            error = ready == 0 ? ETIMEDOUT : connect_error(fd.get());
            if (error == 0) return fd;
        } catch (const std::system_error& refused) {
            error = refused.code().value();
        }
    }
    fail_with(error, "connect to", last);
}

Address local_address(int fd) { return ask_address<::getsockname>(fd, "ask for a socket's address"); }
Address peer_address(int fd) { return ask_address<::getpeername>(fd, "ask for a peer's address"); }

void set_keepalive(int fd) { wish_for(fd, SOL_SOCKET, SO_KEEPALIVE); }
void set_no_delay(int fd) { wish_for(fd, IPPROTO_TCP, TCP_NODELAY); } // fails for a path's socket
void set_urgent_inline(int fd) { wish_for(fd, SOL_SOCKET, SO_OOBINLINE); }
void set_reset_on_close(int fd, bool resets) {
    const linger at_once{resets ? 1 : 0, 0};
    ::setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once); // may fail when the peer is gone
}

} // namespace common
