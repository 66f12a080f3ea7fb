// SPDX-License-Identifier: ISC
// What fcp and fls tell the person while they work: how far they are, and a line on standard error for each
// thing that failed, after which the rest goes on.
#pragma once

#include "common/text.hh"
#include "ftpd/fcp/progress.hh"

#include <cstdio>
#include <string>
#include <string_view>

namespace ftpd {

class CopyReport {
public:
    CopyReport(std::string program, bool shows_progress)
        : program_(std::move(program)), progress_(shows_progress) {}

    Progress& progress() { return progress_; }
    // "fcp: NAME: WHY"; what came from the server is escaped already, or is here.
    void fail(std::string_view name, std::string_view why) {
        fail(std::string{name}.append(": ").append(why));
    }
    void fail(std::string_view line) {
        progress_.end_line();
        std::fprintf(stderr, "%s: %s\n", program_.c_str(), common::keep_to_one_line(line).c_str());
        any_failed_ = true;
    }
    bool any_failed() const { return any_failed_; }

private:
    std::string program_;
    Progress progress_;
    bool any_failed_ = false;
};

} // namespace ftpd
