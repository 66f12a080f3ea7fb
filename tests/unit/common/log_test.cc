// SPDX-License-Identifier: ISC
#include "common/log.hh"
#include "tests/unit/common/in_child.hh"
#include "tests/unit/common/temporary_folder.hh"

#include <array>
#include <doctest/doctest.h>
#include <fcntl.h>
#include <fstream>
#include <signal.h>
#include <sstream>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <system_error>
#include <type_traits>

using namespace common;

namespace {

// What body's log lines are on standard error, with @ for the pid.
std::string logged(Severity least, const std::function<void(Log&)>& body) {
    const TemporaryFolder folder;
    const std::string path = folder / "log";
    REQUIRE(in_child([&] {
                const int fd = ::open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0600);
                checked("dup2", {}, [&] { return ::dup2(fd, STDERR_FILENO); });
                Log log{"tests", "parent", Log::Target::standard_error, least};
                body(log);
                log.error(std::to_string(::getpid()));
                return std::string{};
            }) == "");
    std::stringstream whole;
    whole << std::ifstream(path).rdbuf();
    std::string text = whole.str();
    const std::size_t last = text.rfind("]: ");
    const std::string pid = text.substr(last + 3, text.size() - last - 4);
    text.erase(text.rfind("parent["));
    for (std::size_t at = 0; (at = text.find('[' + pid + ']')) != text.npos;)
        text.replace(at, pid.size() + 2, "[@]");
    return text;
}

std::string whole(const std::string& path) {
    std::stringstream text;
    text << std::ifstream(path).rdbuf();
    return text.str();
}

mode_t mode_of(const std::string& path) {
    struct stat found {};
    REQUIRE(::stat(path.c_str(), &found) == 0);
    return found.st_mode & 07777;
}

} // namespace

