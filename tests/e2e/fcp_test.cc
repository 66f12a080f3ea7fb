// SPDX-License-Identifier: ISC
// fcp and fls as a person uses them, against the real daemon.
#include "tests/e2e/harness.hh"

#include <algorithm>
#include <doctest/doctest.h>
#include <signal.h>
#include <sys/stat.h>

using namespace e2e;
using namespace std::string_literals;

namespace {

// A daemon that lets everybody write, a folder of the client's own, and the commands between them.
struct Place {
    explicit Place(const std::string& anonymous = "write")
        : daemon({.lines = {"anonymous " + anonymous}, .program = "ftpd"}) {}

    Words command(const std::string& program, const Words& operands) const {
        Words words{program, "-p", std::to_string(daemon.port())};
        words.insert(words.end(), operands.begin(), operands.end());
        return words;
    }
    Result fcp(const Words& operands, std::string_view input = {}) const {
        return run_client(command("fcp", operands), input);
    }
    Result fls(const std::string& operand) const { return run_client(command("fls", {operand})); }

    Path served(std::string_view name) const { return daemon.files() / name; }

    Daemon daemon;
    TempDir local;
};

bool is_silent_success(const Result& result) {
    INFO(result.err);
    CHECK(result.status == 0);
    return result.status == 0 && result.out.empty() && result.err.empty();
}

std::string every_byte() {
    std::string bytes;
    for (int byte = 0; byte < 256; ++byte) bytes += static_cast<char>(byte);
    return bytes;
}

Words names_in_folder(const Path& folder) {
    Words names;
    for (const auto& entry : std::filesystem::directory_iterator{folder})
        names.push_back(entry.path().filename());
    std::ranges::sort(names);
    return names;
}

mode_t mode_of(const Path& path) {
    struct stat found {};
    REQUIRE(::stat(path.c_str(), &found) == 0);
    return found.st_mode & 0777;
}

} // namespace

