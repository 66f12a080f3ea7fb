// SPDX-License-Identifier: ISC
// A daemon that root started: who each of its processes is, and what is left to it of root's rights. Only the
// keeper stays root.
#include "tests/e2e/chat_client.hh"
#include "tests/e2e/ftp_client.hh"
#include "tests/e2e/observe.hh"
#include "tests/e2e/proc.hh"
#include "tests/e2e/roles.hh"
#include "tests/skip.hh"

#include "common/text.hh"

#include <doctest/doctest.h>
#include <filesystem>
#include <signal.h>
#include <sys/stat.h>

using namespace e2e;
using common::text;

namespace {

constexpr std::string_view none = "0000000000000000";
// CAP_KILL 5, CAP_SETGID 6, CAP_SETUID 7, CAP_SYS_CHROOT 18: capabilities(7).
constexpr std::string_view makers = "00000000000400e0";

enum class Confined { yes, no };

void check_ids(pid_t pid, const Ids& ids) {
    const auto fields = fields_of(pid);
    REQUIRE_FALSE(fields.empty());
    CHECK(fields.at("Uid") == Words{ids.user, ids.user, ids.user, ids.user});
    CHECK(fields.at("Gid") == Words{ids.group, ids.group, ids.group, ids.group});
    CHECK(fields.at("Groups") == Words{ids.group}); // none of root's
}

void check_rights(pid_t pid, std::string_view rights, Confined confined) {
    const auto fields = fields_of(pid);
    REQUIRE_FALSE(fields.empty());
    CHECK(fields.at("CapEff") == Words{std::string{rights}});
    CHECK(fields.at("CapPrm") == Words{std::string{rights}});
    for (const char* const set : {"CapInh", "CapAmb"}) CHECK(fields.at(set) == Words{std::string{none}});
    if (confined == Confined::no || is_posix_build()) return;
    CHECK(fields.at("NoNewPrivs") == Words{"1"});
    if (!is_sanitized()) CHECK(fields.at("Seccomp") == Words{"2"});
}

// Root itself, with all that it was started with.
void check_root(pid_t pid) {
    const auto fields = fields_of(pid), own = fields_of(::getpid());
    REQUIRE_FALSE(fields.empty());
    for (const char* const name : {"Uid", "Gid", "CapEff", "CapPrm"}) CHECK(fields.at(name) == own.at(name));
}

// What forks the clients' processes, and has what that takes.
void check_maker(pid_t pid, const Ids& ids) {
    if (is_posix_build()) return check_root(pid); // where root's rights have no parts
    check_ids(pid, ids);
    check_rights(pid, makers, Confined::yes);
}

void check_ordinary(pid_t pid, const Ids& ids, Confined confined) {
    check_ids(pid, ids);
    check_rights(pid, none, confined);
}

std::string users_in(const TempDir& folder, std::string_view line) {
    const Path path = folder / "users";
    write_file(path, line);
    REQUIRE(::chmod(path.c_str(), 0600) == 0);
    return path;
}

// The sweeper, held still in the midst of its work; -1: it was quicker.
pid_t held_sweeper_of(const Daemon& daemon) {
    for (const ProcessStatus& child : children_of(daemon.pid())) {
        if (child.pid == daemon.main_pid()) continue;
        ::kill(child.pid, SIGSTOP);
        const auto state = [&] {
            const auto fields = fields_of(child.pid);
            return fields.empty() ? std::string{"X"} : fields.at("State").at(0);
        };
        wait_until("it stands still", [&] { return state() == "T" || state() == "Z" || state() == "X"; });
        if (state() == "T") return child.pid;
    }
    return -1;
}

} // namespace

