// SPDX-License-Identifier: ISC
// SIGHUP reads the configuration again: new sessions get the new settings, and a mistake changes nothing.
#include "tests/e2e/observe.hh"
#include "tests/skip.hh"

#include "common/privileges.hh"
#include "common/text.hh"

#include <doctest/doctest.h>
#include <optional>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

using namespace e2e;
using common::text;

namespace {

struct Configured {
    explicit Configured(std::string_view lines) {
        write_file(file, lines);
        daemon.emplace(Daemon::Setting{.options = {"-f", file}});
    }

    // Waits for what the log says of it.
    void reload(std::string_view lines, std::string_view expected) {
        write_file(file, lines);
        const std::size_t before = daemon->log().size();
        daemon->signal(SIGHUP);
        daemon->wait_for_log(expected, before);
    }

    TempDir place;
    Path file = place / "ftpd.conf";
    std::optional<Daemon> daemon;
};

constexpr std::string_view read_again = "configuration read again";

// The folder is replaced while the daemon runs.
void replace(const Path& files) {
    std::filesystem::rename(files, files.native() + ".old");
    std::filesystem::create_directory(files);
    std::filesystem::permissions(files, std::filesystem::perms::all);
    write_shared(files / "file", "new");
}

} // namespace

TEST_SUITE("e2e") {
    TEST_CASE("after a HUP new sessions have the new rights and old ones keep theirs") {
        Configured ftpd{"# nobody writes\nanonymous read\n"};
        FtpClient old = connect_logged_in(*ftpd.daemon);
        ftpd.reload("anonymous write\n", read_again);
        FtpClient fresh = connect_logged_in(*ftpd.daemon);
        fresh.store("STOR file", "new");
        CHECK(read_file(ftpd.daemon->files() / "file") == "new");
        old.open_data();
        old.command("STOR other", 550);
        old.command("DELE file", 550);
        CHECK(old.fetch("RETR file") == "new");

        ftpd.reload("", read_again); // a default counts as well
        connect_logged_in(*ftpd.daemon).command("DELE file", 550);
    }

    TEST_CASE("each session enters the served folder by its path as it is then") {
        const Configured ftpd{"anonymous read\n"};
        const Path& files = ftpd.daemon->files();
        const Path gone = ftpd.place / "gone";
        write_file(files / "file", "old");
        FtpClient before = connect_logged_in(*ftpd.daemon);
        std::filesystem::rename(files, gone);
        Connection nowhere{ftpd.daemon->port()};
        CHECK(nowhere.expect(421) ==
              "421 The served folder cannot be opened: No such file or directory: tell the administrator.");
        CHECK(nowhere.read_to_end().empty());
        ftpd.daemon->wait_for_log(text("no root: ", files.native(), ": No such file or directory"));
        std::filesystem::create_directory(files);
        write_file(files / "file", "new");
        CHECK(connect_logged_in(*ftpd.daemon).fetch("RETR file") == "new");
        CHECK(before.fetch("RETR file") == "old"); // it is where it entered
        if (have_proc()) { // nor does the daemon hold the folder, which then could not be unmounted
            for (const pid_t pid : {ftpd.daemon->pid(), ftpd.daemon->main_pid()})
                for (const auto& held : descriptors_of(pid)) CHECK(held.second != files);
        }
    }

    TEST_CASE("each session enters by its path a folder that only its own user may reach") {
        if (::geteuid() != 0) return tests::skip("only root's sessions are another user's");
        const TempDir place;
        const Path above = place.make_shared("above"), files = above / "files";
        std::filesystem::create_directory(files);
        write_shared(files / "file", "old");
        const common::Identity nobody = common::find_user("nobody");
        REQUIRE(::chmod(above.c_str(), 0700) == 0);
        REQUIRE(::chown(above.c_str(), nobody.uid, nobody.gid) == 0);
        const Daemon daemon{{.lines = {"root " + files.native()}}};
        CHECK(connect_logged_in(daemon).fetch("RETR file") == "old");
        replace(files);
        CHECK(connect_logged_in(daemon).fetch("RETR file") == "new");
    }

    TEST_CASE("a served folder that only root may reach is entered as it was at the last reload") {
        if (::geteuid() != 0) return tests::skip("only root reaches it");
        const TempDir place;
        const Path above = place.make_shared("above"), files = above / "files";
        std::filesystem::create_directory(files);
        write_shared(files / "file", "old");
        REQUIRE(::chmod(above.c_str(), 0700) == 0);
        const Daemon daemon{{.lines = {"root " + files.native()}}};
        CHECK(connect_logged_in(daemon).fetch("RETR file") == "old");
        replace(files);
        // Where rights have no parts, the parent is root, and so is its session before it is shut in.
        CHECK(connect_logged_in(daemon).fetch("RETR file") == (is_posix_build() ? "new" : "old"));
        ask(daemon, {"reload"});
        wait_until("sessions enter the new one",
                   [&] { return connect_logged_in(daemon).fetch("RETR file") == "new"; });
        // One that was removed is looked for again.
        std::filesystem::remove_all(files);
        Connection nowhere{daemon.port()};
        nowhere.expect(421);
        std::filesystem::create_directory(files);
        write_shared(files / "file", "newer");
        wait_until("sessions enter the newest one", [&] {
            Connection client{daemon.port()};
            return client.read_reply().code == 220;
        });
        CHECK(connect_logged_in(daemon).fetch("RETR file") == "newer");
    }

    TEST_CASE("ftpctl reload says what is wrong and what waits for the next start") {
        Configured ftpd{"anonymous read\n"};
        write_file(ftpd.file, "anonymous write\nnice 1\n");
        CHECK(ask(*ftpd.daemon, {"reload"}) == "a change of 'nice' waits for an upgrade or the next start\n");
        write_file(ftpd.file, "anonymous write\nno-such-thing\n");
        const Result refused = run_client({"ftpctl", "-s", ftpd.daemon->state() / "control", "reload"});
        CHECK(refused.status == 1);
        CHECK(refused.err.find("ftpd.conf:2: ") != std::string::npos);
    }

    TEST_CASE("a bad file at a HUP is named with its line and leaves all as it was") {
        Configured ftpd{"anonymous write\nmax-clients 7\n"};
        const std::string file = ftpd.file;
        ftpd.reload("anonymous no\nmax-clients many\n", file + ":2: ");
        ftpd.reload("anonymous no\n\nno-such-thing\n", file + ":3: ");
        std::filesystem::remove(ftpd.file);
        ftpd.daemon->signal(SIGHUP);
        ftpd.daemon->wait_for_log(file + ": No such file or directory");
        CHECK(ftpd.daemon->log().find(read_again) == std::string::npos);
        CHECK(stat_of(*ftpd.daemon, "max-clients") == 7);
        connect_logged_in(*ftpd.daemon).store("STOR file", "some");

        ftpd.reload("anonymous write\nmax-clients 5\n", read_again); // nothing of it is stuck
        CHECK(stat_of(*ftpd.daemon, "max-clients") == 5);
    }

    TEST_CASE("what a HUP cannot change is reported as waiting for an upgrade or a start") {
        const TempDir place;
        const Path file = place / "ftpd.conf", files = place.make_shared("files");
        const std::string kept = text("state ", (place / "state").native(), "\nlisten unix:");
        const std::string first = place / "first", second = place / "second";
        write_file(files / "mine", "");
        write_file(file, text(kept, first, "\nroot ", files.native(), "\nmax-clients 5\n"));
        Process ftpd{{"ftpd", "-d", "-f", file}};
        ftpd.err().wait_for("listening on ");
        write_file(file, text(kept, second, "\nroot /\nmax-clients 6\n"));
        ftpd.signal(SIGHUP);
        ftpd.err().wait_for(read_again);
        const std::string log = ftpd.err().text();
        for (const char* line : {"a change of 'root' waits for an upgrade or the next start\n",
                                 "max-clients is 5, not 6: more wait for the next start\n"})
            CHECK_MESSAGE(log.find(line) != log.npos, line);
        CHECK_FALSE(std::filesystem::exists(first)); // a listener that is named no more
        FtpClient client{common::Address::of_path(second)};
        CHECK(client.command("LS", 213).find(" mine\n") != std::string::npos);
        ftpd.signal(SIGTERM);
        CHECK(ftpd.wait() == 0);
    }

    TEST_CASE("a lower max-clients at a HUP throws nobody out and lets nobody in") {
        Configured ftpd{"max-clients 3\n"};
        FtpClient first{*ftpd.daemon}, second{*ftpd.daemon};
        ftpd.reload("max-clients 1\n", read_again);
        Connection third{ftpd.daemon->port()};
        first.command("QUIT", 221);
        ftpd.daemon->wait_for_log(" clients 1/1\n");
        second.command("NOOP", 200);
        CHECK(stat_of(*ftpd.daemon, "max-clients") == 1);
        CHECK_FALSE(third.has_input());
        ftpd.reload("max-clients 2\n", read_again);
        third.expect(220);
    }

    TEST_CASE("many HUPs at once do no harm") {
        Configured ftpd{"anonymous read\n"};
        FtpClient client{*ftpd.daemon};
        for (int i = 0; i < 1000; ++i) ftpd.daemon->signal(SIGHUP);
        ftpd.daemon->wait_for_log(read_again);
        client.command("NOOP", 200);
        FtpClient{*ftpd.daemon}.command("NOOP", 200);
    }
}