TEST_SUITE("e2e") {
    TEST_CASE("fcp sends and fetches a file as it is") {
        const Place place;
        const std::string there = place.local / "there", back = place.local / "back";
        for (const std::string& bytes : {""s, "x"s, every_byte(), make_bytes(3'000'001)}) {
            write_file(there, bytes);
            CHECK(is_silent_success(place.fcp({there, "localhost:file"})));
            CHECK(read_file(place.served("file")) == bytes);
            CHECK(is_silent_success(place.fcp({"localhost:/file", back})));
            CHECK(read_file(back) == bytes);
        }
        CHECK(names_in_folder(place.local.path()) == Words{"back", "there"});
    }

    TEST_CASE("fcp names the copy like its source where only a folder is named") {
        const Place place;
        const std::string file = place.local / "file";
        write_file(file, "ours");
        std::filesystem::create_directory(place.served("sub"));
        ::chmod(place.served("sub").c_str(), 0777);
        CHECK(is_silent_success(place.fcp({file, "localhost:"})));
        CHECK(is_silent_success(place.fcp({file, "localhost:sub/"})));
        CHECK(read_file(place.served("file")) == "ours");
        CHECK(read_file(place.served("sub/file")) == "ours");

        const Path folder = place.local.make_shared("folder");
        CHECK(is_silent_success(place.fcp({"localhost:sub/file", folder})));
        CHECK(read_file(folder / "file") == "ours");
        CHECK(place.fcp({"localhost:sub/", folder}).err ==
              "fcp: localhost:sub/ names no file: fcp copies single files (fls lists folders)\n");
        CHECK(place.fcp({folder, "localhost:sub/"}).err ==
              "fcp: " + folder.string() + " is a directory: fcp copies single files\n");
    }

    TEST_CASE("fcp reads standard input and writes standard output") {
        const Place place;
        const std::string bytes = make_bytes(500'000);
        CHECK(is_silent_success(place.fcp({"-", "localhost:new"}, bytes)));
        CHECK(read_file(place.served("new")) == bytes);
        const Result got = place.fcp({"localhost:new", "-"});
        CHECK(got.status == 0);
        CHECK(got.out == bytes);
        CHECK(got.err.empty());

        // Without a size to check, what is there is not replaced.
        const Result again = place.fcp({"-", "localhost:new"}, "other");
        CHECK(again.status == 1);
        CHECK(again.err.starts_with("fcp: localhost:new: /new is there already"));
        CHECK(read_file(place.served("new")) == bytes);
    }

    TEST_CASE("a path may hold every byte but NUL") {
        const Place place;
        std::string all = every_byte().substr(1);
        std::erase(all, '/');
        for (const std::string& name : {all, " a  b "s, "a\nb"s, "\r\n"s, "\xff"s}) {
            const std::string file = place.local / "file", remote = "localhost:" + name;
            write_file(file, name);
            CHECK(is_silent_success(place.fcp({file, remote})));
            CHECK(read_file(place.served(name)) == name);
            CHECK(place.fcp({remote, "-"}).out == name);
            CHECK(is_silent_success(place.fcp({remote, place.local.path()})));
            CHECK(read_file(place.local / name) == name);
            CHECK(place.fls(remote).status == 0);
        }
    }

    TEST_CASE("a path that looks like a request of HTTP is a path") {
        const Place place;
        std::filesystem::create_directory(place.served("x HTTP"));
        ::chmod(place.served("x HTTP").c_str(), 0777);
        const std::string remote = "localhost:x HTTP/1.1";
        CHECK(is_silent_success(place.fcp({"-", remote}, "bytes")));
        CHECK(read_file(place.served("x HTTP/1.1")) == "bytes");
        CHECK(place.fcp({remote, "-"}).out == "bytes");
        CHECK(place.fls(remote).out.ends_with(" 1.1\n"));
    }

    TEST_CASE("fls lists a folder and a file") {
        const Place place;
        write_file(place.served("b"), "12345");
        write_file(place.served("a\xff\nz"), "");
        const Result top = place.fls("localhost:");
        CHECK(top.status == 0);
        CHECK(top.err.empty());
        CHECK(top.out.find("a??z\n") != std::string::npos);
        CHECK(top.out.starts_with("-rw"));
        CHECK(std::ranges::count(top.out, '\n') == 2);
        const Result one = place.fls("localhost:b");
        CHECK(one.out.ends_with(" b\n"));
        CHECK(top.out.find(one.out) != std::string::npos);
        CHECK(place.fls("localhost:c").err == "fls: localhost:c: c: No such file or directory.\n");
        CHECK(place.fls("localhost:c").status == 1);
    }

    TEST_CASE("a large folder is listed whole") {
        const Place place;
        for (int file = 0; file < 3000; ++file) write_file(place.served(std::to_string(file)), "");
        const Result result = place.fls("localhost:");
        CHECK(result.status == 0);
        CHECK(std::ranges::count(result.out, '\n') == 3000);
    }

    TEST_CASE("what the server refuses is told in its words and leaves nothing") {
        const Place place{"read"};
        const std::string big = place.local / "big";
        write_file(big, make_bytes(20'000'000));
        const Result sent = place.fcp({big, "localhost:big"});
        CHECK(sent.status == 1);
        CHECK(sent.err == "fcp: localhost:big: /big: you may not create files here.\n");
        CHECK(names_in_folder(place.daemon.files()).empty());

        const Result fetched = place.fcp({"localhost:nope", place.local / "nope"});
        CHECK(fetched.status == 1);
        CHECK(fetched.err == "fcp: localhost:nope: nope: No such file or directory.\n");
        CHECK(place.fcp({"localhost:", place.local / "nope"}).status == 1);
        CHECK(names_in_folder(place.local.path()) == Words{"big"});
    }

    TEST_CASE("a server that is not there is told with what would help") {
        const Place place;
        const std::string file = place.local / "file";
        const Result refused = run_client({"fcp", "-p", "1", "127.0.0.1:x", file});
        CHECK(refused.status == 1);
        CHECK(refused.err == "fcp: connect to 127.0.0.1:1: Connection refused\n"
                             "is ftpd running there? -p selects another port\n");
        const Result unknown = place.fcp({"no.such.host.invalid:x", file});
        CHECK(unknown.status == 1);
        CHECK(unknown.err.find("no.such.host.invalid") != std::string::npos);
        CHECK(place.fcp({"localhost:x", place.local / "no/such/folder"}).status == 1);
    }

    TEST_CASE("wrong operands of fcp and fls end with status 64") {
        const auto fault = [](const Words& command) {
            const Result result = run_client(command);
            CHECK(result.status == 64);
            CHECK(result.out.empty());
            return result.err;
        };
        CHECK(fault({"fcp"}) == "fcp: name a source and a target, one as HOST:PATH: see -h\n");
        CHECK(fault({"fcp", "a", "./b:c"}) ==
              "fcp: both names are local: cp(1) copies those; a remote one is HOST:PATH\n");
        CHECK(fault({"fcp", "a:b", "c:d"}) == "fcp: both names are remote: copy to a local file first\n");
        CHECK(fault({"fls", "a"}) == "fls: a is local: write HOST:PATH, or HOST: for the top\n");
        CHECK(fault({"fls", "-q", "a:"}) == "fls: there is no option -q: see -h\n");
        CHECK(fault({"fls", "-p", "65536", "a:"}) == "fls: -p takes a port of 1 to 65535, not '65536'\n");
    }

    TEST_CASE("a file that fcp replaces keeps its permissions and a new one obeys the mask") {
        const Place place;
        write_file(place.served("file"), "new");
        const std::string kept = place.local / "kept", fresh = place.local / "fresh";
        write_file(kept, "old");
        ::chmod(kept.c_str(), 0640);
        CHECK(is_silent_success(place.fcp({"localhost:file", kept})));
        CHECK(read_file(kept) == "new");
        CHECK(mode_of(kept) == 0640);
        ::umask(027);
        CHECK(is_silent_success(place.fcp({"localhost:file", fresh})));
        CHECK(mode_of(fresh) == 0640);
    }

    TEST_CASE("fcp replaces what a symbolic link leads to and writes to what is no regular file") {
        const Place place;
        write_file(place.served("file"), "new");
        const Path target = place.local / "target", link = place.local / "link";
        write_file(target, "old");
        std::filesystem::create_symlink("target", link);
        CHECK(is_silent_success(place.fcp({"localhost:file", link})));
        CHECK(std::filesystem::is_symlink(link));
        CHECK(read_file(target) == "new");

        const Path nowhere = place.local / "nowhere";
        std::filesystem::create_symlink("missing", nowhere);
        CHECK(place.fcp({"localhost:file", nowhere}).status == 1);

        const Path fifo = place.local / "fifo";
        REQUIRE(::mkfifo(fifo.c_str(), 0600) == 0);
        Process reader{{"cat", fifo}};
        CHECK(is_silent_success(place.fcp({"localhost:file", fifo})));
        CHECK(reader.wait() == 0);
        CHECK(reader.out().text() == "new");
        CHECK(std::filesystem::is_fifo(fifo));
    }

    TEST_CASE("standard input that breaks off leaves no file on the server") {
        const Place place;
        Process fcp{place.command("fcp", {"-", "localhost:half"})};
        fcp.write(make_bytes(1'000'000));
        place.daemon.wait_for_log("pid ");
        fcp.signal(SIGKILL);
        CHECK(fcp.wait() == 128 + SIGKILL);
        place.daemon.wait_for_log("end pid");
        place.daemon.wait_until_idle();
        CHECK(!std::filesystem::exists(place.served("half")));
    }

    TEST_CASE("progress is shown on a terminal alone and not with -q") {
        const Place place;
        write_file(place.served("file"), make_bytes(1'000'000));
        const std::string back = place.local / "back";
        Pty shown{place.command("fcp", {"localhost:file", back})};
        CHECK(shown.wait() == 0);
        CHECK(shown.screen().find("\r100%     1.0 MB") != std::string::npos);
        CHECK(shown.screen().ends_with("  file\r\n"));

        Pty sent{place.command("fcp", {back, "localhost:other"})};
        CHECK(sent.wait() == 0);
        CHECK(sent.screen().ends_with("  other\r\n"));

        Pty quiet{place.command("fcp", {"-q", "localhost:file", back})};
        CHECK(quiet.wait() == 0);
        CHECK(quiet.screen().empty());

        write_file(place.served("text"), "words\n");
        Pty read{place.command("fcp", {"localhost:text", "-"})};
        CHECK(read.wait() == 0);
        CHECK(read.screen() == "words\r\n");
    }

    TEST_CASE("50 MB arrive identical each way") {
        const Place place;
        const std::string bytes = make_bytes(50'000'000), there = place.local / "there";
        write_file(there, bytes);
        CHECK(is_silent_success(place.fcp({there, "localhost:big"})));
        CHECK((read_file(place.served("big")) == bytes)); // not printed when it fails
        CHECK(is_silent_success(place.fcp({"localhost:big", place.local / "back"})));
        CHECK((read_file(place.local / "back") == bytes));
    }
}
