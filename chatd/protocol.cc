// SPDX-License-Identifier: ISC
#include "chatd/protocol.hh"

#include "common/cksum.hh"
#include "common/error_lines.hh"

#include <algorithm>
#include <optional>
#include <stdexcept>
#include <tuple>

namespace chatd {

bool is_error_text(std::span<const char> packet) {
    const auto number = packet.first(std::min(packet.size(), FrameNumber::size));
    return std::all_of(number.begin(), number.end(), common::is_text_byte);
}

Message message_of(std::span<const char> packet) {
    if (packet.size() < FrameNumber::size) throw common::PeerError("a frame is too short to have a kind");
    return static_cast<Message>(std::get<0>(FrameNumber::unpack_from(packet)));
}

std::uint32_t serial_of(std::span<const char> packet) {
    if (packet.size() < FrameNumber::size + FrameSerial::size)
        throw common::PeerError("a frame has a wrong length for its kind");
    return std::get<0>(FrameSerial::unpack_from(packet, FrameNumber::size));
}

std::uint32_t serials_of(std::span<const char> packet) {
    if (message_of(packet) != Message::say || packet.size() < SayFrame::head) return 1;
    const auto lines = packet.subspan(SayFrame::head);
    return 1 + static_cast<std::uint32_t>(std::count(lines.begin(), lines.end(), '\n'));
}

void set_serial(std::string& packet, std::uint32_t serial) {
    FrameSerial::pack_into(packet, FrameNumber::size, serial);
}

namespace {

constexpr std::size_t sum_size = sizeof(std::uint32_t);

// Bytes of head and serial, of a record of this kind on the disk.
constexpr std::size_t head_size(std::uint8_t kind) {
    return RecordHead::size + ((kind & has_serial) != 0 ? RecordSerial::size : 0);
}

// Of the valid record at the start of bytes, if one is there.
std::optional<RecordHead::Tuple> valid_head(std::string_view bytes) {
    if (bytes.size() < RecordHead::size) return {};
    const RecordHead::Tuple head = RecordHead::unpack_from(bytes);
    const auto& [sum, size, line, time, speaker, kind, name_size, text_size] = head;
    if (size != head_size(kind) + name_size + text_size || size > max_record || size > bytes.size())
        return {};
    common::Cksum cksum;
    cksum.add(bytes.substr(sum_size, size - sum_size));
    if (cksum.value() != sum) return {};
    return head;
}

} // namespace

std::string pack_record(const Record& record) {
    if (record.name.size() > 255 || record.text.size() > max_text)
        throw std::logic_error("a record longer than its cap");
    const auto kind = static_cast<std::uint8_t>(static_cast<unsigned>(record.kind) |
                                                (record.serial != 0 ? has_serial : 0U));
    const std::size_t size = head_size(kind) + record.name.size() + record.text.size();
    std::string bytes(size, '\0');
    const auto put_head = [&](std::uint32_t sum) {
        RecordHead::pack_into(bytes, 0, sum, static_cast<std::uint32_t>(size), record.line, record.time,
                              record.speaker, kind, static_cast<std::uint8_t>(record.name.size()),
                              static_cast<std::uint16_t>(record.text.size()));
    };
    put_head(0);
    if (record.serial != 0) RecordSerial::pack_into(bytes, RecordHead::size, record.serial);
    bytes.replace(head_size(kind), record.name.size(), record.name);
    bytes.replace(size - record.text.size(), record.text.size(), record.text);
    common::Cksum sum;
    sum.add(std::string_view{bytes}.substr(sum_size));
    put_head(sum.value());
    return bytes;
}

std::size_t unpack_record(std::string_view bytes, Record& record) {
    const auto head = valid_head(bytes);
    if (!head) return 0;
    const auto& [sum, size, line, time, speaker, kind, name_size, text_size] = *head;
    record.kind = static_cast<Kind>(kind & ~has_serial);
    record.line = line;
    record.time = time;
    record.speaker = speaker;
    record.name = bytes.substr(head_size(kind), name_size);
    record.text = bytes.substr(size - text_size, text_size);
    record.serial = 0;
    if ((kind & has_serial) != 0)
        std::tie(record.serial) = RecordSerial::unpack_from(bytes, RecordHead::size);
    return size;
}

std::size_t valid_record(std::string_view bytes) {
    const auto head = valid_head(bytes);
    return head ? std::get<1>(*head) : 0;
}

} // namespace chatd
