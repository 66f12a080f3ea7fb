// SPDX-License-Identifier: ISC
// Folders and files of one test. What is given here to a daemon that root started can be entered by the
// sessions' user too.
#pragma once

#include "common/fd.hh"

#include <filesystem>
#include <string>
#include <string_view>

namespace e2e {

using Path = std::filesystem::path;

// A fresh folder that everybody may enter; it is removed, with all it holds, at the end.
class TempDir {
public:
    TempDir();
    ~TempDir();
    TempDir(const TempDir&) = delete;
    TempDir& operator=(const TempDir&) = delete;

    const Path& path() const { return path_; }
    Path operator/(std::string_view name) const { return path_ / name; }
    // Makes a folder in it that everybody may write to.
    Path make_shared(std::string_view name) const;

private:
    Path path_;
};

// Removes a folder with all it holds, also what a test has closed to its owner; what cannot be removed stays.
void remove_tree(const Path& top);

// The place of a file of the sources, whatever the current folder.
Path in_source(const Path& path);

void write_file(const Path& path, std::string_view bytes);
std::string read_file(const Path& path); // throws when it cannot be opened
// Bytes that look random, the same for the same seed: of no pattern that a wrong offset could hide in.
std::string make_bytes(std::size_t size, unsigned seed = 1);
// A file without a name that holds bytes, to be read from its start.
common::Fd make_unlinked_file(std::string_view bytes = {});

// What stands for a password in a user file or a configuration: a cheap hash, so that no test waits for it.
std::string hash_of(std::string_view password);

} // namespace e2e
