// SPDX-License-Identifier: ISC
// LIST, NLST, MLSD over a data connection.
#include "tests/e2e/ftp_client.hh"
#include "tests/e2e/harness.hh"

#include "common/text.hh"

#include <algorithm>
#include <doctest/doctest.h>
#include <regex>
#include <sys/stat.h>

using common::text;
using e2e::Connection;
using e2e::Daemon;
using e2e::FtpClient;
using e2e::Words;
using e2e::write_file;

namespace {

// A tree with something of each kind, and an unfinished upload that nobody is to see.
void plant_tree(const Daemon& daemon) {
    const e2e::Path& top = daemon.files();
    std::filesystem::create_directories(top / "sub" / "deeper");
    write_file(top / "file", "12345");
    write_file(top / ".hidden", "");
    write_file(top / "sub" / "one", "1");
    write_file(top / "sub" / "two", "22");
    write_file(top / "-la", "a name like an option");
    write_file(top / ".ftpd-unfinished", "half");
    std::filesystem::create_symlink("file", top / "link");
    std::filesystem::create_symlink("sub", top / "to-sub");
    std::filesystem::create_symlink("nowhere", top / "dangling");
    ::mkfifo((top / "fifo").c_str(), 0666);
}

// Each line without its CRLF, which it must have.
Words lines_of(std::string_view bytes) {
    Words lines;
    while (!bytes.empty()) {
        const std::size_t end = bytes.find("\r\n");
        REQUIRE(end != bytes.npos);
        lines.emplace_back(bytes.substr(0, end));
        bytes.remove_prefix(end + 2);
    }
    return lines;
}

// The last words of LIST's lines.
Words names_of(std::string_view bytes) {
    Words names;
    for (const std::string& line : lines_of(bytes)) {
        const std::regex shape{"[-dlpscb]([-r][-w][-xsStT]){3} +[0-9]+ [0-9]+ +[0-9]+ +[0-9]+ "
                               "[A-Z][a-z]{2} [ 0-9][0-9] ([0-9]{2}:[0-9]{2}| [0-9]{4}) (.*)"};
        std::smatch found;
        CAPTURE(line);
        REQUIRE(std::regex_match(line, found, shape));
        names.push_back(found[3]);
    }
    return names;
}

} // namespace

