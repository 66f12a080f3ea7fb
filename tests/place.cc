// SPDX-License-Identifier: ISC
#include "tests/place.hh"

#include "common/errors.hh"
#include "tests/e2e/files.hh"

#include <cstdlib>
#include <string>
#include <string_view>
#include <sys/stat.h>
#include <unistd.h>
#include <vector>

extern char** environ; // NOLINT(readability-redundant-declaration): POSIX has no header declare it

namespace tests {
namespace {

namespace fs = std::filesystem;
using common::checked;

bool is_kept(std::string_view name) {
    return name == "PATH" || name == "CXX" || name.starts_with("SUITE_") || name.ends_with("SAN_OPTIONS");
}

} // namespace

Places::Places() {
    std::string name = fs::temp_directory_path() / "suite-tests-XXXXXX";
    if (!::mkdtemp(name.data())) common::fail("mkdtemp", name);
    checked("chmod", name, [&] { return ::chmod(name.c_str(), 0755); });
    top_ = name;
}

Places::~Places() { e2e::remove_tree(top_); }

fs::path Places::make(std::size_t number) const {
    fs::path place = top_ / std::to_string(number);
    for (const fs::path& folder : {place, place / "home"}) {
        fs::create_directory(folder);
        checked("chmod", folder.native(), [&] { return ::chmod(folder.c_str(), 0755); });
    }
    return place;
}

void move_to(const fs::path& place) {
    std::vector<std::string> dropped;
    for (char** entry = environ; *entry; ++entry) {
        const std::string_view name{*entry, std::string_view{*entry}.find('=')};
        if (!is_kept(name)) dropped.emplace_back(name);
    }
    for (const std::string& name : dropped) ::unsetenv(name.c_str());
    const fs::path home = place / "home";
    ::setenv("HOME", home.c_str(), 1);
    ::setenv("NCFTPDIR", home.c_str(), 1); // ncftp would ask the user database for its home
    ::setenv("TMPDIR", place.c_str(), 1);
    ::umask(022);
    checked("chdir", home.native(), [&] { return ::chdir(home.c_str()); });
}

} // namespace tests
