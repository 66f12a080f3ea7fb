// SPDX-License-Identifier: ISC
// The parent dies and another goes on with its sessions: nobody is disconnected, nothing is counted wrongly,
// and each transfer stands in the transfer log once.
#include "tests/e2e/busy_ftpd.hh"
#include "tests/e2e/roles.hh"
#include "tests/skip.hh"

#include "common/far_process.hh"
#include "common/text.hh"

#include <array>
#include <chrono>
#include <csignal>
#include <doctest/doctest.h>
#include <optional>
#include <random>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

using namespace e2e;
using common::text;
using namespace std::chrono_literals;

namespace {

// The parent, once it serves: one that dies before that ends the daemon's start.
pid_t serving_parent(const Daemon& daemon) {
    ask(daemon, {"stats"});
    return daemon.main_pid();
}

// Ends the parent's process, and waits for the next.
void replace_parent(const Daemon& daemon, const std::vector<int>& signals = {SIGKILL}) {
    const pid_t parent = serving_parent(daemon);
    const std::size_t said = daemon.log().size();
    for (const int signal : signals) ::kill(parent, signal);
    daemon.wait_for_log("\n", daemon.wait_for_log("]: listening on ", said));
    CHECK(daemon.main_pid() != parent);
}

// While this lives, a parent that dies is not followed by another.
class NoParent {
public:
    explicit NoParent(Daemon& daemon) : daemon_(daemon), said_(daemon.log().size()) {
        const pid_t parent = serving_parent(daemon);
        daemon.signal(SIGSTOP);
        ::kill(parent, SIGKILL);
        wait_until("the parent is dead", [&] { return !is_alive(parent); });
    }
    void end() {
        daemon_.signal(SIGCONT);
        daemon_.wait_for_log("\n", daemon_.wait_for_log("]: listening on ", said_));
    }

private:
    Daemon& daemon_;
    std::size_t said_;
};

// Of packets, with its parent and with authd, as if the process itself had shut them down. How many they are.
std::size_t end_pairs_of(pid_t pid) {
    const common::Fd process = common::hold_process(pid);
    std::size_t ended = 0;
    for (const auto& [fd, target] : descriptors_of(pid)) {
        const common::Fd socket{static_cast<int>(::syscall(SYS_pidfd_getfd, process.get(), fd, 0U))};
        int type = 0;
        socklen_t size = sizeof type;
        if (!socket || ::getsockopt(socket.get(), SOL_SOCKET, SO_TYPE, &type, &size) != 0) continue;
        if (type == SOCK_SEQPACKET && ::shutdown(socket.get(), SHUT_RDWR) == 0) ++ended;
    }
    return ended;
}

} // namespace

