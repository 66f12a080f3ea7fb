// SPDX-License-Identifier: ISC
#include "ftpd/session/move.hh"

#include "common/file_lock.hh"
#include "ftpd/session/refusal.hh"
#include "ftpd/session/tree.hh"
#include "tests/e2e/files.hh"

#include <array>
#include <csignal>
#include <doctest/doctest.h>
#include <fcntl.h>
#include <functional>
#include <iterator>
#include <optional>
#include <sys/wait.h>
#include <unistd.h>

using namespace ftpd;
using common::Fd;
using e2e::read_file;
using e2e::write_file;

namespace {

// While it lives, another process goes on inside the file.
class Writer {
public:
    explicit Writer(const std::filesystem::path& file) {
        std::array<int, 2> ends{};
        REQUIRE(::pipe(ends.data()) == 0);
        const Fd said{ends[0]};
        Fd say{ends[1]};
        pid_ = ::fork();
        if (pid_ == 0) {
            const Fd fd{::open(file.c_str(), O_WRONLY | O_CLOEXEC)};
            const bool has_it = common::try_lock_file(fd.get(), "file");
            common::write_some(say.get(), has_it ? "y" : "n");
            for (;;) ::pause();
        }
        say.reset();
        std::array<char, 1> answer{};
        common::read_some(said.get(), answer);
        CHECK(answer[0] == 'y');
    }
    ~Writer() {
        ::kill(pid_, SIGKILL);
        ::waitpid(pid_, nullptr, 0);
    }
    Writer(const Writer&) = delete;
    Writer& operator=(const Writer&) = delete;

private:
    pid_t pid_;
};

} // namespace

TEST_SUITE("unit") {
    TEST_CASE("move: the old name is removed only while it is the file that was copied") {
        const e2e::TempDir folder;
        const std::filesystem::path file = folder / "file", other = folder / "other";
        const NamePolicy all;
        const Tree tree{Fd{::open(folder.path().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)}, all};
        const auto outcome = [&](const std::function<void()>& meanwhile) -> std::string {
            write_file(file, "copied");
            const struct stat copied = tree.entry("/file").status;
            meanwhile();
            try {
                remove_source(tree, "/file", copied, "/to");
            } catch (const Refusal& refusal) {
                CHECK(refusal.code == 450);
                return refusal.words;
            }
            return std::filesystem::exists(file) ? "stays" : "gone";
        };
        const std::string changed = "/to is there, but /file has changed meanwhile: it stays.";
        CHECK(outcome([] {}) == "gone");
        CHECK(outcome([&] {
                  write_file(other, "copied");
                  std::filesystem::last_write_time(other, std::filesystem::last_write_time(file));
                  std::filesystem::rename(other, file);
              }) == changed);
        CHECK(read_file(file) == "copied");
        CHECK(outcome([&] { write_file(file, "more than that"); }) == changed);
        CHECK(read_file(file) == "more than that");
        CHECK(outcome([&] { std::filesystem::last_write_time(file, std::filesystem::file_time_type{}); }) ==
              changed);
        {
            std::optional<Writer> writer;
            CHECK(outcome([&] { writer.emplace(file); }) == changed);
            CHECK(read_file(file) == "copied");
        }
        CHECK(std::distance(std::filesystem::directory_iterator{folder.path()}, {}) == 1);
        CHECK(outcome([&] { std::filesystem::remove(file); }) ==
              "/to is there, but /file cannot be removed: No such file or directory.");
    }
}
