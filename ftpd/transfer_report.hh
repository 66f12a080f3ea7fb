// SPDX-License-Identifier: ISC
// Tells the parent of a transfer when it is over, whichever way it ends: for the log, xferlog and `announce'.
// Run by the session.
#pragma once

#include "common/loop.hh"
#include "ftpd/frames.hh"

#include <string>

namespace ftpd {

class Session;

class TransferReport {
public:
    // path: of the session's tree.
    TransferReport(Session& session, Direction direction, std::string path);
    // One that was not complete is told as broken off.
    ~TransferReport();
    TransferReport(const TransferReport&) = delete;
    TransferReport& operator=(const TransferReport&) = delete;

    void complete();

private:
    void tell(bool complete);

    Session& session_;
    Direction direction_;
    std::string path_;
    common::Clock::time_point began_ = common::Clock::now();
    bool told_ = false;
};

} // namespace ftpd