TEST_SUITE("unit") {
    TEST_CASE("log: each line leads with role and pid") {
        CHECK(logged(Severity::notice, [](Log& log) {
                  log.error("one");
                  log.warning("two");
                  log.notice("");
                  log.write_for("session", 7, Severity::notice, "three");
              }) == "parent[@]: one\nparent[@]: two\nparent[@]: \nsession[7]: three\n");
    }

    TEST_CASE("log: details are shown only on request") {
        const auto body = [](Log& log) {
            log.detail("fine print");
            log.write_for("session", 7, Severity::detail, "finer");
            log.notice("news");
        };
        CHECK(logged(Severity::notice, body) == "parent[@]: news\n");
        CHECK(logged(Severity::error, body) == "");
        CHECK(logged(Severity::detail, body) ==
              "parent[@]: fine print\nsession[7]: finer\nparent[@]: news\n");
    }

    TEST_CASE("log: nothing that is logged makes a second line or hides one") {
        CHECK(logged(Severity::notice,
                     [](Log& log) {
                         log.notice(
                             "a\nparent[1]: forged\r\x1b[2J\x7f \xc2\x9b \xe2\x80\xae \xff h\xc3\xa4 \\n");
                     }) ==
              "parent[@]: a\\nparent[1]: forged\\r\\x1b[2J\\x7f \\xc2\\x9b \\xe2\\x80\\xae \\xff h\xc3\xa4 "
              "\\n\n");
    }

    TEST_CASE("log: what must be known is said at every level") {
        CHECK(logged(Severity::error, [](Log& log) {
                  log.warning("left out");
                  log.always("here");
              }) == "parent[@]: here\n");
    }

    TEST_CASE("log: where it goes is what the directive says or else where the daemon runs") {
        const auto target = [](const char* word, bool foreground) {
            return Log::Place::of(word, foreground).target;
        };
        CHECK(target("", true) == Log::Target::standard_error);
        CHECK(target("", false) == Log::Target::syslog);
        for (const bool foreground : {true, false}) {
            CHECK(target("stderr", foreground) == Log::Target::standard_error);
            CHECK(target("syslog", foreground) == Log::Target::syslog);
            CHECK(target("/a", foreground) == Log::Target::file);
        }
        CHECK(Log::Place::of("/a", true).file == "/a");
    }

    TEST_CASE("log: a file is made for its owner and group and appended to and opened again") {
        const TemporaryFolder folder;
        const std::string path = folder / "log";
        const mode_t before = ::umask(077);
        Log log{"tests", "parent", {Log::Target::file, path}, Severity::notice};
        ::umask(before);
        CHECK(mode_of(path) == 0640);
        CHECK(log.place() == path);
        CHECK_FALSE(log.explain_silence());
        log.write_for("a", 1, Severity::notice, "one");
        std::ofstream{path, std::ios::app} << "of another process\n";
        log.write_for("a", 1, Severity::notice, "two");
        std::filesystem::rename(path, path + ".1");
        log.write_for("a", 1, Severity::notice, "three");
        log.reopen();
        log.write_for("a", 1, Severity::notice, "four");
        CHECK(whole(path + ".1") == "a[1]: one\nof another process\na[1]: two\na[1]: three\n");
        CHECK(whole(path) == "a[1]: four\n");
        CHECK(mode_of(path) == 0640);
        CHECK(log.lost() == 0);

        ::chmod(path.c_str(), 0600); // as its owner wants it
        log.reopen();
        CHECK(mode_of(path) == 0600);
        log.write_for("a", 1, Severity::notice, "five");
        CHECK(whole(path) == "a[1]: four\na[1]: five\n");
    }

    TEST_CASE("log: a file that cannot be opened is refused at the start and told later") {
        const TemporaryFolder folder;
        const std::string path = folder / "log";
        const auto refusal = [](const std::string& file) -> std::string {
            try {
                const Log log{"tests", "parent", {Log::Target::file, file}, Severity::notice};
                return "opened";
            } catch (const std::system_error& error) {
                return error.what();
            }
        };
        CHECK(refusal(folder / "no/log") ==
              "make the log " + folder / "no/log" + ": No such file or directory");
        CHECK(refusal(folder / "") == "open the log " + folder / "" + ": Is a directory");
        const std::string fifo = folder / "fifo"; // nobody reads it, and nobody waits for that
        REQUIRE(::mkfifo(fifo.c_str(), 0600) == 0);
        CHECK(refusal(fifo).find("open the log " + fifo) == 0);

        Log log{"tests", "parent", {Log::Target::file, path}, Severity::notice};
        std::filesystem::rename(path, path + ".1");
        std::filesystem::create_directory(path);
        log.reopen();
        log.write_for("a", 1, Severity::notice, "still here");
        const std::string text = whole(path + ".1");
        CHECK(text.find("open the log " + path + ": Is a directory: the file that was open stays in use\n") !=
              text.npos);
        CHECK(text.ends_with("a[1]: still here\n"));
    }

    TEST_CASE("log: a full disk loses lines and tells how many and never glues two") {
        const TemporaryFolder folder;
        const std::string path = folder / "log";
        CHECK(in_child([&]() -> std::string {
                  ::signal(SIGXFSZ, SIG_IGN);
                  Log log{"tests", "parent", {Log::Target::file, path}, Severity::notice};
                  rlimit limit{};
                  ::getrlimit(RLIMIT_FSIZE, &limit);
                  limit.rlim_cur = 15; // in the middle of the second line
                  ::setrlimit(RLIMIT_FSIZE, &limit);
                  for (const char* const line : {"one", "two", "three"})
                      log.write_for("a", 1, Severity::notice, line);
                  if (log.lost() != 2) return "lost " + std::to_string(log.lost());
                  limit.rlim_cur = limit.rlim_max;
                  ::setrlimit(RLIMIT_FSIZE, &limit);
                  log.write_for("a", 1, Severity::notice, "four");
                  log.write_for("a", 1, Severity::notice, "five");
                  const std::string pid = std::to_string(::getpid());
                  const std::string expected = "a[1]: one\na[1]:\nparent[" + pid +
                                               "]: lines of the log lost 2\na[1]: four\na[1]: five\n";
                  return log.lost() == 2 && whole(path) == expected ? "" : whole(path);
              }) == "");
    }

    TEST_CASE("log: standard error that nobody reads costs lines and no time and is not made non-blocking") {
        for (const bool as_socket : {false, true}) {
            CAPTURE(as_socket);
            CHECK(in_child([as_socket]() -> std::string {
                      std::array<int, 2> ends{};
                      checked("pair", {}, [&] {
                          return as_socket ? ::socketpair(AF_UNIX, SOCK_STREAM, 0, ends.data())
                                           : ::pipe(ends.data());
                      });
                      ::dup2(ends[1], STDERR_FILENO);
                      ::alarm(60); // for a log that waits
                      Log log{"tests", "parent", Log::Target::standard_error, Severity::notice};
                      const std::string line(3000, 'x');
                      std::size_t said = 0;
                      for (; log.lost() < 3; ++said) log.error(line);
                      if ((::fcntl(ends[1], F_GETFL) & O_NONBLOCK) != 0) return "it is non-blocking";
                      // What was taken is whole lines, and behind them is told what is missing.
                      std::string read;
                      std::array<char, 65536> piece{};
                      const auto take = [&] { read.append(piece.data(), read_some(ends[0], piece).bytes); };
                      while (read.size() < (said - 3) * line.size()) take();
                      log.error("last");
                      while (!read.ends_with("last\n")) take();
                      const std::string told = "]: lines of the log lost 3\nparent[";
                      return read.find(told) != read.npos && log.lost() == 3 ? ""
                                                                             : read.substr(read.size() - 200);
                  }) == "");
        }
    }

    TEST_CASE("log: what cannot be written stops nothing") {
        CHECK(in_child([] {
                  ::close(STDERR_FILENO);
                  Log{"tests", "parent", Log::Target::standard_error, Severity::notice}.error("unheard");
                  return std::string{};
              }) == "");
    }

    TEST_CASE("log: a log is never copied since its lost lines are counted once") {
        CHECK_FALSE(std::is_copy_constructible_v<Log>);
        CHECK_FALSE(std::is_move_constructible_v<Log>);
    }
}
