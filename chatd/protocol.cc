// SPDX-License-Identifier: ISC
#include "chatd/protocol.hh"

#include "common/cksum.hh"
#include "common/error_lines.hh"

#include <algorithm>
#include <stdexcept>

namespace chatd {

bool is_error_text(std::span<const char> packet) {
    constexpr std::size_t size = pack::Struct<"=H">::size;
    const auto number = packet.first(std::min(packet.size(), size));
    return std::all_of(number.begin(), number.end(), common::is_text_byte);
}

Message message_of(std::span<const char> packet) {
    using Number = pack::Struct<"=H">;
    if (packet.size() < Number::size) throw common::PeerError("a frame is too short to have a kind");
    return static_cast<Message>(std::get<0>(Number::unpack_from(packet)));
}

std::string pack_record(const Record& record) {
    if (record.name.size() > 255 || record.text.size() > max_text)
        throw std::logic_error("a record longer than its cap");
    const auto size = static_cast<std::uint32_t>(RecordHead::size + record.name.size() + record.text.size());
    const auto head = [&](std::uint32_t sum) {
        return RecordHead::pack(
            sum, size, record.line, record.time, record.speaker, static_cast<std::uint8_t>(record.kind),
            static_cast<std::uint8_t>(record.name.size()), static_cast<std::uint16_t>(record.text.size()));
    };
    constexpr std::size_t sum_size = sizeof(std::uint32_t);
    const auto without = head(0);
    common::Cksum sum;
    sum.add(std::string_view{without.data(), without.size()}.substr(sum_size));
    sum.add(record.name);
    sum.add(record.text);
    const auto bytes = head(sum.value());
    return std::string{bytes.data(), bytes.size()}.append(record.name).append(record.text);
}

} // namespace chatd
