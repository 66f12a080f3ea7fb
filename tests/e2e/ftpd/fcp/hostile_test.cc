// SPDX-License-Identifier: ISC
// fcp -r from servers that send names nobody asked for, trees without end, and links in the way.
#include "tests/e2e/fake_server.hh"
#include "tests/e2e/ftpd/fcp/fcp_place.hh"

#include "common/text.hh"

#include <doctest/doctest.h>

using namespace e2e;

namespace {

// Answers each SITE MLSD by listing(path), each GET with five bytes, until the client is gone.
class TreeServer {
public:
    using Listing = std::function<std::string(const std::string& path)>;
    explicit TreeServer(Listing listing)
        : server_([listing = std::move(listing)](Connection& client) {
              FakeServer::greet(client);
              for (;;) {
                  const std::string line = client.read_line(); // Failure at the end is of no interest
                  if (line.starts_with("SITE MLSD "))
                      client.send("213-\r\n" + listing(line.substr(10)) + "213 End\r\n");
                  else
                      client.send("150 5 bytes follow\r\nhello226 3287646509 5 x\r\n");
              }
          }) {}

    Result fetch(const Path& target, const std::string& how = "-r") {
        return run_client({"fcp", how, "-P", std::to_string(server_.port()), "127.0.0.1:tree", target});
    }
    Result list(const std::string& how) {
        return run_client({"fls", how, "-P", std::to_string(server_.port()), "127.0.0.1:tree"});
    }

private:
    FakeServer server_;
};

std::string line(std::string_view facts, std::string_view name) {
    return common::text(' ', facts, ' ', name, "\r\n");
}

} // namespace

