// SPDX-License-Identifier: ISC
// Which uploads are whole: those whose client had its 226, or had said that it was done, in whatever order
// its connections end; and what is left of others, whose client was killed.
#include "tests/e2e/observe.hh"

#include "common/text.hh"
#include "tests/skip.hh"

#include <array>
#include <chrono>
#include <doctest/doctest.h>
#include <functional>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

using namespace e2e;
using namespace std::chrono_literals;
using common::text;
using Clock = std::chrono::steady_clock;

namespace {

const std::string bytes = make_bytes(300'000);
const std::string_view first_half = std::string_view{bytes}.substr(0, 150'000),
                       second_half = std::string_view{bytes}.substr(150'000);
constexpr auto settled_by_silence = 2s; // ftpd/session/settlement.cc

struct Server {
    Path xferlog(std::string_view name = "xferlog") const { return folder / name; }
    TempDir folder;
    const Daemon daemon{{.lines = {"anonymous write", text("xferlog ", xferlog().native())}}};
    const Path& files = daemon.files();

    // Whether each transfer was complete (c) or not (i), by the transfer log.
    std::string fates() const {
        std::string fates;
        const std::string log = read_file(xferlog());
        for (const std::string_view line : common::split(log, '\n'))
            if (!line.empty()) fates += line.back();
        return fates;
    }
    void check_stored(std::string_view name = "file") const {
        CHECK((read_file(files / name) == bytes));
        CHECK(names_in(files) == Words{std::string{name}});
        CHECK(fates() == "c");
    }
};

// A client that is about to send data for the file, which is there already, or a new one.
struct Uploader {
    explicit Uploader(const Server& place, std::string_view before = "STOR file")
        : server(&place), client(connect_logged_in(place.daemon)), session(session_of(place.daemon, client)) {
        if (!before.starts_with("STOR")) client.command(before, 200);
        data.emplace(client.open_data());
        client.send("STOR file\r\n");
    }
    void wait_for_end() const { CHECK(wait_for_end_of(server->daemon, session) == "exit 0"); }

    const Server* server;
    FtpClient client;
    pid_t session;
    std::optional<Connection> data;
};

struct Way {
    const char* name;
    std::function<void(Uploader&)> end;
};

void check_each(const std::vector<Way>& ways, std::string_view before,
                const std::function<void(const Server&)>& check) {
    for (const Way& way : ways)
        for (const bool is_new : {false, true}) {
            CAPTURE(std::string{way.name});
            CAPTURE(is_new);
            const Server server;
            if (!is_new) write_shared(server.files / "file", "old");
            Uploader uploader{server, before};
            way.end(uploader);
            uploader.wait_for_end();
            check(server);
        }
}

// Whether the other side's system has all that was sent.
bool is_received(const Connection& connection) {
    int unacknowledged = 0;
    REQUIRE(::ioctl(connection.fd(), TIOCOUTQ, &unacknowledged) == 0);
    return unacknowledged == 0;
}

// The client closes its connection with a 226 in it that it has not read, which resets it. False if that took
// so long that the session may have taken its silence for life.
bool leave_226_unread(Uploader& uploader) {
    uploader.client.expect(150);
    uploader.data->send(bytes);
    const auto began = Clock::now();
    uploader.data->close();
    wait_until("226 is there", [&] { return uploader.client.has_input(); });
    uploader.client.close();
    return Clock::now() - began < settled_by_silence;
}

// The same behind half of the bytes and a command that was there before their end, which is answered.
bool leave_226_unread_behind(Uploader& uploader, std::string_view early) {
    uploader.client.expect(150);
    uploader.data->send(first_half);
    uploader.client.send(early);
    wait_until("the command has come", [&] { return is_received(uploader.client); });
    const auto began = Clock::now();
    uploader.data->close();
    wait_until("its reply is there", [&] {
        std::array<char, 4096> replies;
        const ssize_t got =
            ::recv(uploader.client.fd(), replies.data(), replies.size(), MSG_PEEK | MSG_DONTWAIT);
        const std::string_view seen{replies.data(), got > 0 ? static_cast<std::size_t>(got) : 0};
        return seen.starts_with("226 ") && seen.find("\r\n257 ") != seen.npos;
    });
    uploader.client.close();
    return Clock::now() - began < settled_by_silence;
}

// A process that has both connections of an upload, sends more and more, and is killed.
void be_killed(Uploader& uploader, unsigned microseconds) {
    const pid_t child = ::fork();
    if (child == 0) {
        const std::string_view more = std::string_view{bytes}.substr(0, 1000);
        for (;;) (void)!::send(uploader.data->fd(), more.data(), more.size(), MSG_NOSIGNAL);
    }
    uploader.data->close();
    uploader.client.close();
    ::usleep(microseconds); // some other moment of the upload in each try
    ::kill(child, SIGKILL);
    ::waitpid(child, nullptr, 0);
}

} // namespace

TEST_SUITE("e2e readiness") {
    TEST_CASE(
        "an upload is whole when its client says QUIT behind it and in whatever order its connections end") {
        const std::vector<Way> ways{
            {"data, QUIT, close",
             [](Uploader& u) {
                 u.client.expect(150);
                 u.data->send(bytes);
                 u.data->close();
                 u.client.send("QUIT\r\n");
                 u.client.close();
             }},
            {"the same with 150 unread, which resets the connection",
             [](Uploader& u) {
                 u.data->send(bytes);
                 u.data->close();
                 wait_until("150 is there", [&] { return u.client.has_input(); });
                 u.client.send("QUIT\r\n");
                 u.client.close();
             }},
            {"the same with a reset",
             [](Uploader& u) {
                 u.client.expect(150);
                 u.data->send(bytes);
                 u.data->close();
                 u.client.send("QUIT\r\n");
                 u.client.reset();
             }},
            {"QUIT before the end of the data, half-close",
             [](Uploader& u) {
                 u.client.expect(150);
                 u.data->send(first_half);
                 u.client.send("QUIT\r\n");
                 u.client.half_close();
                 u.data->send(second_half);
                 u.data->close();
                 u.client.expect(226);
                 u.client.expect(221);
                 CHECK(u.client.read_to_end().empty());
             }},
            {"QUIT before the end of the data, reset",
             [](Uploader& u) {
                 u.client.expect(150);
                 u.data->send(first_half);
                 u.client.send("QUIT\r\n");
                 u.client.reset();
                 u.data->send(second_half);
                 u.data->close();
             }},
            {"data, QUIT, half-close",
             [](Uploader& u) {
                 u.client.expect(150);
                 u.data->send(bytes);
                 u.data->close();
                 u.client.send("QUIT\r\n");
                 u.client.half_close();
                 u.client.expect(226);
                 u.client.expect(221);
             }},
            {"data, another command and QUIT, close",
             [](Uploader& u) {
                 u.client.expect(150);
                 u.data->send(bytes);
                 u.data->close();
                 u.client.send("PWD\r\nQUIT\r\n");
                 u.client.close();
             }},
            {"data, QUIT, its reply",
             [](Uploader& u) {
                 u.client.expect(150);
                 u.data->send(bytes);
                 u.data->close();
                 u.client.send("QUIT\r\n");
                 u.client.expect(226);
                 u.client.expect(221);
             }},
        };
        check_each(ways, "STOR", [](const Server& server) { server.check_stored(); });
    }

    TEST_CASE(
        "an upload of exactly as many bytes as ALLO announced is whole whatever becomes of its client") {
        const std::vector<Way> ways{
            {"reset before the end of the data",
             [](Uploader& u) {
                 u.client.expect(150);
                 u.data->send(first_half);
                 u.client.reset();
                 u.data->send(second_half);
                 u.data->close();
             }},
            {"data, close",
             [](Uploader& u) {
                 u.client.expect(150);
                 u.data->send(bytes);
                 u.data->close();
                 u.client.close();
             }},
            {"half-close, data",
             [](Uploader& u) {
                 u.client.half_close();
                 u.data->send(bytes);
                 u.data->close();
                 u.client.expect(150);
                 u.client.expect(226);
                 CHECK(u.client.read_to_end().empty());
             }},
        };
        check_each(ways, text("ALLO ", bytes.size()), [](const Server& server) { server.check_stored(); });
    }

    TEST_CASE(
        "an upload of fewer bytes than ALLO announced or behind which QUIT is no command is not whole") {
        const auto dies = [](std::string_view last_words) {
            return [=](Uploader& u) {
                u.client.expect(150);
                u.data->send(first_half);
                u.client.send(last_words);
                u.client.half_close();
                u.data->close();
                u.client.expect(426);
            };
        };
        const auto check = [](const Server& server) {
            CHECK(names_in(server.files).front() == ".ftpd-file");
            if (std::filesystem::exists(server.files / "file"))
                CHECK(read_file(server.files / "file") == "old");
            CHECK(server.fates().front() == 'i');
        };
        check_each({{"short", dies("")}}, text("ALLO ", bytes.size()), check);
        check_each({{"half a QUIT", dies("QUIT")},
                    {"QUIT in a body", dies("PUT file2\r\nQUIT\r\n")},
                    {"an abort before it", dies("ABOR\r\nQUIT\r\n")},
                    {"another command", dies("TYPE A\r\n")}},
                   "STOR", check);
    }

    TEST_CASE("a body with an end of its own is stored when all of it has come before a reset") {
        const Server server;
        for (const std::string& body :
             {text("ALLO ", bytes.size(), "\r\nPUT file\r\n", bytes), text("WRITE lines\r\nline\r\n.\r\n")}) {
            FtpClient client = connect_logged_in(server.daemon);
            const pid_t session = session_of(server.daemon, client);
            client.send(body);
            // A reset that is sent while bytes are under way overtakes them.
            wait_until("all has come", [&] { return is_received(client) && client.has_input(); });
            client.close();
            CHECK(wait_for_end_of(server.daemon, session) == "exit 0");
        }
        CHECK((read_file(server.files / "file") == bytes));
        CHECK(read_file(server.files / "lines") == "line\n");
        CHECK(server.fates() == "cc");
    }

    TEST_CASE("a client that closes with its 226 unread has its upload taken back") {
        for (const bool is_new : {false, true}) {
            for (bool in_time = false; !in_time;) {
                const Server server;
                if (!is_new) write_shared(server.files / "file", "old");
                Uploader uploader{server};
                in_time = leave_226_unread(uploader);
                uploader.wait_for_end();
                if (!in_time) continue;
                CHECK(names_in(server.files) == (is_new ? Words{".ftpd-file"} : Words{".ftpd-file", "file"}));
                if (!is_new) CHECK(read_file(server.files / "file") == "old");
                CHECK((read_file(server.files / ".ftpd-file") == bytes));
                CHECK(server.fates() == "i");
                FtpClient next = connect_logged_in(server.daemon); // nobody holds what is left
                next.store("STOR file", "next");
                next.command("NOOP", 200);
                CHECK(names_in(server.files) == Words{"file"});
            }
        }
    }

    TEST_CASE(
        "clients that close with their 226s of one name unread leave what was there before all of them") {
        for (const bool is_new : {false, true})
            for (const bool first_goes_first : {false, true})
                for (bool in_time = false; !in_time;) {
                    CAPTURE(is_new);
                    CAPTURE(first_goes_first);
                    const Server server;
                    if (!is_new) write_shared(server.files / "file", "old");
                    Uploader first{server};
                    const auto began = Clock::now();
                    const auto upload = [](Uploader& uploader, std::string_view content) {
                        uploader.client.expect(150);
                        uploader.data->send(content);
                        uploader.data->close();
                        wait_until("226 is there", [&] { return uploader.client.has_input(); });
                    };
                    upload(first, first_half);
                    Uploader second{server};
                    upload(second, second_half);
                    Uploader &earlier = first_goes_first ? first : second,
                             &later = first_goes_first ? second : first;
                    earlier.client.close();
                    earlier.wait_for_end();
                    later.client.close();
                    in_time = Clock::now() - began < settled_by_silence;
                    later.wait_for_end();
                    if (!in_time) continue;
                    CHECK(names_in(server.files) ==
                          (is_new ? Words{".ftpd-file"} : Words{".ftpd-file", "file"}));
                    if (!is_new) CHECK(read_file(server.files / "file") == "old");
                    CHECK(server.fates() == "ii");
                }
    }

    TEST_CASE("a command that was there before the 226 does not say that the client has read that") {
        for (const char* const early : {"PWD\r\n", "PWD\r\nPW", "TYPE I\r\nALLO 1\r\nPUT other\r\nxPWD\r\n"})
            for (bool in_time = false; !in_time;) {
                CAPTURE(std::string{early});
                const Server server;
                write_shared(server.files / "file", "old");
                Uploader uploader{server};
                in_time = leave_226_unread_behind(uploader, early);
                uploader.wait_for_end();
                if (!in_time) continue;
                CHECK(read_file(server.files / "file") == "old");
                CHECK((read_file(server.files / ".ftpd-file") == first_half));
                CHECK(server.fates().back() == 'i');
            }
    }

    TEST_CASE("the first command behind those that were there before the 226 makes the file final") {
        const Server server;
        write_shared(server.files / "file", "old");
        Uploader uploader{server};
        uploader.client.expect(150);
        uploader.data->send(bytes);
        uploader.client.send("PWD\r\nPWD\r\n");
        wait_until("the commands have come", [&] { return is_received(uploader.client); });
        uploader.data->close();
        for (const int code : {226, 257, 257}) uploader.client.expect(code);
        uploader.client.command("PWD", 257);
        CHECK(names_in(server.files) == Words{"file"});
        uploader.client.reset();
        uploader.wait_for_end();
        server.check_stored();
    }

    TEST_CASE("an upload is final when its client says QUIT behind other transfers it had asked for") {
        const Server server;
        write_shared(server.files / "file", "old");
        Uploader uploader{server};
        uploader.client.expect(150);
        uploader.data->send(bytes);
        uploader.client.send("RETR file\r\nQUIT\r\n"); // without a port
        wait_until("the commands have come", [&] { return is_received(uploader.client); });
        uploader.data->close();
        for (const int code : {226, 425, 221}) uploader.client.expect(code);
        uploader.wait_for_end();
        server.check_stored();
    }

    TEST_CASE("a client that has read its 226 has stored its file however it ends") {
        const auto read_226 = [](Uploader& u) {
            u.client.expect(150);
            u.data->send(bytes);
            u.data->close();
            u.client.expect(226);
        };
        check_each({{"close", [&](Uploader& u) { read_226(u), u.client.close(); }},
                    {"half-close", [&](Uploader& u) { read_226(u), u.client.half_close(); }},
                    {"a command, reset",
                     [&](Uploader& u) { read_226(u), u.client.command("PWD", 257), u.client.reset(); }}},
                   "STOR", [](const Server& server) { server.check_stored(); });
    }

    TEST_CASE("a client that stays and says nothing has stored its file as well") {
        const Server server;
        write_shared(server.files / "file", "old");
        Uploader uploader{server};
        uploader.client.expect(150);
        uploader.data->send(bytes);
        uploader.data->close();
        uploader.client.expect(226);
        wait_until("the old file is gone", [&] { return names_in(server.files) == Words{"file"}; });
        wait_until("the transfer log has it", [&] { return server.fates() == "c"; });
        uploader.client.reset();
        uploader.wait_for_end();
        server.check_stored();
    }

    TEST_CASE("a kick and a stop and the death of a session leave what was answered with 226") {
        const std::vector<std::pair<const char*, std::function<void(Daemon&, pid_t)>>> ways{
            {"kick",
             [](Daemon& daemon, pid_t session) {
                 ask(daemon, {"kick", std::to_string(session)});
             }},
            {"stop", [](Daemon& daemon, pid_t) { daemon.stop(); }},
            {"death", [](Daemon&, pid_t session) { ::kill(session, SIGKILL); }},
        };
        for (const auto& [named, end] : ways) {
            const std::string name{named};
            CAPTURE(name);
            Daemon daemon{{.lines = {"anonymous write"}}};
            write_shared(daemon.files() / "file", "old");
            FtpClient client = connect_logged_in(daemon);
            const pid_t session = session_of(daemon, client);
            client.store("STOR file", "new");
            end(daemon, session);
            wait_for_end_of(daemon, session);
            CHECK(read_file(daemon.files() / "file") == "new");
            if (std::string_view{name} != "death") CHECK(names_in(daemon.files()) == Words{"file"});
        }
    }

    TEST_CASE("a stop with stop-grace waits for what becomes of the client of an upload") {
        for (const bool is_pause : {false, true}) // the order to finish comes in the upload, or behind it
            for (bool in_time = false; !in_time;) {
                CAPTURE(is_pause);
                Daemon daemon{{.lines = {"anonymous write", "stop-grace 60"}}};
                write_shared(daemon.files() / "file", "old");
                FtpClient client = connect_logged_in(daemon);
                Connection data = begin_transfer(client, "STOR file");
                data.send(first_half);
                const auto order = [&] {
                    daemon.signal(SIGTERM);
                    daemon.wait_for_log("for transfers to finish\n");
                };
                if (!is_pause) order();
                const auto began = Clock::now();
                data.close();
                wait_until("226 is there", [&] { return client.has_input(); });
                if (is_pause) order();
                client.close();
                in_time = Clock::now() - began < settled_by_silence;
                CHECK(daemon.wait() == 0);
                if (!in_time) continue;
                CHECK(read_file(daemon.files() / "file") == "old");
                CHECK((read_file(daemon.files() / ".ftpd-file") == first_half));
            }
    }

    TEST_CASE("a stop with stop-grace ends a client that says anything behind its upload") {
        Daemon daemon{{.lines = {"anonymous write", "stop-grace 60"}}};
        write_shared(daemon.files() / "file", "old");
        FtpClient client = connect_logged_in(daemon);
        Connection data = begin_transfer(client, "STOR file");
        data.send(bytes);
        daemon.signal(SIGTERM);
        daemon.wait_for_log("for transfers to finish\n");
        data.close();
        client.expect(226);
        client.send("NOOP\r\n");
        client.expect(421);
        CHECK(daemon.wait() == 0);
        CHECK((read_file(daemon.files() / "file") == bytes));
        CHECK(names_in(daemon.files()) == Words{"file"});
    }

    TEST_CASE("what others did to the name meanwhile is not taken back") {
        const std::vector<std::pair<const char*, std::function<void(FtpClient&)>>> deeds{
            {"stored", [](FtpClient& other) { other.store("STOR file", "other"); }},
            {"in place", [](FtpClient& other) { other.store("APPE file", "other"); }},
            {"deleted", [](FtpClient& other) { other.command("DELE file", 250); }},
            {"renamed",
             [](FtpClient& other) {
                 other.command("RNFR file", 350);
                 other.command("RNTO elsewhere", 250);
             }},
        };
        for (const auto& [named, deed] : deeds) {
            const std::string name{named};
            CAPTURE(name);
            const Server server;
            write_shared(server.files / "file", "old");
            Uploader uploader{server};
            uploader.client.expect(150);
            uploader.data->send("new ");
            uploader.data->close();
            wait_until("226 is there", [&] { return uploader.client.has_input(); });
            FtpClient other = connect_logged_in(server.daemon);
            deed(other);
            other.command("NOOP", 200);
            uploader.client.close();
            uploader.wait_for_end();
            const std::string_view what = name;
            if (what == "stored") CHECK(read_file(server.files / "file") == "other");
            if (what == "in place") CHECK(read_file(server.files / "file") == "new other");
            if (what == "renamed") CHECK(read_file(server.files / "elsewhere") == "new ");
            CHECK(names_in(server.files) == (what == "deleted"   ? Words{}
                                             : what == "renamed" ? Words{"elsewhere"}
                                                                 : Words{"file"}));
        }
    }

    TEST_CASE("a client that is killed in an upload never leaves half of it under the file's name") {
        const Server server;
        for (unsigned attempt = 0; attempt < 40; ++attempt) {
            write_shared(server.files / "file", "old");
            Uploader uploader{server};
            uploader.client.expect(150);
            uploader.data->send(first_half);
            be_killed(uploader, attempt * 100);
            uploader.wait_for_end();
            CHECK(read_file(server.files / "file") == "old");
            CHECK(names_in(server.files) == Words{".ftpd-file", "file"});
        }
        CHECK(server.fates() == std::string(40, 'i'));
    }

    TEST_CASE("curl that is killed in an upload never leaves half of it under the file's name") {
        const Server server;
        const Path partial = server.files / ".ftpd-file";
        for (unsigned attempt = 0; attempt < 10; ++attempt) {
            write_shared(server.files / "file", "old");
            std::filesystem::remove(partial);
            Process curl{{"curl", "-sS", "--disable", "-T", "-",
                          text("ftp://127.0.0.1:", server.daemon.port(), "/file")}};
            curl.write(bytes);
            wait_until("something has come", [&] {
                std::error_code none_yet;
                return std::filesystem::file_size(partial, none_yet) != static_cast<std::uintmax_t>(-1) &&
                       std::filesystem::file_size(partial, none_yet) > 0;
            });
            curl.signal(SIGKILL);
            curl.wait();
            server.daemon.wait_until_idle();
            CHECK(read_file(server.files / "file") == "old");
            CHECK(names_in(server.files) == Words{".ftpd-file", "file"});
        }
        CHECK(server.fates() == std::string(10, 'i'));
    }

    TEST_CASE("a file that an upload has replaced is shown to nobody while it is kept") {
        const Daemon daemon{{.lines = {"anonymous write"}}};
        const std::string kept = ".ftpd-.ftpd-812-file";
        write_shared(daemon.files() / kept, "old");
        FtpClient client = connect_logged_in(daemon);
        for (const char* const listing : {"NLST", "LIST", "MLSD"})
            CHECK(client.fetch(listing).find("812") == std::string::npos);
        CHECK(client.command("LS", 213).find("812") == std::string::npos);
        for (const char* const verb : {"SIZE", "MLST", "DELE", "RNFR", "CWD", "GET"})
            client.command(text(verb, ' ', kept), 553);
        const Connection unused = client.open_data();
        for (const char* const verb : {"RETR", "STOR", "APPE"}) client.command(text(verb, ' ', kept), 553);
        client.put("812-file", "another"); // not the name that its partial would have
        CHECK(read_file(daemon.files() / kept) == "old");
    }
}
