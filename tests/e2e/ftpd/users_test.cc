// SPDX-License-Identifier: ISC
// Clients with a name and a password: what they may, what they are told, and what their sessions never hold.
#include "tests/e2e/ftp_client.hh"
#include "tests/e2e/harness.hh"
#include "tests/e2e/observe.hh"
#include "tests/skip.hh"

#include "common/authd/password.hh"
#include "common/authd/user_file.hh"
#include "common/socket.hh"
#include "common/text.hh"

#include <algorithm>
#include <array>
#include <csignal>
#include <doctest/doctest.h>
#include <sys/stat.h>
#include <unistd.h>

using namespace e2e;
using common::text;

namespace {

// A folder with homes and a user file.
struct Office {
    TempDir folder;
    std::string users = folder / "users";
    Path root = folder.make_shared("root");

    Office() {
        for (const char* const name : {"ann", "bob"}) {
            std::filesystem::create_directory(root / name);
            std::filesystem::permissions(root / name, std::filesystem::perms::all);
            write_shared(root / name / "hello", text("hello ", name));
        }
        write_file(users, text("ann:", hash_of("sesame"), ":/ann:list,read,write\n", "bob:", hash_of("open"),
                               ":/bob:list,read,write,overwrite,delete,rename,mkdir\n", "lost:", hash_of("x"),
                               ":/nowhere:list\n"));
        REQUIRE(::chmod(users.c_str(), 0600) == 0);
    }
    Daemon::Setting setting(Words more = {}, const std::string& anonymous = "no") const {
        Words lines{"users " + users, "root " + root.string(), "anonymous " + anonymous};
        lines.insert(lines.end(), more.begin(), more.end());
        return {.lines = std::move(lines)};
    }
};

Reply log_in(Connection& client, const std::string& name, const std::string& password) {
    client.command("USER " + name, 331);
    client.send("PASS " + password + "\r\n");
    return client.read_reply();
}

pid_t authd_of(const Daemon& daemon) {
    pid_t found = -1;
    wait_until("authd is there", [&] {
        for (const ProcessStatus& child : children_of(daemon.pid()))
            if (child.pid != daemon.main_pid() && is_alive(child.pid)) found = child.pid;
        return found > 0;
    });
    return found;
}

Connection connect_from(const Daemon& daemon, const std::string& host) {
    const common::Address from = common::resolve_address(host + ":0").at(0);
    Connection client{common::start_connect(daemon.addresses().at(0), &from)};
    client.expect(220);
    return client;
}

} // namespace

