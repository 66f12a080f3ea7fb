// SPDX-License-Identifier: ISC
#include "common/rename.hh"

#include "common/errors.hh"
#include "common/fd.hh"
#include "tests/e2e/files.hh"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <functional>
#include <system_error>

using namespace common;
using e2e::read_file;
using e2e::write_file;

namespace {

struct Scene {
    Scene() {
        write_file(folder / "one", "1");
        write_file(folder / "two", "2");
    }
    e2e::TempDir folder;
    Fd directory{::open(folder.path().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
};

int error_of(const std::function<void()>& work) {
    try {
        work();
    } catch (const std::system_error& error) {
        return error.code().value();
    }
    return 0;
}

} // namespace

TEST_SUITE("unit") {
    TEST_CASE("rename: a free name is taken and one in use is not") {
        for (const auto rename : {rename_if_free, rename_if_free_by_link}) {
            const Scene scene;
            const int directory = scene.directory.get();
            CHECK(rename(directory, "one", "two") == Renamed::taken);
            CHECK(read_file(scene.folder / "one") == "1");
            CHECK(read_file(scene.folder / "two") == "2");
            CHECK(rename(directory, "one", "three") == Renamed::done);
            CHECK_FALSE(std::filesystem::exists(scene.folder / "one"));
            CHECK(read_file(scene.folder / "three") == "1");
            CHECK(error_of([&] { rename(directory, "one", "four"); }) == ENOENT);
            std::filesystem::create_symlink("nowhere", scene.folder / "link");
            CHECK(rename(directory, "two", "link") ==
                  Renamed::taken); // a link that leads nowhere is there, too
        }
    }

    TEST_CASE("rename: two names are exchanged where the system can") {
        const Scene scene;
        const int directory = scene.directory.get();
        const bool can = exchange_names(directory, "one", "two") == Renamed::done;
        CHECK(read_file(scene.folder / "one") == (can ? "2" : "1"));
        CHECK(read_file(scene.folder / "two") == (can ? "1" : "2"));
        if (can) CHECK(error_of([&] { exchange_names(directory, "one", "three"); }) == ENOENT);
        CHECK_FALSE(std::filesystem::exists(scene.folder / "three"));
    }
}
