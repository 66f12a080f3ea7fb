// SPDX-License-Identifier: ISC
// Users and strangers in one daemon: who gets where, and what the start says about it.
#include "tests/e2e/ftp_client.hh"
#include "tests/e2e/harness.hh"

#include "common/text.hh"

#include <doctest/doctest.h>
#include <sys/stat.h>

using namespace e2e;
using common::text;

namespace {

// A folder with the home of ann, and one for strangers.
struct House {
    TempDir folder;
    std::string users = folder / "users";
    Path root = folder.make_shared("root");

    House() {
        for (const char* const name : {"ann", "pub"}) {
            std::filesystem::create_directory(root / name);
            std::filesystem::permissions(root / name, std::filesystem::perms::all);
            write_shared(root / name / "hello", text("hello ", name));
        }
        put_users("/ann");
    }
    void put_users(const std::string& home) const {
        write_file(users, text("ann:", hash_of("sesame"), ':', home, ":list,read,write\n"));
        REQUIRE(::chmod(users.c_str(), 0600) == 0);
    }
    Daemon::Setting setting(Words more) const {
        more.insert(more.begin(), {"users " + users, "root " + root.string()});
        return {.lines = std::move(more)};
    }
    Result check(const Words& more) const {
        Words command{"ftpd", "-n", "-o", "state " + (folder / "state").native()};
        for (const std::string& line : setting(more).lines) command.insert(command.end(), {"-o", line});
        return run_client(command);
    }
};

Reply log_in(Connection& client, const std::string& name, const std::string& password) {
    client.command("USER " + name, 331);
    client.send("PASS " + password + "\r\n");
    return client.read_reply();
}

} // namespace

TEST_SUITE("e2e") {
    TEST_CASE("with users and no word on anonymous strangers are not let in and the start says so") {
        const House house;
        const Daemon daemon{house.setting({})};
        CHECK(
            daemon.log().find(
                "there are users, so anonymous is no: `anonymous read' lets clients without an account in") !=
            std::string::npos);
        FtpClient client{daemon};
        client.command("LS", 530);
        client.command("GET ann/hello", 530);
        CHECK(log_in(client, "anonymous", "x@y").code == 530);
        CHECK(log_in(client, "ann", "sesame").code == 230);
    }

    TEST_CASE("strangers who may write beside users need a folder of their own") {
        const House house;
        for (const char* const words : {"anonymous write", "anonymous upload-only"}) {
            const Result refused = house.check({words});
            CHECK(refused.status == 1);
            CHECK(refused.out.empty());
            CHECK(refused.err.find("add `anonymous-root DIR', a folder for them below the root (or "
                                   "`anonymous-root /'") != std::string::npos);
            CHECK(house.check({words, "anonymous-root /pub"}).status == 0);
            const Result insists = house.check({words, "anonymous-root /"});
            CHECK(insists.status == 0);
            CHECK(insists.err.find("clients without an account can write in the homes of users") !=
                  std::string::npos);
        }
        CHECK(house.check({"anonymous read"})
                  .err.find("clients without an account can read the homes of users") != std::string::npos);
        CHECK(house.check({"anonymous read", "anonymous-root /pub"}).err.empty());
    }

    TEST_CASE("anonymous-root is a path of the tree that is there") {
        const House house;
        const Result relative = house.check({"anonymous read", "anonymous-root pub"});
        CHECK(relative.status == 1);
        CHECK(relative.err.find("write a path that begins with /") != std::string::npos);
        for (const char* const wrong : {"/nowhere", "/pub/hello"}) {
            const Result result = house.check({"anonymous read", text("anonymous-root ", wrong)});
            CHECK(result.status == 1);
            CHECK(result.err.find(text("anonymous-root ", house.root.native(), wrong, ": ")) !=
                  std::string::npos);
        }
        CHECK(house.check({"anonymous read", "anonymous-root /pub/../../pub"}).status == 0);
    }

    TEST_CASE("strangers are shut in anonymous-root by login and by word and reach no home") {
        const House house;
        std::filesystem::create_symlink("/ann/hello", house.root / "pub" / "link");
        const Daemon daemon{house.setting({"anonymous write", "anonymous-root /pub"})};
        for (const bool by_login : {true, false}) {
            FtpClient client{daemon};
            if (by_login) client.login();
            client.send("GET hello\r\n");
            client.expect(150);
            CHECK(client.read_exactly(9) == "hello pub");
            client.expect(226);
            client.command("GET /ann/hello", 550);
            client.command("GET ../ann/hello", 550);
            client.command("GET link", 550);
            client.command("STAT /ann", 550);
            if (by_login) CHECK(client.command("PWD", 257).starts_with("257 \"/\""));
            if (by_login) client.put("new", "from a stranger");
            CHECK(log_in(client, "ann", "sesame").text ==
                  "530 This connection has been used for another login: connect again.");
        }
        CHECK(read_file(house.root / "pub" / "new") == "from a stranger");
        daemon.wait_for_log("/pub/new");
        FtpClient ann{daemon};
        CHECK(log_in(ann, "ann", "sesame").code == 230);
        CHECK(ann.get("hello") == "hello ann");
        ann.command("GET /pub/new", 550);
        CHECK(log_in(ann, "anonymous", "").text ==
              "530 This connection has been used for another login: connect again.");
    }

    TEST_CASE("without users anonymous-root narrows what everybody sees") {
        const House house;
        const Daemon daemon{{.lines = {"root " + house.root.string(), "anonymous-root /pub"}}};
        FtpClient client{daemon};
        client.login();
        CHECK(client.get("hello") == "hello pub");
        client.command("CWD /ann", 550);
        client.command("USER anonymous", 331);
        client.command("PASS again", 230);
        CHECK(client.get("hello") == "hello pub");
    }

    TEST_CASE("authd tells of a home that lies in anonymous-root or contains it and again after a change") {
        const House house;
        house.put_users("/pub/ann/");
        const Daemon daemon{house.setting({"anonymous read", "anonymous-root /pub"})};
        std::size_t at = daemon.wait_for_log("the home /pub/ann/ of ann lies in anonymous-root /pub: ");
        house.put_users("/");
        FtpClient client{daemon};
        CHECK(log_in(client, "ann", "sesame").code == 230);
        at = daemon.wait_for_log("the home / of ann contains anonymous-root /pub: ", at);
        house.put_users("/public");
        FtpClient other{daemon};
        CHECK(log_in(other, "ann", "sesame").code == 530); // the folder is not there
        daemon.wait_for_log("users read from", at);
        CHECK(daemon.log().find("/public of ann") == std::string::npos);
    }
}
