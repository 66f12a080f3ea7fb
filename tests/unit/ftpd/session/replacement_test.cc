// SPDX-License-Identifier: ISC
#include "ftpd/session/replacement.hh"

#include "common/errors.hh"
#include "common/text.hh"
#include "ftpd/path.hh"
#include "ftpd/session/upload.hh"
#include "tests/e2e/files.hh"
#include "tests/skip.hh"
#include "tests/unit/common/in_child.hh"

#include <algorithm>
#include <array>
#include <doctest/doctest.h>
#include <fcntl.h>
#include <functional>
#include <optional>
#include <set>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <system_error>
#include <unistd.h>

#ifdef __linux__
#include <cstddef>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#endif

using namespace ftpd;
using common::Fd;
using e2e::read_file;
using e2e::write_file;
using Over = Replacement::Over;

namespace {

// A folder with a partial, and maybe a file that it is to replace.
struct Scene {
    explicit Scene(bool has_old) {
        write_file(folder / partial, "new");
        if (has_old) write_file(folder / "file", "old");
    }
    Replacement replace(Over over) {
        struct stat written {};
        REQUIRE(::stat((folder / partial).c_str(), &written) == 0);
        return Replacement{place, partial, written, over};
    }
    // 0: none.
    int error_of(Over over) {
        try {
            replace(over);
        } catch (const std::system_error& error) {
            return error.code().value();
        }
        return 0;
    }
    std::string at(const std::string& name) const {
        return std::filesystem::exists(folder / name) ? read_file(folder / name) : "(none)";
    }
    std::size_t files() const {
        return static_cast<std::size_t>(
            std::distance(std::filesystem::directory_iterator{folder.path()}, {}));
    }

    e2e::TempDir folder;
    common::Place place{Fd{::open(folder.path().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)}, "file"};
    const std::string partial = partial_name("file");
    // The kept old file is called so, where names can be exchanged; else so.
    const std::string kept = replaced_name("file", ::getpid());
    const std::string kept_by_link = replaced_name("old-file", ::getpid());
};

#ifdef __linux__
// From now on this call fails in this process as on a file system that lacks it.
void refuse_call(long number, unsigned error) {
    ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
    sock_filter code[]{BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
                       BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, static_cast<unsigned>(number), 0, 1),
                       BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | error),
                       BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)};
    const sock_fprog program{std::size(code), code};
    common::checked("seccomp", {}, [&] { return ::prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program); });
}
#endif

// A session, in a process of its own, that uploads "file" and then settles that or takes it back.
class Uploader {
public:
    Uploader(const Scene& scene, const std::string& bytes) {
        int ends[2];
        common::checked("socketpair", {}, [&] { return ::socketpair(AF_UNIX, SOCK_STREAM, 0, ends); });
        ours_ = Fd{ends[0]}, theirs_ = Fd{ends[1]};
        pid_ = common::checked("fork", {}, [] { return ::fork(); });
        if (pid_ == 0) ::_exit(run(scene, bytes));
        theirs_.reset();
        CHECK(ask('u') == 'u');
    }
    ~Uploader() {
        ours_.reset();
        ::waitpid(pid_, nullptr, 0);
    }
    Uploader(const Uploader&) = delete;
    Uploader& operator=(const Uploader&) = delete;

    void settle() { CHECK(ask('s') == 's'); }
    bool take_back() { return ask('t') == 't'; } // false: not taken back

private:
    char ask(char what) {
        char answer = '?';
        REQUIRE(::send(ours_.get(), &what, 1, 0) == 1);
        REQUIRE(::recv(ours_.get(), &answer, 1, 0) == 1);
        return answer;
    }
    int run(const Scene& scene, const std::string& bytes) {
        ours_.reset();
        std::optional<Replacement> replacement;
        for (char what = 0; ::recv(theirs_.get(), &what, 1, 0) == 1; ::send(theirs_.get(), &what, 1, 0)) try {
                if (what == 's') replacement->settle();
                if (what == 't' && !replacement->take_back()) what = '-';
                if (what != 'u') continue;
                write_file(scene.folder / scene.partial, bytes);
                struct stat written {};
                if (::stat((scene.folder / scene.partial).c_str(), &written) != 0) return 1;
                common::Place place{
                    Fd{::open(scene.folder.path().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)}, "file"};
                const bool is_new = !std::filesystem::exists(scene.folder / "file");
                replacement.emplace(place, scene.partial, written, is_new ? Over::nothing : Over::a_file);
            } catch (const std::exception& error) {
                what = '!';
            }
        return 0;
    }

