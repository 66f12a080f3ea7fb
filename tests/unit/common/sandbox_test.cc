// SPDX-License-Identifier: ISC
#include "common/child_rights.hh"
#include "common/privileges.hh"
#include "common/sandbox.hh"

#include "tests/skip.hh"
#include "tests/unit/common/in_child.hh"
#include "tests/unit/common/temporary_folder.hh"

#include <array>
#include <doctest/doctest.h>
#include <fcntl.h>
#include <grp.h>
#include <signal.h>
#include <vector>

using namespace common;

namespace {

// A directory `inside' with a file, a directory and a link in it, and a file `outside' beside it.
struct Tree {
    Tree() {
        const auto in = [&](const char* name) { return inside + "/" + name; };
        checked("mkdir", inside, [&] { return ::mkdir(inside.c_str(), 0777); });
        checked("mkdir", inside, [&] { return ::mkdir(in("folder").c_str(), 0777); });
        for (const auto& path : {in("file"), outside})
            Fd{checked("open", path, [&] { return ::open(path.c_str(), O_WRONLY | O_CREAT, 0666); })};
        checked("symlink", inside, [&] { return ::symlink("file", in("link").c_str()); });
        root = Fd{checked("open", inside, [&] { return ::open(inside.c_str(), O_RDONLY | O_DIRECTORY); })};
    }

    TemporaryFolder base;
    std::string inside = base / "inside";
    std::string outside = base / "outside";
    Fd root;
};

// Collects what did not come out as it should; the errno is 0 where success is expected.
struct Expectations {
    std::string failures;
    void expect(const char* what, int result, int error) {
        const int got = result == -1 ? errno : 0;
        if (got != error)
            failures += std::string{what} + ": error " + std::to_string(got) + ", not " +
                        std::to_string(error) + "\n";
    }
};

int open_and_close(const std::string& path, int flags) {
    const Fd opened{::open(path.c_str(), flags, 0666)};
    return opened ? 0 : -1;
}

std::vector<int> open_descriptors() {
    std::vector<int> found;
    for (int fd = 0; fd < 1024; ++fd)
        if (::fcntl(fd, F_GETFD) != -1) found.push_back(fd);
    return found;
}

using CloseOthers = void (*)(std::span<const int>);

std::string close_and_compare(CloseOthers close_others, std::vector<int> keep, std::vector<int> expected) {
    return in_child([&]() -> std::string {
        const int zero = ::open("/dev/null", O_RDWR); // several, with gaps between them, and one far away
        for (const int fd : {4, 5, 10, 11, 20, 900}) ::dup2(zero, fd);
        // The pipe to the test is among those closed: the answer goes through an exit status.
        close_others(keep);
        ::_exit(open_descriptors() == expected ? 0 : 3);
    });
}

} // namespace

