// SPDX-License-Identifier: ISC
// The clients that people have: curl, lftp, nc, telnet, ftp(1), Python's ftplib.
#include "tests/e2e/ftp_client.hh"
#include "tests/e2e/harness.hh"

#include "common/text.hh"

#include <algorithm>
#include <doctest/doctest.h>

using common::text;
using e2e::Daemon;
using e2e::Path;
using e2e::read_file;
using e2e::Result;
using e2e::run_client;
using e2e::Words;
using e2e::write_file;

namespace {

const Daemon::Setting writable{.lines = {"anonymous write"}};

std::string run_or_fail(const Words& command, std::string_view input = {}) {
    const Result result = run_client(command, input);
    if (result.status != 0)
        throw e2e::Failure{text(command[0], " ended with status ", result.status, ": ", result.err)};
    return result.out;
}

std::string run_curl(const Daemon& daemon, const std::string& path, const Words& options = {},
                     std::string_view input = {}) {
    Words command{"curl", "-sS", "--disable", text("ftp://127.0.0.1:", daemon.port(), '/', path)};
    command.insert(command.end(), options.begin(), options.end());
    return run_or_fail(command, input);
}

// Runs a shell's pipeline; $port is the daemon's.
std::string run_shell(const Daemon& daemon, const std::string& script) {
    return run_or_fail({"env", text("port=", daemon.port()), "sh", "-c", script});
}

// Commands of lftp, of which the first that fails ends it.
std::string run_lftp(const Daemon& daemon, const std::string& commands) {
    return run_or_fail(
        {"env", text("HOME=", daemon.folder().path().native()), "LC_ALL=C.UTF-8", "lftp", "-c",
         text("set cmd:fail-exit yes; set net:max-retries 1; set net:timeout 10; open 127.0.0.1:",
              daemon.port(), "; ", commands)});
}

bool is_installed(const std::string& program) {
    const bool found = run_client({"sh", "-c", text("command -v ", program)}).status == 0;
    if (!found) MESSAGE("skipped: there is no ", program);
    return found;
}

const Words odd_names{
    "100%41",     "a name with blanks", "hash#tag",     "it's",
    "say \"hi\"", "semi;colon?",        "tilde~[x]{y}", "\xe4\xb8\xad\xe6\x96\x87 \xc3\xbc"};

void plant_odd_tree(const Path& top) {
    std::filesystem::create_directories(top / "a folder" / "inner#1");
    for (const std::string& name : odd_names) {
        write_file(top / name, "content of " + name);
        write_file(top / "a folder" / "inner#1" / name, name);
    }
    write_file(top / "empty", "");
    write_file(top / "large", e2e::make_bytes(1'000'000));
}

void check_same_tree(const Path& one, const Path& other) {
    CHECK(run_or_fail({"diff", "-r", one, other}).empty());
}

} // namespace

