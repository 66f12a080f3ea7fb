// SPDX-License-Identifier: ISC
// A person with nc or telnet against ftpd.
#include "tests/e2e/clients.hh"

#include "common/text.hh"

#include <doctest/doctest.h>

using common::text;
using e2e::Daemon;
using e2e::Path;
using e2e::read_file;
using e2e::run_in;
using e2e::writable;
using e2e::write_file;

namespace {

// Runs a shell's pipeline; $port is the daemon's.
std::string run_shell(const Daemon& daemon, const std::string& script) {
    return run_in(daemon.folder().path(), {"env", text("port=", daemon.port()), "sh", "-c", script});
}

} // namespace

TEST_SUITE("e2e") {
    TEST_CASE("nc alone lists and gets and puts") {
        const Daemon daemon{writable()};
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
        terminal.wait_for("220 This is ftpd");
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

    TEST_CASE("a person at telnet is told what to type next and logs in and changes things") {
        const Daemon daemon{writable()};
        write_file(daemon.files() / "a name with blanks", "content\r\n");
        e2e::Pty terminal{{"telnet", "127.0.0.1", text(daemon.port())}};
        terminal.wait_for("220 This is ftpd");
        // Ctrl-C sends IAC IP and IAC DO TIMING-MARK: the option is refused, and shows that a person types.
        terminal.type("NO");
        terminal.type("\x03"); // the terminal forgets the line
        terminal.type("NOOP\r");
        terminal.wait_for("200 ");
        terminal.type("?\r");
        terminal.wait_for("GET ");
        terminal.type("MKD folder\r");
        terminal.wait_for("530 Log in first");
        terminal.wait_for("LS, GET PATH and PUT PATH");
        terminal.type("USER anonymous\r");
        terminal.wait_for("331 ");
        terminal.wait_for("Type PASS");
        terminal.type("PASS me\r");
        terminal.wait_for("230 Welcome.");
        terminal.wait_for("? shows more");
        terminal.type("NONSENSE\r");
        terminal.wait_for("500 There is no command NONSENSE");
        terminal.wait_for("Type ? for examples");
        terminal.type("MKD folder\r");
        terminal.wait_for("257 \"/folder\"");
        terminal.type("RNFR a name with blanks\r");
        terminal.wait_for("350 ");
        terminal.type("RNTO folder/\xe5\xbc\xa0\xe4\xb8\x89\r");
        terminal.wait_for("250 ");
        terminal.type("GET folder/\xe5\xbc\xa0\xe4\xb8\x89\r");
        terminal.wait_for("150 9 bytes follow");
        terminal.wait_for("content");
        terminal.type("RETR folder/\xe5\xbc\xa0\xe4\xb8\x89\r");
        terminal.wait_for("425 ");
        terminal.wait_for("LS, GET PATH and PUT PATH need none.");
        terminal.type("ALLO 5\r");
        terminal.wait_for("200 ");
        terminal.type("PUT hello\r");
        terminal.wait_for("150 Send 5 bytes.");
        terminal.type("abc\r"); // and telnet's CR LF
        terminal.wait_for("226 ");
        terminal.type("QUIT\r");
        terminal.wait_for("221 Goodbye.");
        terminal.wait();
        CHECK(read_file(daemon.files() / "hello") == "abc\r\n");
        CHECK(e2e::names_in(daemon.files() / "folder") == e2e::Words{"\xe5\xbc\xa0\xe4\xb8\x89"});
    }
}
