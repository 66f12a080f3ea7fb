// SPDX-License-Identifier: ISC
// rclone against ftpd: trees are copied, compared, synchronised and purged.
#include "tests/e2e/clients.hh"
#include "tests/skip.hh"

#include "common/text.hh"

#include <doctest/doctest.h>
#include <sys/stat.h>

using common::text;
using e2e::Daemon;
using e2e::Path;
using e2e::read_file;
using e2e::run_in;
using e2e::Words;
using e2e::write_file;
using tests::lacks;

namespace {

// rclone with its place on the server: ":ftp,...:".
class Rclone {
public:
    Rclone(const Daemon& daemon, std::string user, const std::string& password)
        : folder_{daemon.folder().path()} {
        std::string hidden = run_in(folder_, {"rclone", "obscure", password});
        hidden.pop_back();
        server_ = text(":ftp,host=127.0.0.1,port=", daemon.port(), ",user=", user, ",pass=", hidden, ':');
    }
    std::string at(std::string_view path) const { return text(server_, path); }
    void run(Words command) const {
        Words whole{"rclone",       "--config=", "--transfers=1", "--retries=1", "--low-level-retries=1",
                    "--timeout=60s"};
        whole.insert(whole.end(), command.begin(), command.end());
        run_in(folder_, whole);
    }

private:
    Path folder_;
    std::string server_;
};

} // namespace

TEST_SUITE("e2e") {
    TEST_CASE(
        "rclone copies a tree and checks it and makes another the same and purges no more than it was told") {
        if (lacks("rclone")) return;
        const Daemon daemon{e2e::writable()};
        const Rclone rclone{daemon, "anonymous", "guest"};
        const Path tree = daemon.folder() / "tree", copy = daemon.files() / "copy";
        e2e::plant_odd_tree(tree, 40);
        rclone.run({"copy", "--create-empty-src-dirs", tree, rclone.at("copy")});
        rclone.run({"check", "--download", tree, rclone.at("copy")});
        rclone.run({"copy", "--create-empty-src-dirs", rclone.at("copy"), daemon.folder() / "back"});
        e2e::check_same_bytes(tree, daemon.folder() / "back");

        write_file(tree / "new", "new");
        REQUIRE(std::filesystem::remove(tree / "100%41/inner #1/it's"));
        rclone.run({"sync", tree, rclone.at("copy")});
        CHECK(read_file(copy / "new") == "new");
        CHECK(!std::filesystem::exists(copy / "100%41/inner #1/it's"));

        const Path kept = daemon.files() / "kept";
        std::filesystem::create_directory(kept);
        std::filesystem::permissions(kept, std::filesystem::perms::all);
        e2e::write_shared(kept / "file", "kept");
        std::filesystem::create_directory_symlink("../kept", copy / "link");
        e2e::try_in(daemon.folder().path(), {"rclone", "--config=", "purge", rclone.at("copy")});
        CHECK(read_file(kept / "file") == "kept");
    }

    TEST_CASE("rclone copies to an account that may list and read and write and no more") {
        if (lacks("rclone")) return;
        const e2e::TempDir home;
        const std::string users = home / "users";
        write_file(users, text("ann:", e2e::hash_of("sesame"), ":/:list,read,write\n"));
        REQUIRE(::chmod(users.c_str(), 0600) == 0);
        const Daemon daemon{{.lines = {"users " + users}}};
        const Rclone rclone{daemon, "ann", "sesame"};
        std::filesystem::create_directory(daemon.folder() / "tree");
        for (const char* const name : {"one", "two", "three"})
            write_file(daemon.folder() / "tree" / name, name);
        rclone.run({"copy", daemon.folder() / "tree", rclone.at("")});
        rclone.run({"check", "--download", daemon.folder() / "tree", rclone.at("")});
        for (const char* const name : {"one", "two", "three"})
            CHECK(read_file(daemon.files() / name) == name);
    }
}
