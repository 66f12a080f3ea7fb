// SPDX-License-Identifier: ISC
// Another process renames things under the way that a path takes. Whatever is found must be beneath the root;
// each race is shown to be on by a careless way of opening, which does get out.
#include "common/beneath.hh"

#include "tests/unit/common/in_child.hh"
#include "tests/unit/common/temporary_folder.hh"

#include <chrono>
#include <doctest/doctest.h>
#include <fcntl.h>
#include <fstream>
#include <functional>
#include <set>
#include <signal.h>
#include <sys/stat.h>
#include <system_error>

using namespace common;

namespace {

// Two trees side by side, with the same paths in them: the root and its outside.
struct Tree {
    Tree() {
        for (const char* folder : {"root/p/d", "out"}) std::filesystem::create_directories(base / folder);
        for (const char* file : {"root/x", "root/p/d/x", "x", "out/x"}) std::ofstream{base / file};
        root = Fd{
            checked("open", "root", [&] { return ::open((base / "root").c_str(), O_RDONLY | O_DIRECTORY); })};
    }
    TemporaryFolder base;
    Fd root;
};

// A child that repeats something until it is no longer wanted, or a minute is over.
class Repeater {
public:
    explicit Repeater(const std::function<void()>& step)
        : child_(checked("fork", {}, [] { return ::fork(); })) {
        if (child_ != 0) return;
        for (::alarm(60);;) step();
    }
    ~Repeater() {
        ::kill(child_, SIGKILL);
        retry([&] { return ::waitpid(child_, nullptr, 0); });
    }
    Repeater(const Repeater&) = delete;
    Repeater& operator=(const Repeater&) = delete;

private:
    pid_t child_;
};

ino_t inode(int fd) {
    struct stat status {};
    checked("fstat", {}, [&] { return ::fstat(fd, &status); });
    return status.st_ino;
}

ino_t inode(const std::string& path) {
    return inode(Fd{checked("open", path, [&] { return ::open(path.c_str(), O_RDONLY); })}.get());
}

// The files that were found in a second; 0 stands for an error that such a race may well end in.
std::set<ino_t> collect(const std::function<Fd()>& open) {
    std::set<ino_t> found;
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds{1};
    while (std::chrono::steady_clock::now() < end) {
        try {
            const Fd opened = open();
            found.insert(opened ? inode(opened.get()) : 0);
        } catch (const std::system_error& error) {
            const int why = error.code().value();
            if (why != ENOENT && why != ENOTDIR && why != ELOOP) throw;
            found.insert(0);
        }
    }
    return found;
}

void race(const Tree& tree, const std::string& path, const std::function<Fd()>& careless, ino_t inside,
          ino_t outside) {
    CHECK(collect(careless).contains(outside));
    for (const auto open : {&open_beneath, &open_beneath_by_walk}) {
        const auto found = collect([&] { return open(tree.root.get(), path, O_RDONLY, 0); });
        CHECK(found.contains(inside));
        CHECK_FALSE(found.contains(outside));
    }
}

} // namespace

TEST_SUITE("unit slow") {

    TEST_CASE("a directory that is swapped for a link to the outside never lets a path out") {
        for (const bool absolute : {false, true}) {
            const Tree tree;
            const ino_t inside = inode(tree.base / "root/p/d/x"), outside = inode(tree.base / "out/x");
            const std::string text = absolute ? tree.base / "out" : "../../out";
            std::filesystem::create_symlink(text, tree.base / "root/p/link");
            const Fd folder{::open((tree.base / "root/p").c_str(), O_RDONLY | O_DIRECTORY)};
            const auto move = [&](const char* from, const char* to) {
                ::renameat(folder.get(), from, folder.get(), to);
            };
            const Repeater swapper{[&] {
                move("d", "kept"), move("link", "d");
                move("d", "link"), move("kept", "d");
            }};
            const auto careless = [&] { return Fd{::openat(tree.root.get(), "p/d/x", O_RDONLY)}; };
            race(tree, "p/d/x", careless, inside, outside);
        }
    }

    TEST_CASE("a directory that is moved out while a path is inside it never lets the path out") {
        const Tree tree;
        const ino_t inside = inode(tree.base / "root/x"), outside = inode(tree.base / "x");
        const std::string in = tree.base / "root/p/d", out = tree.base / "out/d";
        const Repeater mover{[&] {
            ::rename(in.c_str(), out.c_str());
            ::rename(out.c_str(), in.c_str());
        }};
        const auto careless = [&] { // each `..' asks the directory where it is now
            Fd at{::dup(tree.root.get())};
            for (const char* step : {"p", "d", "..", ".."}) {
                at = Fd{::openat(at.get(), step, O_RDONLY | O_DIRECTORY)};
                if (!at) return at;
            }
            return Fd{::openat(at.get(), "x", O_RDONLY)};
        };
        race(tree, "p/d/../../x", careless, inside, outside);
    }
}
