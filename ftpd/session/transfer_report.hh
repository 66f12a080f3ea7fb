// SPDX-License-Identifier: ISC
// Tells the parent of a transfer when it is over, whichever way it ends: for the log, xferlog and `announce'.
// Run by the session.
#pragma once

#include "common/loop.hh"
#include "ftpd/frames.hh"

#include <cstdint>
#include <string>

namespace ftpd {

class Session;

class TransferReport {
public:
    // path: of the session's tree. as_text: under TYPE A, which in-band transfers do not know.
    TransferReport(Session& session, Direction direction, std::string path, bool as_text);
    // One that was not complete is told as broken off.
    ~TransferReport();
    TransferReport(const TransferReport&) = delete;
    TransferReport& operator=(const TransferReport&) = delete;

    void complete(std::uint64_t size); // of the whole file

private:
    void tell(bool complete, std::uint64_t size = 0);

    Session& session_;
    Direction direction_;
    std::string path_;
    bool as_text_;
    common::Clock::time_point began_ = common::Clock::now();
    bool told_ = false;
};

} // namespace ftpd
