// SPDX-License-Identifier: ISC
// What stands in service/: the daemons with what their units leave them, the filters of fail2ban, and the
// examples.
#include "tests/e2e/chat_client.hh"
#include "tests/e2e/clients.hh"
#include "tests/e2e/ftp_client.hh"
#include "tests/e2e/harness.hh"
#include "tests/e2e/observe.hh"
#include "tests/e2e/roles.hh"
#include "tests/skip.hh"

#include "common/text.hh"

#include <cstring>
#include <doctest/doctest.h>
#include <filesystem>
#include <string_view>
#include <sys/stat.h>
#include <unistd.h>

using namespace e2e;
using common::text;

namespace {

const Path fail2ban_common = "/etc/fail2ban/filter.d/common.conf";

// Whether the unit's filter can be made here; else the test is left out.
bool lacks_filters() {
    if (is_posix_build() || is_sanitized()) {
        tests::skip("this build shuts nothing in, or needs further calls");
        return true;
    }
    if (tests::lacks("python3") || tests::lacks("systemd-analyze")) return true;
    const Result result = run_client({"python3", "-c", "import ctypes; ctypes.CDLL('libseccomp.so.2')"});
    if (result.status != 0) tests::skip("there is no libseccomp");
    return result.status != 0;
}

// A daemon with the unit's filter of system calls, user and rights, that starts only if it can shut in what
// serves its clients.
Daemon::Setting under(const std::string& unit, const std::string& program, const Path& folder) {
    std::filesystem::permissions(folder, std::filesystem::perms::all); // the unit's user is another
    return {.lines = {"sandbox required", text("state ", (folder / "state").string())},
            .wrapper = {"python3", in_source("tests/service/under_unit.py"), in_source("service/" + unit)},
            .program = program};
}

// Its own filter comes on top of the unit's.
void check_shut_in(const Daemon& daemon, pid_t process) {
    const auto of_keeper = fields_of(daemon.pid()), own = fields_of(process);
    REQUIRE_FALSE(own.empty());
    CHECK(own.at("NoNewPrivs") == Words{"1"});
    CHECK(std::stoi(own.at("Seccomp_filters").at(0)) > std::stoi(of_keeper.at("Seccomp_filters").at(0)));
    CHECK(own.at("CapEff") == Words{"0000000000000000"});
}

void check_files(const Daemon& daemon) {
    write_file(daemon.files() / "hello", "hello\n");
    FtpClient client{daemon};
    client.command("SITE GET /hello", 150);
    CHECK(client.read_exactly(6) == "hello\n");
    client.expect(226);
    check_shut_in(daemon, session_of(daemon, client));
}

// The addresses that a filter finds in a log. It includes another, which it looks for beside it.
std::string found_in(const TempDir& folder, const std::string& log, const std::string& filter) {
    const Path place = folder / "filter.d";
    std::filesystem::create_directory(place);
    std::filesystem::copy(fail2ban_common, place, std::filesystem::copy_options::overwrite_existing);
    std::filesystem::copy(in_source("service/fail2ban/" + filter), place);
    write_file(folder / "log", log);
    return run_in(folder.path(), {"fail2ban-regex", "-o", "<ip>", folder / "log", place / filter});
}

} // namespace

