// SPDX-License-Identifier: ISC
// What all transfers have in common: the lines of TYPE A, the rate they are kept to, and the record of each
// that the parent is told. Run by the session.
#pragma once

#include "common/loop.hh"
#include "ftpd/frames.hh"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace ftpd {

class Session;

// TYPE A: lines end in CR LF on the wire and in LF in files (RFC 959, section 3.1.1.1). Both convert a
// stream, in pieces cut anywhere. LF becomes CR LF; a CR LF that is in the file stays one.
class ToNetwork {
public:
    void convert(std::string_view bytes, std::string& out);

private:
    bool after_return_ = false;
};

// CR LF becomes LF; any other CR stays.
class FromNetwork {
public:
    void convert(std::string_view bytes, std::string& out);
    // At the end: a CR that came last.
    void finish(std::string& out);

private:
    bool after_return_ = false;
};

// Keeps a transfer to so many bytes a second (rate-up, rate-down): how much may move at once, and when the
// next may. Logic only; the waiting is the connection's.
class Throttle {
public:
    explicit Throttle(std::uint64_t bytes_per_second) : rate_(bytes_per_second) {} // 0: no limit

    bool limits() const { return rate_ > 0; }
    // Of wanted bytes, as many as may move now: at a low rate the client is to see them come steadily.
    std::size_t piece(std::size_t wanted) const;
    // Counts bytes that have moved; the time when more may. Time that was not used is lost, but for a tenth
    // of a second.
    common::Clock::time_point pay(std::size_t bytes, common::Clock::time_point now);

private:
    std::uint64_t rate_;
    common::Clock::time_point free_at_{};
};

// Tells the parent of a transfer when it is over, whichever way it ends: for the log, xferlog and `announce'.
class TransferRecord {
public:
    // path: of the session's tree. as_text: under TYPE A, which in-band transfers do not know.
    TransferRecord(Session& session, Direction direction, std::string path, bool as_text);
    // One that was not complete is told as broken off.
    ~TransferRecord();
    TransferRecord(const TransferRecord&) = delete;
    TransferRecord& operator=(const TransferRecord&) = delete;

    void complete(std::uint64_t size); // of the whole file
    // The same, for one that is told later, or as broken off: what is then to be told.
    Transfer end(std::uint64_t size);

    static void tell(Session& session, const Transfer& transfer);

private:
    Transfer describe(bool complete, std::uint64_t size) const;

    Session& session_;
    Direction direction_;
    std::string path_;
    bool as_text_;
    common::Clock::time_point began_ = common::Clock::now();
    bool told_ = false;
};

} // namespace ftpd
