// SPDX-License-Identifier: ISC
// A daemon without -d: what it tells whoever starts it, the log, the pid file, and how it is found again.
#include "tests/e2e/harness.hh"
#include "tests/e2e/observe.hh"
#include "tests/skip.hh"

#include "common/text.hh"

#include <array>
#include <cstdlib>
#include <doctest/doctest.h>
#include <filesystem>
#include <signal.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

using namespace e2e;
using common::text;

namespace {

struct Names {
    std::string daemon, ctl, role;
};
const std::array<Names, 2> programs{{{"ftpd", "ftpctl", "parent"}, {"chatd", "chatctl", "hub"}}};

// A configuration of its own for a daemon that detaches; what still runs at the end is killed.
class Place {
public:
    explicit Place(const Names& names, const std::string& more = {})
        : names_(names), state_(folder_.make_shared("home") / "state") {
        const char* const events = std::getenv("SUITE_EVENTS");
        std::string lines =
            text("listen 127.0.0.1:0\nlisten unix:", socket(), "\nstate ", state_.native(), "\npid-file ",
                 pid_file(), "\n", events ? text("events ", events) : "", '\n');
        if (names.daemon == "ftpd")
            lines += text("root ", folder_.make_shared("files").native(), "\nkeep-partials 0\n");
        write_file(config(), lines + more);
    }
    ~Place() {
        if (pid_ > 0) ::kill(pid_, SIGKILL);
    }
    Place(const Place&) = delete;
    Place& operator=(const Place&) = delete;

    std::string config() const { return folder_ / "daemon.conf"; }
    std::string socket() const { return folder_ / "socket"; }
    std::string pid_file() const { return folder_ / "pid"; }
    std::string log_file() const { return folder_ / "log"; }
    const Path& state() const { return state_; }
    const TempDir& folder() const { return folder_; }
    pid_t pid() const { return pid_; }

    // With all that it says until nobody holds what it was given.
    Result start(const Words& more = {}) {
        Words command{"sh",
                      "-c",
                      "( \"$0\" \"$@\"; echo \"status $?\" ) 2>\"" + std::string{folder_ / "said"} +
                          "\" | cat",
                      find_program(names_.daemon),
                      "-f",
                      config()};
        command.insert(command.end(), more.begin(), more.end());
        Result result = run_client(command);
        result.err = read_file(folder_ / "said");
        const std::size_t at = result.out.rfind("status ");
        result.status = std::stoi(result.out.substr(at + 7));
        result.out.erase(at);
        if (result.status == 0) pid_ = std::stoi(read_file(state_ / "lock"));
        return result;
    }

    // An answer of ftpctl or chatctl, which gets nothing but the configuration's name.
    Result ask(const std::string& verb) const { return run_client({names_.ctl, "-f", config(), verb}); }

    void stop() {
        ::kill(pid_, SIGTERM);
        wait_until("it is gone", [&] { return ::kill(pid_, 0) != 0; });
        pid_ = 0;
    }

private:
    Names names_;
    TempDir folder_;
    Path state_;
    pid_t pid_ = 0;
};

bool hears(int type, std::string_view path) {
    const common::Fd socket{::socket(AF_UNIX, type | SOCK_CLOEXEC, 0)};
    sockaddr_un to{};
    to.sun_family = AF_UNIX;
    path.copy(to.sun_path, sizeof to.sun_path - 1);
    return ::connect(socket.get(), reinterpret_cast<const sockaddr*>(&to), sizeof to) == 0;
}

std::size_t count(const std::string& whole, std::string_view part) {
    std::size_t found = 0;
    for (std::size_t at = 0; (at = whole.find(part, at)) != whole.npos; at += part.size()) ++found;
    return found;
}

std::size_t lost_lines(const Place& place) {
    const std::string stats = place.ask("stats").out;
    const std::size_t at = stats.find("log-lines-lost ");
    REQUIRE(at != std::string::npos);
    return std::stoul(stats.substr(at + 15));
}

} // namespace

