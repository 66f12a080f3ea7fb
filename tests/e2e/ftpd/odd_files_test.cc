// SPDX-License-Identifier: ISC
// A tree that holds what a file server does not expect: FIFOs, sockets, devices, crowds, hostile names.
#include "tests/e2e/observe.hh"

#include "common/errors.hh"
#include "common/socket.hh"
#include "common/text.hh"

#include <algorithm>
#include <doctest/doctest.h>
#include <set>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

using namespace e2e;
using common::split_lines;
using common::text;

namespace {

struct Special {
    std::string name;
    char letter; // in a long listing
};

// Makes all kinds of them that this user can make.
std::vector<Special> make_specials(const Path& folder) {
    std::vector<Special> made{{"fifo", 'p'}, {"socket", 's'}};
    ::mkfifo((folder / "fifo").c_str(), 0666);
    common::listen_on(common::Address::of_path((folder / "socket").native()), 0666);
    const auto make_device = [&](const char* name, mode_t type, char letter, dev_t device) {
        if (::mknod((folder / name).c_str(), type | 0666, device) == 0) made.push_back({name, letter});
    };
    make_device("zero", S_IFCHR, 'c', makedev(1, 5));
    make_device("terminal", S_IFCHR, 'c', makedev(5, 0));
    make_device("disk", S_IFBLK, 'b', makedev(7, 200));
    for (const Special& special : made)
        std::filesystem::permissions(folder / special.name, static_cast<std::filesystem::perms>(0666));
    return made;
}

bool has_control_byte(std::string_view line) {
    return std::ranges::any_of(line,
                               [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; });
}

constexpr int crowd = 20000;

std::string name_of(int number) { return text("entry number ", number); }

std::set<std::string> names_of(const std::vector<std::string>& lines) {
    std::set<std::string> names;
    for (const std::string& line : lines)
        if (const auto at = line.find("entry number "); at != line.npos)
            names.insert(line.substr(at, line.find('\r', at) - at));
    return names;
}

} // namespace

