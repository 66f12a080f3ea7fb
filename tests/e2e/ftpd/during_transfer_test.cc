// SPDX-License-Identifier: ISC
// What a client may say while a transfer runs: ABOR, STAT and NOOP are answered at once, all else in its
// turn.
#include "tests/e2e/observe.hh"

#include "common/text.hh"

#include <doctest/doctest.h>
#include <sys/socket.h>

using namespace e2e;
using common::text;

namespace {

const Daemon::Setting writable{.lines = {"anonymous write", "connect-timeout 1000", "stall-timeout 1000"}};

// Urgent data, as telnet's Synch has it (RFC 854).
void send_urgent(const Connection& client, std::string_view bytes) {
    const ssize_t sent = ::send(client.fd(), bytes.data(), bytes.size(), MSG_OOB | MSG_NOSIGNAL);
    REQUIRE(sent == static_cast<ssize_t>(bytes.size()));
}

void expect_aborted(FtpClient& client, Connection& data) {
    client.expect(426);
    client.expect(226);
    data.wait_for_end();
    client.command("NOOP", 200); // and no third reply
}

std::size_t number_behind(const std::string& answer, std::string_view lead) {
    const std::size_t at = answer.find(lead);
    REQUIRE(at != answer.npos);
    return std::stoul(answer.substr(at + lead.size()));
}

} // namespace

TEST_SUITE("e2e readiness") {
    TEST_CASE("ABOR breaks off a download and the session goes on") {
        const Daemon daemon{writable};
        make_endless_file(daemon.files() / "endless");
        write_file(daemon.files() / "file", "content");
        FtpClient client = connect_logged_in(daemon);
        for (const std::string_view abort : {"ABOR\r\n", "abor\r\n",
                                             "\xff\xf4\xff\xf2"
                                             "ABOR\r\n"}) {
            Connection data = begin_transfer(client, "RETR endless");
            client.send(abort);
            expect_aborted(client, data);
        }
        CHECK(client.fetch("RETR file") == "content");
    }

    TEST_CASE("ABOR is understood with a Synch whichever of its bytes is urgent") {
        const Daemon daemon{writable};
        make_endless_file(daemon.files() / "endless");
        FtpClient client = connect_logged_in(daemon);
        Connection one = begin_transfer(client, "RETR endless");
        client.send("\xff\xf4");
        send_urgent(client, "\xff");
        client.send("\xf2"
                    "ABOR\r\n");
        expect_aborted(client, one);
        Connection two = begin_transfer(client, "RETR endless");
        client.send("\xff\xf4\xff");
        send_urgent(client, "\xf2");
        client.send("ABOR\r\n");
        expect_aborted(client, two);
        Connection three = begin_transfer(client, "RETR endless");
        send_urgent(client, "ABOR\r\n"); // as Python's ftplib does
        expect_aborted(client, three);
    }

    TEST_CASE("ABOR breaks off an upload and keeps what has come to be continued") {
        const Daemon daemon{writable};
        write_shared(daemon.files() / "old", "old content");
        FtpClient client = connect_logged_in(daemon);
        Connection data = begin_transfer(client, "STOR new");
        data.send("first half");
        wait_until("the bytes are there",
                   [&] { return client.command("STAT", 211).find(": 10 bytes") != std::string::npos; });
        client.send("ABOR\r\n");
        expect_aborted(client, data);
        CHECK(client.command("SIZE new", 213) == "213 10");
        client.command("REST 10", 350);
        client.store("STOR new", " second");
        CHECK(read_file(daemon.files() / "new") == "first half second");

        Connection other = begin_transfer(client, "STOR old");
        other.send("half");
        client.send("ABOR\r\n");
        expect_aborted(client, other);
        CHECK(read_file(daemon.files() / "old") == "old content");
    }

    TEST_CASE("ABOR ends the wait for a data connection that does not come") {
        const Daemon daemon{writable};
        write_file(daemon.files() / "file", "content");
        FtpClient client = connect_logged_in(daemon);
        client.command("EPSV", 229);
        for (const char* const line : {"RETR file", "LIST", "STOR new"}) {
            client.command("EPSV", 229);
            client.command(line, 150);
            client.command("ABOR", 426);
            client.expect(226);
        }
        client.command("RETR file", 425); // what was prepared is used up
    }

    TEST_CASE("ABOR without a transfer gives up what was prepared") {
        const Daemon daemon{writable};
        write_file(daemon.files() / "file", "content");
        FtpClient client = connect_logged_in(daemon);
        client.command("ABOR", 226);
        client.command("EPSV", 229);
        client.command("ABOR", 226);
        client.command("RETR file", 425);
        client.command("ABOR now", 501);
        FtpClient stranger{daemon};
        stranger.command("ABOR", 226);
    }

    TEST_CASE("STAT tells how far a transfer is and NOOP is answered beside it") {
        const Daemon daemon{writable};
        make_endless_file(daemon.files() / "endless");
        FtpClient client = connect_logged_in(daemon);
        Connection data = begin_transfer(client, "RETR endless");
        data.read_exactly(1 << 20);
        const std::string first = client.command("STAT", 211);
        CHECK(first.starts_with("211-"));
        CHECK(first.ends_with("\n211 End"));
        const std::string lead = "\n RETR /endless: ";
        const std::size_t bytes = number_behind(first, lead);
        CHECK(bytes >= 1 << 20);
        CHECK(first.find(text(" of ", std::filesystem::file_size(daemon.files() / "endless"),
                              " bytes in ")) != first.npos);
        CHECK(first.find("/s), ") != first.npos);
        CHECK(first.ends_with(" s to go\n211 End"));
        client.command("NOOP", 200);
        data.read_exactly(32 << 20); // more than the buffers between us hold
        CHECK(number_behind(client.command("STAT", 211), lead) > bytes);
        client.send("ABOR\r\n");
        expect_aborted(client, data);
        CHECK(client.command("STAT", 211).find(lead) == std::string::npos);
    }

    TEST_CASE("other commands wait for the end of a transfer and are done in their order") {
        const Daemon daemon{writable};
        FtpClient client = connect_logged_in(daemon);
        Connection data = begin_transfer(client, "STOR file");
        client.send("NOOP\r\nPWD\r\nSTAT /\r\nABOR\r\nQUIT\r\n");
        client.expect(200); // NOOP stood before any that waits
        CHECK_FALSE(client.has_input());
        data.send("content");
        data.close();
        client.expect(226);
        client.expect(257);
        client.expect(213);
        client.expect(226); // ABOR, which nothing is left for
        client.expect(221);
        CHECK(client.read_to_end().empty());
        CHECK(read_file(daemon.files() / "file") == "content");
    }

    TEST_CASE("ABOR breaks off a listing too") {
        const Daemon daemon{writable};
        const Path folder = daemon.files() / "folder";
        std::filesystem::create_directory(folder);
        const std::string name(200, 'x');
        for (int i = 0; i < 20000; ++i) write_file(folder / text(name, i), "");
        FtpClient client = connect_logged_in(daemon);
        Connection data = client.open_data();
        data.set_receive_buffer(4096);
        client.command("MLSD folder", 150);
        client.send("ABOR\r\n");
        const Reply reply = client.read_reply(); // 226 where all of it went into the buffers
        client.expect(226);
        if (reply.code == 226) MESSAGE("the listing was over before it could be broken off");
        data.wait_for_end();
        client.command("NOOP", 200);
    }
}
