// SPDX-License-Identifier: ISC
// Transfers that clients continue where they were broken off, beyond 4 GiB, where 32 bits no longer count the
// bytes.
#include "tests/e2e/clients.hh"

#include "common/text.hh"

#include <doctest/doctest.h>
#include <functional>

using common::text;
using e2e::check_sparse;
using e2e::Daemon;
using e2e::FtpClient;
using e2e::hole;
using e2e::Path;
using e2e::run_in;
using e2e::run_lftp;
using e2e::url_of;
using e2e::Words;
using e2e::writable;
using e2e::write_sparse;

namespace {

const std::string tail = e2e::make_bytes(200'000);
const std::string begun = tail.substr(0, 70'000);

using Continue = std::function<void(const Daemon&)>;

Continue by(const std::function<Words(const Daemon&)>& command, std::string_view input = {}) {
    return [=](const Daemon& daemon) { run_in(daemon.folder().path(), command(daemon), input); };
}

Continue by_lftp(const std::string& commands) {
    return [=](const Daemon& daemon) { run_lftp(daemon, commands); };
}

Continue by_tnftp(const std::string& command) {
    return [=](const Daemon& daemon) {
        run_in(daemon.folder().path(), {"tnftp", "-in", "127.0.0.1", text(daemon.port())},
               text("user anonymous guest\nbinary\n", command, "\nbye\n"));
    };
}

// What is to be sent: older than what has come of it, or some clients would not go on.
void write_source(const Path& path) {
    write_sparse(path, tail);
    e2e::run_client({"touch", "-d", "2001-09-09", path});
}

// The server has `large' whole, and the folder `local' its beginning, which is to become whole.
void check_download(const Continue& go_on) {
    const Daemon daemon{writable()};
    const Path local = daemon.folder().make_shared("local") / "large";
    write_source(daemon.files() / "large");
    write_sparse(local, begun);
    go_on(daemon);
    check_sparse(local, tail);
}

// The other way: the server has the beginning under this name.
void check_upload(const Continue& go_on, const std::string& name = "large") {
    CAPTURE(name);
    const Daemon daemon{writable()};
    write_source(daemon.folder().make_shared("local") / "large");
    write_sparse(daemon.files() / name, begun);
    go_on(daemon);
    check_sparse(daemon.files() / "large", tail);
    CHECK(e2e::names_in(daemon.files()) == Words{"large"});
}

// Both a file that was given up and an upload that broke off.
void check_uploads(const Continue& go_on) {
    check_upload(go_on);
    check_upload(go_on, ".ftpd-large");
}

} // namespace

TEST_SUITE("e2e") {
    TEST_CASE("curl continues beyond 4 GiB both ways") {
        check_download(by([](const Daemon& daemon) {
            return Words{"curl", "-sS", "--disable", "-C", "-", "-o", "local/large", url_of(daemon, "large")};
        }));
        check_uploads(by([](const Daemon& daemon) {
            return Words{"curl", "-sS", "--disable", "-C", "-", "-T", "local/large", url_of(daemon, "large")};
        }));
    }

    TEST_CASE("lftp continues beyond 4 GiB both ways") {
        check_download(by_lftp("get -c large -o local/large"));
        check_uploads(by_lftp("put -c local/large"));
        check_download(by_lftp("mirror -c / local"));
        // What mirror goes on with it reads from a listing, where no upload is that broke off.
        check_upload(by_lftp("mirror -R -c local /"));
    }

    TEST_CASE("wget continues beyond 4 GiB") {
        check_download(by([](const Daemon& daemon) {
            return Words{"wget", "-q", "-c", "-P", "local", url_of(daemon, "large")};
        }));
    }

    TEST_CASE("tnftp continues beyond 4 GiB both ways") {
        check_download(by_tnftp("reget large local/large"));
        check_uploads(by_tnftp(text("restart ", hole + begun.size(), "\nput local/large large")));
    }

    TEST_CASE("ncftpget and ncftpput continue beyond 4 GiB") {
        check_download(by([](const Daemon& daemon) {
            return Words{"ncftpget", "-V", "-z", "-P", text(daemon.port()), "127.0.0.1", "local", "/large"};
        }));
        check_uploads(by([](const Daemon& daemon) {
            // -s: where it uses sendfile(2) it sends the file from its start again, wherever it restarts.
            return Words{"ncftpput",          "-V",        "-z", "-s",         "-P",
                         text(daemon.port()), "127.0.0.1", "/",  "local/large"};
        }));
    }

    TEST_CASE("Python's ftplib continues beyond 4 GiB both ways") {
        const auto by_python = [](const std::string& lines) {
            return by([=](const Daemon& daemon) {
                return Words{"python3", "-c",
                             text("import ftplib, os, sys\nftp = ftplib.FTP()\n"
                                  "ftp.connect('127.0.0.1', int(sys.argv[1]), 60)\nftp.login()\n",
                                  lines, "\nftp.quit()\n"),
                             text(daemon.port())};
            });
        };
        check_download(by_python("file = open('local/large', 'ab')\n"
                                 "ftp.retrbinary('RETR large', file.write, rest=file.tell())"));
        check_uploads(by_python(
            "ftp.voidcmd('TYPE I')\nfile = open('local/large', 'rb')\nfile.seek(ftp.size('large'))\n"
            "ftp.storbinary('STOR large', file, rest=file.tell())"));
        check_uploads(by_python(
            "ftp.voidcmd('TYPE I')\nfile = open('local/large', 'rb')\nfile.seek(ftp.size('large'))\n"
            "ftp.storbinary('APPE large', file)"));
    }

    TEST_CASE("every verb counts in 64 bits") {
        const Daemon daemon{writable()};
        write_sparse(daemon.files() / "large", tail);
        FtpClient client = connect_logged_in(daemon);
        const std::string size = text(hole + tail.size());
        CHECK(client.command("SIZE large", 213) == text("213 ", size));
        CHECK(client.command("MLST large", 250).find(text("size=", size, ';')) != std::string::npos);
        CHECK(client.fetch("MLSD").find(text("size=", size, ';')) != std::string::npos);
        CHECK(client.fetch("LIST").find(text(' ', size, ' ')) != std::string::npos);
        client.command(text("REST ", hole), 350);
        CHECK((client.fetch("RETR large") == tail));
        client.command(text("REST ", hole), 350);
        CHECK((client.get("large") == tail));
        client.command(text("REST ", hole + tail.size()), 350);
        CHECK(client.fetch("RETR large").empty());
        for (const std::string line : {"RETR large", "GET large", "STOR large", "STOR new"}) {
            CAPTURE(line);
            client.command(text("REST ", hole + tail.size() + 1), 350);
            client.command("EPSV", 229);
            client.command(line, 554);
        }
        client.command("REST 18446744073709551616", 501);
        client.command(text("REST ", hole + 5), 350);
        client.store("STOR large", "in place");
        client.store("APPE large", "at the end");
        client.command(text("REST ", hole + 1), 350);
        client.put("large", "xyz");
        std::string changed = tail + "at the end";
        changed.replace(5, 8, "in place").replace(1, 3, "xyz");
        check_sparse(daemon.files() / "large", changed);
        // What is announced, too.
        client.send(text("ALLO ", hole, "\r\nPUT large\r\nxyz"));
        client.expect(200);
        CHECK(client.expect(150) == text("150 Send ", hole, " bytes."));
        client.half_close();
        client.expect(426);
        check_sparse(daemon.files() / "large", changed);
    }
}
