// SPDX-License-Identifier: ISC
// What the tests that drive other people's FTP clients share: running them, the names that trip them, and
// large files that take no room.
#pragma once

#include "tests/e2e/ftp_client.hh"
#include "tests/e2e/harness.hh"

#include <cstdint>

namespace e2e {

// Lets clients write, and listens on 127.0.0.1 and, where there is IPv6, on [::1] too.
Daemon::Setting writable();

// Runs a program to its end in a folder, which is also its home; returns its standard output. Throws Failure
// with all that it said unless its status is 0.
std::string run_in(const Path& folder, const Words& command, std::string_view input = {});
Result try_in(const Path& folder, const Words& command, std::string_view input = {});

// Commands of lftp, of which the first that fails ends it; it runs in the daemon's folder.
std::string run_lftp(const Daemon& daemon, std::string_view commands, const common::Address& server);
std::string run_lftp(const Daemon& daemon, std::string_view commands);
Result try_lftp(const Daemon& daemon, std::string_view commands);

// ftp://HOST:PORT/PATH, each byte of the path that is no letter or digit as %XX, but for slashes.
std::string url_of(const common::Address& server, std::string_view path);
std::string url_of(const Daemon& daemon, std::string_view path);
// In double quotes, with a backslash before quotes and backslashes: as lftp reads words.
std::string in_quotes(std::string_view word);

// Names that clients, shells or servers have stumbled over; each is a file's name on any Unix.
extern const Words odd_names;
// A tree of them; no two files have the same content. Their times are whole seconds of the past.
void plant_odd_tree(const Path& top, std::size_t files);
// Fail a check unless both hold the same names and bytes; and the same times of files.
void check_same_bytes(const Path& one, const Path& other);
void check_same_tree(const Path& one, const Path& other);

// Files beyond 4 GiB: so many zeros that take no room on the disk, and then tail. Everybody may write to it.
inline constexpr std::uint64_t hole = (std::uint64_t{1} << 32) + 12345; // bytes
void write_sparse(const Path& path, std::string_view tail);
// Fails a check unless the file is what write_sparse makes, and still takes no room: only the tail was moved.
void check_sparse(const Path& path, std::string_view tail);

} // namespace e2e
