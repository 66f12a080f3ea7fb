// SPDX-License-Identifier: ISC
#include "tests/e2e/files.hh"

#include "common/errors.hh"

#include <crypt.h>
#include <cstdint>
#include <cstdlib>
#include <fstream>
#include <random>
#include <sstream>
#include <sys/stat.h>
#include <unistd.h>

namespace e2e {

using common::checked;

TempDir::TempDir() {
    std::string name = std::filesystem::temp_directory_path() / "suite-XXXXXX";
    if (!::mkdtemp(name.data())) common::fail("mkdtemp", name);
    path_ = name;
    checked("chmod", name, [&] { return ::chmod(name.c_str(), 0755); });
}

TempDir::~TempDir() { remove_tree(path_); }

Path TempDir::make_shared(std::string_view name) const {
    Path made = path_ / name;
    std::filesystem::create_directories(made);
    checked("chmod", made.native(), [&] { return ::chmod(made.c_str(), 0777); }); // whatever the umask
    return made;
}

void remove_tree(const Path& top) {
    namespace fs = std::filesystem;
    std::error_code error;
    fs::remove_all(top, error);
    if (!error) return;
    const auto open_up = [&](const Path& folder) { fs::permissions(folder, fs::perms::owner_all, error); };
    open_up(top);
    for (fs::recursive_directory_iterator entry{top, error}, end; !error && entry != end;
         entry.increment(error))
        if (entry->symlink_status(error).type() == fs::file_type::directory) open_up(entry->path());
    fs::remove_all(top, error);
}

Path in_source(const Path& path) { return Path{SUITE_SOURCE_DIR} / path; }

void write_file(const Path& path, std::string_view bytes) {
    std::ofstream file{path, std::ios::binary};
    file << bytes << std::flush;
    if (!file) common::fail("write", path.native());
}

std::string read_file(const Path& path) {
    std::ifstream file{path, std::ios::binary};
    if (!file) common::fail("open", path.native());
    return (std::ostringstream{} << file.rdbuf()).str();
}

std::string make_bytes(std::size_t size, unsigned seed) {
    std::mt19937_64 random{seed};
    std::string bytes;
    bytes.reserve(size + sizeof(std::uint64_t));
    while (bytes.size() < size) { // eight at a time: a test may want many millions, with sanitizers
        const std::uint64_t eight = random();
        bytes.append(reinterpret_cast<const char*>(&eight), sizeof eight);
    }
    bytes.resize(size);
    return bytes;
}

common::Fd make_unlinked_file(std::string_view bytes) {
    std::string path = std::filesystem::temp_directory_path() / "suite-XXXXXX";
    common::Fd file{checked("mkstemp", path, [&] { return ::mkstemp(path.data()); })};
    common::set_close_on_exec(file.get());
    ::unlink(path.c_str());
    while (!bytes.empty()) bytes.remove_prefix(common::write_some(file.get(), bytes).bytes);
    checked("lseek", path, [&] { return ::lseek(file.get(), 0, SEEK_SET); });
    return file;
}

std::string hash_of(std::string_view password) {
    return ::crypt(std::string{password}.c_str(), "$5$rounds=1000$needle.in.the.h$");
}

} // namespace e2e
