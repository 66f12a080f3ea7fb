// SPDX-License-Identifier: ISC
// What a session and the parent say to each other, as packed bytes: packets on their pair, and the record on
// the session's status page. The parent trusts nothing in either: numbers are shown, texts are escaped.
#pragma once

#include "common/log.hh"
#include "common/loop.hh"
#include "common/pack/pack.hh"
#include "common/status_pages.hh"

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

namespace ftpd {

// Session to parent. Each packet: the head, then what its kind says.
enum class Packet : std::uint8_t { note = 1, transfer = 2 };

// A line for the log.
using NoteHead = pack::Struct<"=BB">;        // Packet::note, common::Severity; then its text
inline constexpr std::size_t max_note = 512; // bytes of its text
struct Note {
    common::Severity severity;
    std::string text;
};
std::string pack_note(common::Severity severity, std::string_view text);

// A file that was moved, or part of it.
using TransferHead = pack::Struct<"=BBBBQQQ32s">; // Packet::transfer, Direction, as text, complete, bytes,
                                                  // size, milliseconds, user; then the path
inline constexpr std::size_t max_transfer_path = 4096; // bytes
enum class Direction : std::uint8_t { download = 0, upload = 1 };
struct Transfer {
    Direction direction{};
    bool as_text = false; // under TYPE A
    bool complete = false;
    std::uint64_t bytes = 0; // that were moved: of an upload that was continued, the last part
    std::uint64_t size = 0;  // of the whole file, once it is complete
    std::uint64_t milliseconds = 0;
    std::string user; // the first 32 bytes of it
    std::string path; // in the served tree
};
std::string pack_transfer(const Transfer& transfer);

using SessionPacket = std::variant<Note, Transfer>;
inline constexpr std::size_t max_session_packet =
    std::max(NoteHead::size + max_note, TransferHead::size + max_transfer_path);
// Throws common::PeerError for what is neither.
SessionPacket unpack_session_packet(std::span<const char> packet);

// Parent to session: each ends it. The administrator has closed this connection; or the daemon stops, with
// words for the client, one line that is safe to show, of at most max_stop_words bytes.
inline constexpr std::string_view kick_packet = "k";
inline constexpr char stop_head = 's';
inline constexpr std::size_t max_stop_words = 1024;
std::string pack_stop(std::string_view words);

// What stands for a user where nobody has logged in, in the log and its tools.
inline constexpr std::string_view nobody_yet = "-";

// What a session is doing.
struct Activity {
    std::string user{nobody_yet};
    std::string verb = "-";      // the command under way; "idle" between commands
    std::string path;            // what it is about, an absolute path of the tree
    std::uint64_t done = 0;      // bytes of this transfer
    std::uint64_t total = 0;     // bytes it will have; 0: not known
    std::uint64_t sent = 0;      // bytes of all transfers of this session, to the client
    std::uint64_t received = 0;  // and from it
    std::uint64_t transfers = 0; // completed ones
    std::uint64_t began = 0;     // when the command began: milliseconds of the steady clock
};
// done total sent received transfers began user verb path
using ActivityRecord = pack::Struct<"=QQQQQQ32s8s256s">;

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
    common::Clock::time_point began() const {
        return common::Clock::time_point{std::chrono::milliseconds{activity_.began}};
    }

private:
    void post() { record_.post(pack_activity(activity_)); }
    Activity activity_;
    common::PostedRecord record_;
};

// What the parent reads; no value while the session is in the middle of posting.
std::optional<Activity> read_activity(std::span<std::byte> page);

} // namespace ftpd
