// SPDX-License-Identifier: ISC
// What a person who types the programs' options sees, and the exit status that a script sees.
#include "tests/e2e/harness.hh"

#include "chatd/chat/chat_options.hh"
#include "common/ctl/ctl_commands.hh"
#include "common/options.hh"
#include "ftpd/fcp/fcp_options.hh"
#include "ftpd/settings.hh"

#include <doctest/doctest.h>

using namespace e2e;

namespace {

bool has_line_for(const std::string& usage, const common::Option& option) {
    return usage.find("\n  " + option.shown() + ' ') != std::string::npos &&
           usage.find(option.help) != std::string::npos;
}

} // namespace

TEST_SUITE("e2e") {
    TEST_CASE("-h prints a line for every option and -V the version") {
        ftpd::FtpdOptions daemon;
        common::DaemonOptions chat_daemon;
        common::CtlOptions ctl;
        chatd::ChatOptions chat;
        ftpd::FcpOptions fcp, fls;
        for (const auto& [program, options] : {std::pair{"ftpd", ftpd::ftpd_options(daemon)},
                                               {"chatd", common::daemon_options(chat_daemon)},
                                               {"ftpctl", common::ctl_options(ctl)},
                                               {"chatctl", common::ctl_options(ctl)},
                                               {"fcp", ftpd::fcp_options(fcp)},
                                               {"fls", ftpd::fls_options(fls)},
                                               {"chat", chatd::chat_options(chat)}}) {
            const Result help = run_client({program, "-h"});
            CHECK(help.status == 0);
            CHECK(help.out.starts_with(std::string{"usage: "} + program + ' '));
            for (const common::Option& option : options) CHECK(has_line_for(help.out, option));

            const Result version = run_client({program, "-V"});
            CHECK(version.status == 0);
            CHECK(version.out == std::string{program} + ' ' + SUITE_VERSION + '\n');
            CHECK(run_client({program, "--help"}).out == help.out);
            CHECK(run_client({program, "--version"}).out == version.out);
        }
    }

    TEST_CASE("wrong usage ends with status 64 and says what is wrong") {
        const auto fault = [](const Words& command) {
            const Result result = run_client(command);
            CHECK(result.status == 64);
            CHECK(result.out.empty());
            return result.err;
        };
        CHECK(fault({"ftpd", "-Z"}) == "ftpd: there is no option -Z: see -h\n");
        CHECK(fault({"ftpd", "-f"}) == "ftpd: option -f needs an argument: see -h\n");
        CHECK(fault({"ftpd", "more"}) == "ftpd: ftpd takes options only: see -h\n");
        CHECK(fault({"ftpctl", "-Z"}) == "ftpctl: there is no option -Z: see -h\n");
        CHECK(fault({"ftpctl"}) == "ftpctl: give a verb: `help' lists the daemon's verbs\n");
    }

    TEST_CASE("-n checks a configuration and starts nothing") {
        const Result good = run_client({"ftpd", "-n"});
        CHECK(good.status == 0);
        CHECK(good.out == "ftpd: configuration is good\n");

        const auto fault = [](const Words& options) {
            Words command{"ftpd", "-n"};
            command.insert(command.end(), options.begin(), options.end());
            const Result result = run_client(command);
            CHECK(result.status == 1);
            CHECK(result.out.empty());
            return result.err;
        };
        CHECK(fault({"-o", "lisen x"}) ==
              "ftpd: -o: there is no directive 'lisen': did you mean 'listen'?\n");
        CHECK(fault({"-o", "max-clients 16385"}) ==
              "ftpd: -o: max-clients: '16385' is not a number of clients: write a number of 0 to 16384\n");
        const TempDir folder;
        const std::string file = folder / "ftpd.conf";
        write_file(file, "# ours\n\nanonymous maybe\n");
        CHECK(fault({"-f", file}) ==
              "ftpd: " + file + ":3: anonymous: 'maybe' is not one of no, read, write, upload-only\n");
    }

    TEST_CASE("a socket to listen on must not depend on the folder that ftpd detaches from") {
        const Result relative = run_client({"ftpd", "-n", "-o", "listen unix:here"});
        CHECK(relative.status == 1);
        CHECK(relative.err.find("begins with /") != std::string::npos);
        CHECK(run_client({"ftpd", "-n", "-o", "listen unix:/tmp/here"}).status == 0);
    }

    TEST_CASE("a start that fails ends with status 1 with and without -d") {
        const TempDir folder;
        const std::string state = "state " + std::string{folder / "state"};
        for (const Words& foreground : {Words{"-d"}, Words{}}) {
            Words command{"ftpd", "-o", state, "-o", "listen 127.0.0.1:0", "-o", "root /nonexistent"};
            command.insert(command.end(), foreground.begin(), foreground.end());
            const Result result = run_client(command);
            CHECK(result.status == 1);
            CHECK(result.err == "ftpd: open the root /nonexistent: No such file or directory\n");
        }
    }
}
