// SPDX-License-Identifier: ISC
// Another ftpd takes the place of this one: sessions, transfers and logins that are under way go on, what
// they did is counted and logged once, and the new configuration is in force.
#include "tests/e2e/busy_ftpd.hh"
#include "tests/e2e/clients.hh"
#include "tests/e2e/roles.hh"
#include "tests/e2e/upgrade.hh"
#include "tests/faults/strace.hh"
#include "tests/skip.hh"

#include "common/text.hh"

#include <algorithm>
#include <array>
#include <chrono>
#include <csignal>
#include <doctest/doctest.h>
#include <filesystem>
#include <optional>

using namespace e2e;
using common::text;

namespace {

// Asked for with ftpctl, to its end.
void go_over(const Daemon& daemon, const ProgramPlace& program, const Words& options = {}) {
    const Result said = upgrade(daemon, program, options);
    CHECK_MESSAGE(said.status == 0, said.out, said.err);
    CHECK(runs(daemon.pid(), program.path()));
    CHECK(runs(daemon.main_pid(), program.path()));
}

Daemon::Setting setting_of(const ServedPlace& place, const ProgramPlace& program, Words more = {}) {
    return {.lines = place.lines(std::move(more)), .program = program.path()};
}

// Who is told with 421, after what is under way.
std::string farewell_of(FtpClient& client) {
    std::string words = client.expect(421);
    client.wait_for_end();
    return words;
}

// As if it had been written long ago.
void make_old(const Path& path) {
    using Time = std::filesystem::file_time_type;
    std::filesystem::last_write_time(path, Time::clock::now() - std::chrono::hours{100});
}

// Nor a zombie: it was reaped.
bool below_has_no(const Daemon& daemon, pid_t pid) {
    const auto all = below(daemon.pid());
    return std::ranges::find(all, pid, &ProcessStatus::pid) == all.end();
}

constexpr std::string_view gone = "The server does not listen at this address any more.";

} // namespace

