// SPDX-License-Identifier: ISC
#include "common/authd/password.hh"
#include "common/authd/user_file.hh"
#include "common/errors.hh"
#include "common/text.hh"
#include "tests/unit/common/temporary_folder.hh"

#include <doctest/doctest.h>
#include <fstream>
#include <iterator>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include <vector>

using namespace common;

namespace {

const UserTable& ftp = user_table("ftpd");
const UserTable& chat = user_table("chatd");

std::string refusal(std::string_view content, const UserTable& table = ftp) {
    try {
        UserFile{"users", content, table};
        return "accepted";
    } catch (const UserError& error) {
        return error.what();
    }
}

bool refuses(std::string_view line, std::string_view because, const UserTable& table = ftp) {
    const std::string why = refusal(line, table);
    if (why.find(because) == why.npos) MESSAGE(why);
    return why.find(because) != why.npos;
}

std::string content_of(const std::string& path) {
    std::ifstream file{path};
    return {std::istreambuf_iterator<char>{file}, {}};
}

void put(const std::string& path, std::string_view content) { std::ofstream{path} << content; }

mode_t mode_of(const std::string& path) {
    struct stat found {};
    REQUIRE(::stat(path.c_str(), &found) == 0);
    return found.st_mode & 07777;
}

constexpr std::string_view sample =
    "# who may come in\n"
    "ann:$6$x$0123456789abcdefghijkl:/:list,read,write:rate-up=1000,max-upload=5\n"
    "\n"
    "李雷:*:/li lei:-\n"
    "bob:$y$j$0123456789abcdefghijkl:/bob:list\n";

} // namespace

