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
        using Rename = Renamed (*)(int, const std::string&, int, const std::string&);
        for (const Rename way : {Rename{rename_if_free}, Rename{rename_if_free_by_link}}) {
            const Scene scene;
            const int directory = scene.directory.get();
            const auto rename = [&](int from, const char* name, const char* to) {
                return way(from, name, directory, to);
            };
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

    TEST_CASE("rename: a free name in another folder is taken and one in use is not") {
        using Rename = Renamed (*)(int, const std::string&, int, const std::string&);
        for (const Rename rename : {Rename{rename_if_free}, Rename{rename_if_free_by_link}}) {
            const Scene here, there;
            CHECK(rename(here.directory.get(), "one", there.directory.get(), "two") == Renamed::taken);
            CHECK(read_file(there.folder / "two") == "2");
            CHECK(rename(here.directory.get(), "one", there.directory.get(), "three") == Renamed::done);
            CHECK_FALSE(std::filesystem::exists(here.folder / "one"));
            CHECK(read_file(there.folder / "three") == "1");
        }
    }

    TEST_CASE("rename: a folder gets no name that another has and no link") {
        const Scene scene;
        const int directory = scene.directory.get();
        std::filesystem::create_directory(scene.folder / "folder");
        std::filesystem::create_directory(scene.folder / "empty");
        CHECK(rename_if_free_by_link(directory, "folder", directory, "new") == Renamed::unsupported);
        CHECK(rename_if_free(directory, "folder", directory, "empty") != Renamed::done);
        CHECK(std::filesystem::exists(scene.folder / "folder"));
        CHECK(std::filesystem::exists(scene.folder / "empty"));
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
