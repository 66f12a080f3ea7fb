// SPDX-License-Identifier: ISC
// Uploads that the system has no room for.
#include "tests/e2e/ftp_client.hh"
#include "tests/e2e/harness.hh"
#include "tests/skip.hh"

#include "common/text.hh"

#include <doctest/doctest.h>
#include <unistd.h>

using common::text;
using e2e::Connection;
using e2e::Daemon;
using e2e::FtpClient;
using e2e::names_in;
using e2e::Words;

namespace {

constexpr std::size_t room = 1024 * 1024;

// Whether it shows before an announced upload begins.
enum class Lack { shows, comes_as_a_surprise };

// What a daemon says that has no room for more than `room' bytes; each upload is of twice as much.
void check_lack_of_room(const Daemon& daemon, const e2e::Path& files, Lack lack) {
    FtpClient client = connect_logged_in(daemon);
    client.put("old", "old content");
    const std::string large(2 * room, 'x');
    for (const auto& [name, fate] :
         {std::pair{"old", "/old is unchanged."}, {"new", "/new is not stored."}}) {
        const auto check_words = [fate = fate](const std::string& reply) {
            CAPTURE(reply);
            CHECK(reply.ends_with(text(" bytes: ", fate)));
            const auto bytes = std::stoul(reply.substr(reply.find(" after ") + 7));
            CHECK(bytes > room / 2);
            CHECK(bytes <= room);
        };
        Connection data = client.open_data();
        client.command(text("STOR ", name), 150);
        data.try_send(large); // may be broken off
        check_words(client.expect(552));
        data.close();
        // In band, the rest of the body is discarded and the session goes on.
        client.send(text("ALLO ", large.size(), "\r\nPUT ", name, "\r\n", large, "NOOP\r\n"));
        client.expect(200);
        if (lack == Lack::shows) {
            CHECK(client.expect(552).find(" bytes free on the disk, and not the 2097152 ") !=
                  std::string::npos);
        } else {
            client.expect(150);
            check_words(client.expect(552));
        }
        client.expect(200);
    }
    CHECK(client.get("old") == "old content");
    Connection data = client.open_data();
    client.command("APPE old", 150);
    data.try_send(large);
    CHECK(client.expect(552).ends_with(": /old has been changed up to there."));
    data.close();
    CHECK(names_in(files) == Words{"old"});
    client.command("DELE old", 250);
    client.put("old", "small");
    CHECK(client.get("old") == "small");
}

} // namespace

TEST_SUITE("e2e") {
    TEST_CASE("an upload beyond the limit of a file's size is 552 and costs neither session nor old file") {
        const Daemon daemon{
            {.lines = {"anonymous write"},
             .wrapper = {"sh", "-c", text("ulimit -f ", room / 512, " && exec \"$@\""), "sh"}}};
        check_lack_of_room(daemon, daemon.files(), Lack::comes_as_a_surprise);
    }

    TEST_CASE("an upload onto a full disk is 552 and leaves the old file and no other") {
        // Needs a mount that only root can make, and not even root everywhere.
        const e2e::TempDir folder;
        const e2e::Path disk = folder.make_shared("disk");
        const std::string options = text("size=", room, ",mode=777");
        if (::geteuid() != 0 ||
            e2e::run_client({"mount", "-t", "tmpfs", "-o", options, "none", disk}).status != 0) {
            return tests::skip("cannot mount a small disk");
        }
        struct Unmount {
            std::string disk;
            ~Unmount() { e2e::run_client({"umount", "-l", disk}); }
        } const unmount{disk};
        const Daemon daemon{{.lines = {"anonymous write", text("root ", disk.native())}}};
        check_lack_of_room(daemon, disk, Lack::shows);
    }
}
