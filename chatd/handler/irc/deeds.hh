// SPDX-License-Identifier: ISC
// What others in the client's rooms do of which no log tells, as the hub says it: AWAY, SETNAME and INVITE of
// IRCv3's away-notify, setname and invite-notify. It is told when the logs are read as far as the hub
// had written them then, so that nobody is away who has not come. Run by handlers. Pure.
#pragma once

#include "chatd/handler/irc/record_lines.hh"
#include "chatd/handler/irc/replies.hh"
#include "chatd/protocol.hh"

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace chatd::irc {

// A deed of the hub's: whose, and what was told with it.
struct DeedOf {
    Deed deed{};
    std::string name{}, guest{}, words{};
    std::int64_t time = 0; // microseconds since 1970
};

class Deeds {
public:
    // Both outlive it.
    Deeds(const Capabilities& capabilities, const RecordLines& records)
        : capabilities_(capabilities), records_(records) {}

    void take(DeedOf deed) { waiting_.push_back(std::move(deed)); }
    bool are_waiting() const { return !waiting_.empty(); }
    // Those that wait, as far as the client still wants them. How many there were: they are acknowledged only
    // now, or nothing would limit how many wait.
    std::size_t tell(Replies& replies);

    // What the hub is to tell, for `describe'.
    static std::uint8_t wishes_of(const Capabilities& capabilities);

private:
    const Capabilities& capabilities_;
    const RecordLines& records_;
    std::vector<DeedOf> waiting_;
};

} // namespace chatd::irc
