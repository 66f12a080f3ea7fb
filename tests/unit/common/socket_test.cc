// SPDX-License-Identifier: ISC
#include "common/errors.hh"
#include "common/new_socket.hh"
#include "common/socket.hh"
#include "common/text.hh"
#include "tests/e2e/ftp_client.hh"
#include "tests/skip.hh"
#include "tests/unit/common/in_child.hh"
#include "tests/unit/common/temporary_folder.hh"

#include <cstdlib>
#include <cstring>
#include <doctest/doctest.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/resource.h>
#include <sys/un.h>
#include <system_error>
#include <unistd.h>

using namespace common;
using namespace std::chrono_literals;

namespace {

Address numeric(std::string_view text) { return resolve_address(text).at(0); }
auto in_time() { return std::chrono::steady_clock::now() + 60s; }

bool readable(int fd) {
    pollfd wait{fd, POLLIN, 0};
    return retry([&] { return ::poll(&wait, 1, 60'000); }) == 1;
}

Fd connect_to_one(const Address& address) { return connect_to(std::vector{address}, in_time()); }

Accepted accept_waiting(const Fd& listener) {
    REQUIRE(readable(listener.get()));
    std::optional<Accepted> accepted = accept_from(listener);
    REQUIRE(accepted);
    return std::move(*accepted);
}

void check_flags(const Fd& fd) {
    CHECK((::fcntl(fd.get(), F_GETFD) & FD_CLOEXEC) != 0);
    CHECK((::fcntl(fd.get(), F_GETFL) & O_NONBLOCK) != 0);
}

std::string error_of(const std::function<void()>& body) {
    try {
        body();
        return "nothing was thrown";
    } catch (const std::exception& error) {
        return error.what();
    }
}

// Makes descriptor 3 what a service manager passes and calls body, in a child.
std::string with_inherited(int fd, std::string_view pid, const char* count,
                           const std::function<std::string()>& body) {
    return in_child([&] {
        if (fd >= 0 && fd != 3) checked("dup2", {}, [&] { return ::dup2(fd, 3); });
        const std::string own = std::to_string(::getpid());
        ::setenv("LISTEN_PID", pid == "own" ? own.c_str() : std::string{pid}.c_str(), 1);
        ::setenv("LISTEN_FDS", count, 1);
        ::setenv("LISTEN_FDNAMES", "ftp", 1);
        return body();
    });
}

std::string take_and_count() {
    const std::vector<InheritedListener> taken = take_inherited_listeners();
    std::string said = std::to_string(taken.size());
    for (const auto& [fd, name] : taken) {
        said += ' ' + std::to_string(fd.get()) + ' ' + name;
        if ((::fcntl(fd.get(), F_GETFD) & FD_CLOEXEC) == 0) said += " inherited";
        if ((::fcntl(fd.get(), F_GETFL) & O_NONBLOCK) == 0) said += " blocks";
    }
    for (const char* name : {"LISTEN_PID", "LISTEN_FDS", "LISTEN_FDNAMES"})
        if (std::getenv(name) != nullptr) said += std::string{" left "} + name;
    return said;
}

} // namespace

TEST_SUITE("unit") {
    TEST_CASE("socket: a listener on port 0 gets a port and takes clients in both families") {
        for (const std::string given : {"127.0.0.1:0", "[::1]:0"}) {
            if (given != "127.0.0.1:0" && !e2e::has_ipv6()) continue;
            CAPTURE(given);
            const Fd listener = listen_on(numeric(given));
            check_flags(listener);
            const Address place = local_address(listener.get());
            CHECK(place.port() != 0);
            CHECK_FALSE(accept_from(listener)); // none waits
            const Fd client = connect_to_one(place);
            check_flags(client);
            const Accepted accepted = accept_waiting(listener);
            check_flags(accepted.socket);
            CHECK(accepted.peer.shown() == local_address(client.get()).shown());
            CHECK(peer_address(client.get()).shown() == place.shown());
            CHECK_FALSE(accept_from(listener));
        }
    }

    TEST_CASE("socket: an IPv6 listener leaves IPv4 to others") {
        if (!e2e::has_ipv6()) return tests::skip("there is no IPv6");
        Fd six, four;
        std::uint16_t port = 0;
        for (int tries = 100; !four; --tries) { // somebody else may have that port of IPv4 at this moment
            REQUIRE(tries > 0);
            six = listen_on(numeric("[::]:0"));
            port = local_address(six.get()).port();
            const Address other = numeric("127.0.0.1:1").with_port(port);
            if (error_of([&] { connect_to_one(other); }) == "nothing was thrown") continue;
            error_of([&] { four = listen_on(numeric("0.0.0.0:1").with_port(port)); });
        }
        connect_to_one(numeric("127.0.0.1:1").with_port(port));
        CHECK(accept_waiting(four).peer.family() == AF_INET);
    }

    TEST_CASE("socket: a place that is taken is named in the error") {
        const Fd listener = listen_on(numeric("127.0.0.1:0"));
        const Address place = local_address(listener.get());
        CHECK(error_of([&] { listen_on(place); }) ==
              "listen on " + place.shown() + ": Address already in use");
    }

    TEST_CASE(
        "socket: who tries ports is told by no value that one is taken and by an error of anything else") {
        std::optional<Fd> listener = listen_if_free(numeric("127.0.0.1:0"));
        REQUIRE(listener);
        const Address place = local_address(listener->get());
        CHECK_FALSE(listen_if_free(place));
        listener.reset();
        CHECK(listen_if_free(place));
        CHECK(error_of([&] { listen_if_free(numeric("192.0.2.1:0")); }) ==
              "listen on 192.0.2.1:0: Cannot assign requested address");
    }

    TEST_CASE("socket: a path's socket has exactly the mode asked for and the mask is left alone") {
        const TemporaryFolder folder;
        for (const mode_t mask : {mode_t{0}, mode_t{0077}, mode_t{0777}}) {
            for (const mode_t mode : {mode_t{0600}, mode_t{0666}, mode_t{0660}}) {
                const std::string path = folder / "socket";
                const mode_t before = ::umask(mask);
                const Fd listener = listen_on(Address::of_path(path), mode);
                CHECK(::umask(before) == mask);
                struct stat status {};
                REQUIRE(::stat(path.c_str(), &status) == 0);
                CHECK(S_ISSOCK(status.st_mode));
                CHECK((status.st_mode & 0777) == mode);
                ::unlink(path.c_str());
            }
        }
    }

    TEST_CASE("socket: a path whose server died is taken over and one that is served is not") {
        const TemporaryFolder folder;
        const Address place = Address::of_path(folder / "socket");
        Fd listener = listen_on(place);
        CHECK_THROWS_AS(listen_on(place), UserError);
        const std::string refused = error_of([&] { listen_on(place); });
        const std::string who =
            process_behind(listener.get()) ? text("process ", ::getpid()) : "another process";
        CHECK_MESSAGE(refused.starts_with(who + " serves unix:"), refused);
        connect_to_one(place); // it is still the first one's
        accept_waiting(listener);
        listener.reset();
        REQUIRE(std::filesystem::exists(folder / "socket"));
        listener = listen_on(place);
        connect_to_one(place);
        accept_waiting(listener);
    }

    TEST_CASE("socket: a served path with a full backlog is not taken over") {
        const TemporaryFolder folder;
        const Address place = Address::of_path(folder / "socket");
        const Fd listener = listen_on(place);
        REQUIRE(::listen(listener.get(), 0) == 0); // room for hardly any
        std::vector<Fd> waiting;
        try {
            for (int i = 0; i < 16; ++i) waiting.push_back(start_connect(place));
            FAIL("the backlog takes all");
        } catch (const std::system_error& full) {
            CHECK(full.code().value() == EAGAIN);
        }
        CHECK_THROWS_AS(listen_on(place), UserError);
    }

    TEST_CASE("socket: a file that is no socket is never replaced") {
        const TemporaryFolder folder;
        const std::string path = folder / "precious";
        Fd{checked("open", path, [&] { return ::open(path.c_str(), O_WRONLY | O_CREAT, 0600); })};
        CHECK(error_of([&] { listen_on(Address::of_path(path)); }) ==
              "listen on unix:" + path + ": Address already in use");
        CHECK(std::filesystem::is_regular_file(path));
        const std::string link = folder / "link";
        { const Fd dead = listen_on(Address::of_path(folder / "dead")); }
        REQUIRE(::symlink((folder / "dead").c_str(), link.c_str()) == 0);
        CHECK_THROWS_AS(listen_on(Address::of_path(link)), std::system_error);
        CHECK(std::filesystem::exists(folder / "dead"));
    }

    TEST_CASE("socket: a refused connection is told with its address") {
        Address closed;
        { closed = local_address(listen_on(numeric("127.0.0.1:0")).get()); }
        CHECK(error_of([&] { connect_to_one(closed); }) ==
              "connect to " + closed.shown() + ": Connection refused");
        const TemporaryFolder folder;
        const std::string path = folder / "nobody";
        CHECK(error_of([&] { connect_to_one(Address::of_path(path)); }) ==
              "connect to unix:" + path + ": No such file or directory");
        CHECK_THROWS_AS(connect_to({}, in_time()), std::system_error);
    }

    TEST_CASE("socket: when one address refuses the next is tried") {
        const Fd listener = listen_on(numeric("127.0.0.1:0"));
        const Address good = local_address(listener.get());
        Address closed;
        { closed = local_address(listen_on(numeric(e2e::has_ipv6() ? "[::1]:0" : "127.0.0.1:0")).get()); }
        const Fd client = connect_to(std::vector{closed, good}, in_time());
        CHECK(peer_address(client.get()).shown() == good.shown());
    }

    TEST_CASE("socket: a deadline far away is no deadline of now") {
        const Fd listener = listen_on(numeric("127.0.0.1:0"));
        CHECK(connect_to(std::vector{local_address(listener.get())},
                         std::chrono::steady_clock::time_point::max()));
    }

    TEST_CASE("socket: a peer with an own path of full length is shown right") {
        const TemporaryFolder folder;
        const Address place = Address::of_path(folder / "socket");
        const Fd listener = listen_on(place);
        sockaddr_un own{};
        own.sun_family = AF_UNIX;
        const std::string path = folder / std::string(sizeof own.sun_path, 'p');
        path.copy(own.sun_path, sizeof own.sun_path); // all of it, without a NUL
        const Fd client{checked("socket", {}, [] { return ::socket(AF_UNIX, SOCK_STREAM, 0); })};
        REQUIRE(::bind(client.get(), reinterpret_cast<const sockaddr*>(&own), sizeof own) == 0);
        REQUIRE(::connect(client.get(), place.data(), place.size()) == 0);
        CHECK(accept_waiting(listener).peer.path() == path.substr(0, sizeof own.sun_path));
    }

    TEST_CASE("socket: a lack of descriptors is told and not taken for no client") {
        CHECK(in_child([] {
                  const Fd listener = listen_on(numeric("127.0.0.1:0"));
                  const Fd client = connect_to_one(local_address(listener.get()));
                  readable(listener.get());
                  rlimit limit{};
                  ::getrlimit(RLIMIT_NOFILE, &limit);
                  const rlimit none{0, limit.rlim_max};
                  ::setrlimit(RLIMIT_NOFILE, &none);
                  std::exception_ptr thrown; // looked at when sanitizers have descriptors again
                  try {
                      accept_from(listener);
                  } catch (...) {
                      thrown = std::current_exception();
                  }
                  ::setrlimit(RLIMIT_NOFILE, &limit);
                  try {
                      if (thrown) std::rethrow_exception(thrown);
                      return "nothing was thrown";
                  } catch (const std::system_error& error) {
                      return error.code().value() == EMFILE ? "" : "another error";
                  }
              }) == "");
    }

    TEST_CASE("socket: listeners of a service manager are taken once and by the right process only") {
        const Fd listener = listen_on(numeric("127.0.0.1:0"));
        CHECK(with_inherited(listener.get(), "own", "1", take_and_count) == "1 3 ftp");
        CHECK(with_inherited(listener.get(), "1", "1", take_and_count) == "0");
        CHECK(with_inherited(listener.get(), "", "1", take_and_count) == "0");
        CHECK(with_inherited(listener.get(), "own", "0", take_and_count) == "0");
        CHECK(with_inherited(listener.get(), "own", "1", [] {
                  take_and_count();
                  return take_and_count();
              }) == "0");
        CHECK(in_child(take_and_count) == "0");
    }

    TEST_CASE("socket: what is no listener is refused from a service manager") {
        const auto refused = [] {
            try {
                return take_and_count();
            } catch (const UserError& error) {
                return std::string{error.what()};
            }
        };
        const Fd file{checked("open", "/dev/null", [] { return ::open("/dev/null", O_RDONLY); })};
        const Fd datagrams{checked("socket", {}, [] { return ::socket(AF_INET, SOCK_DGRAM, 0); })};
        const Fd listener = listen_on(numeric("127.0.0.1:0"));
        const Fd client = connect_to_one(local_address(listener.get()));
        const std::string message = "descriptor 3 of LISTEN_FDS is not a listening stream socket";
        for (const int fd : {file.get(), datagrams.get(), client.get()})
            CHECK(with_inherited(fd, "own", "1", refused) == message);
        for (const char* count : {"", "-1", "x", "65", "1 ", "99999999999"}) {
            CAPTURE(count);
            CHECK(with_inherited(listener.get(), "own", count, refused).find("it must be 0 to 64") !=
                  std::string::npos);
        }
    }

    TEST_CASE("socket: options of TCP are set and mean nothing for a path") {
        const Fd listener = listen_on(numeric("127.0.0.1:0"));
        const Fd client = connect_to_one(local_address(listener.get()));
        const auto option = [&](int level, int name) {
            int value = 0;
            socklen_t size = sizeof value;
            REQUIRE(::getsockopt(client.get(), level, name, &value, &size) == 0);
            return value != 0;
        };
        set_keepalive(client.get());
        set_no_delay(client.get());
        set_urgent_inline(client.get());
        CHECK(option(SOL_SOCKET, SO_KEEPALIVE));
        CHECK(option(IPPROTO_TCP, TCP_NODELAY));
        CHECK(option(SOL_SOCKET, SO_OOBINLINE));
        const auto [one, other] = make_packet_pair();
        set_no_delay(one.get());
        set_urgent_inline(one.get());
        // As of one that has gone, of which some systems do not take them: that is its matter alone.
        const Fd none{::dup(STDIN_FILENO)};
        CHECK_NOTHROW(set_keepalive(none.get()));
        CHECK_NOTHROW(set_no_delay(none.get()));
        CHECK_NOTHROW(set_urgent_inline(none.get()));
    }

    TEST_CASE("socket: closing with a reset is seen as one") {
        const Fd listener = listen_on(numeric("127.0.0.1:0"));
        Fd client = connect_to_one(local_address(listener.get()));
        const Accepted accepted = accept_waiting(listener);
        set_reset_on_close(client.get());
        client.reset();
        REQUIRE(readable(accepted.socket.get()));
        std::array<char, 1> byte{};
        CHECK(read_some(accepted.socket.get(), byte).state == IoState::vanished);
    }
}
