// SPDX-License-Identifier: ISC
#include "common/log.hh"
#include "tests/unit/in_child.hh"
#include "tests/unit/temporary_folder.hh"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <fstream>
#include <sstream>
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

    TEST_CASE("log: what cannot be written stops nothing") {
        CHECK(in_child([] {
                  ::close(STDERR_FILENO);
                  Log{"tests", "parent", Log::Target::standard_error, Severity::notice}.error("unheard");
                  return std::string{};
              }) == "");
    }

    TEST_CASE("log: a log is never copied since syslog keeps a pointer into it") {
        CHECK_FALSE(std::is_copy_constructible_v<Log>);
        CHECK_FALSE(std::is_move_constructible_v<Log>);
    }
}
