// SPDX-License-Identifier: ISC
// Every path is opened by the kernel's way and by the walk, and by a third that both claim to equal: open(2)
// after chroot(2), where the test may do that.
#include "common/beneath.hh"

#include "common/privileges.hh"
#include "tests/skip.hh"
#include "tests/unit/common/in_child.hh"
#include "tests/unit/common/temporary_folder.hh"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <filesystem>
#include <fstream>
#include <functional>
#include <random>
#include <sys/resource.h>
#include <sys/stat.h>
#include <system_error>
#include <vector>

using namespace common;

namespace {

using Open = std::function<Fd(const std::string& path, int flags)>;

// Where opening led: the inode of what was opened, or minus the error.
long long outcome(const Open& open, const std::string& path, int flags) {
    try {
        struct stat status {};
        const Fd opened = open(path, flags);
        checked("fstat", path, [&] { return ::fstat(opened.get(), &status); });
        return static_cast<long long>(status.st_ino);
    } catch (const std::system_error& error) {
        return -error.code().value();
    }
}

class Tree {
public:
    Tree() {
        namespace fs = std::filesystem;
        for (const char* folder : {"", "a", "a/b", "a/b/c", "box", "closed"})
            fs::create_directory(at(folder));
        for (const char* file : {"../secret", "f", "a/f", "a/b/f", "box/f", "closed/f"})
            std::ofstream{at(file)};
        checked("mkfifo", {}, [&] { return ::mkfifo(at("fifo").c_str(), 0600); });
        const auto link = [&](const char* name, const char* text) { fs::create_symlink(text, at(name)); };
        link("up", ".."), link("a/up", "../a/b"), link("a/b/root", "/"), link("a/dot", ".");
        link("relative", "a/b"), link("absolute", "/a/b"), link("dots", "././a//b/.."),
            link("to-folder", "a/");
        link("out", "../../../secret"), link("a/b/c/far", "../../../../../a/f"), link("through", "f/../a");
        link("dangling", "absent"), link("loop", "loop"), link("to-file", "f"), link("to-slashed", "f/");
        for (int i = 1; i <= 41; ++i) // l1 -> f, l2 -> l1, ...
            fs::create_symlink(i == 1 ? "f" : "l" + std::to_string(i - 1), at("l" + std::to_string(i)));
        for (const char* for_all : {"f", "fifo"}) fs::permissions(at(for_all), fs::perms{0666});
        fs::permissions(at("closed"), fs::perms{0700});
        fs::permissions(at("box"), fs::perms{0733});
        root_ = Fd{checked("open", at(""), [&] { return ::open(at("").c_str(), O_RDONLY | O_DIRECTORY); })};
    }

    int root() const { return root_.get(); }
    std::string at(std::string_view path) const { return base_ / ("root/" + std::string{path}); }
    long long inode(const std::string& path) const {
        struct stat status {};
        checked("lstat", path, [&] { return ::lstat(at(path).c_str(), &status); });
        return static_cast<long long>(status.st_ino);
    }