TEST_SUITE("e2e") {
    TEST_CASE("what is no regular file is refused by every verb that moves bytes and blocks none") {
        const Daemon daemon{{.lines = {"anonymous write"}}};
        FtpClient client = connect_logged_in(daemon);
        const auto specials = make_specials(daemon.files());
        for (const Special& special : specials) {
            const std::string& name = special.name;
            INFO(name);
            for (const char* verb : {"SIZE ", "MDTM ", "CWD ", "GET ", "SITE GET ", "RMD "})
                CHECK(answer_to(client, verb + name).starts_with("550 "));
            CHECK(answer_over_data(client, "RETR " + name).starts_with("550 "));
            CHECK(answer_over_data(client, "STOR " + name, "data").starts_with("550 "));
            client.command("REST 1", 350);
            CHECK(answer_over_data(client, "STOR " + name, "data").starts_with("550 "));
            for (const char* verb : {"PUT ", "SITE PUT "})
                CHECK(answer_to_put(client, verb + name, "data").starts_with("550 "));
            CHECK(answer_over_data(client, "MLSD " + name).starts_with("501 "));
            CHECK(client.command("MLST " + name, 250).find("type=OS.unix=special;") != std::string::npos);
            for (const std::string& list :
                 {client.fetch("LIST " + name),
                  client.command("LS " + name, 213).substr(text("213-/", name, "\n ").size())}) {
                CHECK(list.starts_with(special.letter));
                CHECK(list.find(' ' + name) != std::string::npos);
            }
            CHECK(client.fetch("NLST " + name) == name + "\r\n");
            struct stat still {};
            CHECK(::stat((daemon.files() / name).c_str(), &still) == 0);
            CHECK_FALSE(S_ISREG(still.st_mode));
        }
        for (const Special& special : specials) client.command("DELE " + special.name, 250);
        CHECK(client.fetch("NLST").empty());
    }

    TEST_CASE("what is no regular file under the name of an unfinished upload blocks nothing") {
        const Daemon daemon{{.lines = {"anonymous write"}}};
        const Path partial = daemon.files() / ".ftpd-new";
        ::mkfifo(partial.c_str(), 0666);
        std::filesystem::permissions(partial, static_cast<std::filesystem::perms>(0666));
        FtpClient client = connect_logged_in(daemon);
        CHECK(answer_over_data(client, "STOR new", "data").starts_with("550 "));
        CHECK(answer_to_put(client, "PUT new", "data").starts_with("550 "));
        CHECK_FALSE(std::filesystem::exists(daemon.files() / "new"));
        client.store("STOR other", "data");
    }

    TEST_CASE("a folder of twenty thousand entries is listed whole by every listing") {
        const Daemon daemon;
        std::set<std::string> names;
        const std::string first = daemon.files() / name_of(0);
        write_file(first, "");
        names.insert(name_of(0));
        for (int i = 1; i < crowd; ++i) { // links of one file, which are made faster
            const std::string path = daemon.files() / name_of(i);
            common::checked("link", path, [&] { return ::link(first.c_str(), path.c_str()); });
            names.insert(name_of(i));
        }
        FtpClient client = connect_logged_in(daemon);
        for (const char* verb : {"LIST", "NLST", "MLSD"}) {
            const auto lines = split_lines(client.fetch(verb));
            CHECK(lines.size() == crowd);
            const bool complete = names_of(lines) == names;
            CHECK_MESSAGE(complete, verb);
        }
        const auto lines = split_lines(client.command("LS", 213));
        CHECK(lines.size() == crowd + 2);
        const bool complete = names_of(lines) == names;
        CHECK(complete);
        CHECK(lines.back() == "213 20000 entries");
    }

    TEST_CASE("names of any bytes reach a listing as text and programs as they are") {
        const Daemon daemon;
        const Words harmless_to_a_line{"esc\x1b[2Jz", "tab\tz",       "bell\az",
                                       "del\x7fz",    "bad\xfe\xfdz", "cut\xc3",
                                       "c1\xc2\x9bz", "back\\slash",  "\xc3\xa4\xe4\xb8\xad"};
        const Words breaking{"lf\nz", "cr\rz", "220 forged\r\n226 reply"};
        for (const Words* names : {&harmless_to_a_line, &breaking})
            for (const std::string& name : *names) write_file(daemon.files() / name, "its bytes");
        FtpClient client = connect_logged_in(daemon);

        std::size_t count = 0;
        const std::string answer = client.command("LS", 213);
        for (const std::string& line : split_lines(answer)) {
            if (line.find("-rw-") == line.npos) continue; // the first line and the last
            ++count;
            CHECK_FALSE(has_control_byte(line));
            CHECK(line.find('\xfe') == line.npos);
            CHECK(line.find("\xc2\x9b") == line.npos);
        }
        CHECK(count == harmless_to_a_line.size() + breaking.size());
        CHECK(answer.find(" back\\slash\n") != std::string::npos);

        for (const char* verb : {"NLST", "MLSD", "LIST"}) {
            const std::string list = "\n" + client.fetch(verb);
            const std::string mark = verb[0] == 'N' ? "\n" : " ";
            for (const std::string& name : harmless_to_a_line)
                CHECK_MESSAGE(list.find(mark + name + "\r\n") != list.npos, verb << ' ' << name);
            for (const char* const name : {"lf?z", "cr?z", "220 forged??226 reply"})
                CHECK_MESSAGE(list.find(mark + name + "\r\n") != list.npos, verb << ' ' << name);
            CHECK(split_lines(list).size() == harmless_to_a_line.size() + breaking.size() + 1);
        }
        for (const std::string& name : harmless_to_a_line) CHECK(client.fetch("RETR " + name) == "its bytes");
        CHECK(client.fetch("RETR lf\nz") == "its bytes"); // a CRLF client may say it
    }
}
