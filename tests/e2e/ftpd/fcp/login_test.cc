// SPDX-License-Identifier: ISC
// Who fcp and fls log in as, and how they get the password.
#include "tests/e2e/fake_server.hh"
#include "tests/e2e/ftpd/fcp/fcp_place.hh"
#include "tests/e2e/pty.hh"
#include "tests/e2e/secured.hh"
#include "tests/skip.hh"

#include "common/text.hh"

#include <doctest/doctest.h>
#include <future>
#include <ifaddrs.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sys/stat.h>

using namespace e2e;

namespace {

// A daemon with a user joe, whose password is `open sesame', and nobody else.
struct House {
    House() { write_file(place.served("file"), "content"); }
    static std::string made_users(const std::string& file) {
        write_file(file, "joe:" + hash_of("open sesame") + ":/:list,read,write,mkdir\n");
        ::chmod(file.c_str(), 0600);
        return file;
    }
    Path netrc(std::string_view text, mode_t mode = 0600) const {
        const Path path = place.local / ".netrc";
        write_file(path, text);
        ::chmod(path.c_str(), mode);
        return path;
    }
    TempDir folder;
    std::string users = made_users(folder / "users");
    Place place{"no", {"users " + users}};
};

// One of this machine in a network, as text; empty: it has none.
std::string network_address() {
    ifaddrs* first = nullptr;
    if (::getifaddrs(&first) != 0) return {};
    std::string found;
    for (const ifaddrs* one = first; one != nullptr && found.empty(); one = one->ifa_next)
        if (one->ifa_addr != nullptr && one->ifa_addr->sa_family == AF_INET &&
            (one->ifa_flags & IFF_LOOPBACK) == 0 && (one->ifa_flags & IFF_UP) != 0)
            found = common::Address{one->ifa_addr, sizeof(sockaddr_in)}.host();
    ::freeifaddrs(first);
    return found;
}

} // namespace

