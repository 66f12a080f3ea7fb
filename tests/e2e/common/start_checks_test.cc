// SPDX-License-Identifier: ISC
// What -n finds is what a start would find, and it leaves no trace; and what a start says of folders that the
// sessions' user cannot use.
#include "tests/e2e/ftp_client.hh"
#include "tests/e2e/harness.hh"
#include "tests/e2e/observe.hh"
#include "tests/skip.hh"

#include "common/privileges.hh"
#include "common/socket.hh"
#include "common/text.hh"

#include <doctest/doctest.h>
#include <filesystem>
#include <sys/stat.h>
#include <unistd.h>

using namespace e2e;
using common::text;

namespace {

Result check(const std::string& program, const Words& lines) {
    Words command{program, "-n"};
    for (const std::string& line : lines) command.insert(command.end(), {"-o", line});
    return run_client(command);
}

bool refuses(const std::string& program, const Words& lines, std::string_view because) {
    const Result result = check(program, lines);
    INFO(result.err);
    CHECK(result.status == 1);
    CHECK(result.out.empty());
    CHECK(result.err.find(because) != std::string::npos);
    return result.status == 1 && result.err.find(because) != std::string::npos;
}

// What is in the folder, at any depth.
std::vector<std::string> content_of(const Path& folder) {
    std::vector<std::string> names;
    for (const auto& entry : std::filesystem::recursive_directory_iterator{folder})
        names.push_back(entry.path().native());
    return names;
}

} // namespace