TEST_SUITE("e2e") {
    TEST_CASE("a start without -d prints one line and leaves a daemon that its configuration finds") {
        for (const Names& names : programs) {
            CAPTURE(names.daemon);
            Place place{names};
            for (int turn = 0; turn < 3; ++turn) { // the same state again, at once
                const Result started = place.start({"-o", "log " + place.log_file()});
                CHECK(started.status == 0);
                CHECK(started.err.empty());
                const std::string head = names.daemon + ": listening on 127.0.0.1:";
                const std::size_t end = started.out.find(' ', head.size());
                CHECK(started.out.substr(0, head.size()) == head);
                CHECK(started.out.substr(end) == text(" unix:", place.socket(), ", pid ", place.pid(),
                                                      ", log ", place.log_file(), ", control ",
                                                      place.state().native(), "/control\n"));
                CHECK(read_file(place.pid_file()) == text(place.pid(), '\n'));
                CHECK(read_file(place.state() / "lock") == text(place.pid(), '\n'));
                const Result stats = place.ask("stats");
                CHECK(stats.status == 0);
                CHECK(stats.out.find("log-lines-lost 0\n") != std::string::npos);
                place.stop();
                CHECK_FALSE(std::filesystem::exists(place.pid_file()));
            }
            const std::string log = read_file(place.log_file());
            CHECK(count(log, "]: listening on ") == 6);
            CHECK(count(log, "]: stopped\n") == 3);
        }
    }

    TEST_CASE("a second start tells whose the state is and leaves the pid file of the first") {
        for (const Names& names : programs) {
            CAPTURE(names.daemon);
            Place place{names, "log stderr\n"};
            CHECK(place.start().status == 0);
            const Result second = place.start({"-o", "listen 127.0.0.1:0"});
            CHECK(second.status == 1);
            CHECK(second.out.empty());
            CHECK(second.err.find(text(names.daemon, ": process ", place.pid(),
                                       " uses the state directory ")) != std::string::npos);
            CHECK(read_file(place.pid_file()) == text(place.pid(), '\n'));
            CHECK(place.ask("stats").status == 0);
        }
    }

    TEST_CASE(
        "a log that was renamed is made again at HUP and at reload and also when the configuration is bad") {
        for (const Names& names : programs) {
            CAPTURE(names.daemon);
            Place place{names};
            write_file(place.config(), read_file(place.config()) + "log " + place.log_file() + '\n');
            CHECK(place.start().status == 0);
            struct stat found {};
            REQUIRE(::stat(place.log_file().c_str(), &found) == 0);
            CHECK((found.st_mode & 07777) == 0640);

            const auto rename = [&](const char* name) {
                std::filesystem::rename(place.log_file(), place.folder() / name);
            };
            const auto wait_for = [&](std::string_view line) {
                wait_until("the log has it", [&] {
                    return std::filesystem::exists(place.log_file()) &&
                           read_file(place.log_file()).find(line) != std::string::npos;
                });
            };
            rename("log.1");
            ::kill(place.pid(), SIGHUP);
            wait_for("configuration read again");
            CHECK(read_file(place.folder() / "log.1").find("read again") == std::string::npos);
            REQUIRE(::stat(place.log_file().c_str(), &found) == 0);
            CHECK((found.st_mode & 07777) == 0640);

            rename("log.2");
            CHECK(place.ask("reload").status == 0);
            wait_for("configuration read again");

            rename("log.3");
            const std::string good = read_file(place.config());
            write_file(place.config(), good + "lisen\n");
            ::kill(place.pid(), SIGHUP);
            wait_for("there is no directive 'lisen'");
            write_file(place.config(), good);
            place.stop();
            CHECK(read_file(place.log_file()).ends_with("]: stopped\n"));
        }
    }

    TEST_CASE("a daemon that has left its folder serves that one still and after a HUP too") {
        Place place{programs[0]};
        const Path files = place.folder() / "files", here = std::filesystem::current_path();
        std::string lines = read_file(place.config());
        const std::size_t root = lines.find("root ");
        lines.erase(root, lines.find('\n', root) + 1 - root); // so it is the current folder
        write_file(place.config(), lines + "log " + place.log_file() + '\n');
        write_file(files / "mark", "");
        std::filesystem::current_path(files);
        const Result started = place.start();
        std::filesystem::current_path(here);
        REQUIRE(started.status == 0);
        const auto listed = [&] {
            Connection client{common::Address::of_path(place.socket())};
            client.expect(220);
            return client.command("LS", 213);
        };
        CHECK(listed().find(" mark\n") != std::string::npos);
        CHECK(place.ask("reload").status == 0);
        CHECK(listed().find(" mark\n") != std::string::npos);
    }

    TEST_CASE("a log on a full disk is counted and no daemon ends of it") {
        if (!std::filesystem::exists("/dev/full")) return tests::skip("there is no /dev/full");
        for (const Names& names : programs) {
            CAPTURE(names.daemon);
            Place place{names, "log /dev/full\n"};
            const Result started = place.start();
            CHECK(started.status == 0);
            CHECK(started.out.find(", log /dev/full, ") != std::string::npos);
            const std::size_t lost = lost_lines(place);
            CHECK(lost >= 2); // two listeners
            CHECK(place.ask("reload").status == 0);
            CHECK(lost_lines(place) > lost);
            place.stop();
        }
    }

    TEST_CASE("log-level error still says where the daemon listens and no more") {
        for (const Names& names : programs) {
            CAPTURE(names.daemon);
            Place place{names, "log-level error\n"};
            CHECK(place.start({"-o", "log " + place.log_file()}).status == 0);
            place.stop();
            const std::string log = read_file(place.log_file());
            CHECK(count(log, "\n") == 2);
            CHECK(count(log, "]: listening on ") == 2);
        }
    }

    TEST_CASE("a start that logs to syslog says whether somebody hears it") {
        const bool is_heard = hears(SOCK_DGRAM, "/dev/log") || hears(SOCK_STREAM, "/dev/log") ||
                              hears(SOCK_DGRAM, "/var/run/log") || hears(SOCK_STREAM, "/var/run/log");
        for (const Names& names : programs) {
            CAPTURE(names.daemon);
            Place place{names};
            const Result started = place.start();
            CHECK(started.status == 0);
            CHECK(started.out.find(", log syslog, ") != std::string::npos);
            CHECK(started.err ==
                  (is_heard ? ""
                            : names.daemon + ": no syslog runs here, so nothing is logged: start one, or "
                                             "name a file with `log FILE'\n"));
            place.stop();
        }
    }

    TEST_CASE("log stderr without -d keeps standard error and nothing else") {
        for (const Names& names : programs) {
            CAPTURE(names.daemon);
            Place place{names, "log stderr\n"};
            const Result started = place.start();
            CHECK(started.out.find(", log stderr, ") != std::string::npos);
            place.stop();
            const std::string said = read_file(place.folder() / "said");
            CHECK(count(said, "]: listening on ") == 2);
            CHECK(said.ends_with("]: stopped\n"));
        }
    }

    TEST_CASE("in the foreground a log that goes elsewhere leaves the line on standard error") {
        for (const Names& names : programs) {
            CAPTURE(names.daemon);
            const TempDir folder;
            Daemon daemon{{.lines = {"log " + (folder / "log").native()}, .program = names.daemon}};
            CHECK(daemon.log().starts_with(names.daemon + ": listening on 127.0.0.1:"));
            CHECK(daemon.log().find(text(", pid ", daemon.pid(), ", log ", (folder / "log").native(),
                                         ", control ", daemon.state().native(), "/control\n")) !=
                  std::string::npos);
            const pid_t main = have_proc() ? daemon.main_pid() : 0;
            daemon.stop();
            CHECK(count(daemon.log(), "\n") == 1);
            if (have_proc()) CHECK(read_file(folder / "log").starts_with(text(names.role, '[', main, "]: ")));
        }
    }

    TEST_CASE("no child but the parent holds the log file and none what the starter gave") {
        if (!have_proc()) return tests::skip("only /proc shows it");
        Place place{programs[0]};
        const std::string users = place.folder() / "users";
        write_file(users, text("ann:", hash_of("secret"), ":/:list,read\n"));
        ::chmod(users.c_str(), 0600);
        // start returns only when nobody holds its standard output any more: authd neither.
        CHECK(place.start({"-o", "log " + place.log_file(), "-o", "users " + users}).status == 0);
        FtpClient client{common::Address::of_path(place.socket())};
        client.command("NOOP", 200);
        // The keeper's are authd and the parent, which alone writes the log; its child is the session.
        std::vector<ProcessStatus> processes = children_of(place.pid());
        for (const ProcessStatus& child : children_of(place.pid()))
            for (const ProcessStatus& session : children_of(child.pid)) processes.push_back(session);
        CHECK(processes.size() == 3);
        std::size_t seen = 0, null = 0, writers = 0;
        for (const ProcessStatus& process : processes) {
            const auto descriptors = descriptors_of(process.pid);
            if (!descriptors.empty()) ++seen;
            for (const auto& [number, file] : descriptors) {
                if (file == place.log_file()) ++writers;
                if (number < 2 && file == "/dev/null") ++null;
            }
        }
        CHECK(writers == 1);
        CHECK(seen == (is_root() ? 3 : 2)); // authd hides from all but root
        CHECK(null == 2 * seen);
        client.command("QUIT", 221);
        place.stop();
    }

    TEST_CASE("what cannot be a log or a pid file is refused with the remedy before anything is left") {
        for (const Names& names : programs) {
            CAPTURE(names.daemon);
            Place place{names, "log stderr\n"};
            const auto fault = [&](const std::string& line) {
                const Result result = place.start({"-o", line});
                CHECK(result.status == 1);
                CHECK(result.out.empty());
                CHECK_FALSE(std::filesystem::exists(place.state() / "control"));
                CHECK(run_client({names.daemon, "-n", "-f", place.config(), "-o", line}).status == 1);
                return result.err;
            };
            CHECK(fault("log here.log") == names.daemon +
                                               ": -o: log: 'here.log' is not a place for the log: write "
                                               "syslog, stderr, or a path that begins with /\n");
            CHECK(fault("log").find("log") != std::string::npos);
            CHECK(fault("log /nonexistent/log") ==
                  names.daemon + ": make the log /nonexistent/log: No such file or directory\n");
            CHECK(fault("log " + place.folder().path().native()).find("Is a directory") != std::string::npos);
            CHECK(fault("pid-file here.pid") ==
                  names.daemon +
                      ": -o: pid-file: 'here.pid' is not a path: write a path that begins with /\n");
            CHECK(fault("pid-file " + place.config()) ==
                  text(names.daemon, ": pid-file ", place.config(),
                       " exists and contains no process number: remove it, or name another path\n"));
        }
    }

    TEST_CASE("ctl -f takes control before state and -s before both and tells what is wrong in the file") {
        for (const Names& names : programs) {
            CAPTURE(names.ctl);
            Place place{names, "log stderr\n"};
            write_file(place.config(),
                       read_file(place.config()) + "control " + (place.folder() / "ctl").native() + '\n');
            CHECK(place.start().status == 0);
            CHECK(place.ask("stats").status == 0);
            const Result other =
                run_client({names.ctl, "-f", place.config(), "-s", place.folder() / "no", "stats"});
            CHECK(other.status == 1);
            CHECK(other.err.find((place.folder() / "no").native()) != std::string::npos);

            const std::string file = place.folder() / "other.conf";
            const auto fault = [&](std::string_view lines) {
                write_file(file, lines);
                const Result result = run_client({names.ctl, "-f", file, "stats"});
                CHECK(result.status == 1);
                CHECK(result.out.empty());
                return result.err;
            };
            for (const char* const line : {"state", "state here", "control a b", "control \"\""})
                CHECK(fault(text("# one\n", line, '\n')) ==
                      text(names.ctl, ": ", file,
                           ":2: ", std::string_view{line}.substr(0, line[0] == 's' ? 5 : 7),
                           " takes one path that begins with /: see ", names.daemon, " -n\n"));
            CHECK(fault("state /nonexistent\n").find("/nonexistent/control") != std::string::npos);
            const Result missing = run_client({names.ctl, "-f", place.folder() / "none", "stats"});
            CHECK(missing.status == 1);
            CHECK(missing.err.find("none: No such file or directory") != std::string::npos);
        }
    }
}