    Fd ours_, theirs_;
    pid_t pid_ = 0;
};

} // namespace

TEST_SUITE("unit") {
    TEST_CASE("replacement: the old file is kept until the new one is final") {
        Scene scene{true};
        Replacement replacement = scene.replace(Over::a_file);
        CHECK(scene.at("file") == "new");
        CHECK(std::set{scene.at(scene.kept), scene.at(scene.kept_by_link)} ==
              std::set<std::string>{"(none)", "old"});
        CHECK(scene.at(scene.partial) == "(none)");
        replacement.settle();
        CHECK(scene.at("file") == "new");
        CHECK(scene.files() == 1);
        CHECK_FALSE(replacement.take_back());
        CHECK(scene.at("file") == "new");
    }

    TEST_CASE("replacement: what is taken back is the partial again") {
        for (const Over over : {Over::nothing, Over::a_file, Over::never_else}) {
            for (const bool has_old : {false, true}) {
                if (has_old && over == Over::never_else) continue;
                CAPTURE(static_cast<int>(over));
                CAPTURE(has_old); // it may have come, or gone, while the upload went on
                Scene scene{has_old};
                Replacement replacement = scene.replace(over);
                CHECK(scene.at("file") == "new");
                CHECK(replacement.take_back());
                CHECK(scene.at("file") == (has_old ? "old" : "(none)"));
                CHECK(scene.at(scene.partial) == "new");
                CHECK(scene.files() == (has_old ? 2 : 1));
            }
        }
    }

    TEST_CASE("replacement: what somebody has changed meanwhile is not taken back") {
        const std::pair<const char*, std::function<void(const Scene&)>> deeds[]{
            {"other",
             [](const Scene& s) {
                 write_file(s.folder / "x", "other");
                 std::filesystem::rename(s.folder / "x", s.folder / "file");
             }},
            {"longer", [](const Scene& s) { write_file(s.folder / "file", "longer"); }},
            {"(none)", [](const Scene& s) { std::filesystem::remove(s.folder / "file"); }},
        };
        for (const auto& deed : deeds)
            for (const bool has_old : {false, true}) {
                CAPTURE(std::string{deed.first});
                Scene scene{has_old};
                Replacement replacement = scene.replace(has_old ? Over::a_file : Over::nothing);
                deed.second(scene);
                CHECK_FALSE(replacement.take_back());
                CHECK(scene.at("file") == deed.first);
                CHECK(scene.at(scene.kept) == "(none)");
                CHECK(scene.at(scene.partial) == "(none)");
            }
    }

    TEST_CASE("replacement: the partial of another upload stays that") {
        for (const bool has_old : {false, true}) {
            Scene scene{has_old};
            Replacement replacement = scene.replace(has_old ? Over::a_file : Over::nothing);
            write_file(scene.folder / scene.partial, "another");
            CHECK(replacement.take_back());
            CHECK(scene.at("file") == (has_old ? "old" : "(none)"));
            CHECK(scene.at(scene.partial) == "another");
            CHECK(scene.files() == (has_old ? 2 : 1));
        }
    }

    TEST_CASE("replacement: nothing has changed where it cannot be") {
        Scene taken{true};
        CHECK(taken.error_of(Over::never_else) == EEXIST);
        CHECK(taken.at("file") == "old");
        CHECK(taken.at(taken.partial) == "new");
        CHECK(taken.place.directory);
        for (const Over over : {Over::nothing, Over::a_file}) {
            Scene folder{false}; // somebody has made a folder of that name
            std::filesystem::create_directory(folder.folder / "file");
            write_file(folder.folder / "file" / "in it", "x");
            CHECK(folder.error_of(over) == EISDIR);
            CHECK(folder.at("file/in it") == "x");
            CHECK(folder.at(folder.partial) == "new");
            CHECK(folder.files() == 2);
        }
    }

    TEST_CASE("replacement: where the old file may not be replaced the upload can be continued") {
        if (::geteuid() != 0) return tests::skip("only root can give a file to another user");
        constexpr uid_t ordinary = 65534;
        const Scene scene{true};
        const std::string folder = scene.folder.path();
        REQUIRE(::chmod(folder.c_str(), 01777) == 0); // sticky: only owners rename
        REQUIRE(::chown((scene.folder / scene.partial).c_str(), ordinary, ordinary) == 0);
        const std::string outcome = in_child([&]() -> std::string {
            if (::setgid(ordinary) != 0 || ::setuid(ordinary) != 0) return "setuid";
            common::Place place{Fd{::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)}, "file"};
            struct stat written {};
            if (::stat((scene.folder / scene.partial).c_str(), &written) != 0) return "stat";
            try {
                const Replacement replacement{place, scene.partial, written, Over::a_file};
            } catch (const std::system_error& error) {
                const bool is_denied = error.code().value() == EPERM || error.code().value() == EACCES;
                return is_denied && place.directory ? "denied" : error.what();
            }
            return "replaced";
        });
        CHECK(outcome == "denied");
        CHECK(scene.at("file") == "old");
        CHECK(scene.at(scene.partial) == "new");
        CHECK(scene.files() == 2);
    }

    TEST_CASE("replacement: of several uploads of a name only those stay that were not taken back") {
        using Order = std::array<std::size_t, 3>;
        for (Order order{0, 1, 2};;) {
            for (unsigned settled = 0; settled < 8; ++settled) // a bit for each
                for (const bool has_old : {false, true}) {
                    CAPTURE(order[0]);
                    CAPTURE(order[1]);
                    CAPTURE(order[2]);
                    CAPTURE(settled);
                    CAPTURE(has_old);
                    const Scene scene{has_old};
                    std::filesystem::remove(scene.folder / scene.partial);
                    const std::array<std::string, 3> bytes{"first", "second", "third"};
                    Uploader first{scene, bytes[0]}, second{scene, bytes[1]}, third{scene, bytes[2]};
                    const std::array<Uploader*, 3> all{&first, &second, &third};
                    std::string expected = has_old ? "old" : "(none)";
                    for (std::size_t i = 0; i < 3; ++i)
                        if ((settled >> i & 1U) != 0) expected = bytes[i];
                    for (const std::size_t i : order)
                        if ((settled >> i & 1U) != 0)
                            all[i]->settle();
                        else
                            all[i]->take_back();
                    CHECK(scene.at("file") == expected);
                    const std::size_t most = expected == "(none)" ? 1 : 2; // with a partial
                    CHECK(scene.files() <= most);
                    CHECK(scene.files() - (scene.at(scene.partial) == "(none)" ? 0 : 1) == most - 1);
                }
            if (!std::ranges::next_permutation(order).found) break;
        }
    }

    TEST_CASE(
        "replacement: a file system that can neither exchange names nor make links takes uploads, too") {
#ifndef __linux__
        return tests::skip("only Linux lets a test refuse system calls");
#else
        const auto outcome = [](Over over, bool has_old) {
            Scene scene{has_old};
            const std::string error = in_child([&] {
                refuse_call(SYS_renameat2, EINVAL);
                refuse_call(SYS_linkat, EPERM);
                return common::text(scene.error_of(over));
            });
            return error + ' ' + scene.at("file") + ' ' + scene.at(scene.partial);
        };
        const std::string denied = common::text(EPERM), taken = common::text(EEXIST);
        CHECK(outcome(Over::nothing, false) == "0 new (none)");
        CHECK(outcome(Over::nothing, true) == "0 new (none)");
        CHECK(outcome(Over::a_file, false) == "0 new (none)");
        CHECK(outcome(Over::a_file, true) == "0 new (none)");
        CHECK(outcome(Over::nothing_still, false) == "0 new (none)");
        CHECK(outcome(Over::nothing_still, true) == taken + " old new");
        CHECK(outcome(Over::never_else, false) == denied + " (none) new");
        CHECK(outcome(Over::never_else, true) == denied + " old new");

        for (const bool is_final : {false, true}) { // one that goes on
            const Scene scene{false};
            CHECK(in_child([&]() -> std::string {
                      refuse_call(SYS_renameat2, EINVAL);
                      refuse_call(SYS_linkat, EPERM);
                      const NamePolicy any_name;
                      const Tree tree{Fd{::open(scene.folder.path().c_str(), O_RDONLY | O_DIRECTORY)},
                                      any_name};
                      Upload upload{tree, "/file", 3, {.rights = {Right::create, Right::overwrite}}};
                      upload.write("er");
                      if (is_final)
                          upload.complete();
                      else
                          upload.complete_revocably().replacement->settle();
                      return {};
                  }) == "");
            CHECK(scene.at("file") == "newer");
            CHECK(scene.files() == 1);
        }
#endif
    }
}