    const Open by_kernel = [this](const std::string& path, int flags) {
        return open_beneath(root(), path, flags, 0666);
    };
    const Open by_walk = [this](const std::string& path, int flags) {
        return open_beneath_by_walk(root(), path, flags, 0666);
    };

private:
    TemporaryFolder base_;
    Fd root_;
};

struct Cases {
    long long expected; // an inode, or minus an error
    std::vector<std::string> paths;
    int flags = O_RDONLY;
};

std::vector<Cases> table(const Tree& tree) {
    const auto root = tree.inode("."), a = tree.inode("a"), b = tree.inode("a/b"), f = tree.inode("f");
    constexpr int create = O_RDWR | O_CREAT, make_new = O_RDWR | O_CREAT | O_EXCL;
    return {
        {root, {"/", "//", ".", "..", "./", "/../..", "up", "a/b/root", "a/b/root/..", "up/up/"}},
        {a,
         {"a", "a/", "a//", "a/.", "a/b/..", "a/b/c/../..", "dots", "to-folder", "relative/..",
          "up/up/up/a"}},
        {b,
         {"a/b", "absolute", "relative", "a/up", "a/up/.", "a/dot/dot/dot/b", "dots/b", "a/b/root/../a/b"}},
        {f, {"f", "/f", "///f", "./f", "../../f", "a/../f", "a/b/../../f", "a/b/../../../../../f", "up/f"}},
        {f, {"absolute/../../f", "a/b/root/f", "to-file", "l40", "up/l39", std::string(4094, '/') + "f"}},
        {tree.inode("a/f"), {"a/b/c/far", "relative/../f", "relative/c/../../f"}},
        {-ENOENT, {"", "absent", "absent/", "absent/..", "absent/../f", "a/b/c/absent/f", "a/\xff\n"}},
        {-ENOENT, {"../secret", "/../secret", "a/../../secret", "out", "up/../secret", "a/b/root/../secret"}},
        {-ENOENT, {"dangling", "dangling/f", "dangling/../f", std::string(255, 'n')}},
        {-ENOTDIR, {"f/", "f/.", "f/..", "f/../f", "through", "to-file/", "to-slashed", "l40/", "l30/x"}},
        {-ENOTDIR, {"fifo/", "fifo/f", "fifo/.."}},
        {-ELOOP, {"loop", "loop/", "loop/f", "l41", "l41/", "up/l40"}},
        {-ENAMETOOLONG, {std::string(256, 'n'), std::string(256, 'n') + "/", std::string(4095, '/') + "f"}},
        {-EINVAL, {std::string{"f\0f", 3}, std::string{"\0", 1}}},
        {tree.inode("fifo"), {"fifo", "a/../fifo"}, O_RDONLY | O_NONBLOCK},
        {-ENXIO, {"fifo"}, O_WRONLY | O_NONBLOCK},
        {root, {"up", "up/"}, O_DIRECTORY},
        {-ENOTDIR, {"f", "fifo", "to-file"}, O_DIRECTORY},
        {root, {"/", "up/", "up/.", "a/.."}, O_NOFOLLOW},
        {f, {"f", "up/f"}, O_NOFOLLOW},
        {-ELOOP, {"up", "to-file", "dangling", "loop"}, O_NOFOLLOW},
        {-ENOTDIR, {"up", "to-file"}, O_NOFOLLOW | O_DIRECTORY},
        {-EISDIR, {"a", "/", "up"}, O_WRONLY},
        {f, {"f", "to-file", "l40"}, create},
        {-EISDIR, {"a", "..", "f/", "absent/", "dangling/"}, create},
        {-ENOENT, {"absent/f", "dangling/f"}, create},
        {-EEXIST, {"f", "a", "/", "dangling", "loop"}, make_new},
    };
}

// What came out differently, by one way or the other.
std::string compare(const Tree& tree, const std::vector<Cases>& wanted) {
    std::string differences;
    for (const auto& [way, open] : {std::pair{"open_beneath", &tree.by_kernel}, {"the walk", &tree.by_walk}})
        for (const Cases& cases : wanted)
            for (const std::string& path : cases.paths)
                if (const auto got = outcome(*open, path, cases.flags); got != cases.expected)
                    differences += std::string{way} + " of " + path + " with " + std::to_string(cases.flags) +
                                   ": " + std::to_string(got) + ", not " + std::to_string(cases.expected) +
                                   "\n";
    return differences;
}

} // namespace

