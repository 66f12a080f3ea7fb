// SPDX-License-Identifier: ISC
#include "ftpd/frames.hh"

#include "common/errors.hh"

#include <algorithm>

using namespace common;

namespace ftpd {
namespace {

std::string until_nul(const std::string& field) { return field.substr(0, field.find('\0')); }

} // namespace

std::string pack_stop(std::string_view words) {
    return stop_head + std::string{words.substr(0, max_stop_words)};
}

std::string pack_note(Severity severity, std::string_view text_of_note) {
    const auto head =
        NoteHead::pack(static_cast<std::uint8_t>(Packet::note), static_cast<std::uint8_t>(severity));
    return std::string{head.data(), head.size()}.append(text_of_note.substr(0, max_note));
}

std::string pack_transfer(const Transfer& t) {
    const auto head = TransferHead::pack(static_cast<std::uint8_t>(Packet::transfer),
                                         static_cast<std::uint8_t>(t.direction), std::uint8_t{t.as_text},
                                         std::uint8_t{t.complete}, t.bytes, t.size, t.milliseconds, t.user);
    return std::string{head.data(), head.size()}.append(t.path, 0, max_transfer_path);
}

SessionPacket unpack_session_packet(std::span<const char> packet) {
    const PeerError wrong{"a packet of a session is of no known kind or length"};
    const auto rest = [&](std::size_t head) {
        return std::string{packet.begin() + static_cast<std::ptrdiff_t>(head), packet.end()};
    };
    const auto is = [&](Packet kind, std::size_t head, std::size_t most) {
        return packet.size() >= head && packet.size() <= head + most && packet[0] == static_cast<char>(kind);
    };
    if (is(Packet::note, NoteHead::size, max_note)) {
        const auto [kind, severity] = NoteHead::unpack_from(packet);
        if (severity > static_cast<std::uint8_t>(Severity::detail)) throw wrong;
        return Note{static_cast<Severity>(severity), rest(NoteHead::size)};
    }
    if (is(Packet::transfer, TransferHead::size, max_transfer_path)) {
        const auto [kind, direction, as_text, complete, bytes, size, milliseconds, user] =
            TransferHead::unpack_from(packet);
        if (direction > static_cast<std::uint8_t>(Direction::upload)) throw wrong;
        return Transfer{static_cast<Direction>(direction),
                        as_text != 0,
                        complete != 0,
                        bytes,
                        size,
                        milliseconds,
                        until_nul(std::string{user}),
                        rest(TransferHead::size)};
    }
    throw wrong;
}

std::array<char, ActivityRecord::size> pack_activity(const Activity& a) {
    return ActivityRecord::pack(a.done, a.total, a.sent, a.received, a.transfers, a.began, a.user, a.verb,
                                a.path);
}

Activity unpack_activity(std::span<const char> record) {
    Activity a;
    std::tie(a.done, a.total, a.sent, a.received, a.transfers, a.began, a.user, a.verb, a.path) =
        ActivityRecord::unpack(record);
    for (std::string* const field : {&a.user, &a.verb, &a.path}) *field = until_nul(*field);
    return a;
}

void Status::set_user(std::string_view user) {
    activity_.user = user;
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
    const std::optional<std::string> record = PostedRecord{page, ActivityRecord::size}.read();
    if (!record) return {};
    return unpack_activity(*record);
}

} // namespace ftpd
