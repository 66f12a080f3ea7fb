// SPDX-License-Identifier: ISC
// What the tests of fcp and fls share: a daemon, a folder of the client's own, and the commands between them.
#pragma once

#include "tests/e2e/ftp_client.hh"
#include "tests/e2e/harness.hh"

#include <sys/types.h>

namespace e2e {

struct Place {
    // lines: of the daemon's configuration, beside the one for anonymous access. The home of the commands is
    // the local folder.
    explicit Place(const std::string& anonymous = "write", Words lines = {});

    Words command(const std::string& program, const Words& operands) const;
    Result fcp(const Words& operands, std::string_view input = {}) const;
    Result fls(const Words& operands) const;
    Path served(std::string_view name) const { return daemon.files() / name; }
    // A folder that the sessions may write to.
    Path make_served(std::string_view name) const;

    Daemon daemon;
    TempDir local;
};

bool is_silent_success(const Result& result);
mode_t mode_of(const Path& path); // nine bits
time_t time_of(const Path& path); // of its last change
void set_time(const Path& path, time_t when);

} // namespace e2e
