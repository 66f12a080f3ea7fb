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

    Result fetch(const Path& target) {
        return run_client({"fcp", "-r", "-P", std::to_string(server_.port()), "127.0.0.1:tree", target});
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
        CHECK(got.err.find("is deeper than 200 folders: left out\n") != std::string::npos);
    }
}
