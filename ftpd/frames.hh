// SPDX-License-Identifier: ISC
// What a session and the parent say to each other, as packed bytes: packets on their pair, and the record on
// the session's status page. The parent trusts nothing in either: numbers are shown, texts are escaped.
#pragma once

#include "common/log.hh"
#include "common/loop.hh"
#include "common/status_pages.hh"

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>

namespace ftpd {

// Of all that stands in this file. A session outlives its parent, and the next may be of another version of
// the suite: a parent speaks this version and the one before. Of the others it knows Stop, which stays as it
// is in all of them.
inline constexpr std::uint8_t frames_version = 1;
constexpr bool is_spoken(std::uint8_t version) {
    return version == frames_version || version + 1 == frames_version;
}

// Session to parent: a line for the log.
inline constexpr std::size_t max_log_line = 512; // bytes
struct LogLine {
    common::Severity severity{};
    std::string line;
};

// Session to parent: a file that was moved, or part of it.
inline constexpr std::size_t max_transfer_path = 4096; // bytes
enum class Direction : std::uint8_t { download = 0, upload = 1 };
struct Transfer {
    std::uint64_t number = 1; // of this one in its session: 1, 2, 3
    Direction direction{};
    bool as_text = false; // under TYPE A
    bool complete = false;
    std::uint64_t bytes = 0; // that were moved: of an upload that was continued, the last part
    std::uint64_t size = 0;  // of the whole file, once it is complete
    std::uint64_t milliseconds = 0;
    std::string user; // the first 32 bytes of it
    std::string path; // in the served tree
};

// Parent to session, first of all: whatever becomes of this parent, another will know of the session, and the
// client can be greeted.
struct Begin {};
// Each of the others ends it. The administrator has closed this connection; or the daemon stops, with words
// for the client, one line that is safe to show: now, or when the command under way is done. Or it is only
// this client that has to go, when the command under way is done, and the words say all of why.
struct Kick {};
inline constexpr std::size_t max_stop_words = 1024; // bytes
struct Stop {
    std::string words;
};
struct Finish {
    std::string words;
};
struct Leave {
    std::string words;
};

// As packets; a text that is too long is cut.
std::string pack_frame(const LogLine& line);
std::string pack_frame(const Transfer& transfer);
std::string pack_frame(const Begin& begin);
std::string pack_frame(const Kick& kick);
std::string pack_frame(const Stop& stop);
std::string pack_frame(const Finish& finish);
std::string pack_frame(const Leave& leave);

// Bytes of the largest packet each way.
inline constexpr std::size_t max_session_packet = 68 + max_transfer_path;
inline constexpr std::size_t max_order = 1 + max_stop_words;

// What a packet of the session is, and one of the parent. Throw common::PeerError for what is neither.
using SessionPacket = std::variant<LogLine, Transfer>;
SessionPacket unpack_session_packet(std::span<const char> packet);
using Order = std::variant<Begin, Kick, Stop, Finish, Leave>;
Order unpack_order(std::span<const char> packet);

// What stands for a user where nobody has logged in, in the log and its tools.
inline constexpr std::string_view nobody_yet = "-";

// What a session is doing.
struct Activity {
    std::string user{nobody_yet};
    std::string verb = "-";      // the command under way; "idle" between commands
    std::string path{};          // what it is about, an absolute path of the tree
    std::uint64_t done = 0;      // bytes of this transfer
    std::uint64_t total = 0;     // bytes it will have; 0: not known
    std::uint64_t sent = 0;      // bytes of all transfers of this session, to the client
    std::uint64_t received = 0;  // and from it
    std::uint64_t transfers = 0; // completed ones
    std::uint64_t began = 0;     // when the command began: milliseconds of the steady clock
    std::string tls{};           // of the control connection: "1.3/AES-256-GCM"; empty: none
};
inline constexpr std::size_t activity_size = 376; // bytes of its record

std::array<char, activity_size> pack_activity(const Activity& activity);
Activity unpack_activity(std::span<const char> record);

// The session's activity and the page it is posted on.
class Status {
public:
    explicit Status(std::span<std::byte> page) : record_(page, activity_size) { post(); }

    void set_user(std::string_view user);
    void set_tls(std::string_view what);
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