TEST_SUITE("unit") {

    TEST_CASE("exactly the kept descriptors stay open") {
        for (const CloseOthers close_others :
             {&close_other_descriptors, &close_other_descriptors_one_by_one}) {
            CHECK(close_and_compare(close_others, {11, 2, 5}, {2, 5, 11}) == "");
            CHECK(close_and_compare(close_others, {0, 1, 2, 900, 900}, {0, 1, 2, 900}) == "");
            CHECK(close_and_compare(close_others, {10, -1, 333}, {10}) == "");
            CHECK(close_and_compare(close_others, {}, {}) == "");
        }
    }

    TEST_CASE("descriptors are closed by number where nothing lists them") {
        if (::geteuid() != 0) return tests::skip("only root can hide /dev/fd");
        Tree tree;
        const std::string failures = in_child([&]() -> std::string {
            enter_root(tree.root.get());
            ::dup2(tree.root.get(), 5);
            ::dup2(tree.root.get(), 900);
            close_other_descriptors_one_by_one(std::array{5});
            ::_exit(open_descriptors() == std::vector{5} ? 0 : 3);
        });
        CHECK(failures == "");
    }

    TEST_CASE("a process that may only read cannot write nor leave the tree nor execute") {
        Tree tree;
        const std::string failures = in_child([&] {
            Expectations then;
            forbid_new_privileges();
            if (!restrict_files(tree.root.get(), TreeAccess::read)) return std::string{"unavailable"};
            then.expect("read inside", open_and_close(tree.inside + "/file", O_RDONLY), 0);
            then.expect("read through a link", open_and_close(tree.inside + "/link", O_RDONLY), 0);
            then.expect("list inside", open_and_close(tree.inside, O_RDONLY | O_DIRECTORY), 0);
            then.expect("write inside", open_and_close(tree.inside + "/file", O_WRONLY), EACCES);
            then.expect("create inside", open_and_close(tree.inside + "/new", O_WRONLY | O_CREAT), EACCES);
            then.expect("remove inside", ::unlink((tree.inside + "/file").c_str()), EACCES);
            then.expect("make a directory", ::mkdir((tree.inside + "/new").c_str(), 0777), EACCES);
            then.expect("read outside", open_and_close(tree.outside, O_RDONLY), EACCES);
            then.expect("list outside", open_and_close("/", O_RDONLY | O_DIRECTORY), EACCES);
            then.expect("execute", ::execl("/bin/true", "true", nullptr), EACCES);
            return then.failures;
        });
        if (failures == "unavailable") return tests::skip("no Landlock here");
        CHECK(failures == "");
    }

    TEST_CASE("a process that may write does everything a session does and nothing more") {
        Tree tree;
        const std::string failures = in_child([&] {
            const auto in = [&](const char* name) { return tree.inside + "/" + name; };
            Expectations then;
            forbid_new_privileges();
            if (!restrict_files(tree.root.get(), TreeAccess::write)) return std::string{"unavailable"};
            then.expect("create", open_and_close(in("new"), O_RDWR | O_CREAT | O_EXCL), 0);
            then.expect("truncate", open_and_close(in("file"), O_WRONLY | O_TRUNC), 0);
            then.expect("make a directory", ::mkdir(in("more").c_str(), 0777), 0);
            then.expect("rename here", ::rename(in("new").c_str(), in("newer").c_str()), 0);
            then.expect("rename there", ::rename(in("newer").c_str(), in("folder/new").c_str()), 0);
            then.expect("rename a link", ::rename(in("link").c_str(), in("folder/link").c_str()), 0);
            then.expect("rename a directory", ::rename(in("more").c_str(), in("folder/more").c_str()), 0);
            then.expect("remove a directory", ::rmdir(in("folder/more").c_str()), 0);
            then.expect("remove a file", ::unlink(in("folder/new").c_str()), 0);
            then.expect("make a FIFO", ::mkfifo(in("fifo").c_str(), 0666), EACCES);
            then.expect("write outside", open_and_close(tree.outside, O_WRONLY), EACCES);
            then.expect("create outside", open_and_close(tree.base / "new", O_WRONLY | O_CREAT), EACCES);
            then.expect("rename to outside", ::rename(in("file").c_str(), (tree.base / "file").c_str()),
                        EACCES);
            then.expect("execute", ::execl("/bin/true", "true", nullptr), EACCES);
            return then.failures;
        });
        if (failures == "unavailable") return tests::skip("no Landlock here");
        CHECK(failures == "");
    }

    TEST_CASE("a process without any tree keeps its open descriptors and nothing else") {
        Tree tree;
        const std::string failures = in_child([&] {
            Expectations then;
            const Fd file{::openat(tree.root.get(), "file", O_RDWR)};
            forbid_new_privileges();
            if (!restrict_files(-1, TreeAccess::none)) return std::string{"unavailable"};
            then.expect("read outside", open_and_close(tree.outside, O_RDONLY), EACCES);
            then.expect("read inside", ::openat(tree.root.get(), "file", O_RDONLY), EACCES);
            then.expect("write what is open", static_cast<int>(::write(file.get(), "x", 1)), 0);
            return then.failures;
        });
        if (failures == "unavailable") return tests::skip("no Landlock here");
        CHECK(failures == "");
    }

    TEST_CASE("a user that does not exist or is root is refused with the remedy") {
        CHECK_THROWS_WITH_AS(find_user("nobody-of-this-name"),
                             "run-as nobody-of-this-name: there is no such user; create it or name another",
                             UserError);
        CHECK_THROWS_AS(find_user("root"), UserError);
        CHECK(find_user("nobody").name == "nobody");
        CHECK(find_user("nobody").uid != 0);
    }

    TEST_CASE("root that became a user in a tree cannot return") {
        if (::geteuid() != 0) return tests::skip("only root can become another user");
        Tree tree;
        const Identity nobody = find_user("nobody");
        const std::string failures = in_child([&] {
            Expectations then;
            enter_root(tree.root.get());
            become(nobody);
            then.expect("open in the new root", open_and_close("/file", O_RDONLY), 0);
            then.expect("open the same by `..'", open_and_close("../../inside/file", O_RDONLY), ENOENT);
            then.expect("setuid", ::setuid(0), EPERM);
            then.expect("setgid", ::setgid(0), EPERM);
            then.expect("chroot", ::chroot("/"), EPERM);
            then.expect("kill the parent", ::kill(::getppid(), 0), EPERM);
            gid_t group = 0;
            if (::getgroups(1, &group) != 1 || group != nobody.gid)
                then.failures += "other groups are left\n";
            return then.failures;
        });
        CHECK(failures == "");
    }

    TEST_CASE("an ordinary user cannot become another and who stays root is a fault") {
        if (::geteuid() != 0) return tests::skip("only root can become another user");
        const Identity nobody = find_user("nobody");
        const std::string as_user = in_child([&]() -> std::string {
            become(nobody);
            try {
                become({1, 1, "daemon"});
            } catch (const std::system_error& error) {
                return error.code().value() == EPERM ? "" : error.what();
            }
            return "became another user";
        });
        CHECK(as_user == "");
        const std::string as_root = in_child([]() -> std::string {
            try {
                become({0, 0, "root"});
            } catch (const std::logic_error&) {
                return "";
            }
            return "stayed root";
        });
        CHECK(as_root == "");
    }

    TEST_CASE("who acts as a user has that one's rights and then its own again") {
        if (::geteuid() != 0) return tests::skip("only root can act as another user");
        const Identity nobody = find_user("nobody"), daemon = find_user("daemon");
        Tree tree;
        for (const bool is_root : {true, false}) {
            CAPTURE(is_root);
            const std::string failures = in_child([&] {
                Expectations then;
                if (!is_root) become_maker_of_children(daemon);
                const uid_t own = ::geteuid();
                const gid_t own_group = ::getegid();
                const auto look = [&] {
                    gid_t group = 0;
                    if (::geteuid() != nobody.uid || ::getegid() != nobody.gid ||
                        ::getgroups(1, &group) != 1 || group != nobody.gid)
                        then.failures += "it is not the user\n";
                };
                act_as(nobody, look);
                try {
                    act_as(nobody, [] { throw UserError("no"); });
                    then.failures += "what was thrown is lost\n";
                } catch (const UserError&) {
                }
                if (::geteuid() != own || ::getegid() != own_group)
                    then.failures += "it is not itself again\n";
                enter_root(tree.root.get()); // which takes rights that are not the user's
                become(nobody);
                then.expect("open in the new root", open_and_close("/file", O_RDONLY), 0);
                return then.failures;
            });
            CHECK(failures == "");
        }
    }

    TEST_CASE("limits bind and never ask for more than there is") {
        const std::string failures = in_child([] {
            Expectations then;
            if (::geteuid() == 0) become(find_user("nobody"));
            limit_resources({.open_files = 40});
            limit_resources({.open_files = 1 << 20}); // cannot be had any more
            rlimit core{}, files{};
            ::getrlimit(RLIMIT_CORE, &core);
            ::getrlimit(RLIMIT_NOFILE, &files);
            if (core.rlim_max != 0) then.failures += "core files are possible\n";
            if (files.rlim_cur != 40 || files.rlim_max != 40) then.failures += "the limit was not 40\n";
            then.expect("a descriptor beyond the limit", ::dup2(1, 40), EBADF);
#ifdef RLIMIT_NPROC
            const pid_t child = ::fork();
            if (child == 0) ::_exit(0);
            then.expect("fork", child, EAGAIN);
#endif
            return then.failures;
        });
        CHECK(failures == "");
    }
}
