// SPDX-License-Identifier: ISC
// Small clients that move a file over FTP and list a folder: aria2, busybox, Perl's Net::FTP, Erlang's ftp
// and that of inetutils. Each is left out where it is not installed.
#include "tests/e2e/clients.hh"
#include "tests/skip.hh"

#include "common/text.hh"

#include <chrono>
#include <doctest/doctest.h>

using common::text;
using e2e::Daemon;
using e2e::names_in;
using e2e::read_file;
using e2e::run_in;
using e2e::Words;
using e2e::writable;
using e2e::write_file;
using tests::lacks;

namespace {

// A file of the server to get, and what it holds: more than fits into one segment, and one that does.
struct Place {
    Daemon daemon{writable()};
    std::string bytes = e2e::make_bytes(300'000), few = "a few bytes\n", port = text(daemon.port());

    Place() {
        write_file(daemon.files() / "large", bytes);
        write_file(daemon.files() / "small", few);
    }
    std::string run(const Words& command, std::string_view input = {}) const {
        return run_in(daemon.folder().path(), command, input);
    }
    std::string got(const std::string& name) const { return read_file(daemon.folder() / name); }
    std::string stored(const std::string& name) const { return read_file(daemon.files() / name); }
};

} // namespace

TEST_SUITE("e2e") {
    TEST_CASE("aria2 gets a file at once since 226 does not come in one segment with 150") {
        if (lacks("aria2c")) return;
        const Place place;
        for (const std::string name : {"large", "small"}) {
            const auto begun = std::chrono::steady_clock::now();
            place.run({"aria2c", "--no-conf", "-q", "--timeout=50", "--max-tries=1", "-o", "got-" + name,
                       e2e::url_of(place.daemon, name)});
            CHECK(std::chrono::steady_clock::now() - begun < std::chrono::seconds{50});
        }
        CHECK((place.got("got-large") == place.bytes));
        CHECK(place.got("got-small") == place.few);
    }

    TEST_CASE("busybox ftpget and ftpput move a file") {
        if (lacks("busybox")) return;
        const Place place;
        place.run({"busybox", "ftpget", "-P", place.port, "127.0.0.1", "got", "large"});
        CHECK((place.got("got") == place.bytes));
        place.run({"busybox", "ftpput", "-P", place.port, "127.0.0.1", "new", "got"});
        CHECK((place.stored("new") == place.bytes));
        write_file(place.daemon.folder() / "begun", place.bytes.substr(0, 1000));
        place.run({"busybox", "ftpget", "-c", "-P", place.port, "127.0.0.1", "begun", "large"});
        CHECK((place.got("begun") == place.bytes));
    }

    TEST_CASE("Net::FTP of Perl gets and puts and lists and makes and renames and removes") {
        if (lacks("perl")) return;
        if (e2e::run_client({"perl", "-MNet::FTP", "-e", "1"}).status != 0)
            return tests::skip("Net::FTP of Perl is not installed");
        for (const std::string passive : {"0", "1"}) {
            CAPTURE(passive);
            const Place place;
            const std::string out = place.run({"perl", "-MNet::FTP", "-e", R"(
                my $ftp = Net::FTP->new('127.0.0.1', Port => $ARGV[0], Passive => $ARGV[1], Timeout => 60)
                    or die $@;
                sub must { $_[0] or die $ftp->message; }
                must $ftp->login('anonymous', 'guest');
                must $ftp->binary;
                must $ftp->get('large', 'got');
                must $ftp->get('large', 'tail', 299000);
                must $ftp->put('got', 'put');
                must $ftp->append('got', 'put');
                must $ftp->mkdir('a/b/c', 1);
                must $ftp->rename('put', 'a/b/put');
                print $ftp->size('a/b/put'), "\n", $ftp->mdtm('large') - (stat 'got')[9] <= 60, "\n";
                must $ftp->cwd('a/b');
                print join(' ', sort $ftp->ls), "\n", scalar(grep { / put$/ } $ftp->dir), "\n";
                must $ftp->delete('put');
                must $ftp->cwd;
                must $ftp->rmdir('a', 1);
                must $ftp->ascii;
                must $ftp->put('got', 'text');
                must $ftp->quit;)",
                                               place.port, passive});
            CHECK(out == "600000\n1\nc put\n1\n");
            CHECK((place.got("got") == place.bytes));
            CHECK((place.got("tail") == place.bytes.substr(299000)));
            CHECK(names_in(place.daemon.files()) == Words{"large", "small", "text"});
        }
    }

    TEST_CASE("Erlang's ftp gets all of a file and lists and puts") {
        if (lacks("erl")) return;
        const Place place;
        const std::string out = place.run(
            {"erl", "-noshell", "-eval",
             text("application:ensure_all_started(ftp), {ok, P} = ftp:open(\"127.0.0.1\", [{port, ",
                  place.port,
                  "}]), ok = ftp:user(P, \"anonymous\", \"guest\"), ok = ftp:type(P, binary), "
                  "{ok, L} = ftp:recv_bin(P, \"large\"), {ok, S} = ftp:recv_bin(P, \"small\"), "
                  "ok = ftp:send_bin(P, L, \"put\"), {ok, N} = ftp:nlist(P), "
                  "io:format(\"~b ~b ~w~n\", [byte_size(L), byte_size(S), string:tokens(N, \"\\r\\n\")]), "
                  "ftp:close(P), halt(0).")});
        CHECK(out ==
              text("300000 12 ", R"([[108,97,114,103,101],[112,117,116],[115,109,97,108,108]])", '\n'));
        CHECK((place.stored("put") == place.bytes));
    }

    TEST_CASE("the ftp of inetutils gets and puts and lists") {
        if (lacks("inetutils-ftp")) return;
        const Place place;
        const std::string out = place.run(
            {"inetutils-ftp", "-inv", "127.0.0.1", place.port},
            "user anonymous guest\nbinary\nget large got\nput got new\nmkdir folder\ncd folder\npwd\n"
            "put got inner\nrename inner other\nnlist\ndelete other\ncdup\nrmdir folder\n"
            "ascii\nget small text\npassive\nbinary\nget large again\nbye\n");
        CAPTURE(out);
        CHECK((place.got("got") == place.bytes));
        CHECK((place.got("again") == place.bytes));
        CHECK((place.stored("new") == place.bytes));
        CHECK(place.got("text") == place.few);
        CHECK(out.find("257 \"/folder\"") != std::string::npos);
        CHECK(out.find("\nother") != std::string::npos);
        CHECK(names_in(place.daemon.files()) == Words{"large", "new", "small"});
    }
}
