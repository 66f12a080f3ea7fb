// SPDX-License-Identifier: ISC
// fcp's side of the file system: what it sends of a folder, and where it writes.
#include "ftpd/fcp/local_tree.hh"

#include "common/errors.hh"
#include "tests/unit/common/temporary_folder.hh"

#include <algorithm>
#include <doctest/doctest.h>
#include <filesystem>
#include <fstream>
#include <sys/stat.h>

using ftpd::Links;
using ftpd::LocalTarget;
using ftpd::LocalTree;
using Folder = LocalTree::Folder;
namespace fs = std::filesystem;

namespace {

std::string walked(const std::string& path, Links links = Links::followed, bool recursive = true) {
    std::string all;
    const auto problem = [&](const std::string& where, const std::string& why) {
        all += "!" + where.substr(std::min(where.size(), path.size())) + ": " + why + '\n';
    };
    std::string items;
    for (const ftpd::LocalItem& item : ftpd::walk(path, recursive, links, problem))
        items += item.relative + (item.is_folder() ? "/\n" : "\n");
    return items + all;
}

void write(const std::string& path, const std::string& bytes = "x") { std::ofstream{path} << bytes; }

LocalTree::FolderPtr below(const LocalTree::FolderPtr& parent, const std::string& name,
                           const std::string& unique = {}) {
    return std::make_shared<const Folder>(Folder{parent, name, unique});
}

} // namespace

TEST_SUITE("unit") {
    TEST_CASE("a walk gives folders before what is in them and follows links if it is told to") {
        const TemporaryFolder top;
        fs::create_directories(top / "b/empty");
        write(top / "b/x");
        write(top / "a\n");
        fs::create_symlink("b", top / "c");
        CHECK(walked(top / "") == "/\na\n\nb/\nb/empty/\nb/x\nc/\nc/empty/\nc/x\n");
        CHECK(walked(top / "", Links::left_out) ==
              "/\na\n\nb/\nb/empty/\nb/x\n!c: is a symbolic link: left out (-L follows it)\n");
        CHECK(walked(top / "b/x") == "\n");
        CHECK(walked(top / "c", Links::left_out) == "/\nempty/\nx\n"); // it was named itself
    }

    TEST_CASE("a walk leaves out circles and what is no file and says so") {
        const TemporaryFolder top;
        fs::create_directory(top / "sub");
        fs::create_symlink("..", top / "sub/up");
        fs::create_symlink("missing", top / "broken");
        REQUIRE(::mkfifo((top / "fifo").c_str(), 0600) == 0);
        CHECK(walked(top / "") == "/\nsub/\n"
                                  "!broken: No such file or directory\n"
                                  "!fifo: is neither a file nor a folder: left out\n"
                                  "!sub/up: leads back to a folder that contains it: skipped\n");
        CHECK(walked(top / "", Links::left_out, false) == "!: is a folder: -r copies it\n");
        CHECK(walked(top / "none") == "!: No such file or directory\n");
    }

    TEST_CASE("a walk ends where links multiply the ways without any circle") {
        const TemporaryFolder top;
        constexpr int levels = 40; // 2^40 ways
        for (int level = 0; level < levels; ++level) {
            const std::string folder = top / std::to_string(level);
            fs::create_directory(folder);
            if (level + 1 == levels) continue;
            for (const char* const name : {"/one", "/two"})
                fs::create_symlink("../" + std::to_string(level + 1), folder + name);
        }
        const std::string all = walked(top / "");
        CHECK(all.find("is met too often by way of links: skipped\n") != std::string::npos);
        CHECK(std::count(all.begin(), all.end(), '\n') < levels * 3 * 100);
    }

    TEST_CASE("nothing is written through a link that lies in a target") {
        const TemporaryFolder top, elsewhere;
        fs::create_symlink(elsewhere / "", top / "sub");
        write(elsewhere / "x", "theirs");
        fs::create_symlink(elsewhere / "x", top / "x");
        LocalTree tree{top / ""};
        CHECK_THROWS_AS(tree.make(below(tree.top(), "sub")), std::system_error);
        CHECK_THROWS_AS(tree.make(below(below(tree.top(), "sub"), "deeper")), std::system_error);
        {
            LocalTarget target{tree.open(tree.top()), "x", "x", LocalTarget::Start::anew};
            target.write("ours");
            target.complete();
        }
        CHECK(!fs::is_symlink(top / "x"));
        CHECK(fs::file_size(top / "x") == 4);
        CHECK(fs::file_size(elsewhere / "x") == 6);
        CHECK(std::distance(fs::directory_iterator{elsewhere / ""}, {}) == 1);
    }

    TEST_CASE("what is no regular file is not replaced in a target") {
        const TemporaryFolder top;
        fs::create_directory(top / "folder");
        REQUIRE(::mkfifo((top / "fifo").c_str(), 0600) == 0);
        write(top / "file");
        LocalTree tree{top / ""};
        for (const char* const name : {"folder", "fifo"})
            CHECK_THROWS_AS((LocalTarget{tree.open(tree.top()), name, name, LocalTarget::Start::anew}),
                            std::system_error);
        CHECK_THROWS_AS(tree.make(below(tree.top(), "file")), std::system_error);
        CHECK_THROWS_AS(LocalTree{top / "file"}, std::system_error);
    }

    TEST_CASE("folders are made one below the other and those that are there are used") {
        const TemporaryFolder top;
        fs::create_directory(top / "a");
        LocalTree tree = LocalTree::make_at(top / "new");
        const auto a = below(tree.top(), "a"), b = below(a, "b"), c = below(tree.top(), "c");
        tree.make(a);
        tree.make(b);
        tree.make(c);
        tree.make(b);
        CHECK(fs::is_directory(top / "new/a/b"));
        CHECK(tree.path_of(b, "x") == top / "new/a/b/x");
        tree.keep_facts(b, {1'000'000'000, 0700});
        struct stat found {};
        REQUIRE(::stat((top / "new/a/b").c_str(), &found) == 0);
        CHECK(found.st_mtime == 1'000'000'000);
        CHECK((found.st_mode & 0777) == 0700);
    }

    TEST_CASE("a folder that is one of those above it is a loop") {
        const auto top = below(nullptr, "", "1"), a = below(top, "a", "2"), b = below(a, "b", "1");
        CHECK(!is_loop(*a));
        CHECK(is_loop(*b));
        CHECK(!is_loop(*below(below(nullptr, ""), ""))); // of servers that do not tell
    }
}