TEST_SUITE("e2e") {
    TEST_CASE("who may store and not overwrite may date what was stored on this connection") {
        const Office office;
        const Daemon daemon{office.setting()};
        FtpClient ann{daemon};
        CHECK(log_in(ann, "ann", "sesame").code == 230);
        ann.command("TYPE I", 200);
        ann.store("STOR one", "1");
        ann.command("MFMT 20200102030405 one", 213);
        CHECK(ann.command("MDTM one", 213) == "213 20200102030405");
        ann.put("two", "2");
        ann.send("WRITE three\r\n3\r\n.\r\n");
        ann.expect(150);
        ann.expect(226);
        ann.command("SITE UTIME 20210102030405 two", 200);
        ann.command("SITE CHMOD 600 three", 200);
        CHECK((std::filesystem::status(office.root / "ann/three").permissions() ==
               (std::filesystem::perms::owner_read | std::filesystem::perms::owner_write)));
        ann.command("MFMT 20220102030405 one", 213);
        std::filesystem::create_symlink("hello", office.root / "ann/link");
        for (const std::string_view line :
             {"MFMT 20200102030405 hello", "SITE UTIME 20200102030405 hello", "SITE CHMOD 600 hello",
              "MFMT 20200102030405 link", "MFMT 20200102030405 .", "MFMT 20200102030405 missing"}) {
            CAPTURE(line);
            ann.command(line, 550);
        }
        // It is the file that counts, and not its name.
        std::filesystem::rename(office.root / "ann/two", office.root / "ann/elsewhere");
        std::filesystem::rename(office.root / "ann/hello", office.root / "ann/two");
        ann.command("MFMT 20200102030405 two", 550);
        ann.command("MFMT 20200102030405 elsewhere", 213);
        FtpClient again{daemon};
        CHECK(log_in(again, "ann", "sesame").code == 230);
        again.command("MFMT 20200102030405 one", 550);
        ann.command("REIN", 220);
        CHECK(log_in(ann, "ann", "sesame").code == 230);
        ann.command("MFMT 20200102030405 one", 550);
    }

    TEST_CASE("FEAT and HELP list all before a login and after it what this one may use") {
        const Office office;
        write_file(office.users, text("ann:", hash_of("sesame"), ":/ann:list,read\n", "bob:", hash_of("open"),
                                      ":/bob:list,read,write\n", "eve:", hash_of("sesame"), ":/bob:write\n"));
        const Daemon daemon{office.setting()};
        struct Case {
            std::string_view line, shown;
            std::string_view to; // whom: a stranger, ann, bob, eve
        };
        constexpr std::array cases{
            Case{"FEAT", " MFMT\n", "sbe"},      Case{"FEAT", " MLST type", "sab"},
            Case{"FEAT", " PUT\n", "sbe"},       Case{"FEAT", " WRITE\n", "sbe"},
            Case{"FEAT", " SITE MLSD\n", "sab"}, Case{"FEAT", " REST STREAM\n", "sabe"},
            Case{"HELP", " STOR PATH", "sbe"},   Case{"HELP", " RETR PATH", "sab"},
            Case{"HELP", " DELE PATH", "s"},     Case{"HELP", " MKD PATH", "s"},
            Case{"HELP", " RNFR PATH", "s"},     Case{"HELP", " LIST [PATH]", "sab"},
            Case{"HELP", " QUIT ", "sabe"},      Case{"HELP", " SITE CHMOD", "sbe"},
            Case{"HELP", " WRITE PATH", "sbe"},
        };
        for (const std::string_view who : {"", "ann", "bob", "eve"}) {
            FtpClient client{daemon};
            if (!who.empty())
                CHECK(log_in(client, std::string{who}, who == "bob" ? "open" : "sesame").code == 230);
            for (const Case& one : cases) {
                const auto& [line, shown, to] = one;
                INFO(who, ": ", one.line, one.shown);
                client.send(text(line, "\r\n"));
                const bool is_shown = client.read_reply().text.find(shown) != std::string::npos;
                CHECK(is_shown == (to.find(who.empty() ? 's' : who[0]) != to.npos));
            }
        }
    }

    TEST_CASE("a user is at home in a folder beneath the root and does what the user file allows") {
        const Office office;
        const Daemon daemon{office.setting()};
        FtpClient ann{daemon};
        CHECK(log_in(ann, "ann", "sesame").code == 230);
        CHECK(ann.command("PWD", 257).starts_with("257 \"/\""));
        CHECK(ann.get("hello") == "hello ann");
        CHECK(ann.get("/../hello") == "hello ann");
        ann.command("CWD /bob", 550);
        ann.command("CWD /ann", 550);
        ann.put("new", "abc");
        CHECK(read_file(office.root / "ann" / "new") == "abc");
        ann.put("hello", "abc", 550);
        ann.command("DELE new", 550);
        ann.command("MKD sub", 550);
        ann.command("RNFR new", 550);

        FtpClient bob{daemon};
        CHECK(log_in(bob, "bob", "open").code == 230);
        CHECK(bob.get("hello") == "hello bob");
        bob.put("hello", "changed");
        bob.command("MKD sub", 257);
        bob.command("RNFR hello", 350);
        bob.command("RNTO sub/hello", 250);
        bob.command("DELE sub/hello", 250);
        bob.command("RMD sub", 250);
        CHECK(ask(daemon, {"who"}).find(" bob ") != std::string::npos);
        daemon.wait_for_log("login bob\n");
    }

    TEST_CASE("a link in a home leads nowhere else") {
        const Office office;
        std::filesystem::create_symlink("/bob/hello", office.root / "ann" / "absolute");
        std::filesystem::create_symlink("../bob/hello", office.root / "ann" / "relative");
        const Daemon daemon{office.setting()};
        FtpClient ann{daemon};
        CHECK(log_in(ann, "ann", "sesame").code == 230);
        ann.command("GET absolute", 550);
        ann.command("GET relative", 550);
    }

    TEST_CASE(
        "a wrong name and a wrong password are refused in the same words and after login-tries it ends") {
        const Office office;
        const Daemon daemon{office.setting({"login-tries 4", "login-holdoff 0"})};
        FtpClient client{daemon};
        const std::string wrong = log_in(client, "ann", "Sesame").text;
        CHECK(wrong == "530 Login incorrect.");
        CHECK(log_in(client, "nobody", "sesame").text == wrong);
        CHECK(log_in(client, "anonymous", "sesame").text == wrong);
        client.command("PWD", 530);
        CHECK(log_in(client, std::string(200, 'x'), std::string(600, 'x')).text == wrong);
        CHECK(client.expect(421) == "421 Too many failed logins: closing.");
        CHECK(client.read_to_end().empty());
        daemon.wait_for_log("refuse login from 127.0.0.1: nobody\n");
        CHECK(daemon.log().find("Sesame") == std::string::npos);
    }

    TEST_CASE("an address whose logins keep failing is held off and told for how long and another is not") {
        const Office office;
        const Daemon daemon{office.setting({"login-tries 1", "login-holdoff 600"})};
        for (int i = 0; i < 7; ++i) { // 4 seconds, 8, 16, ...
            FtpClient client{daemon};
            const Reply reply = log_in(client, "ann", "wrong");
            CHECK(reply.code == 530);
            client.expect(421);
            if (i > 0 && reply.text != "530 Login incorrect.") break;
        }
        FtpClient held{daemon};
        const std::string words = log_in(held, "ann", "sesame").text;
        CHECK(words.starts_with("530 Too many failed logins from your address: wait "));
        CHECK(words.ends_with(" seconds, then try again."));
        daemon.wait_for_log("hold off 127.0.0.1 for 4 s\n");
        Connection other = connect_from(daemon, "127.0.0.2");
        CHECK(log_in(other, "ann", "sesame").code == 230);
    }

    TEST_CASE("one connection has one login and after REIN or USER the same one may come back") {
        const Office office;
        const Daemon daemon{office.setting()};
        FtpClient client{daemon};
        CHECK(log_in(client, "ann", "sesame").code == 230);
        CHECK(log_in(client, "bob", "open").text ==
              "530 This connection has been used for another login: connect again.");
        client.command("PWD", 530);
        CHECK(log_in(client, "ann", "sesame").code == 230);
        CHECK(client.get("hello") == "hello ann");
        client.command("REIN", 220);
        client.command("PWD", 530);
        CHECK(log_in(client, "ann", "sesame").code == 230);
        CHECK(client.get("hello") == "hello ann");
    }

    TEST_CASE("behind USER a user's connection is not anybody's in band") {
        const Office office;
        const Daemon daemon{office.setting({"anonymous-root /"}, "write")};
        FtpClient client{daemon};
        CHECK(log_in(client, "ann", "sesame").code == 230);
        client.command("USER bob", 331);
        for (const char* const line : {"LS", "GET hello"})
            CHECK(client.command(line, 530) ==
                  "530 This connection has been used for another login: connect again.");
        CHECK(log_in(client, "ann", "sesame").code == 230);
        CHECK(client.get("hello") == "hello ann");
    }

    TEST_CASE("a home that is not there is told to its user and to the log") {
        const Office office;
        const Daemon daemon{office.setting()};
        FtpClient client{daemon};
        CHECK(log_in(client, "lost", "x").text == "530 Your folder does not exist: tell the administrator.");
        client.command("PWD", 530);
        daemon.wait_for_log("no home for lost: /nowhere: No such file or directory");
    }

    TEST_CASE("no session's memory holds a hash and its descriptors are its own") {
        if (!have_proc() || !is_root())
            return tests::skip("only root can look into authd's memory, and only in /proc");
        if (is_sanitized()) return tests::skip("a sanitizer's memory is too large to search");
        const Office office;
        const Daemon daemon{office.setting()};
        const pid_t authd = authd_of(daemon);
        const std::string needle = hash_of("open").substr(20); // bob's, less what ann's begins with, too
        FtpClient ann{daemon}, stranger{daemon};
        CHECK(log_in(ann, "ann", "sesame").code == 230);
        CHECK(log_in(stranger, "bob", "wrong").code == 530);
        CHECK(has_in_memory(authd, needle)); // so that the search is known to find
        CHECK_FALSE(has_in_memory(daemon.main_pid(), needle));
        for (const FtpClient* const client : {&ann, &stranger}) {
            const pid_t session = session_of(daemon, *client);
            CHECK_FALSE(has_in_memory(session, needle));
            CHECK_FALSE(has_in_memory(session, hash_of("sesame").substr(20)));
            for (const auto& [fd, target] : descriptors_of(session)) CHECK(target != office.users);
        }
    }

    TEST_CASE("when authd dies sitting clients stay and are told to connect again for a login") {
        if (!have_proc()) return tests::skip("only /proc shows it");
        const Office office;
        const Daemon daemon{office.setting()};
        const pid_t authd = authd_of(daemon);
        FtpClient ann{daemon}, late{daemon};
        CHECK(log_in(ann, "ann", "sesame").code == 230);
        REQUIRE(::kill(authd, SIGKILL) == 0);
        daemon.wait_for_log(text("authd ", authd, " ended: signal 9 (Killed); starting another"));
        CHECK(ann.get("hello") == "hello ann");
        CHECK(log_in(late, "ann", "sesame").text ==
              "530 The password could not be checked: connect again in a moment.");
        FtpClient again{daemon};
        CHECK(log_in(again, "ann", "sesame").code == 230);
    }

    TEST_CASE("a user that ftpctl adds can log in at once and one that it removes cannot") {
        const Office office;
        const Daemon daemon{office.setting()};
        CHECK(run_client({"ftpctl", "-u", office.users, "user", "add", "eve", "/ann"}, "secret\n").status ==
              0);
        FtpClient client{daemon};
        CHECK(log_in(client, "eve", "secret").code == 230);
        CHECK(client.get("hello") == "hello ann");
        CHECK(run_client({"ftpctl", "-u", office.users, "user", "del", "eve"}).status == 0);
        FtpClient late{daemon};
        CHECK(log_in(late, "eve", "secret").code == 530);
    }

    TEST_CASE("beside users anonymous has its own rights and no password") {
        const Office office;
        const Daemon daemon{office.setting({}, "read")};
        FtpClient client{daemon};
        client.login();
        CHECK(client.get("ann/hello") == "hello ann");
        client.put("new", "x", 550);
        CHECK(log_in(client, "ann", "sesame").code == 230);
        CHECK(client.get("hello") == "hello ann");
        client.put("new", "x");
        CHECK(log_in(client, "anonymous", "").text ==
              "530 This connection has been used for another login: connect again.");
    }

    TEST_CASE("a start without the user file fails and names it") {
        const TempDir folder;
        const Result result =
            run_client({"ftpd", "-d", "-o", "listen 127.0.0.1:0", "-o",
                        "state " + (folder / "state").string(), "-o", "users " + (folder / "none").string()});
        CHECK(result.status == 1);
        CHECK(result.err.find("there is no user file " + (folder / "none").string() +
                              ": `user add' of ftpctl(8) or chatctl(8) makes it") != std::string::npos);
    }

    TEST_CASE("SIGHUP changes login-tries and says what users waits for") {
        const Office office;
        const std::string config = office.folder / "ftpd.conf";
        write_file(config, "users " + office.users + "\nlogin-tries 5\n");
        Daemon daemon{{.lines = {"root " + office.root.string()}, .options = {"-f", config}}};
        write_file(config, "users /another\nlogin-tries 1\nlogin-holdoff 0\n");
        daemon.signal(SIGHUP);
        daemon.wait_for_log("configuration read again");
        CHECK(daemon.log().find("a change of 'users' waits for an upgrade or the next start") !=
              std::string::npos);
        FtpClient client{daemon};
        CHECK(log_in(client, "ann", "wrong").code == 530);
        client.expect(421);
    }

    TEST_CASE("an ordinary user's ftpd has users too") {
        const Office office;
        REQUIRE(::chmod(office.users.c_str(), 0644) == 0);
        const TempDir place;
        Daemon::Setting setting = as_ordinary_user(place, office.setting().lines);
        const Daemon daemon{setting};
        FtpClient client{daemon};
        CHECK(log_in(client, "ann", "sesame").code == 230);
        CHECK(client.get("hello") == "hello ann");
        client.put("new", "abc");
        client.command("GET /../bob/hello", 550);
    }

    TEST_CASE("ftpd -i has users too") {
        const Office office;
        const Result result = run_client(
            {"ftpd", "-d", "-i", "-o", "users " + office.users, "-o", "root " + office.root.string()},
            "USER ann\nPASS wrong\nUSER ann\nPASS sesame\nGET hello\nQUIT\n");
        CHECK(result.status == 0);
        CHECK(result.out.find("530 Login incorrect.") != std::string::npos);
        CHECK(result.out.find("hello ann") != std::string::npos);
        CHECK(result.err.find(": ann\n") != std::string::npos);
    }
}
