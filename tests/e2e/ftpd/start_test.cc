// SPDX-License-Identifier: ISC
// How ftpd starts: alone on its state and its port, for a service manager, with a priority, detached.
#include "tests/e2e/observe.hh"
#include "tests/e2e/service_manager.hh"
#include "tests/skip.hh"

#include "common/errors.hh"
#include "common/socket.hh"
#include "common/text.hh"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <fstream>
#include <iterator>
#include <signal.h>
#include <sstream>
#include <unistd.h>

using namespace e2e;
using common::text;

namespace {

// A field of /proc/PID/stat, counted from 1 as proc(5) does, from the state (3) on.
long stat_field(pid_t pid, std::size_t number) {
    std::ifstream file{"/proc/" + std::to_string(pid) + "/stat"};
    const std::string line{std::istreambuf_iterator<char>{file}, {}};
    std::istringstream words{line.substr(line.rfind(')') + 2)};
    const Words fields{std::istream_iterator<std::string>{words}, {}};
    return std::stol(fields.at(number - 3));
}
constexpr std::size_t session_field = 6, terminal_field = 7, nice_field = 19;

// Who holds the lock of a state directory: 0 for nobody.
pid_t holder_of(const Path& state) {
    const common::Fd file{::open((state / "lock").c_str(), O_RDWR | O_CLOEXEC)};
    struct flock whole {};
    whole.l_type = F_WRLCK;
    whole.l_whence = SEEK_SET;
    common::checked("ask for the lock", state.native(), [&] { return ::fcntl(file.get(), F_GETLK, &whole); });
    return whole.l_type == F_UNLCK ? 0 : whole.l_pid;
}

struct Killer {
    pid_t pid;
    ~Killer() { ::kill(pid, SIGKILL); }
};

Words start_line(const TempDir& place, const std::string& listen) {
    return {"ftpd",
            "-o",
            "listen " + listen,
            "-o",
            "root " + place.make_shared("files").native(),
            "-o",
            "state " + (place / "state").native()};
}

} // namespace

TEST_SUITE("e2e") {
    TEST_CASE("two daemons never share a state directory") {
        const Daemon daemon;
        const Result second =
            run_client({"ftpd", "-d", "-o", "listen 127.0.0.1:0", "-o", "state " + daemon.state().native(),
                        "-o", "root " + daemon.files().native()});
        CHECK(second.status == 1);
        CHECK(second.err.starts_with(text("ftpd: process ", daemon.pid(), " uses the state directory ",
                                          daemon.state().native(), ':')));
        FtpClient{daemon}.command("NOOP", 200);
        CHECK(stat_of(daemon, "clients") <= 1); // the first one's control socket is still its own
    }

    TEST_CASE("a port that is taken is named and nothing of the start stays") {
        const Daemon daemon;
        const TempDir place;
        const std::string address = daemon.addresses().at(0).shown();
        Words command = start_line(place, address);
        command.insert(command.begin() + 1, "-d");
        const Result second = run_client(command);
        CHECK(second.status == 1);
        CHECK(second.err == "ftpd: listen on " + address + ": Address already in use\n");
        CHECK_FALSE(std::filesystem::exists(place / "state" / "control"));
        CHECK(holder_of(place / "state") == 0);
    }

    TEST_CASE("the nice directive sets the priority of daemon and sessions") {
        if (!have_proc()) return tests::skip("only /proc shows it");
        const long ours = stat_field(::getpid(), nice_field);
        const Daemon daemon{{.lines = {"nice 5"}}};
        const FtpClient client{daemon};
        CHECK(stat_field(daemon.pid(), nice_field) == ours + 5);
        CHECK(stat_field(session_of(daemon, client), nice_field) == ours + 5);
    }

    TEST_CASE("a service manager hears when the daemon is ready and when it stops") {
        const TempDir place;
        std::vector<std::string> names{place / "notify"};
        if (have_proc()) names.push_back(text("@suite-", ::getpid())); // an abstract one, as on Linux only
        for (const std::string& name : names) {
            ServiceManager manager{name};
            Daemon daemon{{.environment = {"NOTIFY_SOCKET=" + name}}};
            CHECK(manager.hear() == "READY=1");
            daemon.signal(SIGTERM);
            CHECK(manager.hear() == "STOPPING=1");
            CHECK(daemon.wait() == 0);
        }
    }

    TEST_CASE("sockets that a service manager passed are served in place of listen") {
        const TempDir place;
        const common::Fd listener = common::listen_on(common::resolve_address("127.0.0.1:0").at(0));
        const auto address = common::local_address(listener.get());
        Words command{"sh", "-c", "LISTEN_PID=$$ LISTEN_FDS=1 exec \"$0\" \"$@\"", find_program("ftpd"),
                      "-d"};
        const Words line = start_line(place, "127.0.0.1:1");
        command.insert(command.end(), line.begin() + 1, line.end());
        const common::Fd nothing{::open("/dev/null", O_RDWR | O_CLOEXEC)};
        auto [reading, writing] = make_pipe();
        Child daemon{command,
                     {.descriptors = {nothing.get(), nothing.get(), writing.get(), listener.get()},
                      .environment = {},
                      .terminal = {}}};
        writing.reset();
        const Collector log{std::move(reading), "ftpd"};
        log.wait_for("listening on " + address.shown() + "\n");
        Connection client{address};
        client.expect(220);
        daemon.signal(SIGTERM);
        client.expect(421);
        CHECK(daemon.wait() == 0);
    }

    TEST_CASE("a daemon that is not the one meant leaves passed sockets alone") {
        const Daemon daemon{{.environment = {"LISTEN_PID=1", "LISTEN_FDS=1"}}};
        FtpClient{daemon}.command("NOOP", 200);
    }

    TEST_CASE("without -d the daemon leaves its terminal and its starter ends when it is ready") {
        const TempDir place;
        const std::string socket = place / "socket";
        Pty terminal{start_line(place, "unix:" + socket)};
        CHECK(terminal.wait() == 0);
        const pid_t pid = holder_of(place / "state");
        REQUIRE(pid > 0);
        const Killer killer{pid};
        CHECK(pid != terminal.pid());
        FtpClient client{common::Address::of_path(socket)}; // it was ready, not only started
        if (have_proc()) {
            CHECK(stat_field(pid, session_field) == pid);
            CHECK(stat_field(pid, terminal_field) == 0);
            const auto descriptors = descriptors_of(pid);
            for (const int fd : {0, 1, 2}) CHECK(descriptors.at(fd) == "/dev/null");
            CHECK(std::filesystem::read_symlink("/proc/" + std::to_string(pid) + "/cwd") == "/");
        }
        client.command("LS", 213);
        ::kill(pid, SIGTERM);
        client.expect(421);
        client.wait_for_end();
        wait_until("the lock is free", [&] { return holder_of(place / "state") == 0; });
        CHECK_FALSE(std::filesystem::exists(socket));
    }

    TEST_CASE("a daemon that cannot start says why before it has left") {
        const TempDir place;
        Words command = start_line(place, "127.0.0.1:0");
        command.insert(command.end(), {"-o", "root " + (place / "nothing").native()});
        command.erase(command.begin() + 3, command.begin() + 5); // the other root
        const Result result = run_client(command);
        CHECK(result.status == 1);
        CHECK(result.err ==
              "ftpd: open the root " + (place / "nothing").native() + ": No such file or directory\n");
    }
}
