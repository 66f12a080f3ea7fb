// SPDX-License-Identifier: ISC
#include "ftpd/frames.hh"

#include "common/errors.hh"

#include <algorithm>

using namespace common;

namespace ftpd {
namespace {

std::string until_nul(const std::string& field) { return field.substr(0, field.find('\0')); }

} // namespace

std::string pack_note(Severity severity, std::string_view text_of_note) {
    const auto head =
        NoteHead::pack(static_cast<std::uint8_t>(Packet::note), static_cast<std::uint8_t>(severity));
    return std::string{head.data(), head.size()}.append(text_of_note.substr(0, max_note));
}

Note unpack_note(std::span<const char> packet) {
    if (packet.size() < NoteHead::size || packet.size() > NoteHead::size + max_note)
        throw PeerError("a packet from a session has a wrong length");
    const auto [kind, severity] = NoteHead::unpack_from(packet);
    if (kind != static_cast<std::uint8_t>(Packet::note) ||
        severity > static_cast<std::uint8_t>(Severity::detail))
        throw PeerError("a packet from a session is of no known kind");
    const std::span<const char> text_of_note = packet.subspan(NoteHead::size);
    return {static_cast<Severity>(severity), {text_of_note.begin(), text_of_note.end()}};
}

std::array<char, ActivityRecord::size> pack_activity(const Activity& a) {
    return ActivityRecord::pack(a.done, a.total, a.sent, a.received, a.transfers, a.user, a.verb, a.path);
}

Activity unpack_activity(std::span<const char> record) {
    Activity a;
    std::tie(a.done, a.total, a.sent, a.received, a.transfers, a.user, a.verb, a.path) =
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
    began_ = common::Clock::now();
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
