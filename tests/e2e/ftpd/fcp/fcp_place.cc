// SPDX-License-Identifier: ISC
#include "tests/e2e/ftpd/fcp/fcp_place.hh"

#include "common/errors.hh"

#include <array>
#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/stat.h>

namespace e2e {

namespace {

Words with_access(const std::string& anonymous, Words lines) {
    lines.push_back("anonymous " + anonymous);
    return lines;
}

struct stat look_at(const Path& path) {
    struct stat found {};
    common::checked("look at", path.native(), [&] { return ::stat(path.c_str(), &found); });
    return found;
}

} // namespace

Place::Place(const std::string& anonymous, Words lines)
    : daemon({.lines = with_access(anonymous, std::move(lines)), .program = "ftpd"}) {}

Words Place::command(const std::string& program, const Words& operands) const {
    Words words{"env",
                "-u",
                "XDG_STATE_HOME",
                "HOME=" + local.path().string(),
                find_program(program),
                "-P",
                std::to_string(daemon.port())};
    words.insert(words.end(), operands.begin(), operands.end());
    return words;
}

Result Place::fcp(const Words& operands, std::string_view input) const {
    return run_client(command("fcp", operands), input);
}

Result Place::fls(const Words& operands) const { return run_client(command("fls", operands)); }

Path Place::make_served(std::string_view name) const {
    const Path folder = served(name);
    std::filesystem::create_directories(folder);
    std::filesystem::permissions(folder, std::filesystem::perms::all);
    return folder;
}

bool is_silent_success(const Result& result) {
    INFO(result.err);
    CHECK(result.status == 0);
    return result.status == 0 && result.out.empty() && result.err.empty();
}

mode_t mode_of(const Path& path) { return look_at(path).st_mode & 0777; }
time_t time_of(const Path& path) { return look_at(path).st_mtime; }

void set_time(const Path& path, time_t when) {
    const std::array<timespec, 2> times{timespec{when, 0}, timespec{when, 0}};
    common::checked("set the time of", path.native(),
                    [&] { return ::utimensat(AT_FDCWD, path.c_str(), times.data(), 0); });
}

} // namespace e2e