TEST_SUITE("e2e") {
    TEST_CASE("what root opens must not stand in the folder of the hub's user") {
        const TempDir place;
        const std::string state = "state " + (place / "state").native();
        std::filesystem::create_directory_symlink(place / "state", place / "link");
        for (const std::string_view directive : {"log", "pid-file"})
            for (const std::string_view folder : {"state", "link", "state/rooms"}) {
                std::filesystem::create_directories(place / "state/rooms");
                const std::string line = text(directive, ' ', (place / folder).native(), "/file");
                CAPTURE(line);
                CHECK(check("ftpd", {state, line}).status == 0);
                if (is_root())
                    CHECK(
                        refuses("chatd", {state, line},
                                "lies in the state directory, which is user daemon's: choose another place"));
                else
                    CHECK(check("chatd", {state, line}).status == 0);
            }
        CHECK(check("chatd", {state, text("log ", (place / "log").native()),
                              text("pid-file ", (place / "statepid").native())})
                  .status == 0);
    }

    TEST_CASE("a start looks at the bans as the hub's user does") {
        if (!is_root()) return tests::skip("only root's hub is another user");
        const TempDir place;
        const std::string state = "state " + (place / "state").native();
        std::filesystem::create_directory(place / "state");
        write_file(place / "secret", "sesame\n");
        REQUIRE(::chmod((place / "secret").c_str(), 0600) == 0);
        const common::Identity daemon = common::find_user("daemon");
        REQUIRE(::chown((place / "state").c_str(), daemon.uid, daemon.gid) == 0);
        std::filesystem::create_symlink(place / "secret", place / "state/bans");
        const Result result = check("chatd", {state});
        CHECK(result.status == 1);
        CHECK(result.err.find("Permission denied") != std::string::npos);
        CHECK(result.err.find("sesame") == std::string::npos);
    }

    TEST_CASE("a user whom nobody knows and who has no HOME is told what to name") {
        if (!is_root()) return tests::skip("only root can be a user whom nobody knows");
        const TempDir place; // which that user can enter
        for (const char* const program : {"chatd", "ftpd"}) {
            std::filesystem::copy_file(find_program(program), place / program);
            const Result result = run_client({"setpriv", "--reuid=4242", "--regid=4242", "--clear-groups",
                                              "env", "-i", (place / program).native(), "-n"});
            CHECK(result.status == 1);
            CHECK(result.err ==
                  text(program, ": there is no home directory: name a folder with `state', or set HOME\n"));
        }
    }

    TEST_CASE("-n refuses a password that stands where its hash belongs and names the command") {
        const TempDir place;
        const std::string state = text("state ", (place / "state").native());
        for (const char* const line : {"operator chief plaintext", "room den code-hash foo",
                                       "operator chief $6$salt", "room den code-hash *"}) {
            const Result result = check("chatd", {state, "room lobby", line});
            CHECK(result.status == 1);
            CHECK(result.err.find(
                      "that is not the hash of a password: `chatctl user hash' asks for the password "
                      "and prints one") != std::string::npos);
            CHECK(result.err.find("plaintext") == std::string::npos);
        }
        const std::string users = place / "users";
        write_file(users, "joe:plain:-:-\n");
        CHECK(refuses("chatd", {state, "users " + users},
                      users + ":1: the second word is not the hash of a password"));
        CHECK(refuses("chatd", {state, "users " + users}, "`chatctl user passwd joe'"));
        write_file(users, "joe:plain:/:list\n");
        CHECK(refuses("ftpd", {state, "users " + users}, "`ftpctl user passwd joe'"));
        // A start says the same.
        const Result start =
            run_client({"ftpd", "-d", "-o", state, "-o", "users " + users, "-o", "listen 127.0.0.1:0"});
        CHECK(start.status == 1);
        CHECK(start.err.find("`ftpctl user passwd joe'") != std::string::npos);
        CHECK(start.err.find("plain") == std::string::npos);
        write_file(users, text("joe:", hash_of("plain"), ":/:list\n"));
        CHECK(check("ftpd", {state, "users " + users}).status == 0);
    }

    TEST_CASE("-n finds what a start would find of places and users and rooms") {
        const TempDir place;
        const std::string state = text("state ", (place / "state").native());
        const std::string file = place / "file";
        write_file(file, "");
        for (const std::string program : {"ftpd", "chatd"}) {
            CHECK(refuses(program, {state, "listen 2323"}, "2323"));
            CHECK(refuses(program, {state, "listen 127.0.0.1:99999"}, "99999"));
            CHECK(refuses(program, {state, "listen no-such-host.invalid:2323"}, "no-such-host.invalid"));
            CHECK(refuses(program, {state, "listen 127.0.0.1:2323", "listen 127.0.0.1:2323"},
                          "are the same address: remove one"));
            CHECK(refuses(program, {state, "listen 127.0.0.1:2323", "listen *:2323"},
                          "are the same address: remove one"));
            CHECK(refuses(program, {state, "listen unix:" + file}, "exists and is not a socket"));
            CHECK(refuses(program, {state, text("listen unix:", (place / "none/socket").native())},
                          "No such file or directory"));
            CHECK(refuses(program, {"state " + file + "/state"}, "/state"));
            CHECK(refuses(program, {"state " + file}, "is a file: name another with `state'"));
            CHECK(refuses(program, {state, "control " + file}, "exists and is not a socket"));
            CHECK(refuses(program, {state, text("control /", std::string(200, 'x'))}, "xxx"));
            CHECK(refuses(program, {state, text("users ", (place / "users").native())},
                          "`user add' of ftpctl(8) or chatctl(8) makes it"));
            CHECK(refuses(program, {state, "port 2121"},
                          "there is no directive 'port': write 'listen ADDRESS:PORT"));
            CHECK(refuses(program, {state, "User nobody"},
                          "there is no directive 'User': write 'run-as USER'"));
            CHECK(check(program, {state, "listen 127.0.0.1:0", "listen 127.0.0.1:0"}).status == 0);
            if (!is_root()) continue;
            CHECK(refuses(program, {state, "run-as no-such-user"},
                          "run-as no-such-user: there is no such user"));
            CHECK(refuses(program, {state, "run-as root"}, "name an ordinary user"));
        }
        CHECK(refuses("ftpd", {state, text("root ", (place / "none").native())}, "open the root"));
        CHECK(refuses("ftpd", {state, "root " + file}, "open the root"));
        CHECK(refuses("ftpd", {state, text("xferlog ", (place / "none/log").native())},
                      "No such file or directory"));
        CHECK(refuses("chatd", {state, "room a code x code y"}, "'code' is given twice: remove one"));
        CHECK(refuses("chatd", {state, "room a code x", "room b code x"}, "entered with the same word"));
        CHECK_FALSE(std::filesystem::exists(place / "state")); // of all that nothing was made
        std::filesystem::create_directories(place / "state");
        write_file(place / "state/bans", "nonsense\n");
        CHECK(refuses("chatd", {state}, "this is not a ban"));
        std::filesystem::remove(place / "state/bans");
        write_file(place / "state/rooms", "");
        CHECK(refuses("chatd", {state}, "is not a folder"));
    }

    TEST_CASE("-n as an ordinary user refuses low ports and folders that are not the user's") {
        const TempDir place;
        const Daemon::Setting setting = as_ordinary_user(place, {});
        const auto refused = [&](const Words& lines, std::string_view because) {
            Words command = setting.wrapper;
            command.insert(command.end(),
                           {setting.program, "-n", "-o", "state " + place.make_shared("state").native()});
            for (const std::string& line : lines) command.insert(command.end(), {"-o", line});
            const Result result = run_client(command);
            INFO(result.err);
            CHECK(result.status == 1);
            CHECK(result.err.find(because) != std::string::npos);
        };
        refused({"listen 127.0.0.1:21"},
                "listen on 127.0.0.1:21: only root may use such a low port: start as "
                "root, or choose one from 1024");
        refused({"listen unix:/socket"}, "make /socket: Permission denied");
        refused({"nice -5"}, "set nice -5");
    }

    TEST_CASE("-n beside a daemon that runs is good and touches nothing") {
        for (const std::string program : {"ftpd", "chatd"}) {
            const Daemon daemon{{.program = program}};
            const auto before = content_of(daemon.state());
            Words lines{"listen " + daemon.addresses().at(0).shown(), "state " + daemon.state().native()};
            const Result result = check(program, lines);
            CHECK(result.status == 0);
            CHECK(result.out == program + ": configuration is good\n");
            CHECK(content_of(daemon.state()) == before);
            const common::Fd still = common::start_connect(daemon.addresses().at(0));
            CHECK(still);
        }
    }

    TEST_CASE("a folder that the sessions' user cannot use is told at the start with the remedy") {
        if (!is_root()) return tests::skip("only root has sessions of another user");
        const TempDir place;
        const Path root = place.make_shared("root");
        const std::string line = "root " + root.string();
        const std::string remedy =
            text(": chown nobody ", root.native(), ", or name its owner with `run-as'");
        REQUIRE(::chmod(root.c_str(), 0700) == 0);
        {
            const Daemon daemon{{.lines = {line}}};
            CHECK(daemon.log().find(text("user nobody cannot enter the folder ", root.native(), remedy)) !=
                  std::string::npos);
        }
        REQUIRE(::chmod(root.c_str(), 0711) == 0);
        CHECK(check("ftpd", {line, text("state ", (place / "state").native())}).err ==
              text("ftpd: user nobody cannot read the folder ", root.native(), remedy, '\n'));
        REQUIRE(::chmod(root.c_str(), 0755) == 0);
        {
            const Daemon readable{{.lines = {line}}};
            CHECK(readable.log().find("cannot") == std::string::npos);
        }
        const Daemon daemon{{.lines = {line, "anonymous write"}}};
        CHECK(daemon.log().find(text("user nobody cannot write to the folder ", root.native(), remedy)) !=
              std::string::npos);
        FtpClient client{daemon};
        client.login();
        client.command("MKD new", 550);
        daemon.wait_for_log(text("refuse MKD ", root.native(), "/new: Permission denied to user nobody\n"));
        write_file(root / "secret", "x");
        REQUIRE(::chmod((root / "secret").c_str(), 0600) == 0);
        client.command("GET secret", 550);
        daemon.wait_for_log(
            text("refuse GET ", root.native(), "/secret: Permission denied to user nobody\n"));
    }

    TEST_CASE("a home that its user cannot write to is told at the start") {
        if (!is_root()) return tests::skip("only root has sessions of another user");
        const TempDir place;
        const Path root = place.make_shared("root");
        std::filesystem::create_directory(root / "ann");
        REQUIRE(::chmod((root / "ann").c_str(), 0755) == 0);
        write_file(place / "users", text("ann:", hash_of("x"), ":/ann:list,read,write\nbob:*:/bob:list\n"));
        const Result result = check("ftpd", {text("state ", (place / "state").native()),
                                             text("users ", (place / "users").native()),
                                             "root " + root.string(), "anonymous no"});
        CHECK(result.status == 0);
        CHECK(result.err.find(text("user nobody cannot write to the folder ", root.native(),
                                   "/ann, the home of ann: chown nobody ")) != std::string::npos);
        CHECK(result.err.find(text("the folder ", root.native(),
                                   "/bob, the home of bob: No such file or directory: create it")) !=
              std::string::npos);
    }

    TEST_CASE("a limit of descriptors that is too small for one client is refused with the number it takes") {
        if (is_sanitized()) return tests::skip("the sanitizers need descriptors of their own");
        if (tests::lacks("prlimit")) return;
        for (const char* const program : {"chatd", "ftpd"}) {
            const TempDir folder;
            const auto start = [&](std::size_t limit, std::string_view how) {
                const std::string number = text("--nofile=", limit, ':', limit);
                return run_client({"prlimit", number, find_program(program), std::string{how}, "-o",
                                   "listen 127.0.0.1:0", "-o", "state " + (folder / "state").native()});
            };
            constexpr std::size_t small = 12;
            const std::string words = text(program, ": this process may have only ", small,
                                           " descriptors (RLIMIT_NOFILE), and needs ");
            std::size_t needed = 0;
            for (const std::string_view how : {"-n", "-d"}) {
                const Result refused = start(small, how);
                INFO(refused.err);
                CHECK(refused.status == 1);
                REQUIRE(refused.err.starts_with(words));
                needed = std::stoul(refused.err.substr(words.size()));
            }
            CHECK(start(needed - 1, "-n").status == 1);
            CHECK(start(needed, "-n").status == 0);
            Daemon::Setting setting;
            setting.program = program;
            setting.wrapper = {"prlimit", text("--nofile=", needed, ':', needed)};
            const Daemon daemon{setting};
            Connection client{daemon.port()}; // and with that it serves one
            CHECK(client.read_exactly(1).size() == 1);
        }
    }
}