TEST_SUITE("e2e") {
    TEST_CASE("fcp logs in by netrc") {
        const House house;
        house.netrc("machine 127.0.0.1 login joe password \"open sesame\"\n");
        const std::string back = house.place.local / "back";
        CHECK(is_silent_success(house.place.fcp({"127.0.0.1:file", back})));
        CHECK(read_file(back) == "content");
        CHECK(is_silent_success(house.place.fcp({"joe@127.0.0.1:file", back})));
        CHECK(house.place.fls({"127.0.0.1:"}).out == "file\n");
        CHECK(house.place.fcp({"-", "127.0.0.1:new"}, "bytes").status == 0);
        CHECK(house.place.fcp({"ann@127.0.0.1:file", back}).err == "fcp: no password was given\n");

        house.netrc("machine 127.0.0.1 login joe password wrong\n");
        CHECK(house.place.fcp({"127.0.0.1:file", back}).err == "fcp: 127.0.0.1: Login incorrect. (as joe)\n");
    }

    TEST_CASE("fcp -rp keeps times and permissions for an account that may not overwrite") {
        const House house;
        house.netrc("machine 127.0.0.1 login joe password \"open sesame\"\n");
        const Path tree = house.place.local / "tree";
        std::filesystem::create_directories(tree / "sub");
        write_file(tree / "sub/x", "x");
        set_time(tree / "sub/x", 1'000'000'001);
        set_time(tree / "sub", 1'000'000'002);
        ::chmod((tree / "sub").c_str(), 0750);
        CHECK(is_silent_success(house.place.fcp({"-rp", tree, "127.0.0.1:"})));
        CHECK(time_of(house.place.served("tree/sub/x")) == 1'000'000'001);
        CHECK(time_of(house.place.served("tree/sub")) == 1'000'000'002);
        CHECK(mode_of(house.place.served("tree/sub")) == 0750);
        write_file(tree / "later", "later"); // into a folder of an earlier day, whose time is another's
        const Result again = house.place.fcp({"-rp", tree / "later", "127.0.0.1:tree"});
        CHECK(is_silent_success(again));
        CHECK(house.place.fcp({"-rcp", tree, "127.0.0.1:"}).status == 1);
    }

    TEST_CASE("fcp and fls take URLs with the login and the port in them") {
        const House house;
        house.netrc("machine 127.0.0.1 login ann password wrong\n"); // what a URL says goes before it
        const std::string server =
            common::text("joe:open%20sesame@127.0.0.1:", house.place.daemon.port(), '/');
        const std::string url = "ftp://" + server;
        const std::string back = house.place.local / "back";
        CHECK(is_silent_success(house.place.fcp({url + "file", back})));
        CHECK(read_file(back) == "content");
        CHECK(is_silent_success(house.place.fcp({back, url + "a%20copy"})));
        CHECK(read_file(house.place.served("a copy")) == "content");
        CHECK(house.place.fls({"FTP://" + server}).out == "a copy\nfile\n");
        CHECK(house.place
                  .fcp({common::text("ftp://joe@127.0.0.1:", house.place.daemon.port(), "/file"), back},
                       "open sesame\n")
                  .status == 0);
        const Result wrong = house.place.fcp(
            {common::text("ftp://joe:no@127.0.0.1:", house.place.daemon.port(), "/file"), back});
        CHECK(wrong.err == "fcp: 127.0.0.1: Login incorrect. (as joe)\n");
        const Result bad = house.place.fcp({"ftp://joe:sesame@127.0.0.1:ftp/file", back});
        CHECK(bad.status == 1);
        CHECK(bad.err == "fcp: ftp://127.0.0.1:ftp: the port is a number of 1 to 65535\n");
    }

    TEST_CASE("fcp hints once at TLS where a password goes over a network without and somebody watches") {
        const std::string host = network_address();
        if (host.empty()) return tests::skip("this machine is in no network");
        const TempDir folder;
        const std::string users = House::made_users(folder / "users");
        const Secured server{{"listen 0.0.0.0:0", "users " + users, "anonymous-root /"}};
        const std::string hint = ": the password goes in the clear; --tls would protect it";
        const auto see = [&](const std::string& login, const Words& options = {}) {
            Words command{"fls"};
            command.insert(command.end(), options.begin(), options.end());
            command.push_back(common::text("ftp://", login, ':', server.daemon().port(), '/'));
            Pty terminal{command, {"HOME=" + folder.path().string(), "XDG_STATE_HOME="}};
            CHECK(terminal.wait() == 0);
            return terminal.screen();
        };
        const std::string joe = "joe:open%20sesame@";
        const std::string seen = see(joe + host);
        const std::size_t at = seen.find("fls: " + host + hint);
        REQUIRE(at != seen.npos);
        CHECK(seen.find(hint, at + hint.size()) == seen.npos);
        CHECK(see(joe + "127.0.0.1").find(hint) == std::string::npos);
        CHECK(see(joe + host, {"--tls", "--pin", "new"}).find(hint) == std::string::npos);
        CHECK(run_client({"fls", common::text("ftp://", joe, host, ':', server.daemon().port(), '/')}).err ==
              "");
    }

    TEST_CASE("a password in a URL is not for ps to show") {
        std::promise<pid_t> started;
        std::string shown;
        FakeServer server{[&](Connection&) { // who connects has read its operands
            shown = read_file(common::text("/proc/", started.get_future().get(), "/cmdline"));
        }};
        Process fls{{"fls", common::text("ftp://joe:sesame@127.0.0.1:", server.port())}};
        started.set_value(fls.pid());
        CHECK(fls.wait() == 1);
        CHECK(shown.find("sesame") == std::string::npos);
        CHECK(shown.find("****") != std::string::npos);
        CHECK(shown.find("fls") != std::string::npos);
    }

    TEST_CASE("fcp does not use a netrc file that others may read or that it cannot understand") {
        const House house;
        const std::string open =
            house.netrc("machine 127.0.0.1 login joe password \"open sesame\"\n", 0644).string();
        const Result readable = house.place.fcp({"127.0.0.1:file", "-"});
        CHECK(readable.status == 1);
        CHECK(readable.err ==
              "fcp: " + open + " holds a password and others may read it: chmod 600 " + open + "\n");
        house.netrc("machine 127.0.0.1 login joe secret\n");
        const Result wrong = house.place.fls({"127.0.0.1:"});
        CHECK(wrong.status == 1);
        CHECK(wrong.err.find(".netrc: line 1: a word is not one of machine, default") != std::string::npos);
        CHECK(wrong.err.find("secret") == std::string::npos);
    }

    TEST_CASE("fcp asks for the password at a terminal without showing it") {
        const House house;
        Pty fcp{house.place.command("fcp", {"joe@127.0.0.1:file", house.place.local / "back"})};
        fcp.wait_for("Password of joe at 127.0.0.1: ");
        fcp.type("open sesame\r");
        CHECK(fcp.wait() == 0);
        CHECK(fcp.screen().find("sesame") == std::string::npos);
        CHECK(read_file(house.place.local / "back") == "content");
    }

    TEST_CASE("without a terminal the password is the first line of standard input unless that is copied") {
        const House house;
        CHECK(house.place.fcp({"joe@127.0.0.1:file", "-"}).err == "fcp: no password was given\n");
        CHECK(run_client(house.place.command("fcp", {"joe@127.0.0.1:file", "-"}), "open sesame\nmore").out ==
              "content");
        const Result put = house.place.fcp({"-", "joe@127.0.0.1:new"}, "open sesame\n");
        CHECK(put.status == 1);
        CHECK(put.err.find("put it into ~/.netrc") != std::string::npos);
    }

    TEST_CASE("fcp that nobody has told a user is anonymous and says so when that is refused") {
        const House house;
        CHECK(house.place.fcp({"127.0.0.1:file", "-"}).err ==
              "fcp: 127.0.0.1: Login incorrect. (as anonymous: USER@HOST:PATH or ~/.netrc names another "
              "user)\n");
    }

    TEST_CASE("a server without the in-band commands is told with the line of curl that does it") {
        const TempDir folder;
        const auto say = [&](const Words& operands) {
            FakeServer server{[](Connection& client) {
                client.send("220 Plain.\r\n");
                for (int line = 0; line < 3; ++line) client.read_line();
                client.send("530 Log in.\r\n211-Features:\r\n MDTM\r\n SIZE\r\n211 End\r\n331 Password?\r\n");
                client.wait_for_end();
            }};
            const std::string port = std::to_string(server.port());
            Words command{operands[0], "-P", port};
            command.insert(command.end(), operands.begin() + 1, operands.end());
            const Result result = run_client(command);
            CHECK(result.status == 1);
            CHECK(result.err.starts_with(operands[0] + ": 127.0.0.1 lacks the commands"));
            const std::size_t at = result.err.find("\n  curl ");
            REQUIRE(at != std::string::npos);
            std::string line = result.err.substr(at + 3);
            line.replace(line.find(port), port.size(), "PORT");
            return line;
        };
        const std::string file = folder / "it's", into = folder.path();
        write_file(file, "x");
        CHECK(say({"fcp", "127.0.0.1:pub/a b", into}) ==
              "curl -o '" + into + "/a b' 'ftp://127.0.0.1:PORT/pub/a%20b'\n");
        CHECK(say({"fcp", file, "joe@127.0.0.1:x"}) ==
              "curl -u 'joe' -T '" + into + "/it'\\''s' 'ftp://127.0.0.1:PORT/x'\n");
        CHECK(say({"fls", "127.0.0.1:pub"}) == "curl 'ftp://127.0.0.1:PORT/pub/'\n");
    }

    TEST_CASE("the command that is named instead does it with the login of netrc") {
        const TempDir folder;
        const Path home = folder.make_shared("home"), tree = home / "it's a tree";
        std::filesystem::create_directories(tree / "sub");
        write_file(tree / "sub/x y", "deep");
        write_file(home / "one.txt", "one");
        write_file(home / ".netrc", "machine 127.0.0.1 login joe password sesame\n");
        ::chmod((home / ".netrc").c_str(), 0600);
        const std::string users = folder / "users";
        write_file(users, "joe:" + hash_of("sesame") + ":/:list,read,write,overwrite,mkdir\n");
        ::chmod(users.c_str(), 0600);
        const Place place{"no", {"users " + users}};
        // What fcp says of a server that lacks the verbs, and then is done with ours.
        const auto do_as_told = [&](const Words& operands, std::size_t commands = 1) {
            FakeServer server{[](Connection& client) {
                client.send("220 Plain.\r\n530 Log in.\r\n500 What?\r\n331 Password?\r\n");
                client.wait_for_end();
            }};
            const std::string port = std::to_string(server.port());
            Words command{"env", "HOME=" + home.string(), find_program(operands[0]), "-P", port};
            command.insert(command.end(), operands.begin() + 1, operands.end());
            std::string lines = run_client(command).err;
            for (std::size_t at = 0; (at = lines.find(':' + port, at)) != lines.npos;)
                lines.replace(at, port.size() + 1, common::text(':', place.daemon.port()));
            std::size_t found = 0;
            std::string out;
            for (std::size_t at = 0; (at = lines.find("\n  ", at)) != lines.npos; ++found) {
                const std::size_t end = lines.find('\n', ++at);
                const Result done = run_client({"env", "HOME=" + home.string(), "sh", "-c",
                                                "cd \"$HOME\" && " + lines.substr(at, end - at)});
                INFO(lines);
                INFO(done.err);
                CHECK(done.status == 0);
                out += done.out;
            }
            CHECK(found == commands);
            return out;
        };
        do_as_told({"fcp", "-r", tree, "127.0.0.1:up"});
        CHECK(read_file(place.served("up/sub/x y")) == "deep");
        do_as_told({"fcp", "-r", tree, home / "one.txt", "127.0.0.1:"}, 2);
        CHECK(read_file(place.served("it's a tree/sub/x y")) == "deep");
        CHECK(read_file(place.served("one.txt")) == "one");
        write_file(home / "two.txt", "two");
        do_as_told({"fcp", home / "one.txt", home / "two.txt", "127.0.0.1:up"}, 2);
        CHECK(read_file(place.served("up/one.txt")) == "one");
        CHECK(read_file(place.served("up/two.txt")) == "two");
        do_as_told({"fcp", "-r", tree, home / "one.txt", "127.0.0.1:up/sub"}, 2);
        CHECK(read_file(place.served("up/sub/it's a tree/sub/x y")) == "deep");
        CHECK(read_file(place.served("up/sub/one.txt")) == "one");
        std::filesystem::remove(home / "two.txt");
        std::filesystem::remove_all(place.served("up/sub/it's a tree"));
        do_as_told({"fcp", "-r", "127.0.0.1:up/sub", home / "back"});
        CHECK(read_file(home / "back/x y") == "deep");
        std::filesystem::create_directory(home / "into");
        do_as_told({"fcp", "127.0.0.1:*.txt", home / "into"});
        CHECK(names_in(home / "into") == Words{"one.txt"});
        do_as_told({"fcp", "127.0.0.1:up/sub/x y", home / "into"});
        CHECK(read_file(home / "into/x y") == "deep");
        CHECK(do_as_told({"fls", "-r", "127.0.0.1:up"}).find("x y") != std::string::npos);
        CHECK(do_as_told({"fls", "127.0.0.1:"}).find("one.txt") != std::string::npos);
    }
}