TEST_SUITE("e2e readiness") {
    TEST_CASE("an upgrade costs no session and no transfer anything") {
        if (!have_proc()) return tests::skip("only /proc shows it");
        const ServedPlace place;
        const ProgramPlace program{"ftpd"};
        Daemon daemon{setting_of(place, program)};
        const pid_t keeper = daemon.pid(), parent = daemon.main_pid(), authd = authd_of(daemon);
        go_on_over(daemon, place, [&] {
            program.put_other_version();
            go_over(daemon, program);
            CHECK(daemon.main_pid() != parent);
            CHECK(is_alive(authd)); // for who has not logged in yet
        });
        CHECK(daemon.pid() == keeper);
        wait_until_gone({authd}); // with the last who could ask it
        FtpClient{daemon}.command("QUIT", 221);
        CHECK(daemon.log().find("signal 9") == std::string::npos);
        CHECK(daemon.log().find("error") == std::string::npos);
        check_nothing_is_left(daemon);
    }

    TEST_CASE("an upgrade of what an ordinary user has started costs nobody anything by force either") {
        if (!have_proc()) return tests::skip("only /proc shows it");
        const ServedPlace place;
        std::filesystem::permissions(place.folder.path(), std::filesystem::perms::all);
        const ProgramPlace program{"ftpd"};
        Daemon::Setting setting = as_ordinary_user(place.folder, place.lines());
        setting.program = program.path();
        Daemon daemon{setting};
        go_on_over(daemon, place, [&] {
            program.put_same();
            go_over(daemon, program, {"-f"});
        });
        check_nothing_is_left(daemon);
    }

    TEST_CASE("during the trial of a new version logins go on and sessions are known and limited") {
        if (!have_proc()) return tests::skip("only /proc shows it");
        const ServedPlace place;
        const ProgramPlace program{"ftpd"};
        Daemon daemon{setting_of(place, program, {"max-per-address 4"})};
        FtpClient early{daemon}, late{daemon}, victim = log_in(daemon, "zoe", "sesame");
        const pid_t early_session = session_of(daemon, early), victim_session = session_of(daemon, victim);
        for (FtpClient* const client : {&early, &late}) client->command("USER zoe", 331);
        program.put_other_version();
        Process asking = begin_upgrade(daemon, program);
        asking.out().wait_for("and stays if it lives");
        early.command("PASS sesame", 230);
        early.command("TYPE I", 200);
        CHECK(early.fetch("RETR hers") == "hers");
        std::optional<FtpClient> fresh{log_in(daemon, "zoe", "sesame")};
        CHECK(Connection{daemon.port()}.read_reply().code == 421); // one too many
        for (const pid_t session : {early_session, victim_session}) CHECK(lists(daemon, session));
        CHECK(ask(daemon, {"kick", text(victim_session)}) == "sessions 1\n");
        victim.expect(421);
        wait_for_end_of(daemon, victim_session);
        CHECK(stat_of(daemon, "clients") == 3);
        CHECK_FALSE(runs(daemon.pid(), program.path())); // all this was on trial
        REQUIRE(asking.wait() == 0);
        late.command("PASS sesame", 230);
        CHECK(fresh->fetch("RETR hers") == "hers");
        CHECK(early.fetch("RETR hers") == "hers");
        FtpClient another = log_in(daemon, "zoe", "sesame");
        CHECK(Connection{daemon.port()}.read_reply().code == 421);
        wait_until("each is logged", [&] { return place.logged("/zoe/hers", "o") == 3; });
        CHECK(stat_of(daemon, "transfers") == 3);
        CHECK(ask(daemon, {"kick", "zoe"}) == "sessions 4\n");
        for (FtpClient* const client : {&early, &late, &*fresh, &another}) client->expect(421);
        check_nothing_is_left(daemon);
    }

    TEST_CASE("each transfer stands in the log once over upgrades and one that fails") {
        if (!have_proc()) return tests::skip("only /proc shows it");
        constexpr int workers = 3;
        const ServedPlace place;
        const ProgramPlace program{"ftpd"};
        Daemon daemon{setting_of(place, program)};
        std::array<TransferWorker, workers> all{
            TransferWorker{daemon, "new0"}, TransferWorker{daemon, "new1"}, TransferWorker{daemon, "new2"}};
        program.put_other_version();
        go_over(daemon, program);
        program.put_script("kill -SEGV $$");
        CHECK(upgrade(daemon, program).status == 1);
        program.put_same();
        go_over(daemon, program);
        for (TransferWorker& worker : all) CHECK(worker.finish() == "");
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

    TEST_CASE("a transfer log that the configuration has no more gets no line after an upgrade") {
        if (!have_proc()) return tests::skip("only /proc shows it");
        const ServedPlace place;
        const ProgramPlace program{"ftpd"};
        Daemon::Setting setting = setting_of(place, program);
        setting.in_file = true;
        Daemon daemon{setting};
        FtpClient sitting = connect_logged_in(daemon);
        CHECK(sitting.fetch("RETR small") == "content");
        wait_until("it is logged", [&] { return place.logged("/small", "o") == 1; });
        std::vector<std::string> lines = place.lines();
        std::erase_if(lines, [](const std::string& line) { return line.starts_with("xferlog"); });
        daemon.configure(lines);
        go_over(daemon, program);
        CHECK(sitting.fetch("RETR small") == "content");
        CHECK(connect_logged_in(daemon).fetch("RETR small") == "content");
        wait_until("all are counted", [&] { return stat_of(daemon, "transfers") == 3; });
        CHECK(place.logged("/small", "o") == 1);
    }

    TEST_CASE("how a session ends while the new version opens what it needs is told to it") {
        if (is_posix_build()) return tests::skip("POSIX has no subreapers");
        const ServedPlace place;
        const ProgramPlace program{"ftpd"};
        Daemon::Setting setting = setting_of(place, program);
        setting.children_fail = true;
        Daemon daemon{setting};
        const FtpClient victim = connect_logged_in(daemon);
        const pid_t session = session_of(daemon, victim), parent = daemon.main_pid();
        const Path gate = place.folder / "gate";
        program.put_script(text("until [ -e ", gate.native(), " ]; do sleep 0.1; done; exec ",
                                find_program("ftpd"), " \"$@\""));
        Process asking = begin_upgrade(daemon, program);
        wait_until("the parent is gone", [&] { return !is_alive(parent); });
        ::kill(session, SIGKILL);
        wait_until("the session is gone", [&] { return below_has_no(daemon, session); });
        write_file(gate, "");
        CHECK(asking.wait() == 0);
        CHECK(wait_for_end_of(daemon, session) == "signal 9 (Killed)");
        CHECK(stat_of(daemon, "crashed") == 1);
    }

    TEST_CASE("curl and lftp move their files over an upgrade") {
        if (!have_proc()) return tests::skip("only /proc shows it");
        const ServedPlace place;
        const ProgramPlace program{"ftpd"};
        Daemon daemon{setting_of(place, program)};
        const Path from_curl = place.folder / "from-curl", from_lftp = place.folder / "from-lftp";
        const std::string server = daemon.addresses().at(0).shown(), rate = "2500000"; // ten seconds
        Process fetching{
            {"curl", "-sS", "--limit-rate", rate, "-o", from_curl, text("ftp://", server, "/file")}};
        Process storing{{"curl", "-sS", "--limit-rate", rate, "-u", "bob:open", "-T", place.root / "file",
                         text("ftp://", server, "/by-curl")}};
        const auto lftp = [&](const std::string& command) {
            return Words{"lftp", "-c",
                         text("set net:limit-rate ", rate, ":", rate,
                              "; set net:max-retries 1; open -u bob,open ftp://", server, "; ", command)};
        };
        Process getting{lftp(text("get file -o ", from_lftp.native()))};
        Process putting{lftp(text("put ", (place.root / "file").native(), " -o by-lftp"))};
        wait_until("four transfers", [&] {
            const std::string top = ask(daemon, {"top"});
            return top.find("transfers 4") != std::string::npos;
        });
        program.put_other_version();
        go_over(daemon, program);
        for (Process* const client : {&fetching, &storing, &getting, &putting}) CHECK(client->wait() == 0);
        for (const Path& copy : {from_curl, from_lftp, place.root / "by-curl", place.root / "by-lftp"})
            CHECK((read_file(copy) == place.bytes));
        wait_until("two are logged", [&] { return place.logged("/file", "o") == 2; });
        for (const char* const path : {"/by-curl", "/by-lftp"})
            wait_until("it is logged", [&] { return place.logged(path, "i") == 1; });
        CHECK(stat_of(daemon, "transfers") == 4);
        check_nothing_is_left(daemon);
    }

    TEST_CASE("with an upgrade directives take effect that wait for the next start") {
        if (!have_proc()) return tests::skip("only /proc shows it");
        const ServedPlace place;
        const ProgramPlace program{"ftpd"};
        const Path other = place.folder.make_shared("other"),
                   users = place.folder.make_shared("etc") / "users";
        write_shared(other / "small", "another tree");
        std::filesystem::create_directory(other / "pub");
        write_shared(other / "pub" / "small", "of strangers");
        Daemon daemon{
            {.lines = place.lines({"listen 127.0.0.1:0"}), .program = program.path(), .in_file = true}};
        FtpClient zoe = log_in(daemon, "zoe", "sesame"), anonymous = connect_logged_in(daemon),
                  waiting{daemon};
        waiting.command("USER zoe", 331);
        const pid_t session = session_of(daemon, zoe);
        place.write_users("simsim");
        std::filesystem::rename(place.folder / "users", users);
        daemon.configure({"root " + other.native(), "users " + users.native(), "anonymous read",
                          "anonymous-root /pub", "keep-partials 1", "max-clients 5", "log-level detail",
                          "xferlog " + (other / "xferlog").native(), "listen 127.0.0.1:0"});
        go_over(daemon, program);
        // Those who are there keep what they had.
        CHECK(zoe.fetch("RETR hers") == "hers");
        CHECK(anonymous.fetch("RETR small") == "content");
        waiting.command("PASS sesame", 230); // who has begun to log in is judged by what was right then
        CHECK(lists(daemon, session));
        CHECK(stat_of(daemon, "max-clients") == 5);
        // The others find what there is now.
        CHECK(connect_logged_in(daemon).fetch("RETR small") == "of strangers");
        CHECK(log_in(daemon, "bob", "open").fetch("RETR small") == "another tree");
        FtpClient fresh{daemon};
        fresh.command("USER zoe", 331);
        fresh.command("PASS sesame", 530);
        fresh.command("USER zoe", 331);
        fresh.command("PASS simsim", 530); // her home is not there
        wait_until("all are in the new log",
                   [&] { return common::split_lines(read_file(other / "xferlog")).size() == 4; });
        // Without users nobody can log in any more; with them again they can.
        for (const bool has_users : {false, true}) {
            Words lines{"root " + place.root.native(), "listen 127.0.0.1:0"};
            if (has_users) lines.push_back("users " + users.native());
            daemon.configure(lines);
            go_over(daemon, program);
            FtpClient client{daemon};
            client.command("USER zoe", 331);
            client.command("PASS simsim", has_users ? 230 : 530);
            CHECK(zoe.fetch("RETR hers") == "hers");
        }
        check_nothing_is_left(daemon);
    }

    TEST_CASE("clients of a listener that is no more leave in order once the new version stays") {
        if (!have_proc()) return tests::skip("only /proc shows it");
        const ServedPlace place;
        const ProgramPlace program{"ftpd"};
        const std::string socket = (place.folder / "socket").native();
        Daemon daemon{{.lines = place.lines({"listen 127.0.0.1:0", "listen unix:" + socket}),
                       .program = program.path(),
                       .in_file = true,
                       .listeners = 2}};
        const common::Address old = common::Address::of_path(socket);
        FtpClient staying{daemon}, idle{old}, busy{old};
        busy.command("USER bob", 331);
        busy.command("PASS open", 230);
        busy.command("TYPE I", 200);
        busy.command(text("ALLO ", place.bytes.size()), 200);
        busy.command("PUT stored", 150);
        busy.send(place.bytes.substr(0, 1000));
        daemon.configure(place.lines({"listen 127.0.0.1:0", "keep-partials 1"}));
        // One that does not live costs them nothing.
        program.put_script("exec sleep 1");
        CHECK(upgrade(daemon, program).status == 1);
        idle.command("NOOP", 200);
        make_old(place.root / ".ftpd-stored"); // which is under way
        write_shared(place.root / ".ftpd-left", "half");
        make_old(place.root / ".ftpd-left");
        program.put_same();
        go_over(daemon, program);
        daemon.wait_for_log("swept 1 unfinished uploads");
        CHECK(farewell_of(idle).find(gone) != std::string::npos);
        busy.send(place.bytes.substr(1000));
        busy.expect(226);
        CHECK(farewell_of(busy).find(gone) != std::string::npos);
        CHECK(read_file(place.root / "stored") == place.bytes);
        CHECK(daemon.log().find("let go 2 sessions of listeners that are no more") != std::string::npos);
        staying.command("NOOP", 200);
        FtpClient{daemon}.command("QUIT", 221);
        wait_until("it is logged", [&] { return place.logged("/stored", "i") == 1; });
        CHECK_FALSE(std::filesystem::exists(socket));
        check_nothing_is_left(daemon);
    }

    TEST_CASE("a parent that dies before it hears that its version stays is followed by one that lets go") {
        if (!have_proc()) return tests::skip("only /proc shows it");
        if (const std::string why = faults::why_no_strace(); !why.empty()) return tests::skip(why);
        const ServedPlace place;
        const ProgramPlace program{"ftpd"};
        const std::string socket = (place.folder / "socket").native();
        Daemon daemon{{.lines = place.lines({"listen 127.0.0.1:0", "listen unix:" + socket}),
                       .program = program.path(),
                       .in_file = true,
                       .listeners = 2,
                       .children_fail = true}};
        FtpClient staying{daemon}, leaving{common::Address::of_path(socket)};
        daemon.configure(place.lines({"listen 127.0.0.1:0"}));
        program.put_same();
        Process asking = begin_upgrade(daemon, program);
        kill_trial_before_it_stays(daemon, program);
        CHECK(farewell_of(leaving).find(gone) != std::string::npos);
        CHECK(asking.wait() == 0);
        staying.command("NOOP", 200);
        FtpClient{daemon}.command("QUIT", 221);
    }

    TEST_CASE("a stop during the trial of a new version and one after it end all in order") {
        if (!have_proc()) return tests::skip("only /proc shows it");
        for (const bool is_on_trial : {true, false}) {
            const ServedPlace place;
            const ProgramPlace program{"ftpd"};
            Daemon daemon{setting_of(place, program)};
            FtpClient idle{daemon}, zoe = log_in(daemon, "zoe", "sesame");
            program.put_other_version();
            Process asking = begin_upgrade(daemon, program);
            asking.out().wait_for("and stays if it lives");
            if (!is_on_trial) REQUIRE(asking.wait() == 0);
            std::vector<pid_t> all;
            for (const ProcessStatus& process : below(daemon.pid())) all.push_back(process.pid);
            daemon.stop();
            for (FtpClient* const client : {&idle, &zoe})
                CHECK(client->expect(421).find("The server is stopping") != std::string::npos);
            wait_until_gone(all);
            CHECK(daemon.log().find("signal 9") == std::string::npos);
        }
    }
}
