// SPDX-License-Identifier: ISC
// `ftpctl user' and `chatctl user': what they do to the user file, and to the terminal where they ask.
#include "tests/e2e/harness.hh"
#include "tests/e2e/observe.hh"
#include "tests/manual.hh"
#include "tests/skip.hh"

#include "common/authd/password.hh"
#include "common/authd/user_file.hh"
#include "common/ctl/ctl_commands.hh"
#include "common/text.hh"

#include <csignal>
#include <doctest/doctest.h>
#include <sys/stat.h>

using namespace e2e;
using common::text;
using common::user_table;
using tests::Manual;

namespace {

struct Place {
    TempDir folder;
    std::string users = folder / "users";

    Result run(Words words, std::string_view input = {}, const std::string& program = "ftpctl") const {
        const Words command{program, "-u", users, "user"};
        words.insert(words.begin(), command.begin(), command.end());
        return run_client(words, input);
    }
    bool lets_in(const std::string& name, std::string_view password) const {
        const common::UserFile file = common::read_user_file(users, user_table("ftpd"));
        const common::User* const user = file.find(name);
        return user != nullptr &&
               common::check_password(common::Secret{password}, user->hash) == common::PasswordCheck::right;
    }
    Words typed(const std::string& verb, const std::string& name) const {
        return {"ftpctl", "-u", users, "user", verb, name};
    }
};

// Whether the terminal of a program shows what is typed.
bool echoes(const std::string& terminal) {
    const std::string settings = run_client({"stty", "-a", "-F", terminal}).out;
    REQUIRE(settings.find("echo ") != std::string::npos);
    return settings.find("-echo ") == std::string::npos;
}

std::string terminal_of(const Pty& program) { return descriptors_of(program.pid()).at(0); }

char state_of(pid_t pid) {
    for (const ProcessStatus& process : all_processes())
        if (process.pid == pid) return process.state;
    return '?';
}

} // namespace