TEST_SUITE("unit") {
    TEST_CASE("user file: the fields of a line are read as they stand") {
        const UserFile file{"users", sample, ftp};
        CHECK(file.users().size() == 3);
        const User* const ann = file.find("ann");
        REQUIRE(ann != nullptr);
        CHECK(ann->hash == "$6$x$0123456789abcdefghijkl");
        CHECK(ann->home == "/");
        CHECK(ann->rights == "list,read,write");
        CHECK(ann->limits == "rate-up=1000,max-upload=5");
        REQUIRE(file.find("李雷") != nullptr);
        CHECK(file.find("李雷")->home == "/li lei");
        for (const std::string_view nobody : {"", "Ann", "an", "ann ", "# who may come in"})
            CHECK(file.find(nobody) == nullptr);
    }

    TEST_CASE("user file: a byte order mark at its head is no part of the first name") {
        const UserFile users{"users", "\xef\xbb\xbf" + std::string{"ann:*:/:list\n"}, user_table("ftpd")};
        REQUIRE(users.find("ann") != nullptr);
        CHECK(users.content() == "ann:*:/:list\n");
        const UserFile comment{"users", "\xef\xbb\xbf# nobody\n", user_table("ftpd")};
        CHECK(comment.users().empty());
    }

    TEST_CASE("user file: lists are cut at commas and a dash is an empty one") {
        using List = std::vector<std::string_view>;
        CHECK(split_list("list,read") == List{"list", "read"});
        CHECK(split_list("list") == List{"list"});
        CHECK(split_list("-").empty());
        CHECK(split_list("").empty());
        CHECK(split_list("a,,b") == List{"a", "", "b"});
    }

    TEST_CASE("user file: a new user of chatd has a name that IRC can carry and one that is there stays") {
        const auto refusal_of = [](std::string_view name, std::string_view daemon) -> std::string {
            try {
                check_new_name(name, user_table(daemon));
            } catch (const UserError& error) {
                return error.what();
            }
            return "accepted";
        };
        for (const std::string_view name : {"a@b", "a,b", "a!b", "a*", "?"}) {
            CHECK(refusal_of(name, "chatd") ==
                  text("'", name, "' cannot be a new user's name: leave out ,!@*?"));
            CHECK(refusal_of(name, "ftpd") == "accepted");
        }
        for (const std::string_view name : {"&a", "$a", "~a", "+a", "%a"})
            CHECK(refusal_of(name, "chatd") ==
                  text("'", name, "' cannot be a new user's name: begin with none of #&$~+%"));
        CHECK(refusal_of("", "chatd").starts_with("'' cannot be a user's name"));
        CHECK(refusal_of("ann", "chatd") == "accepted");
        CHECK(refusal("a@b:*:-:-\n", chat) == "accepted");
    }

    TEST_CASE("user file: a fault is told with file and line and word and remedy") {
        CHECK(refusal("ann:*:/:list\nbob:*:/:lst\n") == "users:2: 'lst' is not a right: there are list, "
                                                        "read, write, overwrite, delete, rename, mkdir, with "
                                                        "commas between them, or - for none");
        CHECK(
            refuses("ann:*:/:list\n\nann:*:/:read", "users:3: 'ann' exists already, in line 1: remove one"));
        CHECK(refuses("ann", "users:1: the line has 1 fields: write name:hash:home:rights"));
        CHECK(refuses("ann:*:/", "has 3 fields"));
        CHECK(refuses("ann:*:/:-::", "has 6 fields"));
        CHECK(refuses(":*:/:-", "'' cannot be a user's name"));
        CHECK(refuses("a n:*:/:-", "'a n' cannot be a user's name: write 1 to 128 printable bytes"));
        CHECK(refuses("-a:*:/:-", "cannot be a user's name"));
        CHECK(refuses("a\x1b:*:/:-", "'a\\x1b' cannot be a user's name"));
        CHECK(refuses("a\xff:*:/:-", "cannot be a user's name"));
        CHECK(refuses(std::string(max_user_name + 1, 'a') + ":*:/:-", "cannot be a user's name"));
        CHECK(refusal(std::string(max_user_name, 'a') + ":*:/:-") == "accepted");
        CHECK(refuses("Anonymous:*:/:-", "'Anonymous' means something else to ftpd"));
        CHECK(
            refuses("ann::/:-", "the hash of the password is missing: write * for a user who cannot log in"));
        for (const std::string_view wrong :
             {"plain", "a b", "open sesame", "$6$salt$", "$6$plain", "SN8xKMrn9pdGE"})
            CHECK(refuses(text("ann:", wrong, ":/:-"),
                          "the second word is not the hash of a password: write *, then use "
                          "`ftpctl user passwd ann', or write what `ftpctl user hash' prints"));
        CHECK(refuses("joe:plain:-:-", "`chatctl user passwd joe'", chat));
        CHECK(refuses("ann:*:home:-", "'home' is not a home: write a printable path that begins with /"));
        CHECK(refuses("ann:*::-", "'' is not a home"));
        CHECK(refuses("ann:*:/:", "the rights are missing: write - for none"));
        CHECK(refuses("ann:*:/:list,", "'' is not a right"));
        CHECK(refuses("ann:*:/:list, read", "' read' is not a right"));
        CHECK(
            refuses("ann:*:/:-:rate=1", "'rate=1' is not a limit: there are rate-up, rate-down, max-upload"));
        CHECK(
            refuses("ann:*:/:-:rate-up", "write rate-up= and a number of bytes, or a number followed by K"));
        CHECK(
            refuses("ann:*:/:-:rate-up=", "write rate-up= and a number of bytes, or a number followed by K"));
        CHECK(refuses("ann:*:/:-:rate-up=-1",
                      "write rate-up= and a number of bytes, or a number followed by K"));
        CHECK(refuses("ann:*:/:-:rate-up=1,rate-up=2", "'rate-up' is given twice"));
        CHECK(refuses("ann:*:/" + std::string(max_user_line, 'x') + ":-",
                      "the line is longer than 1024 bytes"));
        CHECK(refuses(std::string(max_user_file + 1, '\n'), "users: longer than 1048576 bytes"));
    }

    TEST_CASE("user file: what may be a password is never shown") {
        CHECK(refusal("joe:plain-words:/:-").find("plain-words") == std::string::npos);
    }

    TEST_CASE("user file: a limit is a size with or without a unit") {
        CHECK(refusal("ann:*:/:-:rate-up=500K,rate-down=2M,max-upload=1g") == "accepted");
        CHECK(refuses("ann:*:/:-:rate-up=5kb",
                      "write rate-up= and a number of bytes, or a number followed by K"));
    }

    TEST_CASE("user file: a fault never shows the hash") {
        const std::string hash = "$6$salt$secret-hash0123456789abcdefghijkl";
        for (const std::string& line : {"ann:" + hash + ":home:-", "ann:" + hash + ":/:-:x=1", hash + ":a",
                                        "ann:" + hash + " :/:-", "ann:/:" + hash + " x"})
            CHECK(refusal(line).find("secret-hash") == std::string::npos);
    }

    TEST_CASE("user file: each daemon has its own words") {
        CHECK(refusal("ann:*:-:operator", chat) == "accepted");
        CHECK(refusal("ann:*:-:-", chat) == "accepted");
        CHECK(refuses("ann:*:/:operator", "'/' is a home, and chatd has none: write -", chat));
        CHECK(refuses("ann:*:-:list", "'list' is not a right: there are operator,", chat));
        CHECK(refuses("ann:*:-:-:rate-up=1", "'rate-up=1' is not a limit: there are -,", chat));
        CHECK(refuses("administrator:*:-:-", "means something else to chatd", chat));
        CHECK_THROWS_AS(user_table("httpd"), std::logic_error);
    }

    TEST_CASE("user file: editing changes one line and keeps the others byte for byte") {
        UserFile file{"users", sample, ftp};
        CHECK(file.content() == sample);
        file.set_hash("bob", "$new$hash$0123456789abcdefghijkl");
        file.remove("ann");
        file.add({"eve", "*", "/eve", "list,read", ""});
        CHECK(file.content() == "# who may come in\n"
                                "\n"
                                "李雷:*:/li lei:-\n"
                                "bob:$new$hash$0123456789abcdefghijkl:/bob:list\n"
                                "eve:*:/eve:list,read\n");
        CHECK_THROWS_AS(file.add({"eve", "*", "/", "-", ""}), UserError);
        CHECK_THROWS_AS(file.add({"e:v", "*", "/", "-", ""}), UserError);
        CHECK_THROWS_AS(file.add({"e\nv", "*", "/", "-", ""}), UserError);
        CHECK_THROWS_AS(file.remove("ann"), UserError);
        CHECK_THROWS_AS(file.remove(""), UserError);
        CHECK_THROWS_AS(file.set_hash("ann", "*"), UserError);
        CHECK_THROWS_AS(file.set_hash("bob", "a:b"), UserError);
        CHECK(file.find("bob")->hash == "$new$hash$0123456789abcdefghijkl");
    }

    TEST_CASE("user file: a file that was not there is made for its owner alone") {
        const TemporaryFolder folder;
        const std::string path = folder / "users";
        CHECK_THROWS_AS(edit_user_file(path, ftp, IfMissing::fail, [](UserFile&) {}), std::system_error);
        edit_user_file(path, ftp, IfMissing::make, [](UserFile& users) {
            users.add({"ann", "*", "/", "list", ""});
        });
        CHECK(content_of(path) == "ann:*:/:list\n");
        CHECK(mode_of(path) == 0600);
        CHECK(read_user_file(path, ftp).find("ann") != nullptr);
    }

    TEST_CASE("user file: replacing it keeps its mode and a link to it and leaves nothing beside it") {
        const TemporaryFolder folder;
        const std::string path = folder / "users", link = folder / "link";
        put(path, sample);
        REQUIRE(::chmod(path.c_str(), 0640) == 0);
        REQUIRE(::symlink("users", link.c_str()) == 0);
        edit_user_file(link, ftp, IfMissing::fail, [](UserFile& users) { users.remove("ann"); });
        CHECK(content_of(path).find("ann") == std::string::npos);
        CHECK(mode_of(path) == 0640);
        CHECK(std::filesystem::is_symlink(link));
        CHECK_THROWS_AS(
            edit_user_file(path, ftp, IfMissing::fail, [](UserFile& users) { users.remove("x"); }),
            UserError);
        const auto entries = std::filesystem::directory_iterator{folder / ""};
        CHECK(std::distance(begin(entries), end(entries)) == 2);
    }

    TEST_CASE("user file: who reads it meanwhile has the old one or the new one") {
        const TemporaryFolder folder;
        const std::string path = folder / "users";
        put(path, sample);
        std::ifstream reader{path};
        edit_user_file(path, ftp, IfMissing::fail, [](UserFile& users) { users.remove("ann"); });
        CHECK(std::string{std::istreambuf_iterator<char>{reader}, {}} == sample);
    }

    TEST_CASE("user file: many editors at once lose no change") {
        const TemporaryFolder folder;
        const std::string path = folder / "users";
        constexpr int editors = 12;
        std::vector<pid_t> children;
        for (int i = 0; i < editors; ++i) {
            const pid_t pid = ::fork();
            REQUIRE(pid >= 0);
            if (pid == 0) {
                try {
                    for (int j = 0; j < 5; ++j)
                        edit_user_file(path, ftp, IfMissing::make, [&](UserFile& users) {
                            users.add({text("user", i, '-', j), "*", "/", "-", ""});
                        });
                } catch (const std::exception&) {
                    ::_exit(1);
                }
                ::_exit(0);
            }
            children.push_back(pid);
        }
        for (const pid_t pid : children) {
            int status = -1;
            REQUIRE(::waitpid(pid, &status, 0) == pid);
            CHECK(status == 0);
        }
        CHECK(read_user_file(path, ftp).users().size() == editors * 5);
    }

    TEST_CASE("user file: what is no regular file is refused and blocks nobody") {
        const TemporaryFolder folder;
        const std::string fifo = folder / "fifo";
        REQUIRE(::mkfifo(fifo.c_str(), 0600) == 0);
        CHECK_THROWS_AS(read_user_file(fifo, ftp), UserError);
        CHECK_THROWS_AS(read_user_file(folder / "", ftp), UserError);
        CHECK_THROWS_AS(read_user_file(folder / "nothing", ftp), std::system_error);
    }

    TEST_CASE("user file: bytes of all kinds are refused or survive an edit") {
        unsigned seed = 1;
        const auto next = [&] { return seed = seed * 1103515245U + 12345U, (seed >> 16) & 0xffU; };
        for (int round = 0; round < 3000; ++round) {
            std::string bytes;
            constexpr std::string_view pieces = "ann:*:/:list\n,=-#\xff\x00";
            for (unsigned left = next() % 40; left > 0; --left)
                bytes += next() % 4 == 0 ? static_cast<char>(next()) : pieces[next() % pieces.size()];
            try {
                const std::string content = UserFile{"users", bytes, ftp}.content();
                CHECK(UserFile{"users", content, ftp}.content() == content);
            } catch (const UserError& error) {
                CHECK(std::string_view{error.what()}.substr(0, 6) == "users:");
            }
        }
    }
}
