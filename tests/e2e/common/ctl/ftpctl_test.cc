// SPDX-License-Identifier: ISC
// ftpctl and the control socket, and that ftpctl(8) describes what they say.
#include "tests/e2e/harness.hh"
#include "tests/manual.hh"

#include "common/socket.hh"
#include "common/text.hh"

#include <algorithm>
#include <doctest/doctest.h>
#include <optional>
#include <poll.h>
#include <sys/stat.h>

using namespace e2e;
using tests::heads;
using tests::Manual;

namespace {

Result ask(const Daemon& daemon, const std::string& verb) {
    return run_client({"ftpctl", "-s", daemon.state() / "control", verb});
}

std::string first_words(const std::string& lines) {
    std::string words;
    for (const std::string& line : common::split_lines(lines)) words += line.substr(0, line.find(' ')) + '\n';
    return words;
}

// The daemon is the test.
class Control {
public:
    explicit Control(const TempDir& folder)
        : path_(folder / "control"), listener_(common::listen_on(common::Address::of_path(path_))) {}

    const std::string& path() const { return path_; }
    Connection accept() {
        std::optional<common::Accepted> accepted;
        for (pollfd wait{listener_.get(), POLLIN, 0}; !accepted; accepted = common::accept_from(listener_))
            REQUIRE(::poll(&wait, 1, 10'000) == 1);
        return Connection{std::move(accepted->socket)};
    }

private:
    std::string path_;
    common::Fd listener_;
};

} // namespace

TEST_SUITE("e2e") {
    TEST_CASE("ftpctl(8) describes the verbs and columns and counters that the daemon has") {
        const Daemon daemon;
        const Manual manual{"ftpctl.8"};
        const Result help = ask(daemon, "help");
        const Result who = ask(daemon, "who");
        const Result stats = ask(daemon, "stats");
        CHECK(help.status + who.status + stats.status == 0);
        CHECK(first_words(help.out) == first_words(heads(manual.list_behind("The verbs are:"))));
        CHECK(first_words(stats.out) == heads(manual.list_behind(".It Ic stats")));
        std::string columns;
        for (const Manual::Item& item : manual.list_behind(".It Ic who"))
            columns += (columns.empty() ? "" : " ") + item.head;
        std::string heading = who.out.substr(0, who.out.find('\n'));
        heading.erase(std::unique(heading.begin(), heading.end(),
                                  [](char one, char other) { return one == ' ' && other == ' '; }),
                      heading.end());
        CHECK(heading == columns);
    }

    TEST_CASE("ftpctl tells who is there and a refusal ends with status 1") {
        const Daemon daemon;
        Connection client{daemon.port()};
        client.expect(220);
        const Result who = ask(daemon, "who");
        CHECK(who.out.find(client.local().shown()) != std::string::npos);

        const Result unknown = ask(daemon, "whom");
        CHECK(unknown.status == 1);
        CHECK(unknown.out.empty());
        CHECK(unknown.err == "ftpctl: there is no verb 'whom': `help' lists them\n");

        const Result nobody = run_client({"ftpctl", "-s", daemon.folder() / "nothing", "who"});
        CHECK(nobody.status == 1);
        CHECK(nobody.err.find("-s selects another") != std::string::npos);
    }

    TEST_CASE("the control socket is private and speaks lines whose last one says how it went") {
        const Daemon daemon;
        const std::string path = daemon.state() / "control";
        struct stat found {};
        REQUIRE(::stat(path.c_str(), &found) == 0);
        CHECK(S_ISSOCK(found.st_mode));
        CHECK((found.st_mode & 07777) == 0600);

        Connection control{common::Address::of_path(path)};
        control.send("stats\n\n\"help\"\nwho \"is there\"\nwhom\n");
        std::string line = control.read_line();
        for (; line != "ok"; line = control.read_line()) CHECK(line.starts_with(' '));
        for (line = control.read_line(); line != "ok"; line = control.read_line())
            CHECK(line.starts_with(' '));
        CHECK(control.read_line() == "error who takes no arguments");
        CHECK(control.read_line() == "error there is no verb 'whom': `help' lists them");
        control.half_close();
        CHECK(control.read_to_end().empty());
    }

    TEST_CASE("a daemon that goes before it has read the whole question is told of in words") {
        const TempDir folder;
        Control control{folder};
        const std::string word(100'000, 'x');
        Process client{{"ftpctl", "-s", control.path(), "announce", word, word, word, word, word}};
        Connection connection = control.accept();
        connection.read_exactly(1); // the rest is more than any socket holds
        connection.close();
        CHECK(client.wait() == 1);
        CHECK(client.err().text() == "ftpctl: the daemon has closed the connection\n");
    }

    TEST_CASE("an upgrade is waited for as long as it takes and its lines are shown as they come") {
        for (const std::string end : {"ok\n", "error the new version does not start\n"}) {
            CAPTURE(end);
            const TempDir folder;
            Control daemon{folder};
            Process client{{"ftpctl", "-s", daemon.path(), "upgrade", "-f"}};
            Connection control = daemon.accept();
            CHECK(control.read_line() == "upgrade -f");
            control.send(" checking\n");
            client.out().wait_for("checking\n");
            // Longer than any other answer may take. Its end would be seen at once.
            pollfd ended{control.fd(), POLLIN, 0};
            if (end == "ok\n") CHECK(::poll(&ended, 1, 10'500) == 0);
            control.send(" it serves\n" + end);
            CHECK(client.wait() == (end == "ok\n" ? 0 : 1));
            CHECK(client.out().text() == "checking\nit serves\n");
            CHECK(client.err().text() == (end == "ok\n" ? "" : "ftpctl: the new version does not start\n"));
        }
    }
}
