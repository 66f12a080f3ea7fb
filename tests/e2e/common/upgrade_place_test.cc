// SPDX-License-Identifier: ISC
// What an upgrade makes of what belongs to the keeper: what was there on trial and is gone when the keeper
// executes the new program in its own place costs nobody a place; the sockets that only a program on trial
// has made go with it; and the priority that the configuration names now.
#include "tests/e2e/chat_client.hh"
#include "tests/e2e/ftp_client.hh"
#include "tests/e2e/observe.hh"
#include "tests/e2e/proc.hh"
#include "tests/e2e/roles.hh"
#include "tests/e2e/upgrade.hh"
#include "tests/skip.hh"

#include "common/socket.hh"
#include "common/text.hh"

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <doctest/doctest.h>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <sys/resource.h>
#include <unistd.h>
#include <utility>
#include <vector>

using namespace e2e;
using common::Address;
using common::text;
namespace fs = std::filesystem;

namespace {

constexpr std::array programs{"ftpd", "chatd"};

// A daemon whose configuration changes.
struct Upgraded {
    Upgraded(const std::string& name, const Words& lines, const Words& wrapper = {},
             std::size_t listeners = 1)
        : place(name), daemon(setting(place, own(name, lines), wrapper, listeners)) {}

    void configure(const Words& lines) { daemon.configure(own(place.path().filename(), lines)); }

    ProgramPlace place;
    Daemon daemon;

private:
    static Words own(const std::string& name, Words lines) {
        lines.emplace_back(name == "chatd" ? "room lobby" : "anonymous read");
        return lines;
    }
    static Daemon::Setting setting(const ProgramPlace& place, const Words& lines, const Words& wrapper,
                                   std::size_t listeners) {
        return {.lines = lines,
                .wrapper = wrapper,
                .program = place.path(),
                .in_file = true,
                .listeners = listeners};
    }
};

// Runs a command with other files in the place of these of the system, in a namespace of its own.
Words with_files(const std::vector<std::pair<Path, std::string>>& files) {
    std::string script;
    for (const auto& [file, instead] : files)
        script += text("mount --bind ", file.native(), ' ', instead, " && ");
    return {"unshare", "-m", "sh", "-c", script + "exec \"$0\" \"$@\""};
}

bool works(Words wrapper) {
    wrapper.emplace_back("true");
    return run_client(wrapper).status == 0;
}

// Who is in.
class Guest {
public:
    Guest(const Daemon& daemon, const std::string& program, const std::string& name) {
        if (program == "ftpd")
            ftp_.emplace(daemon).login();
        else
            chat_.emplace(daemon, name);
    }
    void check() {
        if (ftp_) return (void)ftp_->command("NOOP", 200);
        chat_->say("/rooms");
        chat_->wait_for_text("(you are in it)");
    }
    const Connection& connection() const {
        return ftp_ ? static_cast<const Connection&>(*ftp_) : static_cast<const Connection&>(*chat_);
    }

private:
    std::optional<FtpClient> ftp_;
    std::optional<ChatClient> chat_;
};

// Whether somebody greets who connects there.
bool is_served(const Address& address) {
    try {
        return !Connection{address}.read_exactly(1).empty();
    } catch (const std::exception&) {
        return false;
    }
}

bool answers(const Path& control, const std::string& program) {
    return run_client({program == "ftpd" ? "ftpctl" : "chatctl", "-s", control, "stats"}).status == 0;
}

int priority_of(pid_t pid) {
    errno = 0;
    const int priority = ::getpriority(PRIO_PROCESS, static_cast<id_t>(pid));
    REQUIRE(errno == 0);
    return priority;
}

// The process that serves a client.
pid_t child_of(const Daemon& daemon, const std::string& program, const Connection& client) {
    return program == "ftpd" ? session_of(daemon, client) : handler_of(daemon, client);
}

void check_goes_on(const Upgraded& upgraded, Process& upgrade) {
    CHECK_EQ(upgrade.wait(), 0);
    INFO(upgrade.err().text());
    CHECK(runs(upgraded.daemon.pid(), upgraded.place.path()));
}

// The keeper gives the next main process what it has.
void check_another_main_process(const Daemon& daemon) {
    const pid_t main = daemon.main_pid();
    ::kill(main, SIGKILL);
    wait_until("another serves", [&] {
        try {
            return daemon.main_pid() != main && is_alive(daemon.main_pid());
        } catch (const Failure&) {
            return false; // nobody does
        }
    });
}

} // namespace

