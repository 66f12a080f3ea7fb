// SPDX-License-Identifier: ISC
// The directives that limit what transfers cost and which names are to be had: effect and words of refusal.
#include "tests/e2e/observe.hh"

#include "common/text.hh"

#include <chrono>
#include <doctest/doctest.h>
#include <limits>
#include <sys/stat.h>

using namespace e2e;
using common::text;

namespace {

template <class Work>
std::chrono::milliseconds time_of(const Work& work) {
    const auto started = std::chrono::steady_clock::now();
    work();
    return std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now() - started);
}

mode_t mode_of(const Path& path) {
    struct stat status {};
    REQUIRE(::stat(path.c_str(), &status) == 0);
    return status.st_mode & 07777;
}

} // namespace

TEST_SUITE("e2e") {
    TEST_CASE("rate-down and rate-up keep every kind of transfer to so many bytes a second") {
        using std::chrono::milliseconds;
        const Daemon daemon{{.lines = {"anonymous write", "rate-down 100k", "rate-up 100k"}}};
        const std::string bytes = make_bytes(100'000);
        write_file(daemon.files() / "file", bytes);
        FtpClient client = connect_logged_in(daemon);
        // Slower is the machine's business; a burst of a tenth of a second is allowed.
        CHECK(time_of([&] { CHECK(client.fetch("RETR file") == bytes); }) >= milliseconds{800});
        CHECK(time_of([&] { CHECK(client.get("file") == bytes); }) >= milliseconds{800});
        CHECK(time_of([&] { client.put("put", bytes); }) >= milliseconds{800});
        CHECK(time_of([&] { client.store("STOR stored", bytes); }) >= milliseconds{800});
        client.command("TYPE A", 200);
        CHECK(time_of([&] { client.fetch("RETR file"); }) >= milliseconds{800});
        CHECK(read_file(daemon.files() / "stored") == bytes);
    }

    TEST_CASE("a transfer that is kept to a rate can be asked about and broken off") {
        const Daemon daemon{{.lines = {"rate-down 10"}}};
        make_endless_file(daemon.files() / "endless");
        FtpClient client = connect_logged_in(daemon);
        Connection data = begin_transfer(client, "RETR endless");
        data.read_exactly(1);
        CHECK(client.command("STAT", 211).find(" RETR /endless: ") != std::string::npos);
        client.command("ABOR", 426);
        client.expect(226);
        const pid_t session = session_of(daemon, client);
        Connection again = begin_transfer(client, "RETR endless");
        client.reset();
        CHECK(wait_for_end_of(daemon, session) == "exit 0");
    }

    TEST_CASE("what is announced larger than the disk has room for is refused before anything is stored") {
        const Daemon daemon{{.lines = {"anonymous write"}}};
        write_shared(daemon.files() / "file", "0123456789");
        constexpr off_t beyond_any_disk = std::numeric_limits<off_t>::max();
        FtpClient client = connect_logged_in(daemon);
        for (const std::string_view line : {"STOR new", "STOR file", "APPE file", "STOU new"}) {
            CAPTURE(line);
            client.command(text("ALLO ", beyond_any_disk), 200);
            client.open_data();
            const std::string reply = client.command(line, 552);
            CHECK(reply.find(" bytes free on the disk, and not the ") != std::string::npos);
            CHECK(reply.find(text(beyond_any_disk)) != std::string::npos);
        }
        client.command("REST 5", 350);
        client.command(text("ALLO ", beyond_any_disk), 200);
        client.open_data();
        client.command("STOR file", 552);
        CHECK(names_in(daemon.files()) == Words{"file"});
        CHECK(read_file(daemon.files() / "file") == "0123456789");
        client.command("ALLO 3", 200);
        client.store("STOR new", "abc");
        client.command("ALLO 5", 200);
        client.command("REST 5", 350);
        client.store("STOR file", "abcde");
        CHECK(read_file(daemon.files() / "file") == "01234abcde");
        client.send(text("ALLO ", beyond_any_disk, "\r\nPUT file\r\n"));
        client.expect(200);
        client.half_close(); // its body is passed over
        client.expect(552);
    }

    TEST_CASE("max-upload refuses what is announced as larger and ends what turns out to be") {
        const Daemon daemon{{.lines = {"anonymous write", "max-upload 10000"}}};
        const std::string most = make_bytes(10'000), more = make_bytes(10'001);
        FtpClient client = connect_logged_in(daemon);
        client.store("STOR file", most);
        CHECK(client.put("file", more, 552) ==
              "552 A file may have 10000 bytes (max-upload): nothing was stored.");
        client.command("ALLO 10001", 200);
        client.open_data();
        client.command("STOR file", 552);
        Connection data = client.open_data();
        client.command("STOR file", 150);
        data.try_send(std::string(1 << 20, 'x'));
        const std::string reply = client.expect(552);
        CHECK(reply.starts_with("552 A file may have 10000 bytes (max-upload): ended after "));
        CHECK(reply.ends_with(" bytes: /file is unchanged."));
        data.wait_for_end();
        CHECK(client.fetch("RETR file") == most);

        client.store("APPE grown", most);
        Connection behind = client.open_data();
        client.command("APPE grown", 150);
        behind.send("x");
        behind.close();
        CHECK(client.expect(552).ends_with(": /grown has been changed up to there."));
        client.command("ALLO 2", 200);
        client.command("REST 9999", 350);
        client.open_data();
        client.command("STOR grown", 552);
        FtpClient nobody{daemon};
        nobody.send("PUT new\r\n" + more);
        nobody.half_close();
        nobody.expect(150);
        CHECK(nobody.expect(552).ends_with(": /new is not stored."));
        CHECK(names_in(daemon.files()) == Words{"file", "grown"});
        CHECK(read_file(daemon.files() / "grown") == most);
    }

    TEST_CASE("a drop box tells of no file but the client's own whether its name exists") {
        const Daemon daemon{{.lines = {"anonymous upload-only"}}};
        std::filesystem::create_directory(daemon.files() / "folder");
        write_shared(daemon.files() / "theirs", "theirs");
        write_shared(daemon.files() / "folder" / "theirs", "theirs");
        std::filesystem::create_symlink("theirs", daemon.files() / "link");
        FtpClient client = connect_logged_in(daemon);
        const auto reply_to = [&](const std::string& verb, const std::string& name) {
            return client.command(verb + name, 550);
        };
        for (const std::string verb : {"SIZE ", "MDTM ", "MDTM 20260102030405 ", "MFMT 20260102030405 ",
                                       "SITE CHMOD 600 ", "SITE UTIME 20260102030405 "})
            for (const std::string name :
                 {"theirs", "folder", "folder/theirs", "folder/nothing", "theirs/x", "link", "/"}) {
                CAPTURE(verb);
                CAPTURE(name);
                std::string expected = reply_to(verb, "nothing");
                const std::size_t at = expected.find("nothing");
                REQUIRE(at != expected.npos);
                const bool is_whole = expected.find("/nothing") != expected.npos && name[0] == '/';
                expected.replace(is_whole ? at - 1 : at, is_whole ? 8 : 7, name);
                CHECK(reply_to(verb, name) == expected);
            }
        for (const std::string verb : {"CWD ", "XCWD "}) {
            for (const std::string name :
                 {"theirs", "/theirs", "folder/theirs", "theirs/x", "link", "~/theirs"}) {
                CAPTURE(name);
                CHECK(reply_to(verb, name) == text("550 ", name, ": No such file or directory."));
            }
            client.command(text(verb, "folder"), 250);
            client.command(text(verb, "/"), 250);
        }
        client.store("STOR mine", "mine!");
        CHECK(client.command("SIZE mine", 213) == "213 5");
        client.command("MDTM mine", 213);
        client.command("MDTM 20260102030405 mine", 213);
        CHECK(client.command("MDTM mine", 213) == "213 20260102030405");
        FtpClient other = connect_logged_in(daemon);
        other.command("SIZE mine", 550);
        other.command("MDTM mine", 550);
        const Daemon reading;
        write_file(reading.files() / "file", "content");
        FtpClient reader = connect_logged_in(reading);
        CHECK(reader.command("SIZE file", 213) == "213 7");
        CHECK(reader.command("CWD file", 550) == "550 file: Not a directory.");
    }

    TEST_CASE("umask is what new files and folders do not get") {
        const Daemon daemon{{.lines = {"anonymous write", "umask 027"}}};
        FtpClient client = connect_logged_in(daemon);
        client.store("STOR file", "content");
        client.command("MKD folder", 257);
        CHECK(mode_of(daemon.files() / "file") == 0640);
        CHECK(mode_of(daemon.files() / "folder") == 0750);
        client.command("SITE UMASK 077", 200);
        client.command("REIN", 220);
        client.login();
        CHECK(client.command("SITE UMASK", 200) == "200 The mask is 027.");
    }

    TEST_CASE("hidden files are neither listed nor to be had where hidden-files says no") {
        for (const bool shown : {true, false}) {
            const Daemon daemon{
                {.lines = {"anonymous write", shown ? "hidden-files yes" : "hidden-files no"}}};
            write_file(daemon.files() / ".profile", "secret");
            write_file(daemon.files() / "file", "content");
            std::filesystem::create_directory(daemon.files() / ".git");
            write_file(daemon.files() / ".git" / "config", "secret");
            FtpClient client = connect_logged_in(daemon);
            CHECK(client.fetch("NLST") == (shown ? ".git\r\n.profile\r\nfile\r\n" : "file\r\n"));
            CHECK(client.command("LS", 213).ends_with(shown ? "3 entries" : "1 entry"));
            CHECK((client.fetch("MLSD").find(".profile") != std::string::npos) == shown);
            client.command("SIZE .profile", shown ? 213 : 553);
            client.command("SIZE .git/config", shown ? 213 : 553);
            client.command("GET .profile", shown ? 150 : 553);
            if (!shown)
                for (const char* const line :
                     {"RETR .profile", "CWD .git", "MKD .new", "DELE .profile", "MLST .profile",
                      "RNFR .profile", "SITE CHMOD 777 .profile", "MDTM x/../.profile"})
                    client.command(line, 553);
        }
    }

    TEST_CASE("names like those of deny are neither listed nor to be had and the reply says so") {
        const Daemon daemon{{.lines = {"anonymous write", "deny *.exe", "deny private"}}};
        write_file(daemon.files() / "virus.exe", "");
        std::filesystem::create_directory(daemon.files() / "private");
        write_file(daemon.files() / "private" / "file", "");
        FtpClient client = connect_logged_in(daemon);
        CHECK(client.fetch("NLST").empty());
        CHECK(client.command("GET virus.exe", 553) == "553 Names like *.exe cannot be used here.");
        client.command("GET private/file", 553);
        client.command("CWD private", 553);
        client.open_data();
        client.command("STOR new.exe", 553);
        client.store("STOR new.txt", "content");
        client.command("RNFR new.txt", 350);
        client.command("RNTO new.exe", 553);
        std::filesystem::create_symlink("virus.exe", daemon.files() / "link");
        client.open_data();
        CHECK(client.command("STOR link", 553).find("leads elsewhere") != std::string::npos);
        CHECK(names_in(daemon.files()) == Words{"link", "new.txt", "private", "virus.exe"});
    }

    TEST_CASE("sync on stores as ever") {
        const Daemon daemon{{.lines = {"anonymous write", "sync on"}}};
        FtpClient client = connect_logged_in(daemon);
        client.store("STOR file", "content");
        client.store("APPE file", " and more");
        client.put("file2", "content");
        CHECK(read_file(daemon.files() / "file") == "content and more");
        CHECK(names_in(daemon.files()) == Words{"file", "file2"});
    }
}
