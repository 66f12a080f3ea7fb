// SPDX-License-Identifier: ISC
#include "common/tls/known_servers.hh"

#include "common/errors.hh"
#include "common/fd.hh"
#include "common/text.hh"
#include "common/whole_file.hh"

#include <cerrno>
#include <cstdlib>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace common {
namespace {

constexpr std::size_t most = std::size_t{1} << 20; // bytes: some ten thousand servers

std::string default_path() {
    constexpr auto name = "suite-tls/known-servers";
    if (const char* const base = std::getenv("XDG_STATE_HOME"); base != nullptr && *base == '/')
        return text(base, '/', name);
    if (const char* const home = std::getenv("HOME"); home != nullptr && *home == '/')
        return text(home, "/.local/state/", name);
    return {};
}

void make_folders_of(const std::string& path) {
    for (std::size_t end = path.find('/', 1); end != path.npos; end = path.find('/', end + 1)) {
        const std::string part = path.substr(0, end);
        if (::mkdir(part.c_str(), 0700) != 0 && errno != EEXIST) fail("make the directory", part);
    }
}

std::string_view take_word(std::string_view& line) {
    line.remove_prefix(std::min(line.find_first_not_of(" \t\r"), line.size()));
    const std::string_view word = line.substr(0, line.find_first_of(" \t\r"));
    line.remove_prefix(word.size());
    return word;
}

} // namespace

KnownServer find_server(std::string_view content, std::string_view server) {
    KnownServer found;
    std::size_t number = 0;
    for (std::string_view line : split(content, '\n')) {
        ++number;
        const std::string_view name = take_word(line);
        if (name.substr(0, 1) == "#" || !equal_ignoring_case(name, server)) continue;
        found.keys.emplace_back(take_word(line));
        if (found.line == 0) found.line = number;
    }
    return found;
}

KnownServers::KnownServers() : path_(default_path()) {}

KnownServer KnownServers::find(std::string_view server) const {
    struct stat status {};
    if (path_.empty() || (::stat(path_.c_str(), &status) != 0 && errno == ENOENT)) return {};
    if ((status.st_mode & (S_IWGRP | S_IWOTH)) != 0)
        throw UserError(text(path_, " can be written to by others: chmod 600 it, if you know its lines"));
    if (status.st_uid != ::geteuid() && status.st_uid != 0)
        throw UserError(text(path_, " is another user's: move it away, or set XDG_STATE_HOME"));
    return find_server(read_whole_file(path_, most), server);
}

void KnownServers::add(std::string_view server, std::string_view key) const {
    if (path_.empty()) throw UserError("there is no home directory: set HOME");
    make_folders_of(path_);
    const Fd file{checked("open", path_, [&] {
        return ::open(path_.c_str(), O_RDWR | O_APPEND | O_CREAT | O_NOCTTY | O_CLOEXEC, 0600);
    })};
    struct stat status {};
    char last = '\n'; // whoever edits it may leave out the last one
    if (::fstat(file.get(), &status) == 0 && status.st_size > 0)
        checked("read", path_, [&] { return ::pread(file.get(), &last, 1, status.st_size - 1); });
    // In one piece, so that lines never mix.
    const std::string line = text(last == '\n' ? "" : "\n", server, ' ', key, '\n');
    checked("write", path_, [&] { return ::write(file.get(), line.data(), line.size()); });
}

} // namespace common