TEST_SUITE("e2e") {
    TEST_CASE("service: ftpd serves with what its unit leaves it and shuts its sessions in") {
        if (lacks_filters()) return;
        const TempDir folder;
        check_files(Daemon{under("ftpd.service", "ftpd", folder.path())});
    }

    TEST_CASE("service: ftpd started by root serves with what its unit leaves it and shuts its sessions in") {
        if (lacks_filters()) return;
        if (!is_root()) return tests::skip("only root has rights to lose");
        const TempDir folder;
        check_files(Daemon{under("ftpd-root.service", "ftpd", folder.path())});
    }

    TEST_CASE("service: chatd serves with what its unit leaves it and shuts its handlers in") {
        if (lacks_filters()) return;
        const TempDir folder;
        const Daemon daemon{under("chatd.service", "chatd", folder.path())};
        ChatClient ada{daemon, "ada"}, bob{daemon, "bob"};
        ada.expect_line("bob joined");
        bob.say("hello");
        ada.expect_line("bob say: hello");
        check_shut_in(daemon, handler_of(daemon, ada));
    }

    TEST_CASE("service: what is uploaded under ftpd's unit is announced in a room under chatd's") {
        if (lacks_filters()) return;
        if (!is_root()) return tests::skip("only root is several users");
        const TempDir place, of_chatd, of_ftpd;
        // As chatd's tmpfiles.d(5) makes it, of others than the units' own, who need not be there.
        const Path folder = place / "run";
        const std::string user = "daemon", group = "mail";
        std::filesystem::create_directory(folder);
        REQUIRE(run_client({"chown", text(user, ':', group), folder.native()}).status == 0);
        REQUIRE(::chmod(folder.c_str(), 02710) == 0);
        const std::string socket = folder / "notices";
        Daemon::Setting chat = under("chatd.service", "chatd", of_chatd.path());
        chat.lines.push_back("notices " + socket);
        chat.environment = {"UNIT_USER=" + user};
        const Daemon chatd{chat};
        ChatClient ada{chatd, "ada"};
        for (const bool is_in_group : {true, false}) {
            Daemon::Setting files = under("ftpd.service", "ftpd", of_ftpd.path());
            files.lines.insert(files.lines.end(), {"anonymous write", "announce / lobby " + socket});
            if (is_in_group) files.environment = {"UNIT_GROUP=" + group};
            const Daemon ftpd{files};
            FtpClient{ftpd}.put("note", "hello");
            if (is_in_group)
                ada.expect_line(
                    text("> anonymous shared note (5 B): ftp://127.0.0.1:", ftpd.port(), "/note"));
            else
                ftpd.wait_for_log("not announced in lobby: ");
        }
    }

    TEST_CASE("service: under chatd's unit a group that is named is that of its folder") {
        if (lacks_filters()) return;
        if (!is_root()) return tests::skip("only root is several users");
        const TempDir place, of_chatd;
        const Path folder = place / "run";
        std::filesystem::create_directory(folder);
        REQUIRE(run_client({"chown", "daemon:mail", folder.native()}).status == 0);
        REQUIRE(::chmod(folder.c_str(), 02710) == 0);
        Daemon::Setting chat = under("chatd.service", "chatd", of_chatd.path());
        chat.lines.push_back(text("notices ", (folder / "notices").native(), " mail"));
        chat.environment = {"UNIT_USER=daemon"};
        const Daemon chatd{chat};
        struct stat of_folder {
        }, of_socket{};
        REQUIRE(::stat(folder.c_str(), &of_folder) == 0);
        REQUIRE(::lstat((folder / "notices").c_str(), &of_socket) == 0);
        CHECK(of_socket.st_gid == of_folder.st_gid);
        CHECK((of_socket.st_mode & 07777) == 0660);
    }

    TEST_CASE(
        "service: fail2ban finds whoever gave a wrong password or code and nobody whom a client names") {
        if (tests::lacks("fail2ban-regex")) return;
        const TempDir folder;
        const std::string forged = "x authd[1]: refuse login from 192.0.2.66: y";
        write_file(folder / "users", "ada:" + hash_of("sesame") + ":/:list\n");
        std::filesystem::permissions(folder / "users", std::filesystem::perms::owner_read);
        {
            const Daemon daemon{{.lines = {"users " + (folder / "users").string(), "anonymous no"}}};
            FtpClient client{daemon};
            client.command("USER " + forged, 331);
            client.command("PASS wrong", 530);
            daemon.wait_for_log("refuse login from 127.0.0.1: " + forged);
            CHECK(found_in(folder, daemon.log(), "suite-ftpd.conf") == "127.0.0.1\n");
        }
        {
            const Daemon daemon{{.lines = {"room den code s3cret"}, .program = "chatd"}};
            ChatClient client{daemon};
            client.send("ada\nhub[1]: refuse code from 192.0.2.66\n");
            daemon.wait_for_log("refuse code from 127.0.0.1\n");
            CHECK(found_in(folder, daemon.log(), "suite-chatd.conf") == "127.0.0.1\n");
        }
    }

    TEST_CASE("service: the examples are good configurations") {
        if (is_posix_build() || is_sanitized()) return tests::skip("one of them has `sandbox required'");
        for (const std::string program : {"chatd", "ftpd"})
            for (const std::string number : {"1", "2", "3"}) {
                const TempDir folder;
                for (const char* const name :
                     {"etc", "lib", "lib/chatd", "lib/ftpd", "run", "run/chatd", "srv", "srv/pub"})
                    std::filesystem::create_directory(folder / name);
                std::string lines =
                    read_file(in_source("service/examples/" + program + '-' + number + ".conf"));
                CHECK(lines.find("SPDX") == lines.npos); // to be copied
                for (const auto& [from, to] : {std::pair{"/etc/", "etc/"},
                                               {"/var/lib/", "lib/"},
                                               {"/run/", "run/"},
                                               {"/srv/ftp", "srv"}}) {
                    const std::string place = folder / to;
                    for (std::size_t at = 0; (at = lines.find(from, at)) != lines.npos; at += place.size())
                        lines.replace(at, std::strlen(from), place);
                }
                CAPTURE(lines);
                if (const std::size_t port = lines.find("*:21\n"); port != lines.npos)
                    lines.replace(port, 5, "*:0\n"); // only root could have it
                write_file(folder / "etc/conf", lines);
                write_file(folder / ("etc/" + program + ".users"), "");
                for (const char* const name : {"conf", "chatd.users", "ftpd.users"})
                    if (std::filesystem::exists(folder / "etc" / name))
                        REQUIRE(::chmod((folder / "etc" / name).c_str(), 0600) == 0);
                if (lines.find("\ncertificate") != lines.npos) {
                    const Path pair = folder / ("etc/" + program);
                    const Result made = run_client(
                        {"ftpctl", "certificate", "make", pair.string() + ".pem", pair.string() + ".key"});
                    REQUIRE(made.status == 0);
                }
                const Result result = run_client({program, "-n", "-f", folder / "etc/conf"});
                CHECK(result.out + result.err == program + ": configuration is good\n");
            }
    }
}
