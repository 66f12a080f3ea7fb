// SPDX-License-Identifier: ISC
// STOR: a file appears whole or not at all, the old one stays until then, and what was interrupted is
// continued.
#include "tests/e2e/ftp_client.hh"
#include "tests/e2e/harness.hh"
#include "tests/skip.hh"

#include "common/text.hh"

#include <doctest/doctest.h>
#include <signal.h>
#include <sys/stat.h>

using common::text;
using e2e::Connection;
using e2e::Daemon;
using e2e::FtpClient;
using e2e::names_in;
using e2e::read_file;
using e2e::Words;
using e2e::write_shared;

namespace {

const Daemon::Setting writable{.lines = {"anonymous write"}};

// Waits until so much of an upload has arrived: what has not, nobody can keep.
void wait_for_partial(FtpClient& other, std::string_view name, std::size_t size) {
    while (other.command(text("SIZE ", name), 213) != text("213 ", size)) {
    }
}

// Begins to store, has bytes arrive, and gives the data connection for more.
Connection begin_upload(FtpClient& client, std::string_view name, std::string_view bytes) {
    Connection data = client.open_data();
    client.command(text("STOR ", name), 150);
    data.send(bytes);
    return data;
}

} // namespace

TEST_SUITE("e2e") {
    TEST_CASE("STOR creates and replaces a file and leaves nothing beside it") {
        const Daemon daemon{writable};
        FtpClient client = connect_logged_in(daemon);
        const std::string bytes = e2e::make_bytes(3'000'000);
        client.store("STOR file", bytes);
        CHECK((read_file(daemon.files() / "file") == bytes));
        client.store("STOR file", "short");
        CHECK(read_file(daemon.files() / "file") == "short");
        client.store("STOR empty", "");
        client.command("NOOP", 200); // what was replaced goes with the next command
        CHECK(read_file(daemon.files() / "empty").empty());
        CHECK(names_in(daemon.files()) == Words{"empty", "file"});
        const std::string longest(255, 'n');
        client.store("STOR " + longest, "x");
        CHECK(read_file(daemon.files() / longest) == "x");
        client.store("STOR " + longest, "y");
        CHECK(read_file(daemon.files() / longest) == "y");
        client.command("NOOP", 200);
        CHECK(names_in(daemon.files()) == Words{"empty", "file", longest});
        const Connection data = client.open_data();
        client.command("STOR " + longest + "n", 550);
    }

    TEST_CASE("an upload is hidden from listings and downloads until it is complete") {
        const Daemon daemon{writable};
        write_shared(daemon.files() / "old", "old content");
        FtpClient writer = connect_logged_in(daemon), other_writer = connect_logged_in(daemon),
                  reader = connect_logged_in(daemon);
        Connection fresh = begin_upload(writer, "fresh", "half");
        Connection replacing = begin_upload(other_writer, "old", "new");
        wait_for_partial(reader, "fresh", 4);
        CHECK(reader.fetch("NLST") == "old\r\n");
        CHECK(reader.fetch("LIST").find("fresh") == std::string::npos);
        CHECK(reader.fetch("MLSD").find("fresh") == std::string::npos);
        CHECK(reader.command("LS", 213).ends_with("\n213 1 entry"));
        for (const auto* const verb : {"RETR", "MLST", "GET", "LS", "MDTM"})
            CHECK(reader.code_of(text(verb, " fresh")) == 550);
        CHECK(reader.fetch("RETR old") == "old content");
        CHECK(reader.get("old") == "old content");
        fresh.send(" and half");
        fresh.close();
        writer.expect(226);
        replacing.close();
        other_writer.expect(226);
        CHECK(reader.fetch("RETR fresh") == "half and half");
        CHECK(reader.fetch("RETR old") == "new");
        CHECK(reader.fetch("NLST") == "fresh\r\nold\r\n");
    }

    TEST_CASE("an upload that a reset interrupts leaves the old file and continues at its end") {
        const Daemon daemon{writable};
        write_shared(daemon.files() / "old", "old content");
        FtpClient client = connect_logged_in(daemon), other = connect_logged_in(daemon);
        Connection data = begin_upload(client, "old", "new");
        data.reset();
        client.expect(426);
        CHECK(client.fetch("RETR old") == "old content");

        Connection fresh = begin_upload(client, "fresh", "01234");
        wait_for_partial(other, "fresh", 5);
        fresh.reset();
        client.expect(426);
        CHECK(client.command("SIZE fresh", 213) == "213 5");
        CHECK(client.code_of("RETR fresh") == 550);
        client.command("REST 5", 350);
        client.store("STOR fresh", "56789");
        CHECK(read_file(daemon.files() / "fresh") == "0123456789");
        CHECK(client.fetch("NLST") == "fresh\r\nold\r\n");
    }

    TEST_CASE("a session killed in an upload leaves the old file and continues at its end") {
        const Daemon daemon{writable};
        if (!e2e::have_proc()) return tests::skip("only /proc shows it");
        write_shared(daemon.files() / "old", "old content");
        FtpClient other = connect_logged_in(daemon);
        const std::vector<e2e::ProcessStatus> before = e2e::children_of(daemon.main_pid());
        REQUIRE(before.size() == 1);
        for (const auto* const name : {"old", "fresh"}) {
            FtpClient doomed = connect_logged_in(daemon);
            const Connection data = begin_upload(doomed, name, "01234");
            if (name == std::string_view{"fresh"}) wait_for_partial(other, name, 5);
            for (const e2e::ProcessStatus& child : e2e::children_of(daemon.main_pid()))
                if (child.pid != before[0].pid) ::kill(child.pid, SIGKILL);
            doomed.wait_for_end();
        }
        CHECK(other.fetch("RETR old") == "old content");
        other.command("REST 3", 350); // not all of it
        other.store("STOR fresh", "xyz");
        CHECK(read_file(daemon.files() / "fresh") == "012xyz");
    }

    TEST_CASE("an upload whose two connections end together is interrupted and not complete") {
        const Daemon daemon{writable};
        FtpClient client = connect_logged_in(daemon), other = connect_logged_in(daemon);
        Connection data = begin_upload(client, "file", "01234");
        wait_for_partial(other, "file", 5);
        client.half_close();
        data.close();
        client.expect(426);
        CHECK(client.read_to_end().empty());
        CHECK(other.code_of("RETR file") == 550);
        other.command("REST 5", 350);
        other.store("STOR file", "5");
        CHECK(read_file(daemon.files() / "file") == "012345");
    }

    TEST_CASE("an unfinished upload begins anew without REST and refuses one beyond its end") {
        const Daemon daemon{writable};
        FtpClient client = connect_logged_in(daemon), other = connect_logged_in(daemon);
        Connection data = begin_upload(client, "file", "01234");
        wait_for_partial(other, "file", 5);
        data.reset();
        client.expect(426);
        const Connection unused = client.open_data();
        client.command("REST 6", 350);
        client.command("STOR file", 554);
        client.command("REST 1", 350);
        client.command("STOR other", 554);
        CHECK(client.command("SIZE file", 213) == "213 5");
        client.store("STOR file", "abc");
        CHECK(read_file(daemon.files() / "file") == "abc");
        CHECK(names_in(daemon.files()) == Words{"file"});
    }

    TEST_CASE("DELE removes an unfinished upload whose name is absent") {
        const Daemon daemon{writable};
        FtpClient client = connect_logged_in(daemon), other = connect_logged_in(daemon);
        Connection data = begin_upload(client, "file", "01234");
        wait_for_partial(other, "file", 5);
        data.reset();
        client.expect(426);
        CHECK(names_in(daemon.files()).size() == 1);
        client.command("DELE file", 250);
        client.command("DELE file", 550);
        client.command("SIZE file", 550);
        CHECK(names_in(daemon.files()).empty());
    }

    TEST_CASE("two sessions cannot upload the same name at the same time") {
        const Daemon daemon{writable};
        FtpClient first = connect_logged_in(daemon), second = connect_logged_in(daemon);
        Connection data = begin_upload(first, "file", "first");
        {
            const Connection refused = second.open_data();
            second.command("STOR file", 450);
            second.put("file", "body", 450);
            second.command("NOOP", 200);
        }
        data.close();
        first.expect(226);
        CHECK(read_file(daemon.files() / "file") == "first");
        second.store("STOR file", "second");
        CHECK(read_file(daemon.files() / "file") == "second");
    }

    TEST_CASE("an upload that is under way cannot be deleted and is whole at its end") {
        const Daemon daemon{writable};
        FtpClient writer = connect_logged_in(daemon), other = connect_logged_in(daemon);
        Connection data = begin_upload(writer, "file", "first ");
        wait_for_partial(other, "file", 6);
        CHECK(other.command("DELE file", 450) ==
              "450 /file is being uploaded by another session: try again later.");
        {
            const Connection refused = other.open_data();
            other.command("STOR file", 450);
            other.command("APPE file", 450);
            other.command("REST 2", 350);
            other.command("STOR file", 450);
        }
        data.send("half");
        data.close();
        writer.expect(226);
        CHECK(read_file(daemon.files() / "file") == "first half");
        other.command("DELE file", 250);
        CHECK(names_in(daemon.files()).empty());
    }

    TEST_CASE("what is written into a file that others take away is not said to be stored") {
        const Daemon daemon{writable};
        using Deed = void (*)(FtpClient&);
        const std::pair<const char*, Deed> deeds[]{
            {"", [](FtpClient& other) { other.command("DELE file", 250); }},
            {"new", [](FtpClient& other) { other.store("STOR file", "new"); }},
            {"another",
             [](FtpClient& other) {
                 other.store("STOR another", "another");
                 other.command("RNFR another", 350);
                 other.command("RNTO file", 250);
             }},
        };
        for (const auto& deed : deeds)
            for (const char* const line : {"APPE file", "STOR file"}) {
                CAPTURE(std::string{deed.first});
                CAPTURE(std::string{line});
                FtpClient writer = connect_logged_in(daemon), other = connect_logged_in(daemon);
                write_shared(daemon.files() / "file", "0123456789");
                if (line == std::string{"STOR file"}) writer.command("REST 4", 350);
                Connection data = writer.open_data();
                writer.command(line, 150);
                deed.second(other);
                data.send("abc");
                data.close();
                CHECK(writer.expect(451) == "451 /file was replaced or removed by others meanwhile: "
                                            "what you sent is not in it.");
                other.command("NOOP", 200);
                const bool is_there = std::filesystem::exists(daemon.files() / "file");
                CHECK((is_there ? read_file(daemon.files() / "file") : "") == deed.first);
                std::filesystem::remove(daemon.files() / "file");
                CHECK(names_in(daemon.files()).empty());
            }
    }

    TEST_CASE("REST and STOR into a complete file write in place and keep what is behind") {
        const Daemon daemon{writable};
        write_shared(daemon.files() / "file", "0123456789");
        FtpClient client = connect_logged_in(daemon);
        client.command("REST 4", 350);
        client.store("STOR file", "AB");
        CHECK(read_file(daemon.files() / "file") == "0123AB6789");
        client.command("REST 10", 350);
        client.store("STOR file", "more");
        CHECK(read_file(daemon.files() / "file") == "0123AB6789more");
        const Connection unused = client.open_data();
        client.command("REST 15", 350);
        client.command("STOR file", 554);
        client.command("REST 2", 350);
        client.put("file", "xy");
        CHECK(read_file(daemon.files() / "file") == "01xyAB6789more");
    }

    TEST_CASE("an upload to a symbolic link replaces what it leads to and not the link") {
        const Daemon daemon{writable};
        FtpClient client = connect_logged_in(daemon);
        client.command("MKD sub", 257);
        client.store("STOR sub/target", "old");
        std::filesystem::create_symlink("/sub/target", daemon.files() / "link");
        std::filesystem::create_symlink("sub/absent", daemon.files() / "dangling");
        std::filesystem::create_symlink("sub/.ftpd-x", daemon.files() / "sly");
        client.store("STOR link", "new");
        client.store("STOR dangling", "newer");
        CHECK(std::filesystem::is_symlink(daemon.files() / "link"));
        CHECK(read_file(daemon.files() / "sub" / "target") == "new");
        CHECK(read_file(daemon.files() / "sub" / "absent") == "newer");
        const Connection unused = client.open_data();
        client.command("STOR sly", 553);
    }

    TEST_CASE("STOR onto what is no regular file is refused without blocking") {
        const Daemon daemon{writable};
        FtpClient client = connect_logged_in(daemon);
        client.command("MKD folder", 257);
        ::mkfifo((daemon.files() / "fifo").c_str(), 0666);
        // Only root makes a device, and not everywhere.
        const bool has_null = ::mknod((daemon.files() / "null").c_str(), S_IFCHR | 0666, 1 << 8 | 3) == 0;
        std::filesystem::create_symlink("/dev/null", daemon.files() / "outside");
        const Connection unused = client.open_data();
        for (const auto* const name :
             {"folder", "folder/", "/", "..", "fifo", "outside", "missing/x", "fifo/x"}) {
            CAPTURE(name);
            CHECK(client.code_of(text("STOR ", name)) == 550);
            client.put(name, "body", 550);
        }
        if (has_null) CHECK(client.code_of("STOR null") == 550);
        for (const auto* const name : {".ftpd-x", "folder/.ftpd-", ".ftpd-folder/x", ".FTPD-x/../.ftpd-x"}) {
            CAPTURE(name);
            CHECK(client.code_of(text("STOR ", name)) == 553);
            client.put(name, "body", 553);
        }
        CHECK(names_in(daemon.files() / "folder").empty());
    }

    TEST_CASE("who may only upload creates files and replaces and continues none that is complete") {
        const Daemon daemon{{.lines = {"anonymous upload-only"}}};
        write_shared(daemon.files() / "old", "old content");
        FtpClient client = connect_logged_in(daemon), other = connect_logged_in(daemon);
        client.store("STOR new", "new");
        {
            const Connection unused = client.open_data();
            client.command("STOR old", 550);
            client.command("STOR new", 550);
            client.command("REST 3", 350);
            client.command("STOR old", 550);
        }
        Connection data = begin_upload(client, "fresh", "01234");
        wait_for_partial(other, "fresh", 5);
        data.reset();
        client.expect(426);
        client.command("REST 5", 350);
        client.store("STOR fresh", "5");
        CHECK(read_file(daemon.files() / "fresh") == "012345");
        CHECK(read_file(daemon.files() / "old") == "old content");
    }

    TEST_CASE("who may not replace does not even when the name appears during the upload") {
        const Daemon daemon{{.lines = {"anonymous upload-only"}}};
        FtpClient client = connect_logged_in(daemon);
        Connection data = begin_upload(client, "file", "mine");
        write_shared(daemon.files() / "file", "theirs");
        data.close();
        client.expect(550);
        CHECK(read_file(daemon.files() / "file") == "theirs");
        CHECK(names_in(daemon.files()) == Words{"file"});
    }
}