TEST_SUITE("e2e readiness") {
    TEST_CASE("of an ftpd that root started the keeper alone is root and the parent has four rights left") {
        if (!have_proc() || !is_root()) return tests::skip("only root sees it, in /proc");
        const TempDir folder;
        const std::string users = users_in(folder, text("ann:", hash_of("sesame"), ":/:list,read\n"));
        // Of users whose ids are not each other's, in any field.
        for (const char* const parent : {"daemon", "bin"}) {
            const Daemon daemon{
                {.lines = {text("users ", users), "run-as nobody", text("parent-user ", parent)}}};
            FtpClient silent{daemon}, ann{daemon};
            ann.command("USER ann", 331);
            ann.command("PASS sesame", 230);
            const Ids main = ids_of(parent), nobody = ids_of("nobody");
            check_root(daemon.pid());
            check_maker(daemon.main_pid(), main);
            check_ordinary(authd_of(daemon), main, Confined::yes);
            for (const FtpClient* const client : {&silent, &ann})
                check_ordinary(session_of(daemon, *client), nobody, Confined::yes);
        }
    }

    TEST_CASE("of a chatd that root started the keeper alone is root and the spawner has four rights left") {
        if (!have_proc() || !is_root()) return tests::skip("only root sees it, in /proc");
        const TempDir folder;
        const std::string users = users_in(folder, text("zoe:", hash_of("sesame"), ":-:-\n"));
        for (const char* const hub : {"daemon", "bin"}) {
            const Daemon daemon{
                chatd_with({text("users ", users), "run-as nobody", text("hub-user ", hub), "room lobby"})};
            ChatClient silent{daemon}, ada{daemon, "ada"};
            const Ids main = ids_of(hub), nobody = ids_of("nobody");
            check_root(daemon.pid());
            check_ordinary(daemon.main_pid(), main, Confined::no);
            check_maker(spawner_of(daemon), main);
            check_ordinary(authd_of(daemon), main, Confined::yes);
            for (const ChatClient* const client : {&silent, &ada})
                check_ordinary(handler_of(daemon, *client), nobody, Confined::yes);
        }
    }

    TEST_CASE("what is started again after a death has no more rights than what was there before") {
        if (!have_proc() || !is_root()) return tests::skip("only root sees it, in /proc");
        const TempDir folder;
        const std::string users = users_in(folder, text("zoe:", hash_of("sesame"), ":-:-\n"));
        const Daemon daemon{chatd_with({text("users ", users), "room lobby"})};
        const Ids main = ids_of("daemon"), nobody = ids_of("nobody");
        for (const pid_t dies : {authd_of(daemon), spawner_of(daemon), daemon.main_pid()}) {
            const std::size_t before = daemon.log().size();
            ::kill(dies, SIGKILL);
            daemon.wait_for_log(text(' ', dies, " ended: signal 9"), before);
            if (dies == daemon.main_pid()) daemon.wait_for_log("]: listening on ", before);
            const ChatClient ada{daemon, "ada"}; // so all are there again
            check_root(daemon.pid());
            check_ordinary(daemon.main_pid(), main, Confined::no);
            check_maker(spawner_of(daemon), main);
            check_ordinary(authd_of(daemon), main, Confined::yes);
            check_ordinary(handler_of(daemon, ada), nobody, Confined::yes);
        }
    }
}

TEST_SUITE("e2e") {
    TEST_CASE("a sweeper of root's ftpd works as the sessions' user in their tree") {
        if (!have_proc() || !is_root()) return tests::skip("only root sees it, in /proc");
        pid_t sweeper = -1;
        for (int folders = 2000; sweeper == -1 && folders <= 32000; folders *= 2) {
            const TempDir folder;
            const Path files = folder.make_shared("files");
            for (int i = 0; i < folders; ++i) std::filesystem::create_directory(files / text(i));
            Daemon daemon{{.lines = {text("root ", files.native()), "keep-partials 7"}}};
            sweeper = held_sweeper_of(daemon);
            if (sweeper == -1) continue;
            // It may not have been shut in yet.
            bool was_over = false;
            wait_until("it is shut in", [&] {
                const auto fields = fields_of(sweeper);
                was_over = fields.empty() || fields.at("State").at(0) == "Z";
                if (was_over) return true;
                const bool is_last_set = is_posix_build() || is_sanitized()
                                             ? fields.at("Uid").at(1) != "0"
                                             : fields.at("Seccomp") == Words{"2"};
                if (is_last_set) return true;
                ::kill(sweeper, SIGCONT);
                ::kill(sweeper, SIGSTOP);
                return false;
            });
            if (!was_over) {
                check_ordinary(sweeper, ids_of("nobody"), Confined::yes);
                CHECK(std::filesystem::read_symlink(text("/proc/", sweeper, "/root")) == files);
            }
            ::kill(sweeper, SIGKILL);
            if (was_over) sweeper = -1;
        }
        CHECK(sweeper != -1);
    }
}