TEST_SUITE("e2e") {
    TEST_CASE("user add and passwd and del and list work on the file that -u names") {
        const Place place;
        CHECK(place.run({"add", "ann"}, "sesame\n").status == 0);
        CHECK(place.run({"add", "bob", "/bob", "read,write", "max-upload=5"}, "open\nmore").status == 0);
        CHECK(place.lets_in("ann", "sesame"));
        CHECK(place.lets_in("bob", "open"));
        struct stat found {};
        REQUIRE(::stat(place.users.c_str(), &found) == 0);
        CHECK((found.st_mode & 07777) == 0600);
        CHECK(place.run({"passwd", "ann"}, "changed").status == 0);
        CHECK(place.lets_in("ann", "changed"));
        CHECK(!place.lets_in("ann", "sesame"));
        const Result list = place.run({"list"});
        CHECK(list.out ==
              "NAME            LOGIN  HOME            RIGHTS                          LIMITS\n"
              "ann             yes    /               list,read                       -\n"
              "bob             yes    /bob            read,write                      max-upload=5\n");
        CHECK(place.run({"del", "ann"}).status == 0);
        CHECK(place.run({"list"}).out.find("ann") == std::string::npos);
    }

    TEST_CASE("user says in plain words what it refuses and changes nothing") {
        const Place place;
        CHECK(place.run({"add", "ann"}, "sesame\n").status == 0);
        const std::string before = read_file(place.users);
        const auto refuses = [&](const Words& words, std::string_view input, int status,
                                 std::string_view why) {
            const Result result = place.run(words, input);
            CHECK(result.status == status);
            CHECK_MESSAGE(result.err.find(why) != std::string::npos, result.err);
            CHECK(read_file(place.users) == before);
        };
        refuses({"add", "ann"}, "x\n", 1, "'ann' is in ");
        refuses({"add", "a:b"}, "x\n", 1, "'a:b' cannot be a user's name");
        refuses({"add", "eve", "home"}, "x\n", 1, "'home' is not a home");
        refuses({"add", "eve", "/", "fly"}, "x\n", 1, "'fly' is no right: there are list, read,");
        refuses({"add", "eve", "/", "list", "x=1"}, "x\n", 1, "'x=1' is no limit");
        refuses({"add", "eve"}, "", 1, "no password was given");
        refuses({"add", "eve"}, "\n", 1, "the password is empty");
        refuses({"add", "eve"}, std::string(600, 'x'), 1, "the password is longer than 511 bytes");
        refuses({"passwd", "eve"}, "x\n", 1, "there is no 'eve' in ");
        refuses({"del", "eve"}, "", 1, "there is no 'eve' in ");
        refuses({"add"}, "", 64, "write: user add NAME");
        refuses({"list", "all"}, "", 64, "write: user list");
        refuses({"rename"}, "", 64, "there is no `user rename': add, passwd, del, list or hash");
        refuses({}, "", 64, "there is no `user '");
    }

    TEST_CASE("user finds the file by the daemon's configuration or asks for it") {
        const Place place;
        const std::string config = place.folder / "ftpd.conf";
        write_file(config, "root /srv\n");
        CHECK(run_client({"ftpctl", "-f", config, "user", "list"}).err.find("names no user file") !=
              std::string::npos);
        write_file(config, "root /srv\nusers " + place.users + "\n");
        CHECK(run_client({"ftpctl", "-f", config, "user", "add", "ann"}, "sesame\n").status == 0);
        CHECK(place.lets_in("ann", "sesame"));
        const Result nothing = run_client({"ftpctl", "user", "list"});
        CHECK(nothing.status == 64);
        CHECK(nothing.err.find("say which user file: -u FILE, or -f FILE") != std::string::npos);
    }

    TEST_CASE("chatctl edits users with the words of chatd") {
        const Place place;
        CHECK(place.run({"add", "ada"}, "sesame\n", "chatctl").status == 0);
        CHECK(read_file(place.users).ends_with(":-:-\n")); // no operator, unless asked
        CHECK(place.run({"add", "chief", "-", "operator"}, "sesame\n", "chatctl").status == 0);
        CHECK(read_file(place.users).ends_with(":-:operator\n"));
        CHECK(place.run({"add", "bob", "-", "list"}, "x\n", "chatctl").err.find("there are operator") !=
              std::string::npos);
    }

    TEST_CASE("user hash prints a hash of the password and needs no file") {
        const Result result = run_client({"chatctl", "user", "hash"}, "open sesame\n");
        CHECK(result.status == 0);
        const std::string hash = result.out.substr(0, result.out.find('\n'));
        CHECK(common::check_password(common::Secret{"open sesame"}, hash) == common::PasswordCheck::right);
    }

    TEST_CASE("at a terminal a password is asked for twice and never shown") {
        const Place place;
        Pty terminal{place.typed("add", "ann")};
        terminal.wait_for("Password of ann: ");
        if (have_proc()) CHECK(!echoes(terminal_of(terminal)));
        terminal.type("sesame\r");
        terminal.wait_for("Password of ann, again: ");
        terminal.type("sesane\x7fme\x7f\x7f\x7fme\r"); // with the erase key
        CHECK(terminal.wait() == 0);
        CHECK(place.lets_in("ann", "sesame"));
        CHECK(terminal.screen().find("sesam") == std::string::npos);
    }

    TEST_CASE("two passwords that differ change nothing") {
        const Place place;
        Pty terminal{place.typed("add", "ann")};
        terminal.wait_for("Password of ann: ");
        terminal.type("one\r");
        terminal.wait_for("again: ");
        terminal.type("two\r");
        terminal.wait_for("the two are not the same: nothing was changed");
        CHECK(terminal.wait() == 1);
        CHECK(!std::filesystem::exists(place.users));
    }

    TEST_CASE("the terminal shows again what is typed after Ctrl-C and after an end of input") {
        for (const auto& [key, status] : {std::pair{"\x03", "130"}, {"\x04", "1"}, {"\x1c", "131"}}) {
            const Place place;
            const std::string program = find_program("ftpctl");
            Pty shell{{"sh", "-c",
                       text("trap : INT QUIT; ", program, " -u ", place.users,
                            " user add ann; echo status $?; stty -a; echo done")}};
            shell.wait_for("Password of ann: ");
            shell.type(key);
            shell.wait_for(text("status ", status));
            shell.wait_for("done");
            CHECK(shell.screen().find("-echo ") == std::string::npos);
            CHECK(shell.screen().find(" echo ") != std::string::npos);
            CHECK(shell.wait() == 0);
        }
    }

    TEST_CASE("a stopped program leaves a terminal that shows and asks again when it goes on") {
        if (!have_proc()) return tests::skip("only /proc shows it");
        const Place place;
        Pty terminal{place.typed("add", "ann")};
        terminal.wait_for("Password of ann: ");
        const std::string path = terminal_of(terminal);
        terminal.signal(SIGTSTP);
        wait_until("it is stopped", [&] { return state_of(terminal.pid()) == 'T'; });
        CHECK(echoes(path));
        terminal.signal(SIGCONT);
        terminal.wait_for("Password of ann: ");
        CHECK(!echoes(path));
        terminal.type("sesame\r");
        terminal.wait_for("again: ");
        terminal.type("sesame\r");
        CHECK(terminal.wait() == 0);
        CHECK(place.lets_in("ann", "sesame"));
    }

    TEST_CASE("ftpctl(8) and chatctl(8) list what user can do") {
        std::string commands;
        for (const common::UserCommand& command : common::user_commands())
            commands +=
                text("user ", command.name, command.arguments.empty() ? "" : " ", command.arguments, '\n');
        for (const char* const page : {"ftpctl.8", "chatctl.8"}) {
            const Manual manual{page};
            CHECK(heads(manual.list_behind(".Ss Users")) == commands);
            CHECK(manual.says(text("It may have ", common::max_password, " bytes.")));
            const common::UserTable& table = user_table(page[0] == 'f' ? "ftpd" : "chatd");
            CHECK(manual.says(text("they are ", table.usual_home, " and ", table.usual_rights, '.')));
        }
    }

    TEST_CASE("suite-users(5) lists the rights and limits and caps that there are") {
        const Manual manual{"suite-users.5"};
        const auto lines = [](const auto& words) {
            std::string all;
            for (const std::string_view word : words) all += text(word, '\n');
            return all;
        };
        const common::UserTable &ftp = user_table("ftpd"), &chat = user_table("chatd");
        CHECK(heads(manual.list_behind("The rights of")) == lines(ftp.rights));
        CHECK(heads(manual.list_behind("The right of")) == lines(chat.rights));
        CHECK(heads(manual.list_behind("The limits are:")) == lines(ftp.limits));
        CHECK(heads(manual.list_behind("The fields are:")) == "name\nhash\nhome\nrights\nlimits\n");
        CHECK(manual.says(text("of 1 to ", common::max_user_name, " bytes")));
        CHECK(manual.says(
            text("A line may have ", common::max_user_line, " bytes, the file ", common::max_user_file)));
        for (const std::string_view name : ftp.reserved_names) CHECK(manual.says(name));
        for (const std::string_view name : chat.reserved_names) CHECK(manual.says(name));
    }
}
