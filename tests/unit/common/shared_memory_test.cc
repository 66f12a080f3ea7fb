// SPDX-License-Identifier: ISC
#include "common/shared_memory.hh"

#include "common/text.hh"
#include "tests/unit/common/in_child.hh"
#include "tests/unit/common/temporary_folder.hh"

#include <algorithm>
#include <doctest/doctest.h>
#include <fcntl.h>
#include <filesystem>
#include <signal.h>
#include <string>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>
#include <vector>

using namespace common;

TEST_SUITE("unit") {
    TEST_CASE("shared memory: processes see one another's pages and nothing has a name") {
        const TemporaryFolder folder;
        for (const bool is_file : {false, true}) {
            const Fd pages = is_file ? make_shared_file(3, folder / "") : make_shared_pages(3, folder / "");
            CHECK(std::filesystem::is_empty(folder / ""));
            CHECK((::fcntl(pages.get(), F_GETFD) & FD_CLOEXEC) != 0);
            struct stat found {};
            REQUIRE(::fstat(pages.get(), &found) == 0);
            CHECK(found.st_nlink == 0);
            CHECK((found.st_mode & 07777) == 0600);
            const std::span<std::byte> second = map_shared_pages(pages.get(), 1, 1);
            CHECK(std::ranges::all_of(second, [](std::byte b) { return b == std::byte{}; }));
            CHECK(in_child([&] {
                      map_shared_pages(pages.get(), 0, 2)[page_size()] = std::byte{7};
                      return std::string{};
                  }) == "");
            CHECK(second[0] == std::byte{7});
            if (is_file) CHECK(found.st_blocks * 512 >= static_cast<off_t>(3 * page_size()));
        }
    }

    TEST_CASE("shared memory: who has taken the names before denies nobody the start") {
        const TemporaryFolder folder;
        CHECK(in_child([&]() -> std::string {
                  std::vector<std::string> taken;
                  for (int attempt = 0; attempt < 200; ++attempt)
                      taken.push_back(text("/suite-", ::getpid(), '-', attempt));
                  for (const std::string& name : taken)
                      if (const Fd made{::shm_open(name.c_str(), O_RDWR | O_CREAT, 0600)}; !made)
                          return "no name can be taken here";
                  const Fd pages = make_shared_pages(2, folder / "");
                  for (const std::string& name : taken) ::shm_unlink(name.c_str());
                  map_shared_pages(pages.get(), 0, 2)[page_size()] = std::byte{7};
                  return std::filesystem::is_empty(folder / "") ? "" : "a file has a name";
              }) == "");
    }

    TEST_CASE("shared memory: a file for which there is no room is refused") {
        const TemporaryFolder folder;
        CHECK_THROWS(make_shared_file(1, folder / "nothing"));
        CHECK(in_child([&]() -> std::string {
                  ::signal(SIGXFSZ, SIG_IGN);
                  const rlimit one_page{page_size(), page_size()};
                  ::setrlimit(RLIMIT_FSIZE, &one_page);
                  make_shared_file(1, folder / "");
                  try {
                      make_shared_file(2, folder / "");
                      return "made";
                  } catch (const std::system_error& error) {
                      return error.code().value() == EFBIG ? "" : error.what();
                  }
              }) == "");
        CHECK(std::filesystem::is_empty(folder / ""));
    }

    TEST_CASE("shared memory: what there is stays where more is added") {
        const TemporaryFolder folder;
        for (const bool is_file : {false, true}) {
            const Fd pages = is_file ? make_shared_file(2, folder / "") : make_shared_pages(2, folder / "");
            map_shared_pages(pages.get(), 1, 1)[0] = std::byte{7};
            grow_shared_pages(pages.get(), 2, 4);
            const std::span<std::byte> all = map_shared_pages(pages.get(), 0, 4);
            CHECK(all[page_size()] == std::byte{7});
            all[3 * page_size()] = std::byte{8};
            CHECK(std::ranges::count(all, std::byte{0}) == static_cast<std::ptrdiff_t>(4 * page_size() - 2));
        }
    }
}
