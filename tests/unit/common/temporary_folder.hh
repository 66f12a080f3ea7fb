// SPDX-License-Identifier: ISC
// A folder of a test's own, which every user may enter; it goes away with its object.
#pragma once

#include "common/errors.hh"

#include <cstdlib>
#include <filesystem>
#include <string>
#include <sys/stat.h>

class TemporaryFolder {
public:
    TemporaryFolder() {
        if (!::mkdtemp(path_.data())) common::fail("mkdtemp", path_);
        common::checked("chmod", path_, [&] { return ::chmod(path_.c_str(), 0755); });
    }
    ~TemporaryFolder() {
        std::error_code ignored;
        std::filesystem::remove_all(path_, ignored);
    }
    TemporaryFolder(const TemporaryFolder&) = delete;
    TemporaryFolder& operator=(const TemporaryFolder&) = delete;

    std::string operator/(std::string_view name) const { return path_ + "/" + std::string{name}; }

private:
    std::string path_ = std::filesystem::temp_directory_path().string() + "/test.XXXXXX";
};