TEST_SUITE("e2e") {
    TEST_CASE("LIST shows a directory or a file in long lines whatever options of ls come with it") {
        const Daemon daemon;
        plant_tree(daemon);
        FtpClient client = connect_logged_in(daemon);
        const Words all{"-la",          ".hidden", "dangling -> nowhere", "fifo", "file",
                        "link -> file", "sub",     "to-sub -> sub"};
        for (const auto* const line :
             {"LIST", "LIST ", "LIST -a", "LIST -la", "LIST -l -a", "LIST /", "LIST ."})
            CHECK(names_of(client.fetch(line)) == all);
        const Words sub{"deeper", "one", "two"};
        for (const auto* const line : {"LIST sub", "LIST -la sub", "LIST /sub/", "LIST to-sub"})
            CHECK(names_of(client.fetch(line)) == sub);
        CHECK(names_of(client.fetch("LIST file")) == Words{"file"});
        for (const auto* const line : {"LIST ./-la", "LIST -- -la", "LIST -l -- -la"})
            CHECK(names_of(client.fetch(line)) == Words{"-la"});
        CHECK(names_of(client.fetch("LIST -- ")) == all);
        CHECK(names_of(client.fetch("LIST dangling")) == Words{"dangling -> nowhere"});
        CHECK(client.fetch("LIST sub/deeper").empty());
        client.command("CWD sub", 250);
        CHECK(names_of(client.fetch("LIST")) == sub);
    }

    TEST_CASE("NLST gives names that RETR takes from the working directory") {
        const Daemon daemon;
        plant_tree(daemon);
        FtpClient client = connect_logged_in(daemon);
        const Words all{"-la", ".hidden", "dangling", "fifo", "file", "link", "sub", "to-sub"};
        CHECK(lines_of(client.fetch("NLST")) == all);
        CHECK(lines_of(client.fetch("NLST -a")) == all);
        CHECK(lines_of(client.fetch("NLST sub")) == Words{"sub/deeper", "sub/one", "sub/two"});
        CHECK(lines_of(client.fetch("NLST /sub/")) == Words{"/sub/deeper", "/sub/one", "/sub/two"});
        CHECK(lines_of(client.fetch("NLST file")) == Words{"file"});
        CHECK(lines_of(client.fetch("NLST dangling")) == Words{"dangling"});
        CHECK(lines_of(client.fetch("NLST -- -la")) == Words{"-la"});
        CHECK(client.fetch("RETR " + lines_of(client.fetch("NLST sub"))[1]) == "1");
        client.command("CWD sub", 250);
        CHECK(lines_of(client.fetch("NLST ..")).at(0) == "../-la");
    }

    TEST_CASE("MLSD states the facts of each name and calls a link a link") {
        const Daemon daemon;
        plant_tree(daemon);
        std::filesystem::create_symlink("sub/a b", daemon.files() / "unsayable");
        FtpClient client = connect_logged_in(daemon);
        const Words lines = lines_of(client.fetch("MLSD"));
        const auto facts_of = [&](std::string_view name) {
            const auto found = std::ranges::find_if(
                lines, [&](const std::string& line) { return line.ends_with(text("; ", name)); });
            REQUIRE(found != lines.end());
            return *found;
        };
        CHECK(lines.size() == 9);
        CHECK(facts_of("file").starts_with("type=file;size=5;modify=20"));
        CHECK(facts_of("link").starts_with("type=OS.unix=slink:file;size=5;modify=20"));
        for (const auto* const name : {"file", "link"})
            CHECK(facts_of(name).find(";perm=r;unique=") != std::string::npos);
        CHECK(facts_of("sub").starts_with("type=dir;modify="));
        CHECK(facts_of("to-sub").starts_with("type=OS.unix=slink:sub;modify="));
        for (const auto* const name : {"sub", "to-sub"})
            CHECK(facts_of(name).find(";perm=el;unique=") != std::string::npos);
        CHECK(facts_of("fifo").starts_with("type=OS.unix=special;modify="));
        CHECK(facts_of("dangling").starts_with("type=OS.unix=slink:nowhere;modify="));
        CHECK(facts_of("unsayable").starts_with("type=OS.unix=symlink;modify="));
        client.command("TYPE A", 200); // changes nothing
        CHECK(lines_of(client.fetch("MLSD /")) == lines);
        CHECK(lines_of(client.fetch("MLSD sub")).size() == 3);
        CHECK(lines_of(client.fetch("MLSD to-sub")).size() == 3);
        // MLST says the same of a name, and of a folder that was entered through a link that it is one.
        for (const auto* const line : {"MLST link", "MLST to-sub", "MLST dangling"})
            CHECK(client.command(line, 250).find(" type=OS.unix=slink:") != std::string::npos);
        CHECK(client.command("MLST to-sub/", 250).find(" type=dir;") != std::string::npos);
        client.command("CWD to-sub", 250);
        for (const auto* const line : {"MLST", "MLST .", "MLST deeper/.."})
            CHECK(client.command(line, 250).find(" type=dir;") != std::string::npos);
    }

    TEST_CASE("LIST -R lists the folders below too and none behind a link and says what is missing") {
        const Daemon daemon;
        plant_tree(daemon);
        write_file(daemon.files() / "sub" / "deeper" / "three", "");
        std::filesystem::create_symlink("..", daemon.files() / "sub" / "up");
        FtpClient client = connect_logged_in(daemon);
        // The lines, of entries only the name.
        const auto shown = [&](std::string_view bytes) {
            Words lines = lines_of(bytes);
            for (std::string& line : lines)
                if (!line.empty() && !line.ends_with(':')) line = names_of(line + "\r\n").at(0);
            return lines;
        };
        const Words below{"deeper", "one", "two", "up -> ..", ""};
        Words sub = below, all{"-la",          ".hidden", "dangling -> nowhere", "fifo", "file",
                               "link -> file", "sub",     "to-sub -> sub",       "",     "sub:"};
        all.insert(all.end(), below.begin(), below.end());
        for (const auto* const word : {"sub/deeper:", "three"})
            all.emplace_back(word), sub.emplace_back(word);
        for (const auto* const line : {"LIST -R", "LIST -lRa", "LIST -l -R"})
            CHECK(shown(client.fetch(line)) == all);
        CHECK(shown(client.fetch("LIST -R sub")) == sub);
        sub[5] = "/sub/deeper:";
        CHECK(shown(client.fetch("LIST -R /sub/")) == sub);
        CHECK(shown(client.fetch("LIST -R file")) == Words{"file"});

        std::filesystem::permissions(daemon.files() / "sub" / "deeper", std::filesystem::perms{0444});
        Connection data = client.open_data();
        client.command("LIST -R sub", 150);
        sub[5] = "sub/deeper:";
        sub.pop_back();
        CHECK(shown(data.read_to_end()) == sub);
        CHECK(client.expect(550) ==
              "550 The list is not complete: 1 entry could not be looked at: Permission denied.");
        std::filesystem::permissions(daemon.files() / "sub" / "deeper", std::filesystem::perms::owner_all);
    }

    TEST_CASE("LIST -R has bounds and says where it ends") {
        const Daemon daemon;
        e2e::Path deep = daemon.files();
        for (int i = 0; i < 70; ++i) deep /= "d";
        std::filesystem::create_directories(deep);
        FtpClient client = connect_logged_in(daemon);
        Connection data = client.open_data();
        client.command("LIST -R", 150);
        const Words lines = lines_of(data.read_to_end());
        CHECK(std::ranges::count_if(lines, [](const std::string& line) {
                  return line.starts_with('d') && line.ends_with(" d");
              }) == 64);
        CHECK(client.expect(550) ==
              "550 The list is not complete: it ends at a folder that is deeper than 64.");
        client.command("NOOP", 200);
    }

    TEST_CASE("a pattern selects all that match also when a file of that very name exists") {
        const Daemon daemon;
        for (const auto* const name : {"*.jpg", "a.jpg", "b.jpg", "c", "[c]", "d[0]/x", "d0"}) {
            std::filesystem::create_directories((daemon.files() / name).parent_path());
            write_file(daemon.files() / name, "");
        }
        FtpClient client = connect_logged_in(daemon);
        CHECK(lines_of(client.fetch("NLST *.jpg")) == Words{"*.jpg", "a.jpg", "b.jpg"});
        CHECK(names_of(client.fetch("LIST *.jpg")) == Words{"*.jpg", "a.jpg", "b.jpg"});
        CHECK(client.command("LS *.jpg", 213).ends_with("\n213 3 entries"));
        CHECK(lines_of(client.fetch("NLST [c]")) == Words{"[c]", "c"});
        // A folder is itself, and so is a name that fcp was told.
        CHECK(lines_of(client.fetch("NLST d[0]")) == Words{"d[0]/x"});
        CHECK(client.command("SITE MLSD *.jpg", 213).find("; a.jpg\n") == std::string::npos);
        CHECK(client.command("SITE MLSD *.jp?", 213).find("; a.jpg\n") != std::string::npos);
    }

    TEST_CASE("a listing of nothing is refused before 150 and leaves the data connection for the next") {
        const Daemon daemon;
        plant_tree(daemon);
        FtpClient client = connect_logged_in(daemon);
        Connection data = client.open_data();
        for (const auto* const line :
             {"LIST missing", "NLST missing", "MLSD missing", "LIST file/x", "NLST sub/x"})
            client.command(line, 550);
        client.command("MLSD file", 501);
        client.command("LIST .ftpd-unfinished", 553);
        client.command("NLST sub/.ftpd-x", 553);
        client.command("LIST sub", 150);
        CHECK(lines_of(data.read_to_end()).size() == 3);
        client.expect(226);
    }

    TEST_CASE("a listing for programs has every name as its bytes but for line ends") {
        const Daemon daemon;
        write_file(daemon.files() / "bad\nname", "");
        write_file(daemon.files() / "bad\rname", "");
        write_file(daemon.files() / "bell\a", "");
        write_file(daemon.files() / "gr\xfc\xdf\t", ""); // Latin-1
        write_file(daemon.files() / "x\xe2\x80\xae.txt", "");
        write_file(daemon.files() / "gr\xc3\xbc\xc3\x9f", "");
        FtpClient client = connect_logged_in(daemon);
        const Words names{"bad?name",           "bad?name",     "bell\a",
                          "gr\xc3\xbc\xc3\x9f", "gr\xfc\xdf\t", "x\xe2\x80\xae.txt"};
        CHECK(lines_of(client.fetch("NLST")) == names);
        CHECK(names_of(client.fetch("LIST")) == names);
        Words stated = lines_of(client.fetch("MLSD"));
        for (std::string& line : stated) line.erase(0, line.find("; ") + 2);
        CHECK(stated == names);
        // STAT is LIST on this connection, and LS is for people.
        CHECK(client.command("STAT /", 213).find(" gr\xfc\xdf\t\n") != std::string::npos);
        CHECK(client.command("LS", 213).find(" gr???\n") != std::string::npos);
    }

    TEST_CASE("a directory that the server may not read is refused before 150") {
        const Daemon daemon{{.lines = {"anonymous write"}}};
        FtpClient client = connect_logged_in(daemon);
        client.command("MKD closed", 257);
        std::filesystem::permissions(daemon.files() / "closed", std::filesystem::perms{0300});
        std::filesystem::create_directory(daemon.files() / "locked");
        std::filesystem::permissions(daemon.files() / "locked", std::filesystem::perms::none);
        Connection data = client.open_data();
        for (const auto* const line : {"LIST closed", "MLSD closed", "LS closed"}) client.command(line, 550);
        client.command("CWD /locked", 550);
        // What may be read but not entered has names, and nothing is known of them.
        std::filesystem::create_directory(daemon.files() / "names");
        for (const auto* const name : {"one", "two"}) write_file(daemon.files() / "names" / name, "");
        std::filesystem::permissions(daemon.files() / "names", std::filesystem::perms{0444});
        for (const auto* const line : {"LIST names", "LIST -l names", "MLSD names", "LS names", "STAT names",
                                       "SITE MLSD names", "NLST names/o*", "LIST names/one"})
            CHECK(client.command(line, 550).find("Permission denied") != std::string::npos);
        client.command("NLST names", 150);
        CHECK(lines_of(data.read_to_end()) == Words{"names/one", "names/two"});
        client.expect(226);
        std::filesystem::permissions(daemon.files() / "names", std::filesystem::perms::owner_all);
        std::filesystem::permissions(daemon.files() / "locked", std::filesystem::perms::owner_all);
    }
}
