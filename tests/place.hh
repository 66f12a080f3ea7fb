// SPDX-License-Identifier: ISC
// Where a test runs: nothing of the caller's reaches it, and nothing of it stays. Its home, its temporary
// folder and its current folder are its own and go away with it.
#pragma once

#include <filesystem>

namespace tests {

// Folders for the tests of one run, below the temporary folder; all are removed with this object.
class Places {
public:
    Places();
    ~Places();
    Places(const Places&) = delete;
    Places& operator=(const Places&) = delete;

    // Makes the place of the test of this number, which everybody may enter.
    std::filesystem::path make(std::size_t number) const;

private:
    std::filesystem::path top_;
};

// In the process of a test: makes a place its own. Of the environment stay PATH, what compilers and
// sanitizers read, and what the harness is told with names that begin with SUITE_.
void move_to(const std::filesystem::path& place);

} // namespace tests
