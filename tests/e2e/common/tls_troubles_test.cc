// SPDX-License-Identifier: ISC
// suite-tls when a descriptor is lacking, when keyd says nothing, when there are too many relays, and when
// one was taken over.
#include "common/errors.hh"
#include "common/socket.hh"
#include "common/text.hh"
#include "common/tls/tls_process.hh"
#include "tests/e2e/harness.hh"
#include "tests/e2e/observe.hh"
#include "tests/e2e/tls_house.hh"
#include "tests/skip.hh"

#include <array>
#include <cerrno>
#include <csignal>
#include <doctest/doctest.h>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include <vector>

#if defined(__linux__) && defined(__x86_64__)
#include <sys/ptrace.h>
#include <sys/user.h>
#endif

using namespace common;
using namespace e2e;
using namespace std::chrono_literals;

namespace {

// A client that is let in, and is told so.
void serve_one(TlsHouse& house) {
    Process client{house.client({"connect", "read=hello"})};
    TlsPeer peer = house.serve(house.accept());
    peer.write("hello");
    CHECK(client.wait() == 0);
}

// As long as it lives that process can open nothing more.
#if defined(SYS_prlimit64)
class NoDescriptors {
public:
    explicit NoDescriptors(pid_t pid) : pid_(pid) {
        rlimit none{};
        set(nullptr, &before_);
        none = before_;
        none.rlim_cur = 0;
        set(&none, nullptr);
    }
    ~NoDescriptors() { set(&before_, nullptr); }
    NoDescriptors(const NoDescriptors&) = delete;
    NoDescriptors& operator=(const NoDescriptors&) = delete;

private:
    void set(const rlimit* wanted, rlimit* before) const {
        checked("limit", {}, [&] { return ::syscall(SYS_prlimit64, pid_, RLIMIT_NOFILE, wanted, before); });
    }
    pid_t pid_;
    rlimit before_{};
};
constexpr bool can_limit = true;
#else
struct NoDescriptors {
    explicit NoDescriptors(pid_t) {}
};
constexpr bool can_limit = false;
#endif

bool has_ended(int pair) {
    wait_readable(pair);
    std::array<char, max_tls_packet> packet;
    return receive_packet(pair, packet).state == IoState::ended;
}

// Another process's standard error, as if we were that; none where the system does not let us.
Fd standard_error_of(pid_t pid) {
#if defined(SYS_pidfd_open) && defined(SYS_pidfd_getfd)
    const Fd process{static_cast<int>(::syscall(SYS_pidfd_open, pid, 0))};
    if (!process) return {};
    return Fd{static_cast<int>(::syscall(SYS_pidfd_getfd, process.get(), STDERR_FILENO, 0))};
#else
    return Fd{pid < 0 ? -1 : -1};
#endif
}

// What kill(2) says to that process, which waits for something, as if it had been taken over: an errno, or 0;
// none where the system does not let us.
std::optional<int> kill_from_within([[maybe_unused]] pid_t pid, [[maybe_unused]] pid_t other) {
#if defined(__linux__) && defined(__x86_64__)
    if (::ptrace(PTRACE_ATTACH, pid, nullptr, nullptr) != 0) return {};
    int status = 0;
    ::waitpid(pid, &status, 0);
    user_regs_struct before{}, now{};
    ::ptrace(PTRACE_GETREGS, pid, nullptr, &before);
    now = before;
    constexpr unsigned long long size_of_syscall = 2; // bytes: where it waits is behind one
    now.rip -= size_of_syscall;
    now.rax = SYS_kill;
    now.orig_rax = static_cast<unsigned long long>(-1); // the call that waits is not made again
    now.rdi = static_cast<unsigned long long>(other);
    now.rsi = 0;
    ::ptrace(PTRACE_SETREGS, pid, nullptr, &now);
    ::ptrace(PTRACE_SINGLESTEP, pid, nullptr, nullptr);
    ::waitpid(pid, &status, 0);
    ::ptrace(PTRACE_GETREGS, pid, nullptr, &now);
    ::ptrace(PTRACE_SETREGS, pid, nullptr, &before);
    ::ptrace(PTRACE_DETACH, pid, nullptr, nullptr);
    return static_cast<int>(-static_cast<long long>(now.rax));
#else
    return {};
#endif
}

bool can_scope_signals() {
#if defined(SYS_landlock_create_ruleset)
    constexpr long asks_for_version = 1, knows_signals = 6; // LANDLOCK_CREATE_RULESET_VERSION
    return !is_posix_build() &&
           ::syscall(SYS_landlock_create_ruleset, nullptr, 0L, asks_for_version) >= knows_signals;
#else
    return false;
#endif
}

} // namespace