TEST_SUITE("e2e readiness") {
    TEST_CASE("a parent that is killed costs no session and no transfer anything") {
        if (!have_proc()) return tests::skip("only /proc shows it");
        const ServedPlace place;
        Daemon daemon{{.lines = place.lines()}};
        go_on_over(daemon, place, [&] { replace_parent(daemon); });
        replace_parent(daemon);
        FtpClient{daemon}.command("QUIT", 221);
        check_nothing_is_left(daemon);
    }

    TEST_CASE(
        "a parent that an ordinary user has started and that is stopped and killed costs nobody anything") {
        if (!have_proc()) return tests::skip("only /proc shows it");
        const ServedPlace place;
        std::filesystem::permissions(place.folder.path(), std::filesystem::perms::all);
        const Daemon::Setting setting = as_ordinary_user(place.folder, place.lines());
        Daemon daemon{setting};
        go_on_over(daemon, place, [&] { replace_parent(daemon, {SIGSTOP, SIGKILL}); });
        check_nothing_is_left(daemon);
    }

    TEST_CASE("limits and kick know the sessions of the parent before") {
        if (!have_proc()) return tests::skip("only /proc shows it");
        const ServedPlace place;
        Daemon daemon{{.lines = place.lines({"max-per-address 3"})}};
        std::optional<FtpClient> one{daemon};
        FtpClient zoe = log_in(daemon, "zoe", "sesame"), three{daemon};
        const pid_t first = session_of(daemon, *one), second = session_of(daemon, zoe),
                    third = session_of(daemon, three);
        const auto is_refused = [&] { return Connection{daemon.port()}.read_reply().code == 421; };
        CHECK(is_refused());
        const std::uint64_t refused = stat_of(daemon, "refused");
        for (int deaths = 0; deaths < 2; ++deaths) replace_parent(daemon);
        CHECK(stat_of(daemon, "refused") == refused);
        CHECK(is_refused());
        one->command("QUIT", 221);
        wait_for_end_of(daemon, first);
        one.emplace(daemon);
        CHECK(is_refused());
        CHECK(ask(daemon, {"kick", "zoe"}) == "sessions 1\n");
        zoe.expect(421);
        CHECK(wait_for_end_of(daemon, second) == end_of_old("exit 0"));
        CHECK(ask(daemon, {"kick", text(third)}) == "sessions 1\n");
        three.expect(421);
        CHECK(wait_for_end_of(daemon, third) == end_of_old("exit 0"));
        CHECK(ask(daemon, {"kick", "127.0.0.1"}) == "sessions 1\n"); // the one that is this parent's own
        one->expect(421);
        check_nothing_is_left(daemon);
    }

    TEST_CASE("a session that lives on behind its pair's end does not outlive the parent that let it in") {
        if (::geteuid() != 0) return tests::skip("only root gets at another process's sockets");
        if (is_posix_build()) return tests::skip("POSIX has no subreapers");
        const ServedPlace place;
        Daemon daemon{{.lines = place.lines(), .children_fail = true}};
        FtpClient ended = connect_logged_in(daemon), other = connect_logged_in(daemon);
        const pid_t session = session_of(daemon, ended);
        ::kill(session, SIGSTOP); // or it would end
        CHECK(end_pairs_of(session) > 0);
        replace_parent(daemon);
        CHECK(wait_for_end_of(daemon, session) == "signal 9 (Killed)");
        CHECK_FALSE(is_alive(session));
        ended.wait_for_end();
        CHECK(other.fetch("RETR small") == "content");
        check_nothing_is_left(daemon);
    }

    TEST_CASE("a session that dies while there is no parent is told by the keeper and its place is free") {
        if (!have_proc()) return tests::skip("only /proc shows it");
        const ServedPlace place;
        Daemon daemon{{.lines = place.lines({"max-per-address 2"}), .children_fail = true}};
        FtpClient victim = connect_logged_in(daemon), other = connect_logged_in(daemon);
        CHECK(victim.fetch("RETR small") == "content");
        const pid_t session = session_of(daemon, victim);
        NoParent none{daemon};
        CHECK(other.fetch("RETR small") == "content"); // what it says waits in its pair
        ::kill(session, SIGKILL);
        victim.wait_for_end();
        none.end();
        CHECK(wait_for_end_of(daemon, session) == end_of_old("signal 9 (Killed)"));
        CHECK_FALSE(lists(daemon, session));
        FtpClient next{daemon};
        next.command("NOOP", 200);
        CHECK(stat_of(daemon, "transfers") == 2);
        CHECK(place.logged("/small", "o") == 2);
        check_nothing_is_left(daemon);
    }

    TEST_CASE("a client that comes while there is no parent waits for the next") {
        if (!have_proc()) return tests::skip("only /proc shows it");
        Daemon daemon;
        NoParent none{daemon};
        Connection client{daemon.port()};
        none.end();
        client.expect(220);
    }

    TEST_CASE("a stop tells the sessions of the parent before and leaves nothing") {
        if (!have_proc()) return tests::skip("only /proc shows it");
        for (const bool has_words : {false, true}) {
            const ServedPlace place;
            Daemon daemon{{.lines = place.lines()}};
            FtpClient old{daemon}, fetching = connect_logged_in(daemon);
            Connection fetched = begin_transfer(fetching, "RETR file");
            replace_parent(daemon);
            FtpClient young{daemon};
            std::vector<pid_t> all;
            for (const ProcessStatus& process : below(daemon.pid())) all.push_back(process.pid);
            if (has_words) {
                ask(daemon, {"shutdown", "back at nine"});
                CHECK(daemon.wait() == 0);
            } else {
                daemon.stop();
            }
            const std::string words = has_words ? "back at nine" : "come back later.";
            for (FtpClient* const client : {&old, &young})
                CHECK(client->expect(421).find("The server is stopping: " + words) != std::string::npos);
            wait_until_gone(all);
            CHECK(daemon.log().find("signal 9 (Killed)", daemon.log().find("stopping, clients")) ==
                  std::string::npos);
        }
    }

    TEST_CASE("with a stop grace the transfers of the parent before end first") {
        if (!have_proc()) return tests::skip("only /proc shows it");
        const ServedPlace place;
        Daemon daemon{{.lines = place.lines({"stop-grace 60"})}};
        FtpClient idle{daemon}, fetching = connect_logged_in(daemon);
        Connection fetched = begin_transfer(fetching, "RETR file");
        replace_parent(daemon);
        daemon.signal(SIGTERM);
        idle.expect(421);
        CHECK(fetched.read_to_end() == place.bytes);
        fetching.expect(226);
        fetching.expect(421);
        CHECK(daemon.wait() == 0);
        CHECK(place.logged("/file", "o") == 1);
    }

    TEST_CASE("a keeper that dies with the parent ends all sessions with a word") {
        Daemon daemon;
        FtpClient client = connect_logged_in(daemon);
        if (have_proc()) replace_parent(daemon);
        daemon.kill();
        client.expect(421);
        client.wait_for_end();
    }

    TEST_CASE("each transfer stands in the log once however often the parent dies meanwhile") {
        if (!have_proc()) return tests::skip("only /proc shows it");
        constexpr int workers = 3, deaths = 20;
        const ServedPlace place;
        Daemon daemon{{.lines = place.lines()}};
        std::array<TransferWorker, workers> all{
            TransferWorker{daemon, "new0"}, TransferWorker{daemon, "new1"}, TransferWorker{daemon, "new2"}};
        std::minstd_rand dice{std::random_device{}()};
        auto born = std::chrono::steady_clock::now();
        for (int death = 0; death < deaths; ++death) {
            const std::uint64_t enough = stat_of(daemon, "transfers") + 1 + dice() % 40;
            // After five in a row that have lived less than a second the keeper starts none.
            const auto earliest = born + (death % 4 == 3 ? std::chrono::milliseconds{1200} : 0ms);
            wait_until("more transfers", [&] {
                return stat_of(daemon, "transfers") >= enough && std::chrono::steady_clock::now() >= earliest;
            });
            replace_parent(daemon);
            born = std::chrono::steady_clock::now();
        }
        for (TransferWorker& worker : all) CHECK(worker.finish() == "");
        daemon.wait_until_idle();
        wait_until("all have ended", [&] { return stat_of(daemon, "clients") == 0; });
        std::size_t fetched = 0;
        for (std::size_t i = 0; i < workers; ++i) {
            CAPTURE(i);
            fetched += all[i].fetched();
            CHECK(place.logged(text("/new", i), "i") == all[i].stored());
        }
        CHECK(place.logged("/small", "o") == fetched);
        CHECK(stat_of(daemon, "accepted") == workers);
        check_nothing_is_left(daemon);
    }
}
