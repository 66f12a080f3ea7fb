// SPDX-License-Identifier: ISC
// Clients that no package brings, by what they send: FileZilla, and basic-ftp of Node.js. Each step waits for
// its answer and uses the answer as the client does.
#include "tests/e2e/clients.hh"

#include "common/text.hh"

#include <doctest/doctest.h>

using common::text;
using e2e::Connection;
using e2e::FtpClient;

namespace {

// What a data connection brought behind `command', which must begin with 150 and end with 226.
std::string received(FtpClient& client, Connection data, std::string_view command) {
    client.command(command, 150);
    std::string bytes = data.read_to_end();
    client.expect(226);
    return bytes;
}

void sent(FtpClient& client, Connection data, std::string_view command, std::string_view bytes) {
    client.command(command, 150);
    data.send(bytes);
    data.close();
    client.expect(226);
}

Connection pasv(FtpClient& client) { return Connection{e2e::passive_port(client.command("PASV", 227))}; }

bool holds(std::string_view all, std::string_view part) { return all.find(part) != all.npos; }

} // namespace

TEST_SUITE("e2e") {
    TEST_CASE("FileZilla's dialogue: no TLS and a listing and a download that goes on and an upload with its "
              "time") {
        const e2e::Daemon daemon{e2e::writable()};
        const std::string bytes = e2e::make_bytes(100'000);
        e2e::write_file(daemon.files() / "file", bytes);
        FtpClient client{daemon};
        for (const char* const kind : {"AUTH TLS", "AUTH SSL"}) CHECK(client.code_of(kind) / 100 == 5);
        client.command("USER anonymous", 331);
        client.command("PASS anonymous@example.com", 230);
        CHECK(client.command("SYST", 215).starts_with("215 UNIX Type: L8"));
        const std::string features = client.command("FEAT", 211);
        for (const char* const word :
             {" UTF8", " MLST ", " MFMT", " REST STREAM", " CLNT", " TVFS", " SIZE", " MDTM"})
            CHECK(holds(features, word));
        client.command("CLNT FileZilla", 200);
        client.command("OPTS UTF8 ON", 200);
        client.command("OPTS MLST type;perm;size;modify;unix.mode;unix.owner;unix.group;", 200);
        CHECK(client.command("PWD", 257).starts_with("257 \"/\""));
        client.command("TYPE I", 200);
        const std::string listing = received(client, pasv(client), "MLSD");
        CHECK(holds(listing, "type=file;"));
        CHECK(holds(listing, "size=100000;"));
        CHECK(holds(listing, "perm="));
        CHECK(holds(listing, "UNIX.mode=0"));

        client.command("REST 60000", 350);
        CHECK((received(client, pasv(client), "RETR file") == bytes.substr(60000)));
        client.command("MKD folder", 257);
        client.command("CWD folder", 250);
        sent(client, pasv(client), "STOR new", bytes);
        CHECK(client.command("MFMT 20200102030405 new", 213).starts_with("213 "));
        CHECK(client.command("MDTM new", 213) == "213 20200102030405");
        client.command("SITE CHMOD 640 new", 200);
        client.command("NOOP", 200); // its keep-alive, in turn with TYPE and PWD
        client.command("TYPE A", 200);
        client.command("TYPE I", 200);
        client.command("RNFR new", 350);
        client.command("RNTO other", 250);
        client.command("DELE other", 250);
        client.command("CWD /", 250);
        client.command("RMD folder", 250);
    }

    TEST_CASE("basic-ftp's dialogue: a tree is listed and taken down from the leaves") {
        const e2e::Daemon daemon{e2e::writable()};
        FtpClient client{daemon};
        client.command("OPTS UTF8 ON", 200); // before it logs in
        client.command("USER anonymous", 331);
        client.command("PASS guest", 230);
        client.command("FEAT", 211);
        client.command("TYPE I", 200);
        client.command("STRU F", 200);
        client.command("OPTS UTF8 ON", 200);
        client.command("OPTS MLST type;size;modify;unique;unix.mode;unix.owner;unix.group;unix.ownername;"
                       "unix.groupname;",
                       200);
        for (const char* const name : {"x", "y"}) {
            client.command(text("MKD ", name), 257);
            client.command(text("CWD ", name), 250);
        }
        sent(client, client.open_data(), "STOR n2", "text");
        CHECK(client.command("SIZE n2", 213) == "213 4");
        client.command("MDTM n2", 213);
        sent(client, client.open_data(), "APPE n2", "more");
        client.command("CWD /", 250);
        client.command("CWD x", 250);
        CHECK(holds(received(client, client.open_data(), "MLSD"), "type=dir;"));
        client.command("CWD y", 250);
        const std::string file = received(client, client.open_data(), "MLSD");
        CHECK(holds(file, "type=file;"));
        CHECK(holds(file, "size=8;"));
        client.command("DELE n2", 250);
        client.command("CDUP", 250);
        client.command("RMD y", 250);
        client.command("CDUP", 250);
        client.command("RMD /x", 250);
        client.command("QUIT", 221);
    }
}