TEST_SUITE("e2e readiness") {
    TEST_CASE("what was opened on trial is not opened again by the keeper and may be gone by then") {
        if (!have_proc()) return tests::skip("only /proc shows it");
        for (const std::string program : programs) {
            CAPTURE(program);
            const TempDir folder;
            const Path before = folder.make_shared("before"), after = folder / "after";
            write_file(before / "users",
                       text("zoe:", hash_of("sesame"), program == "ftpd" ? ":/:list,read\n" : ":-:-\n"));
            fs::permissions(before / "users", fs::perms::owner_read);
            Words lines{text("log ", (before / "log").native()), text("users ", (before / "users").native())};
            if (program == "ftpd") lines.push_back(text("xferlog ", (before / "xferlog").native()));
            Upgraded upgraded{program, lines};
            const Daemon& daemon = upgraded.daemon;
            Guest early{daemon, program, "early"};
            upgraded.place.put_other_version();
            Process upgrade = begin_upgrade(daemon, upgraded.place);
            upgrade.out().wait_for("and stays if it lives");
            fs::rename(before, after);
            check_goes_on(upgraded, upgrade);
            early.check();
            wait_until("the log says so", [&] {
                return read_file(after / "log").find(" goes on in the place of ") != std::string::npos;
            });
            check_another_main_process(daemon);
            early.check();
            Guest{daemon, program, "late"}.check();
            if (program == "ftpd") {
                write_shared(daemon.files() / "small", "small");
                FtpClient{daemon}.login().fetch("RETR small");
                wait_until("it is logged",
                           [&] { return read_file(after / "xferlog").find("/small") != std::string::npos; });
            }
        }
    }

    TEST_CASE("users and names of addresses that are known no more after the trial cost nobody a place") {
        if (!have_proc() || !is_root()) return tests::skip("only root can have other files of the system");
        for (const std::string program : programs) {
            CAPTURE(program);
            const TempDir folder;
            const Path passwd = folder / "passwd", hosts = folder / "hosts", resolver = folder / "resolver";
            write_file(passwd, "root:x:0:0::/:/bin/sh\nserver:x:4321:4321::/:/bin/sh\n"
                               "child:x:4322:4322::/:/bin/sh\n");
            write_file(hosts, "127.0.0.1 place.test\n");
            write_file(resolver, "nameserver 127.0.0.1\noptions timeout:1 attempts:1\n");
            const Words wrapper =
                with_files({{passwd, "/etc/passwd"}, {hosts, "/etc/hosts"}, {resolver, "/etc/resolv.conf"}});
            if (!works(wrapper)) return tests::skip("no namespace can be made here");
            const Words lines{"listen place.test:0", "run-as child",
                              text(program == "ftpd" ? "parent" : "hub", "-user server")};
            Upgraded upgraded{program, lines, wrapper};
            const Daemon& daemon = upgraded.daemon;
            Guest early{daemon, program, "early"};
            upgraded.place.put_other_version();
            Process upgrade = begin_upgrade(daemon, upgraded.place);
            upgrade.out().wait_for("and stays if it lives");
            write_file(passwd, "root:x:0:0::/:/bin/sh\n");
            write_file(hosts, "127.0.0.1 localhost\n");
            check_goes_on(upgraded, upgrade);
            early.check();
            Guest{daemon, program, "late"}.check();
            check_another_main_process(daemon);
            early.check();
            Guest{daemon, program, "later"}.check();
            const std::map<std::string, Words> fields = fields_of(daemon.main_pid());
            if (program == "chatd" || !is_posix_build()) CHECK_EQ(fields.at("Uid").at(0), "4321");

            upgraded.place.put_same(); // which would not start
            const Result second = e2e::upgrade(daemon, upgraded.place);
            CHECK_EQ(second.status, 1);
            CHECK(second.err.find("there is no such user") != std::string::npos);
            early.check();
        }
    }

    TEST_CASE("sockets that only a program on trial has made go with it and those of before answer") {
        if (!have_proc()) return tests::skip("only /proc shows it");
        for (const std::string program : programs) {
            CAPTURE(program);
            const TempDir folder;
            const Path home = folder.make_shared("home"), old_control = home / "old-control",
                       new_control = home / "new-control", old_socket = home / "old",
                       new_socket = home / "new";
            const Words before{"listen 127.0.0.1:0", text("listen unix:", old_socket.native()),
                               text("control ", old_control.native())};
            const Words after{"listen 127.0.0.1:0", text("listen unix:", new_socket.native()),
                              text("control ", new_control.native())};
            Upgraded upgraded{program, before, {}, 2};
            Daemon& daemon = upgraded.daemon;
            Guest guest{daemon, program, "guest"};
            const auto begin = [&](const Path& control) {
                return Process{{upgraded.place.control_program(), "-s", control, "upgrade"}};
            };
            const auto check_old = [&] {
                CHECK_FALSE(fs::exists(new_control));
                CHECK_FALSE(fs::exists(new_socket));
                CHECK(answers(old_control, program));
                CHECK(is_served(Address::of_path(old_socket.native())));
                guest.check();
            };
            upgraded.place.put_other_version();

            upgraded.configure(after);
            Process killed = begin(old_control);
            killed.out().wait_for("and stays if it lives");
            CHECK(is_served(Address::of_path(new_socket.native())));
            CHECK(answers(new_control, program));
            ::kill(daemon.main_pid(), SIGKILL);
            CHECK_EQ(killed.wait(), 1);
            check_old();

            Words unable = after; // it opens one after the other
            const common::Fd taken = common::listen_on(Address::of_path((home / "taken").native()));
            unable.push_back(text("listen unix:", (home / "taken").native()));
            upgraded.configure(unable);
            Process refused = begin(old_control);
            CHECK_EQ(refused.wait(), 1);
            check_old();

            upgraded.configure(after);
            Process good = begin(old_control);
            check_goes_on(upgraded, good);
            CHECK_FALSE(fs::exists(old_control));
            CHECK_FALSE(fs::exists(old_socket));
            CHECK(answers(new_control, program));
            CHECK(is_served(Address::of_path(new_socket.native())));

            upgraded.configure(before);
            Process stopped = begin(new_control);
            stopped.out().wait_for("and stays if it lives");
            daemon.stop();
            for (const Path& path : {old_control, new_control, old_socket, new_socket})
                CHECK_FALSE(fs::exists(path));
            stopped.wait();
        }
    }

    TEST_CASE("an upgrade makes the priority what the configuration says now and does not add it up") {
        if (!have_proc()) return tests::skip("only /proc shows the processes");
        for (const std::string program : programs) {
            CAPTURE(program);
            const int own = priority_of(::getpid());
            Upgraded upgraded{program, {"nice 2"}};
            Daemon& daemon = upgraded.daemon;
            if (own > 9) return tests::skip("this test has too low a priority itself");
            Guest early{daemon, program, "early"};
            const pid_t of_early = child_of(daemon, program, early.connection());
            int guests = 0; // each has a name of its own: the one before may not have gone yet
            const auto check_all = [&](int more) {
                early.check();
                CHECK_EQ(priority_of(of_early), own + 2);
                Guest late{daemon, program, text("late", ++guests)};
                CHECK_EQ(priority_of(daemon.pid()), own + more);
                CHECK_EQ(priority_of(daemon.main_pid()), own + more);
                CHECK_EQ(priority_of(child_of(daemon, program, late.connection())), own + more);
                late.check();
            };
            check_all(2);
            const auto upgrade = [&](const std::string& line) {
                upgraded.configure({line});
                upgraded.place.put_same();
                const Result result = e2e::upgrade(daemon, upgraded.place);
                INFO(result.err);
                CHECK_EQ(result.status, 0);
            };
            upgrade("nice 5");
            check_all(5);
            check_another_main_process(daemon);
            check_all(5);
            upgrade("nice 1");
            check_all(is_root() ? 1 : 5);
        }
    }

    TEST_CASE("a smaller nice of a daemon that an ordinary user has started waits for a start") {
        if (!have_proc()) return tests::skip("only /proc shows the processes");
        for (const std::string program : programs) {
            CAPTURE(program);
            const TempDir folder;
            const Path config = folder / "daemon.conf";
            write_file(config, "nice 3\n");
            const ProgramPlace place{program};
            Daemon::Setting setting =
                as_ordinary_user(folder, {program == "chatd" ? "room lobby" : "anonymous read"}, program);
            setting.program = place.path();
            setting.options = {"-f", config};
            const Daemon daemon{setting};
            const int before = priority_of(daemon.pid());
            Guest guest{daemon, program, "guest"};
            write_file(config, "nice 1\n");
            place.put_other_version();
            const Result result = e2e::upgrade(daemon, place);
            INFO(result.err);
            CHECK_EQ(result.status, 0);
            daemon.wait_for_log(": a change of 'nice' waits for the next start");
            CHECK_EQ(priority_of(daemon.pid()), before);
            CHECK_EQ(priority_of(daemon.main_pid()), before);
            guest.check();
        }
    }
}