TEST_SUITE("unit") {

    TEST_CASE("a path leads to the same file by the kernel and by the walk and never outside") {
        const Tree tree;
        CHECK(compare(tree, table(tree)) == "");
    }

    TEST_CASE("an ordinary user is denied by the kernel and by the walk alike") {
        const Tree tree;
        if (::geteuid() != 0) return tests::skip("only root can become another user");
        std::vector<Cases> wanted = table(tree);
        wanted.push_back({-EACCES, {"closed", "closed/f", "closed/../f", "box", "box/"}});
        if (open_for_search == O_RDONLY) // `box' can be searched, not read
            wanted.push_back({-EACCES, {"box/f", "box/../f"}});
        else
            wanted.insert(wanted.end(), {{tree.inode("box/f"), {"box/f"}}, {tree.inode("f"), {"box/../f"}}});
        const std::string differences = in_child([&] {
            become(find_user("nobody"));
            return compare(tree, wanted);
        });
        CHECK(differences == "");
    }

    TEST_CASE("random paths lead where they lead after chroot") {
        const Tree tree;
        if (::geteuid() != 0) return tests::skip("only root may chroot");
        const std::vector<std::string> words{
            "a",    "b",    "c",        "f",        "..",      "..",       ".",        "",
            "",     "up",   "root",     "absolute", "far",     "relative", "l9",       "l33",
            "loop", "dots", "dangling", "fifo",     "through", "to-file",  "to-folder"};
        const std::vector<int> flag_sets{O_RDONLY, O_RDWR, O_DIRECTORY, O_NOFOLLOW, O_NOFOLLOW | O_DIRECTORY};
        const Open after_chroot = [](const std::string& path, int flags) {
            return Fd{checked("open", path, [&] { return ::open(path.c_str(), flags); })};
        };
        const std::string differences = in_child([&] {
            std::mt19937 random{4711};
            const auto pick = [&](const auto& list) { return list[random() % list.size()]; };
            std::vector<std::pair<std::string, int>> tried;
            std::vector<long long> found;
            std::string differing;
            for (int i = 0; i < 10000; ++i) {
                std::string path = pick(words);
                for (auto more = random() % 7; more > 0; --more) path += "/" + pick(words);
                const int flags = pick(flag_sets) | O_NONBLOCK;
                found.push_back(outcome(tree.by_walk, path, flags));
                if (outcome(tree.by_kernel, path, flags) != found.back()) differing += path + "\n";
                tried.emplace_back(path, flags);
            }
            enter_root(tree.root());
            for (std::size_t i = 0; i < tried.size(); ++i)
                if (outcome(after_chroot, tried[i].first, tried[i].second) != found[i])
                    differing += tried[i].first + "\n";
            return differing;
        });
        CHECK(differences == "");
    }

    TEST_CASE("a walk through a deep tree holds few descriptors and finds its way back") {
        const Tree tree;
        std::string down, up;
        Fd deepest{::dup(tree.root())};
        for (int i = 0; i < 300; ++i, down += "d/", up += "../") {
            checked("mkdirat", down, [&] { return ::mkdirat(deepest.get(), "d", 0755); });
            deepest = Fd{checked("openat", down,
                                 [&] { return ::openat(deepest.get(), "d", O_RDONLY | O_DIRECTORY); })};
        }
        const auto f = tree.inode("f");
        const std::vector<Cases> wanted{{f, {down + up + "f", down + up + down + "../" + up + "f"}},
                                        {-ENOENT, {down + "f"}}};
        const std::string differences = in_child([&] {
            const rlim_t few = static_cast<rlim_t>(deepest.get()) + 32;
            const rlimit limit{few, few};
            checked("setrlimit", {}, [&] { return ::setrlimit(RLIMIT_NOFILE, &limit); });
            return compare(tree, wanted);
        });
        CHECK(differences == "");
    }

    TEST_CASE("a file is created where a dangling link points and nowhere else") {
        const Tree tree;
        for (const Open& open : {tree.by_kernel, tree.by_walk}) {
            const long long created = outcome(open, "a/../dangling", O_WRONLY | O_CREAT);
            CHECK(created == tree.inode("absent"));
            CHECK(::unlink(tree.at("absent").c_str()) == 0);
            const long long beneath = outcome(open, "out", O_WRONLY | O_CREAT); // not the one beside
            CHECK(beneath == tree.inode("secret"));
            CHECK(::unlink(tree.at("secret").c_str()) == 0);
        }
    }

    TEST_CASE("a place is a directory beneath the root and a plain name") {
        const Tree tree;
        struct {
            std::string path;
            LastLink last;
            std::string directory, name; // name empty: an error
            int error = 0;
        } const wanted[]{
            {"f", LastLink::keep, ".", "f"},
            {"/a/b/new", LastLink::keep, "a/b", "new"},
            {"relative/../new/", LastLink::keep, "a", "new"},
            {"../../../new", LastLink::follow, ".", "new"},
            {"up", LastLink::keep, ".", "up"},
            {"a/b/", LastLink::follow, "a", "b"},
            {"to-file", LastLink::follow, ".", "f"},
            {"out", LastLink::follow, ".", "secret"},
            {"a/b/c/far", LastLink::follow, "a", "f"},
            {"absolute", LastLink::follow, "a", "b"},
            {"absolute/", LastLink::follow, "a", "b"},
            {"l40", LastLink::follow, ".", "f"},
            {"l41", LastLink::follow, "", "", ELOOP},
            {"loop", LastLink::follow, "", "", ELOOP},
            {"loop", LastLink::keep, ".", "loop"},
            {"f/new", LastLink::keep, "", "", ENOTDIR},
            {"absent/new", LastLink::follow, "", "", ENOENT},
            {"f/", LastLink::keep, "", "", ENOTDIR},
            {"to-folder/", LastLink::keep, "", "", ENOTDIR},
            {"to-slashed", LastLink::follow, "", "", ENOTDIR},
            {"absent/", LastLink::follow, "", "", EISDIR},
            {"up", LastLink::follow, "", "", EINVAL},
            {"/", LastLink::keep, "", "", EINVAL},
            {"..", LastLink::keep, "", "", EINVAL},
            {"a/./", LastLink::follow, "", "", EINVAL},
            {"", LastLink::keep, "", "", ENOENT},
            {std::string{"a\0b", 3}, LastLink::keep, "", "", EINVAL},
            {std::string(4096, 'n'), LastLink::keep, "", "", ENAMETOOLONG},
        };
        for (const auto& one : wanted) {
            CAPTURE(one.path);
            const auto found = [&](const std::string& path, int) {
                Place place = place_beneath(tree.root(), path, one.last);
                CHECK(place.name == one.name);
                return std::move(place.directory);
            };
            CHECK(outcome(found, one.path, 0) == (one.error != 0 ? -one.error : tree.inode(one.directory)));
        }
    }

    TEST_CASE("a file is created exclusively at a place in a drop box that cannot be read") {
        const Tree tree;
        if (::geteuid() != 0 || open_for_search == O_RDONLY)
            return tests::skip("needs another user, and a way to open what cannot be read");
        const std::string failure = in_child([&]() -> std::string {
            become(find_user("nobody"));
            const Place place = place_beneath(tree.root(), "box/new", LastLink::follow);
            const auto create = [&] {
                const int flags = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW;
                return Fd{::openat(place.directory.get(), place.name.c_str(), flags, 0666)};
            };
            if (!create()) return "it was not created";
            return create() || errno != EEXIST ? "it was created twice" : "";
        });
        CHECK(failure == "");
    }
}
