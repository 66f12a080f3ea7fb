// SPDX-License-Identifier: ISC
#include "ftpd/frames.hh"

#include "common/errors.hh"
#include "common/pack/pack.hh"
#include "common/text.hh"

#include <algorithm>
#include <tuple>

using namespace common;

namespace ftpd {
namespace {

// Each frame once: its number, what is packed at its start, and how many bytes may follow. Numbers are
// grouped by direction.
template <std::uint8_t frame_number, class PackedHead, std::size_t max_behind>
struct Layout {
    static constexpr std::uint8_t number = frame_number;
    using Head = PackedHead;
    static constexpr std::size_t max_tail = max_behind; // bytes
    static constexpr std::size_t max_size = Head::size + max_tail;

    template <class... Fields>
    static std::string pack(std::string_view tail, const Fields&... fields) {
        const auto head = Head::pack(number, fields...);
        return std::string{head.data(), head.size()}.append(tail.substr(0, max_tail));
    }
    static bool is(std::span<const char> packet) {
        return packet.size() >= Head::size && packet.size() <= max_size &&
               packet[0] == static_cast<char>(number);
    }
    static std::string tail_of(std::span<const char> packet) {
        return {packet.data() + Head::size, packet.size() - Head::size};
    }
};

// session to parent
using LogLineFrame = Layout<1, pack::Struct<"=BB">, max_log_line>; // severity; the line
// transfer, direction, as text, complete, bytes, size, milliseconds, user; the path
using TransferFrame = Layout<2, pack::Struct<"=BQBBBQQQ32s">, max_transfer_path>;
static_assert(max_session_packet == std::max(LogLineFrame::max_size, TransferFrame::max_size));

// parent to session
using KickFrame = Layout<100, pack::Struct<"=B">, 0>;
using StopFrame = Layout<101, pack::Struct<"=B">, max_stop_words>;   // the words
using FinishFrame = Layout<102, pack::Struct<"=B">, max_stop_words>; // the words
using BeginFrame = Layout<103, pack::Struct<"=B">, 0>;
using LeaveFrame = Layout<104, pack::Struct<"=B">, max_stop_words>; // the words
static_assert(max_order == std::max({BeginFrame::max_size, KickFrame::max_size, StopFrame::max_size,
                                     FinishFrame::max_size, LeaveFrame::max_size}));

// done total sent received transfers began user verb path tls. What is added stands at the end, where there
// is nothing on the page of a session of the version before.
using ActivityRecord = pack::Struct<"=QQQQQQ32s8s256s32s">;
static_assert(ActivityRecord::size == activity_size);

std::string until_nul(const std::string& field) { return field.substr(0, field.find('\0')); }

PeerError wrong(std::string_view whose) {
    return PeerError{text("a packet of ", whose, " is of an unknown kind or length")};
}

} // namespace

std::string pack_frame(const LogLine& line) {
    return LogLineFrame::pack(line.line, static_cast<std::uint8_t>(line.severity));
}

std::string pack_frame(const Transfer& t) {
    return TransferFrame::pack(t.path, t.number, static_cast<std::uint8_t>(t.direction),
                               std::uint8_t{t.as_text}, std::uint8_t{t.complete}, t.bytes, t.size,
                               t.milliseconds, t.user);
}

std::string pack_frame(const Begin&) { return BeginFrame::pack({}); }

std::string pack_frame(const Kick&) { return KickFrame::pack({}); }

std::string pack_frame(const Stop& stop) { return StopFrame::pack(stop.words); }

std::string pack_frame(const Finish& finish) { return FinishFrame::pack(finish.words); }

std::string pack_frame(const Leave& leave) { return LeaveFrame::pack(leave.words); }

SessionPacket unpack_session_packet(std::span<const char> packet) {
    if (LogLineFrame::is(packet)) {
        const auto [number, severity] = LogLineFrame::Head::unpack_from(packet);
        if (severity > static_cast<std::uint8_t>(Severity::detail)) throw wrong("a session");
        return LogLine{static_cast<Severity>(severity), LogLineFrame::tail_of(packet)};
    }
    if (TransferFrame::is(packet)) {
        const auto [number, transfer, direction, as_text, complete, bytes, size, milliseconds, user] =
            TransferFrame::Head::unpack_from(packet);
        if (transfer == 0 || direction > static_cast<std::uint8_t>(Direction::upload))
            throw wrong("a session");
        return Transfer{.number = transfer,
                        .direction = static_cast<Direction>(direction),
                        .as_text = as_text != 0,
                        .complete = complete != 0,
                        .bytes = bytes,
                        .size = size,
                        .milliseconds = milliseconds,
                        .user = until_nul(std::string{user}),
                        .path = TransferFrame::tail_of(packet)};
    }
    throw wrong("a session");
}

Order unpack_order(std::span<const char> packet) {
    if (BeginFrame::is(packet)) return Begin{};
    if (KickFrame::is(packet)) return Kick{};
    if (StopFrame::is(packet)) return Stop{StopFrame::tail_of(packet)};
    if (FinishFrame::is(packet)) return Finish{FinishFrame::tail_of(packet)};
    if (LeaveFrame::is(packet)) return Leave{LeaveFrame::tail_of(packet)};
    throw wrong("the parent");
}

std::array<char, activity_size> pack_activity(const Activity& a) {
    return ActivityRecord::pack(a.done, a.total, a.sent, a.received, a.transfers, a.began, a.user, a.verb,
                                a.path, a.tls);
}

Activity unpack_activity(std::span<const char> record) {
    Activity a;
    std::tie(a.done, a.total, a.sent, a.received, a.transfers, a.began, a.user, a.verb, a.path, a.tls) =
        ActivityRecord::unpack(record);
    for (std::string* const field : {&a.user, &a.verb, &a.path, &a.tls}) *field = until_nul(*field);
    return a;
}

void Status::set_user(std::string_view user) {
    activity_.user = user;
    post();
}

void Status::set_tls(std::string_view what) {
    activity_.tls = what;
    post();
}

void Status::begin(std::string_view verb, std::string_view path, std::uint64_t total) {
    activity_.verb = verb;
    activity_.path = path;
    activity_.total = total;
    activity_.done = 0;
    activity_.began = static_cast<std::uint64_t>(
        std::chrono::duration_cast<std::chrono::milliseconds>(Clock::now().time_since_epoch()).count());
    post();
}

void Status::add_sent(std::size_t bytes) {
    activity_.done += bytes;
    activity_.sent += bytes;
    post();
}

void Status::add_received(std::size_t bytes) {
    activity_.done += bytes;
    activity_.received += bytes;
    post();
}

void Status::complete_transfer() {
    ++activity_.transfers;
    post();
}

void Status::idle() { begin("idle"); }

std::optional<Activity> read_activity(std::span<std::byte> page) {
    const std::optional<std::string> record = PostedRecord{page, activity_size}.read();
    if (!record) return {};
    return unpack_activity(*record);
}

} // namespace ftpd
