// SPDX-License-Identifier: ISC
// What a session and the parent say to each other, as packed bytes: packets on their pair, and the record on
// the session's status page. The parent trusts nothing in either: numbers are shown, texts are escaped.
#pragma once

#include "common/log.hh"
#include "common/loop.hh"
#include "common/pack.hh"
#include "common/status_pages.hh"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace ftpd {

// Session to parent. Each packet: the head, then what its kind says.
enum class Packet : std::uint8_t { note = 1 }; // note: a line for the log, behind its severity
using NoteHead = pack::Struct<"=BB">;          // Packet::note, common::Severity
inline constexpr std::size_t max_note = 512;   // bytes of its text

std::string pack_note(common::Severity severity, std::string_view text);
struct Note {
    common::Severity severity;
    std::string text;
};
// Throws common::PeerError for anything but a note.
Note unpack_note(std::span<const char> packet);

// What a session is doing.
struct Activity {
    std::string user = "-";
    std::string verb = "-";      // the command under way; "idle" between commands
    std::string path;            // what it is about, an absolute path of the tree
    std::uint64_t done = 0;      // bytes of this transfer
    std::uint64_t total = 0;     // bytes it will have; 0: not known
    std::uint64_t sent = 0;      // bytes of all transfers of this session, to the client
    std::uint64_t received = 0;  // and from it
    std::uint64_t transfers = 0; // completed ones
};
using ActivityRecord = pack::Struct<"=QQQQQ32s8s256s">; // done total sent received transfers user verb path

std::array<char, ActivityRecord::size> pack_activity(const Activity& activity);
Activity unpack_activity(std::span<const char> record);

// The session's activity and the page it is posted on.
class Status {
public:
    explicit Status(std::span<std::byte> page) : record_(page, ActivityRecord::size) { post(); }

    void set_user(std::string_view user);
    void begin(std::string_view verb, std::string_view path = {}, std::uint64_t total = 0);
    void add_sent(std::size_t bytes);
    void add_received(std::size_t bytes);
    void complete_transfer();
    void idle();

    const Activity& activity() const { return activity_; }
    common::Clock::time_point began() const { return began_; } // the command under way

private:
    void post() { record_.post(pack_activity(activity_)); }
    Activity activity_;
    common::Clock::time_point began_ = common::Clock::now();
    common::PostedRecord record_;
};

// What the parent reads; no value while the session is in the middle of posting.
std::optional<Activity> read_activity(std::span<std::byte> page);

} // namespace ftpd
