// SPDX-License-Identifier: ISC
// fcp and fls as a person uses them, against the real daemon.
#include "tests/e2e/fake_server.hh"
#include "tests/e2e/ftpd/fcp/fcp_place.hh"
#include "tests/e2e/relay.hh"

#include "common/text.hh"

#include <algorithm>
#include <doctest/doctest.h>
#include <optional>
#include <signal.h>
#include <sys/stat.h>

using namespace e2e;
using common::text;
using namespace std::string_literals;

namespace {

std::string every_byte() {
    std::string bytes;
    for (int byte = 0; byte < 256; ++byte) bytes += static_cast<char>(byte);
    return bytes;
}

} // namespace

TEST_SUITE("e2e") {
    TEST_CASE("fcp sends and fetches a file as it is") {
        const Place place;
        const std::string there = place.local / "there", back = place.local / "back";
        for (const std::string& bytes : {""s, "x"s, every_byte(), make_bytes(3'000'001)}) {
            write_file(there, bytes);
            CHECK(is_silent_success(place.fcp({there, "127.0.0.1:file"})));
            CHECK(read_file(place.served("file")) == bytes);
            CHECK(is_silent_success(place.fcp({"127.0.0.1:/file", back})));
            CHECK(read_file(back) == bytes);
        }
        CHECK(names_in(place.local.path()) == Words{"back", "there"});
    }

    TEST_CASE("fcp names the copy like its source where only a folder is named") {
        const Place place;
        const std::string file = place.local / "file";
        write_file(file, "ours");
        std::filesystem::create_directory(place.served("sub"));
        ::chmod(place.served("sub").c_str(), 0777);
        CHECK(is_silent_success(place.fcp({file, "127.0.0.1:"})));
        CHECK(is_silent_success(place.fcp({file, "127.0.0.1:sub/"})));
        CHECK(read_file(place.served("file")) == "ours");
        CHECK(read_file(place.served("sub/file")) == "ours");

        const Path folder = place.local.make_shared("folder");
        CHECK(is_silent_success(place.fcp({"127.0.0.1:sub/file", folder})));
        CHECK(read_file(folder / "file") == "ours");
        CHECK(is_silent_success(place.fcp({file, "127.0.0.1:sub"}))); // a folder without a slash, too
        CHECK(place.fcp({"127.0.0.1:sub/", folder}).err ==
              "fcp: 127.0.0.1:sub/: is a folder: -r copies it\n");
        CHECK(place.fcp({folder, "127.0.0.1:sub/"}).err ==
              "fcp: " + folder.string() + ": is a folder: -r copies it\n");
        CHECK(place.fcp({file, "127.0.0.1:nope/"}).err == "fcp: 127.0.0.1:nope/ is not a folder there\n");
    }

    TEST_CASE("fcp reads standard input and writes standard output") {
        const Place place;
        const std::string bytes = make_bytes(500'000);
        CHECK(is_silent_success(place.fcp({"-", "127.0.0.1:new"}, bytes)));
        CHECK(read_file(place.served("new")) == bytes);
        const Result got = place.fcp({"127.0.0.1:new", "-"});
        CHECK(got.status == 0);
        CHECK(got.out == bytes);
        CHECK(got.err.empty());

        // Without a size to check, what is there is not replaced.
        const Result again = place.fcp({"-", "127.0.0.1:new"}, "other");
        CHECK(again.status == 1);
        CHECK(again.err.starts_with("fcp: 127.0.0.1:new: /new exists already"));
        CHECK(read_file(place.served("new")) == bytes);
    }

    TEST_CASE("a path may hold every byte but NUL") {
        const Place place;
        std::string all = every_byte().substr(1);
        std::erase(all, '/');
        for (const std::string& name : {all, " a  b "s, "a\nb"s, "\r\n"s, "\xff"s}) {
            const std::string file = place.local / "file", remote = "127.0.0.1:" + name;
            write_file(file, name);
            CHECK(is_silent_success(place.fcp({file, remote})));
            CHECK(read_file(place.served(name)) == name);
            CHECK(place.fcp({remote, "-"}).out == name);
            CHECK(is_silent_success(place.fcp({remote, place.local.path()})));
            CHECK(read_file(place.local / name) == name);
            CHECK(place.fls({remote}).out == name + '\n');
        }
    }

    TEST_CASE("a path that looks like a request of HTTP is a path") {
        const Place place;
        std::filesystem::create_directory(place.served("x HTTP"));
        ::chmod(place.served("x HTTP").c_str(), 0777);
        const std::string remote = "127.0.0.1:x HTTP/1.1";
        CHECK(is_silent_success(place.fcp({"-", remote}, "bytes")));
        CHECK(read_file(place.served("x HTTP/1.1")) == "bytes");
        CHECK(place.fcp({remote, "-"}).out == "bytes");
        CHECK(place.fls({remote}).out == "x HTTP/1.1\n");
    }

    TEST_CASE("what the server refuses is told in its words and leaves nothing") {
        const Place place{"read"};
        const std::string big = place.local / "big";
        write_file(big, make_bytes(20'000'000));
        const Result sent = place.fcp({big, "127.0.0.1:big"});
        CHECK(sent.status == 1);
        CHECK(sent.err == "fcp: 127.0.0.1:big: /big: you may not create files here.\n");
        CHECK(names_in(place.daemon.files()).empty());

        const Result fetched = place.fcp({"127.0.0.1:nope", place.local / "nope"});
        CHECK(fetched.status == 1);
        CHECK(fetched.err == "fcp: 127.0.0.1:nope: nope: No such file or directory.\n");
        CHECK(place.fcp({"127.0.0.1:", place.local / "nope"}).err ==
              "fcp: 127.0.0.1:: is a folder: -r copies it\n");
        CHECK(names_in(place.local.path()) == Words{"big"});
    }

    TEST_CASE("a server that is not there is told with what would help") {
        const Place place;
        const std::string file = place.local / "file";
        const Result refused = run_client({"fcp", "-P", "1", "127.0.0.1:x", file});
        CHECK(refused.status == 1);
        CHECK(refused.err == "fcp: connect to 127.0.0.1:1: Connection refused\n"
                             "is ftpd running there? -P, or a URL, selects another port\n");
        const Result unknown = place.fcp({"no.such.host.invalid:x", file});
        CHECK(unknown.status == 1);
        CHECK(unknown.err.find("no.such.host.invalid") != std::string::npos);
        CHECK(place.fcp({"127.0.0.1:x", place.local / "no/such/folder"}).status == 1);
    }

    TEST_CASE("wrong operands of fcp and fls end with status 64") {
        const auto fault = [](const Words& command) {
            const Result result = run_client(command);
            CHECK(result.status == 64);
            CHECK(result.out.empty());
            return result.err;
        };
        CHECK(fault({"fcp"}) == "fcp: name a source and a target, one as HOST:PATH or a URL: see -h\n");
        CHECK(fault({"fcp", "a", "./b:c"}) ==
              "fcp: both sides are local: cp(1) copies those; a remote name is HOST:PATH\n");
        CHECK(fault({"fcp", "a:b", "c:d"}) == "fcp: both sides are remote: copy to a local file first\n");
        CHECK(fault({"fcp", "a:b", "c", "d"}) ==
              "fcp: some sources are local, and so is the target: cp(1) copies those\n");
        CHECK(fault({"fcp", "-", "a", "b:"}) == "fcp: standard input is copied alone\n");
        CHECK(fault({"fls", "a"}) == "fls: a is local: write HOST:PATH, or HOST: for the root\n");
        CHECK(fault({"fls", "-q", "a:"}) == "fls: there is no option -q: see -h\n");
        CHECK(fault({"fls", "-P", "65536", "a:"}) == "fls: -P takes a port of 1 to 65535, not '65536'\n");
    }

    TEST_CASE("a file that fcp replaces keeps its permissions and a new one obeys the mask") {
        const Place place;
        write_file(place.served("file"), "new");
        const std::string kept = place.local / "kept", fresh = place.local / "fresh";
        write_file(kept, "old");
        ::chmod(kept.c_str(), 0640);
        CHECK(is_silent_success(place.fcp({"127.0.0.1:file", kept})));
        CHECK(read_file(kept) == "new");
        CHECK(mode_of(kept) == 0640);
        ::umask(027);
        CHECK(is_silent_success(place.fcp({"127.0.0.1:file", fresh})));
        CHECK(mode_of(fresh) == 0640);
    }

    TEST_CASE("fcp replaces what a symbolic link leads to and writes to what is no regular file") {
        const Place place;
        write_file(place.served("file"), "new");
        const Path target = place.local / "target", link = place.local / "link";
        write_file(target, "old");
        std::filesystem::create_symlink("target", link);
        CHECK(is_silent_success(place.fcp({"127.0.0.1:file", link})));
        CHECK(std::filesystem::is_symlink(link));
        CHECK(read_file(target) == "new");

        const Path nowhere = place.local / "nowhere";
        std::filesystem::create_symlink("missing", nowhere);
        CHECK(place.fcp({"127.0.0.1:file", nowhere}).status == 1);

        const Path fifo = place.local / "fifo";
        REQUIRE(::mkfifo(fifo.c_str(), 0600) == 0);
        Process reader{{"cat", fifo}};
        CHECK(is_silent_success(place.fcp({"127.0.0.1:file", fifo})));
        CHECK(reader.wait() == 0);
        CHECK(reader.out().text() == "new");
        CHECK(std::filesystem::is_fifo(fifo));
    }

    TEST_CASE("standard input that breaks off leaves no file on the server") {
        const Place place;
        Process fcp{place.command("fcp", {"-", "127.0.0.1:half"})};
        fcp.write(make_bytes(1'000'000));
        place.daemon.wait_for_log("pid ");
        fcp.signal(SIGKILL);
        CHECK(fcp.wait() == 128 + SIGKILL);
        place.daemon.wait_for_log("end pid");
        place.daemon.wait_until_idle();
        CHECK(!std::filesystem::exists(place.served("half")));
    }

    TEST_CASE("several sources go into a folder and each that fails has a line of its own") {
        const Place place;
        for (const char* const name : {"a", "b", "c"}) write_file(place.local / name, name);
        std::filesystem::create_directory(place.served("sub"));
        ::chmod(place.served("sub").c_str(), 0777);
        const std::string a = place.local / "a", b = place.local / "b", c = place.local / "c",
                          none = place.local / "none";
        const Result sent = place.fcp({a, none, b, c, "127.0.0.1:sub"});
        CHECK(sent.status == 1);
        CHECK(sent.err == "fcp: " + none + ": No such file or directory\n");
        CHECK(names_in(place.served("sub")) == Words{"a", "b", "c"});

        const Path folder = place.local.make_shared("folder");
        const Result got = place.fcp({"127.0.0.1:sub/a", "127.0.0.1:none", "127.0.0.1:sub/[bc]", folder});
        CHECK(got.status == 1);
        CHECK(got.err == "fcp: 127.0.0.1:none: none: No such file or directory.\n");
        CHECK(names_in(folder) == Words{"a", "b", "c"});
        CHECK(read_file(folder / "c") == "c");
        CHECK(place.fcp({"127.0.0.1:sub/a", "127.0.0.1:sub/b", "-"}).out == "ab");

        CHECK(place.fcp({"127.0.0.1:sub/a", "127.0.0.1:sub/b", a}).err ==
              "fcp: " + a + " is not a folder: several sources need one\n");
        CHECK(place.fcp({a, b, "127.0.0.1:sub/a"}).err ==
              "fcp: 127.0.0.1:sub/a is not a folder: several sources need one\n");
        CHECK(read_file(place.served("sub/a")) == "a");
    }

    TEST_CASE("a FIFO that is named is sent to its end as a new file") {
        const Place place;
        const Path fifo = place.local / "fifo";
        REQUIRE(::mkfifo(fifo.c_str(), 0600) == 0);
        Process writer{{"sh", "-c", "printf words >\"$0\"", fifo}};
        CHECK(is_silent_success(place.fcp({fifo, "127.0.0.1:new"})));
        CHECK(writer.wait() == 0);
        CHECK(read_file(place.served("new")) == "words");
    }

    TEST_CASE("what was read of a FIFO is not lost in silence with the connection") {
        const Place place;
        place.make_served("sub");
        write_file(place.local / "a", "a\n");
        const Path fifo = place.local / "fifo";
        REQUIRE(::mkfifo(fifo.c_str(), 0600) == 0);
        std::optional<Relay> between;
        const FakeServer first{[&](Connection& client) {
            FakeServer::greet(client);
            for (std::string line; line != "first"; line = client.read_line())
                if (line.starts_with("CWD ")) client.send("250 Here.\r\n"); // the file has no answer
            between->lead_to(place.daemon.port());
        }};
        between.emplace(first.port());
        Process writer{{"sh", "-c", "yes first | head -n 50000 >\"$0\"", fifo}};
        Process client{place.command("fcp", {"-P", std::to_string(between->port()),
                                             (place.local / "a").string(), fifo.string(), "127.0.0.1:sub"})};
        CHECK(client.wait() == 1);
        CHECK(
            client.err().text().find("fifo: the connection was lost, and what was read of it cannot be read "
                                     "again: send it once more\n") != std::string::npos);
        place.daemon.wait_until_idle();
        CHECK(names_in(place.served("sub")).empty());
    }

    TEST_CASE("two sources of one name do not replace each other") {
        const Place place;
        const Path target = place.local.make_shared("target");
        for (const char* const folder : {"one", "two"}) {
            place.make_served(folder);
            for (const Path& there : {place.local.path() / folder, place.served(folder)}) {
                std::filesystem::create_directories(there / "tree");
                write_file(there / "x", folder);
                write_file(there / "tree" / folder, folder);
            }
        }
        const std::string one = place.local / "one/x", two = place.local / "two/x";
        place.make_served("new");
        const Result sent =
            place.fcp({"-r", one, two, place.local / "one/tree", place.local / "two/tree", "127.0.0.1:new"});
        CHECK(sent.status == 1);
        CHECK(sent.err == text("fcp: ", two, ": another source is copied to 127.0.0.1:new/x already\nfcp: ",
                               (place.local / "two/tree").string(),
                               ": another source is copied to 127.0.0.1:new/tree already\n"));
        CHECK(read_file(place.served("new/x")) == "one");
        CHECK(names_in(place.served("new/tree")) == Words{"one"});

        const Result got = place.fcp({"-r", "127.0.0.1:one/x", "127.0.0.1:two/[x]", "127.0.0.1:one/tree",
                                      "127.0.0.1:two/tree", target});
        CHECK(got.status == 1);
        CHECK(got.err == "fcp: 127.0.0.1:two/x: another source is copied to x already\n"
                         "fcp: 127.0.0.1:two/tree: another source is copied to tree already\n");
        CHECK(read_file(target / "x") == "one");
        CHECK(names_in(target / "tree") == Words{"one"});
    }

    TEST_CASE("progress is shown on a terminal alone and not with -q") {
        const Place place;
        write_file(place.served("file"), make_bytes(1'000'000));
        const std::string back = place.local / "back";
        Pty shown{place.command("fcp", {"127.0.0.1:file", back})};
        CHECK(shown.wait() == 0);
        CHECK(shown.screen().find("\r100%     1.0 MB") != std::string::npos);
        CHECK(shown.screen().ends_with("  file\r\n"));

        Pty sent{place.command("fcp", {back, "127.0.0.1:other"})};
        CHECK(sent.wait() == 0);
        CHECK(sent.screen().ends_with("  other\r\n"));

        Pty quiet{place.command("fcp", {"-q", "127.0.0.1:file", back})};
        CHECK(quiet.wait() == 0);
        CHECK(quiet.screen().empty());

        write_file(place.served("text"), "words\n");
        Pty read{place.command("fcp", {"127.0.0.1:text", "-"})};
        CHECK(read.wait() == 0);
        CHECK(read.screen() == "words\r\n");
    }

    TEST_CASE("50 MB arrive identical each way") {
        const Place place;
        const std::string bytes = make_bytes(50'000'000), there = place.local / "there";
        write_file(there, bytes);
        CHECK(is_silent_success(place.fcp({there, "127.0.0.1:big"})));
        CHECK((read_file(place.served("big")) == bytes)); // not printed when it fails
        CHECK(is_silent_success(place.fcp({"127.0.0.1:big", place.local / "back"})));
        CHECK((read_file(place.local / "back") == bytes));
    }
}