TEST_SUITE("e2e") {
    TEST_CASE("curl lists and downloads and uploads in passive and active mode") {
        const Daemon daemon{writable};
        const std::string bytes = e2e::make_bytes(1'000'000);
        write_file(daemon.files() / "file", bytes);
        std::filesystem::create_directory(daemon.files() / "sub");
        write_file(daemon.files() / "sub" / "one two", "12");
        for (const Words& mode : {Words{}, Words{"--disable-epsv"}, Words{"--ftp-port", "-"},
                                  Words{"--ftp-port", "-", "--disable-eprt"}}) {
            const auto with = [&](Words options) {
                options.insert(options.end(), mode.begin(), mode.end());
                return options;
            };
            CHECK(run_curl(daemon, "", mode).find(" file\n") != std::string::npos);
            CHECK(run_curl(daemon, "sub/", with({"-l"})) == "one two\n");
            CHECK((run_curl(daemon, "file", mode) == bytes));
            CHECK(run_curl(daemon, "sub/one%20two", mode) == "12");
            run_curl(daemon, "new", with({"-T", "-"}), bytes);
            CHECK((read_file(daemon.files() / "new") == bytes));
            run_curl(daemon, "new", with({"-T", "-"}), "replaced");
            CHECK(read_file(daemon.files() / "new") == "replaced");
        }
        run_curl(daemon, "deep/er/file", {"--ftp-create-dirs", "-T", "-"}, "x");
        CHECK(read_file(daemon.files() / "deep" / "er" / "file") == "x");
    }

    TEST_CASE("curl continues a download and reads a range and the head and says what failed") {
        const Daemon daemon;
        write_file(daemon.files() / "file", "0123456789");
        const Path local = daemon.folder() / "local";
        write_file(local, "0123");
        run_curl(daemon, "file", {"-C", "-", "-o", local});
        CHECK(read_file(local) == "0123456789");
        CHECK(run_curl(daemon, "file", {"-r", "3-5"}) == "345");
        const std::string head = run_curl(daemon, "file", {"-I"});
        CHECK(head.find("Content-Length: 10\r\n") != std::string::npos);
        CHECK(head.find("Last-Modified: ") != std::string::npos);
        const std::string url = text("ftp://127.0.0.1:", daemon.port(), '/');
        CHECK(run_client({"curl", "-s", url + "missing"}).status == 78);              // not found
        CHECK(run_client({"curl", "-s", "-T", "-", url + "new"}, "x").status == 25);  // may not be stored
        CHECK(run_client({"curl", "-s", "-u", "root:x", url + "file"}).status == 67); // login denied
        CHECK(run_client({"curl", "-s", url + "missing/file"}).status == 9);          // no such folder
    }

    TEST_CASE("a browser's request or curl's over HTTP is cut off") {
        const Daemon daemon{writable};
        const Result result =
            run_client({"curl", "-sS", "-T", "-", text("http://127.0.0.1:", daemon.port(), "/x")}, "x");
        CHECK(result.status != 0);
        CHECK(e2e::names_in(daemon.files()).empty());
    }

    TEST_CASE("lftp lists and gets and puts and removes") {
        const Daemon daemon{writable};
        write_file(daemon.files() / "file", "content");
        const Path local = daemon.folder() / "local";
        write_file(local, "from here");
        CHECK(run_lftp(daemon, "ls").ends_with(" file\n"));
        CHECK(run_lftp(daemon, "cls -1") == "file\n");
        CHECK(run_lftp(daemon, "cat file") == "content");
        run_lftp(daemon, text("put ", local.native(), " -o new; mkdir folder; put ", local.native(),
                              " -o folder/new"));
        CHECK(read_file(daemon.files() / "new") == "from here");
        CHECK(read_file(daemon.files() / "folder" / "new") == "from here");
        run_lftp(daemon, "rm new; rm -r folder");
        CHECK(e2e::names_in(daemon.files()) == Words{"file"});
        CHECK(run_lftp(daemon, "set ftp:passive-mode no; cat file") == "content");
        run_lftp(daemon, text("get file -o ", (daemon.folder() / "got").native()));
        CHECK(read_file(daemon.folder() / "got") == "content");
    }

    TEST_CASE("lftp mirrors a tree of odd names up and down again") {
        const Daemon daemon{writable};
        const Path local = daemon.folder() / "local", back = daemon.folder() / "back";
        plant_odd_tree(local);
        run_lftp(daemon, text("mirror -R ", local.native(), " up"));
        check_same_tree(local, daemon.files() / "up");
        run_lftp(daemon, text("mirror up ", back.native()));
        check_same_tree(local, back);
        // The second time there is nothing left to do.
        CHECK(run_lftp(daemon, text("mirror --dry-run up ", back.native())).empty());
    }

    TEST_CASE("curl gets and puts files of odd names") {
        const Daemon daemon{writable};
        for (const std::string& name : odd_names) {
            std::string escaped;
            for (const char c : name) {
                char hex[4];
                std::snprintf(hex, sizeof hex, "%%%02X",
                              static_cast<unsigned>(static_cast<unsigned char>(c)));
                escaped += hex;
            }
            CAPTURE(name);
            run_curl(daemon, escaped, {"-T", "-"}, name);
            CHECK(read_file(daemon.files() / name) == name);
            CHECK(run_curl(daemon, escaped) == name);
        }
        const Words listed = common::split_lines(run_curl(daemon, "", {"-l"}));
        Words wanted = odd_names;
        std::ranges::sort(wanted);
        CHECK(listed == wanted);
    }

    TEST_CASE("nc alone lists and gets and puts") {
        const Daemon daemon{writable};
        write_file(daemon.files() / "file", "content\n");
        CHECK(run_shell(daemon, "printf 'LS\\n' | nc -N 127.0.0.1 $port").find(" file\r\n213 1 entry\r\n") !=
              std::string::npos);
        CHECK(run_shell(daemon, "printf 'GET file\\n' | nc -N 127.0.0.1 $port")
                  .ends_with(text("\r\n150 8 bytes follow\r\ncontent\n226 ", e2e::cksum_of("content\n"),
                                  " file\r\n")));
        CHECK(run_shell(daemon, "printf 'GET file\\r\\n' | nc -N 127.0.0.1 $port | tail -n +3 | head -n 1") ==
              "content\n");
        CHECK(run_shell(daemon, "printf 'PUT hello\\nhello, world\\n' | nc -N 127.0.0.1 $port")
                  .ends_with(text("226 ", e2e::cksum_of("hello, world\n"), " hello\r\n")));
        CHECK(read_file(daemon.files() / "hello") == "hello, world\n");
        // Whole files through a pipe; the local sum is the one in the last line.
        const Path large = daemon.folder() / "large";
        write_file(large, e2e::make_bytes(5'000'000));
        const std::string sum = run_shell(daemon, text("cksum <", large.native()));
        CHECK(run_shell(daemon, text("{ echo PUT large; cat ", large.native(), "; } | nc -N 127.0.0.1 $port"))
                  .ends_with(text("226 ", sum.substr(0, sum.size() - 1), " large\r\n")));
        CHECK((read_file(daemon.files() / "large") == read_file(large)));
        CHECK(run_shell(daemon,
                        "echo GET large | nc -N 127.0.0.1 $port | tail -n +3 | head -c 5000000 | cksum") ==
              sum);
    }

    TEST_CASE("a person at telnet lists and gets and asks for help and quits") {
        const Daemon daemon;
        write_file(daemon.files() / "file", "the content\r\n");
        e2e::Pty terminal{{"telnet", "127.0.0.1", text(daemon.port())}};
        terminal.wait_for("220 ftpd ready");
        terminal.type("LS\r");
        terminal.wait_for(" file");
        terminal.wait_for("213 1 entry");
        terminal.type("get file\r");
        terminal.wait_for("150 13 bytes follow");
        terminal.wait_for("the content");
        terminal.wait_for(text("226 ", e2e::cksum_of("the content\r\n"), " file"));
        terminal.type("HELP\r");
        terminal.wait_for(" QUIT ");
        terminal.wait_for("214 ");
        terminal.type("HELP GET\r");
        terminal.wait_for("214 GET PATH: ");
        terminal.type("NONSENSE\r");
        terminal.wait_for("500 There is no command NONSENSE");
        terminal.type("QUIT\r");
        terminal.wait_for("221 Goodbye.");
        terminal.wait();
    }

    TEST_CASE("ftp the classic client lists and gets and puts") {
        if (!is_installed("ftp")) return;
        const Daemon daemon{writable};
        write_file(daemon.files() / "file", "content");
        const Path local = daemon.folder() / "local";
        write_file(local, "from here");
        const Result result =
            run_client({"ftp", "-inv", "127.0.0.1", text(daemon.port())},
                       text("user anonymous guest\nbinary\nls\nget file ", (daemon.folder() / "got").native(),
                            "\nput ", local.native(), " new\nmkdir folder\ncd folder\npwd\nquit\n"));
        CHECK(result.out.find(" file") != std::string::npos);
        CHECK(read_file(daemon.folder() / "got") == "content");
        CHECK(read_file(daemon.files() / "new") == "from here");
        CHECK(result.out.find("\"/folder\"") != std::string::npos);
    }

    TEST_CASE("Python's ftplib does all that it knows") {
        const Daemon daemon{writable};
        write_file(daemon.files() / "file", "one\ntwo\n");
        constexpr auto script = R"(
import ftplib, io, sys
ftp = ftplib.FTP()
ftp.connect('127.0.0.1', int(sys.argv[1]), timeout=10)
print(ftp.login())
for passive in (True, False):
    ftp.set_pasv(passive)
    lines = []
    ftp.retrlines('RETR file', lines.append)
    print(lines)
    got = io.BytesIO()
    ftp.retrbinary('RETR file', got.write, rest=4)
    print(got.getvalue())
    print(ftp.storbinary('STOR binary', io.BytesIO(b'x\r\ny\n')))
    ftp.storlines('STOR lines', io.BytesIO(b'one\ntwo'))
    print(ftp.nlst())
    print(sorted((name, facts['type'], facts.get('size')) for name, facts in ftp.mlsd()))
print(ftp.mkd('say "hi"'), ftp.cwd('say "hi"'), ftp.pwd())
ftp.cwd('..')
ftp.rmd('say "hi"')
ftp.voidcmd('TYPE I')
print(ftp.size('binary'))
ftp.delete('binary')
try:
    ftp.retrbinary('RETR binary', print)
except ftplib.error_perm as error:
    print(str(error)[:3])
print(ftp.quit())
)";
        const std::string once =
            "['one', 'two']\nb'two\\n'\n226 Stored /binary.\n['binary', 'file', 'lines']\n"
            "[('binary', 'file', '5'), ('file', 'file', '8'), ('lines', 'file', '8')]\n";
        CHECK(run_or_fail({"python3", "-c", script, text(daemon.port())}) ==
              text("230 Welcome.\n", once, once,
                   "/say \"hi\" 250 Now in /say \"hi\". /say \"hi\"\n5\n550\n221 Goodbye.\n"));
        CHECK(read_file(daemon.files() / "lines") == "one\ntwo\n");
    }
}