TEST_SUITE("e2e") {
    TEST_CASE("tls: a moment without a descriptor costs one client and not all that follow") {
        if (!can_limit || is_posix_build()) return tests::skip("poll waits for no more than the limit");
        if (is_sanitized()) return tests::skip("the sanitizers need descriptors of their own");
        TlsHouse house;
        {
            const NoDescriptors none{house.tlsd().pid()};
            const Fd pair = house.open_pair();
            CHECK(has_ended(pair.get()));
            house.wait_for_note("no descriptor is free for TLS with 127.0.0.1");
        }
        serve_one(house);
        Process client{house.client({"connect", "read=hello"})};
        TlsPeer peer = [&] {
            const NoDescriptors none{house.keyd().pid()};
            TlsPeer made = house.serve(house.accept());
            house.wait_for_note("keyd: no descriptor is free for the relay of a client from 127.0.0.1");
            return made;
        }();
        serve_one(house);
        house.keyd().signal(SIGKILL); // or that one would wait for its ten seconds
        house.keyd().wait();
        house.start_keyd();
        peer.write("hello");
        CHECK(client.wait() == 0);
    }

    TEST_CASE("tls: tlsd or keyd that cannot go on with another process ends at once and relays live on") {
        for (const std::string who : {"main", "keyd", "tlsd"}) {
            TlsHouse house;
            Process client{house.client({"connect", "read=a", "read=b"})};
            TlsPeer peer = house.serve(house.accept());
            peer.write("a");
            client.out().wait_for("new\n");
            constexpr std::string_view nonsense{"\x16 nonsense"};
            auto [ours, theirs] = make_packet_pair();
            if (who == "main") REQUIRE(send_packet(house.main_end(), nonsense) == IoState::done);
            if (who == "keyd") {
                house.give_keyd(ours.get());
                REQUIRE(send_packet(theirs.get(), nonsense) == IoState::done);
            }
            if (who == "tlsd") REQUIRE(send_packet(house.keyd_end(), nonsense) == IoState::done);
            CHECK((who == "tlsd" ? house.keyd() : house.tlsd()).wait() == 1);
            peer.write("b");
            CHECK(client.wait() == 0);
            if (who == "tlsd")
                house.start_keyd();
            else
                house.start_tlsd();
            serve_one(house);
        }
    }

    TEST_CASE("tls: keyd that follows and says nothing or dies keeps nobody waiting who needs no signature") {
        TlsHouse house;
        house.keyd().signal(SIGKILL);
        house.keyd().wait();
        for (const bool dies : {true, false}) {
            auto [ours, theirs] = make_packet_pair();
            house.give_keyd(ours.get());
            ours.reset();
            if (dies)
                theirs.reset();
            else
                wait_readable(theirs.get()); // it is asked for a signature
            const Fd liar = house.open_pair();
            REQUIRE(send_packet(liar.get(), std::string_view{"\x16 nonsense"}) == IoState::done);
            wait_readable(liar.get(), Seconds{5});
        }
        house.start_keyd();
        serve_one(house);
        CHECK(!house.tlsd().has_ended());
    }

    TEST_CASE("tls: relays whose clients have left and keep their connection make room for newcomers") {
        constexpr std::size_t max_clients = 1, most = 17;
        TlsHouse house;
        e2e::Words steps(most + 1, "connect");
        steps.emplace_back("pause");
        Process clients{house.client(steps)}; // each of which keeps its connection
        for (std::size_t i = 0; i <= most; ++i) {
            Fd client = house.accept();
            TlsPeer peer{house.open_pair(max_clients), std::move(client), {}};
            peer.wait_until([](const auto& t) { return t.security.has_value(); });
            peer.close_whole();
            peer.wait_until([](const auto& t) { return t.is_sent; });
        }
        CHECK(house.wait_for_note("as many as there may be").find("17 relays") != std::string::npos);
        e2e::wait_until("the relay that made room has ended", [&] { return house.relays().size() <= most; });
        clients.signal(SIGKILL);
        clients.wait();
    }

    TEST_CASE("tls: no address keeps more than so many relays whose clients have left") {
        constexpr std::size_t most = 32;
        TlsHouse house;
        e2e::Words steps(most + 2, "connect");
        steps.emplace_back("pause");
        Process clients{house.client(steps)};
        for (std::size_t i = 0; i < most + 2; ++i) {
            TlsPeer peer = house.serve(house.accept());
            peer.wait_until([](const auto& t) { return t.security.has_value(); });
            peer.close_whole();
            peer.wait_until([](const auto& t) { return t.is_sent; });
        }
        e2e::wait_until("the first have ended", [&] { return house.relays().size() <= most; });
        CHECK(house.relays().size() == most);
        clients.signal(SIGKILL);
        clients.wait();
    }

    TEST_CASE("tls: there are no more relays than clients may be and some") {
        constexpr std::size_t max_clients = 1, most = 17;
        TlsHouse house;
        std::vector<Connection> clients;
        std::vector<TlsPeer> peers;
        for (std::size_t i = 0; i <= most; ++i) {
            clients.emplace_back(house.port());
            Fd client = house.accept();
            peers.emplace_back(house.open_pair(max_clients), std::move(client), RelayTerms{});
        }
        house.wait_for_note("further clients get none");
        clients.back().wait_for_end();
        CHECK(house.relays().size() == most);
    }

    TEST_CASE("tls: a relay that was taken over gets so much into the log and no more") {
        TlsHouse house;
        Process client{house.client({"connect", "wait"})};
        TlsPeer peer = house.serve(house.accept());
        client.out().wait_for("new\n");
        const Fd error = standard_error_of(house.relays().at(0));
        if (!error) return tests::skip("this system lets nobody take another process's descriptor");
        bool is_over = false;
        for (int round = 0; !is_over; ++round) {
            REQUIRE(round < 100);
            std::string said;
            for (int i = 0; i < 50; ++i) said += "x\n";
            const std::string last = text("round ", round);
            REQUIRE(send_packet(error.get(), said + last + '\n') == IoState::done);
            for (std::string note; note.find(last) == note.npos && !is_over;) {
                note = house.wait_for_note("relay ");
                is_over = note.find("what follows is left out") != note.npos;
            }
        }
        peer.close_whole();
        client.wait();
        serve_one(house);
    }

    TEST_CASE("tls: a relay that was taken over cannot signal another nor tlsd") {
        if (!have_proc()) return tests::skip("needs /proc");
        TlsHouse house;
        std::vector<std::unique_ptr<Process>> clients;
        std::vector<TlsPeer> peers;
        for (int i = 0; i < 2; ++i) {
            clients.push_back(std::make_unique<Process>(house.client({"connect", "wait"})));
            peers.push_back(house.serve(house.accept()));
            clients.back()->out().wait_for("new\n");
        }
        const std::vector<pid_t> relays = house.relays();
        REQUIRE(relays.size() == 2);
        const auto own = kill_from_within(relays[0], relays[0]);
        if (!own) return tests::skip("this system lets nobody trace");
        CHECK(*own == 0);
        if (!can_scope_signals()) return tests::skip("no Landlock here that knows signals");
        CHECK(kill_from_within(relays[0], relays[1]) == EPERM);
        CHECK(kill_from_within(relays[0], house.tlsd().pid()) == EPERM);
        for (auto& peer : peers) peer.close_whole();
        for (auto& client : clients) client->wait();
    }
}
