// SPDX-License-Identifier: ISC
// lftp's mirror, both ways, of trees that are full of odd names.
#include "tests/e2e/clients.hh"

#include <array>
#include <doctest/doctest.h>

using e2e::check_same_bytes;
using e2e::check_same_tree;
using e2e::Daemon;
using e2e::run_lftp;
using e2e::writable;
using e2e::write_file;

TEST_SUITE("e2e") {
    TEST_CASE("lftp mirrors a tree of odd names up and down again and then has nothing left to do") {
        const Daemon daemon{writable()};
        e2e::plant_odd_tree(daemon.folder() / "local", 100);
        run_lftp(daemon, "mirror -R local up");
        check_same_tree(daemon.folder() / "local", daemon.files() / "up");
        run_lftp(daemon, "mirror up back");
        check_same_tree(daemon.folder() / "local", daemon.folder() / "back");
        CHECK(run_lftp(daemon, "mirror --dry-run up back").empty());
        CHECK(run_lftp(daemon, "mirror -R --dry-run back up").find("get ") == std::string::npos);
    }

    TEST_CASE("lftp mirrors changes and deletions and continues what was broken off") {
        const Daemon daemon{writable()};
        const e2e::Path local = daemon.folder() / "local", up = daemon.files() / "up";
        e2e::plant_odd_tree(local, 100);
        const std::string bytes = e2e::make_bytes(100'000);
        write_file(local / "large", bytes);
        run_lftp(daemon, "mirror -R local up");
        write_file(local / "100%41" / "inner #1" / "%", "changed");
        std::filesystem::remove(local / "100%41" / "inner #1" / "-dash");
        std::filesystem::remove_all(local / "a name with blanks");
        write_file(local / "new\\", "new");
        run_lftp(daemon, "mirror -R --delete local up");
        check_same_tree(local, up);
        // What there is of `large' is not the sessions' own when root runs the tests, so its time stays.
        for (const std::string name : {"large", ".ftpd-large"}) {
            CAPTURE(name);
            std::filesystem::remove(up / "large");
            e2e::write_shared(up / name, bytes.substr(0, 60'000));
            run_lftp(daemon, "mirror -R -c local up");
            check_same_bytes(local, up);
        }
        write_file(local / "large", bytes.substr(0, 60'000));
        run_lftp(daemon, "mirror -c up local");
        check_same_bytes(local, up);
    }

    TEST_CASE(
        "lftp removes a tree with links in it and nothing that they point to and mirrors them as links") {
        const Daemon daemon{writable()};
        const e2e::Path top = daemon.files();
        run_lftp(daemon, "mkdir doomed doomed/in kept kept/in");
        for (const char* const name : {"doomed/in/file", "kept/file", "kept/in/file"})
            e2e::write_shared(top / name, "bytes");
        constexpr std::array<std::array<const char*, 2>, 6> links{{{"../kept", "doomed/to folder"},
                                                                   {"../kept/in", "doomed/in/folder"},
                                                                   {"../kept/file", "doomed/file"},
                                                                   {"..", "doomed/up"},
                                                                   {"gone", "doomed/dangling"},
                                                                   {"un sayable", "doomed/unsayable"}}};
        for (const auto& [target, name] : links)
            std::filesystem::create_directory_symlink(target, top / name);
        run_lftp(daemon, "mirror doomed copy");
        CHECK(e2e::names_in(daemon.folder() / "copy") ==
              e2e::Words{"dangling", "file", "in", "to folder", "up"});
        CHECK(std::filesystem::read_symlink(daemon.folder() / "copy" / "up") == "..");
        run_lftp(daemon, "rm -r doomed");
        CHECK(e2e::names_in(top) == e2e::Words{"kept"});
        CHECK(e2e::names_in(top / "kept") == e2e::Words{"file", "in"});
        CHECK(e2e::names_in(top / "kept" / "in") == e2e::Words{"file"});
    }
}

TEST_SUITE("e2e slow") {
    TEST_CASE("lftp mirrors two thousand files of odd names both ways byte for byte") {
        const Daemon daemon{writable()};
        e2e::plant_odd_tree(daemon.folder() / "local", 2000);
        run_lftp(daemon, "mirror -R local up");
        check_same_tree(daemon.folder() / "local", daemon.files() / "up");
        run_lftp(daemon, "mirror --parallel=4 up back");
        check_same_tree(daemon.folder() / "local", daemon.folder() / "back");
        run_lftp(daemon, "set ftp:passive-mode no; mirror -R --parallel=4 back again");
        check_same_tree(daemon.folder() / "local", daemon.files() / "again");
    }
}