TEST_SUITE("e2e") {
    TEST_CASE("names that lead out of the target are left out and told") {
        const TempDir folder;
        const Path target = folder.make_shared("target");
        TreeServer server{[](const std::string&) {
            std::string all = line("type=dir;", ".") + line("type=file;size=5;", "good");
            for (const char* const name : {"../bad", "..", "/tmp/bad", "sub/bad", ""})
                all += line("type=file;size=5;", name) + line("type=dir;", name);
            return all;
        }};
        const Result got = server.fetch(target);
        CHECK(got.status == 1);
        CHECK(got.err == "fcp: 127.0.0.1:tree: the server lists names that lead elsewhere: 10 left out\n");
        CHECK(names_in(target / "tree") == Words{"good"});
        CHECK(names_in(target) == Words{"tree"});
        CHECK(names_in(folder.path()) == Words{"target"});
    }

    TEST_CASE("a server cannot make another file of the one that was asked for") {
        const TempDir folder;
        const Path target = folder.make_shared("target");
        TreeServer server{[](const std::string&) { return line("type=file;size=5;", ".bashrc"); }};
        const Result got = server.fetch(target);
        CHECK(got.status == 1);
        CHECK(names_in(target).empty());
    }

    TEST_CASE("a link that lies in the target is not followed whatever the server calls a folder") {
        const TempDir folder;
        const Path target = folder.make_shared("target"), outside = folder.make_shared("outside");
        std::filesystem::create_directory(target / "tree");
        std::filesystem::create_symlink(outside, target / "tree/sub");
        TreeServer server{[](const std::string& path) {
            const std::string self = line("type=dir;", ".");
            return path == "tree" ? self + line("type=dir;", "sub") + line("type=file;size=5;", "x")
                                  : self + line("type=file;size=5;", "bad");
        }};
        const Result got = server.fetch(target);
        CHECK(got.status == 1);
        CHECK(names_in(outside).empty());
        CHECK(read_file(target / "tree/x") == "hello");
    }

    TEST_CASE("names that would disturb the terminal are escaped in whatever is said of them") {
        const TempDir folder;
        const Path target = folder.make_shared("target");
        const std::string name = "a\x1b[2J";
        std::filesystem::create_directories(target / "tree" / name);
        write_file(target / "tree" / (name + "d"), "in the way");
        TreeServer server{[&](const std::string& path) {
            const std::string self = line("type=dir;", ".");
            return path != "tree" ? self
                                  : self + line("type=file;size=5;", name) + line("type=dir;", name + "d") +
                                        line("type=other;", name + "o");
        }};
        const Result got = server.fetch(target);
        CHECK(got.status == 1);
        CHECK(got.err.find('\x1b') == std::string::npos);
        CHECK(got.err.find("/tree/a\\x1b[2J: Is a directory\n") != std::string::npos);
        CHECK(got.err.find("a\\x1b[2Jd: ") != std::string::npos);
        CHECK(got.err.find("a\\x1b[2Jo: is neither a file nor a folder: left out\n") != std::string::npos);
    }

    TEST_CASE("a tree without end ends") {
        const TempDir folder;
        TreeServer server{[](const std::string&) { return line("type=dir;", ".") + line("type=dir;", "d"); }};
        const Result got = server.fetch(folder / "target");
        CHECK(got.status == 1);
        CHECK(got.err.ends_with(": its path is longer than 4096 bytes: left out\n"));
        TreeServer other{[](const std::string&) { return line("type=dir;", ".") + line("type=dir;", "d"); }};
        const Result listed = other.list("-r");
        CHECK(listed.status == 1);
        CHECK(listed.err.ends_with(": its path is longer than 4096 bytes: not entered\n"));
    }

    TEST_CASE("links are followed only with -L and never without end") {
        const auto listing = [](const std::string& path) {
            const bool is_file = path.ends_with("file");
            if (is_file) return line("type=OS.unix=slink:x;size=5;", "file");
            if (path.ends_with("lost")) return std::string{};
            // What a name leads to: `up' to the top, others to folders that link to each other.
            const std::string name = path.substr(path.rfind('/') + 1);
            const bool is_top = name == "tree" || name == "up";
            const std::string self = line("type=dir;unique=" + (is_top ? "top" : name) + ';', ".");
            std::string all = line("type=OS.unix=slink:x;size=5;", "file") +
                              line("type=OS.unix=symlink;", "up") + line("type=OS.unix=slink:a;", "a") +
                              line("type=OS.unix=slink:b;", "b") + line("type=OS.unix=slink:c;", "c");
            return self + all;
        };
        const TempDir folder;
        TreeServer server{listing};
        const Result left = server.fetch(folder / "plain");
        CHECK(left.status == 1);
        for (const char* const name : {"file", "up", "a", "b", "c"})
            CHECK(left.err.find(std::string{"/"} + name +
                                ": is a symbolic link: left out (-L follows it)\n") != std::string::npos);
        CHECK(names_in(folder / "plain").empty());

        TreeServer other{listing};
        const Result got = other.fetch(folder / "all", "-rL");
        CHECK(got.status == 1);
        CHECK(got.err.find("tree/up: leads back to a folder that contains it: skipped\n") !=
              std::string::npos);
        CHECK(got.err.find("tree/a/a: leads back to a folder that contains it: skipped\n") !=
              std::string::npos);
        CHECK(names_in(folder / "all") == Words{"a", "b", "c", "file"});
        CHECK(names_in(folder / "all/a/b/c") == Words{"file"});
        CHECK(read_file(folder / "all/c/b/a/file") == "hello");

        TreeServer plain{listing}, entered{listing};
        const Result names = plain.list("-r");
        CHECK(names.out == "tree:\nfile\nup\na\nb\nc\n");
        CHECK(names.status == 0);
        const Result listed = entered.list("-rL");
        CHECK(listed.status == 1);
        CHECK(listed.err.find("tree/a/up: leads back to a folder that contains it: not entered\n") !=
              std::string::npos);
        CHECK(listed.out.find("\ntree/c/b/a:\nfile\n") != std::string::npos);
        CHECK(listed.out.find("file:") == std::string::npos);
    }

    TEST_CASE("a walk ends where a server's links multiply the ways without any circle") {
        const TempDir folder;
        const auto listing = [](const std::string& path) {
            const auto level = static_cast<std::size_t>(std::count(path.begin(), path.end(), '/'));
            const std::string self = line(common::text("type=dir;unique=", level, ';'), ".");
            if (level == 30) return self;
            return self + line("type=OS.unix=slink:x;", "one") + line("type=OS.unix=slink:x;", "two");
        };
        TreeServer server{listing}, other{listing};
        const Result got = server.fetch(folder / "all", "-rL");
        CHECK(got.status == 1);
        CHECK(got.err.find("is met too often by way of links: skipped\n") != std::string::npos);
        const Result listed = other.list("-rL");
        CHECK(listed.status == 1);
        CHECK(listed.err.find("is met too often by way of links: not entered\n") != std::string::npos);
    }

    TEST_CASE("a link to a folder that a server does not tell from others is not followed") {
        const TempDir folder;
        const auto listing = [](const std::string&) {
            return line("type=dir;", ".") + line("type=OS.unix=symlink;", "a") +
                   line("type=OS.unix=symlink;", "b");
        };
        TreeServer server{listing}, other{listing};
        const Result got = server.fetch(folder / "all", "-rL");
        CHECK(got.status == 1);
        CHECK(std::count(got.err.begin(), got.err.end(), '\n') == 2);
        CHECK(got.err.find("tree/a: leads to a folder that the server does not tell from others") !=
              std::string::npos);
        CHECK(other.list("-rL").out == "tree:\na\nb\n");
    }

    TEST_CASE("what a server does not know the type of is asked for and its refusal told") {
        const TempDir folder;
        TreeServer server{[](const std::string& path) {
            if (path == "tree/b") return line("type=file;size=5;", "b");
            if (path != "tree") return std::string{};
            return line("type=dir;", ".") + line("", "a") + line("modify=20260101000000;", "b") +
                   line("type=file;", "c");
        }};
        const Result got = server.fetch(folder / "all");
        CHECK(got.status == 1);
        CHECK(got.err == "fcp: 127.0.0.1:tree/a: is no longer there\n");
        TreeServer other{[](const std::string&) { return line("type=dir;", ".") + line("", "a"); }};
        const Result listed = other.list("-p");
        CHECK(listed.status == 1);
        CHECK(listed.out == "a\n");
        CHECK(listed.err == "fls: 127.0.0.1:tree/a: the server cannot look at it\n");
        CHECK(names_in(folder / "all") == Words{"b", "c"});
    }
}
