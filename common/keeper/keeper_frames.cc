// SPDX-License-Identifier: ISC
#include "common/keeper/keeper_frames.hh"

#include "common/errors.hh"
#include "common/pack/pack.hh"

namespace common {
namespace {

using Fields = pack::Struct<"=BBqH">; // word, flag, number, bytes of the label; the label, the text

} // namespace

std::string pack_keeper_frame(const KeeperFrame& frame) {
    if (frame.label.size() > max_label || frame.text.size() > max_keeper_text)
        throw PeerError("a packet for the keeper or from it is too long");
    const auto fields =
        Fields::pack(static_cast<std::uint8_t>(frame.word), static_cast<std::uint8_t>(frame.flag),
                     frame.number, static_cast<std::uint16_t>(frame.label.size()));
    return std::string{fields.data(), fields.size()} + frame.label + frame.text;
}

KeeperFrame unpack_keeper_frame(std::span<const char> packet) {
    if (packet.size() < Fields::size || packet.size() > max_keeper_packet)
        throw PeerError("a packet of the keeper's is malformed");
    const auto [word, flag, number, label] = Fields::unpack_from(packet);
    const std::string rest{packet.begin() + Fields::size, packet.end()};
    if (flag > 1 || label > max_label || label > rest.size() || rest.size() - label > max_keeper_text)
        throw PeerError("a packet of the keeper's is malformed");
    return {static_cast<KeeperWord>(word), flag == 1, number, rest.substr(0, label), rest.substr(label)};
}

std::int64_t number_of(OrphanEnd orphan) {
    return std::int64_t{orphan.pid} << 32 | static_cast<std::uint32_t>(orphan.status);
}

OrphanEnd orphan_of(std::int64_t number) {
    return {static_cast<pid_t>(number >> 32), static_cast<int>(static_cast<std::uint32_t>(number))};
}

KeeperFrame frame_of(const ConfigLine& line) {
    std::string words;
    for (const std::string& word : line.words) words += (words.empty() ? "" : " ") + quote_word(word);
    return {.word = KeeperWord::line, .flag = line.is_option, .label = line.origin, .text = std::move(words)};
}

ConfigLine line_of(const KeeperFrame& frame) { return {frame.label, split_words(frame.text), frame.flag}; }

KeeperFrame frame_of(const Identity& user) {
    const auto number = std::uint64_t{user.uid} << 32 | user.gid;
    return {.word = KeeperWord::user, .number = static_cast<std::int64_t>(number), .label = user.name};
}

Identity user_of(const KeeperFrame& frame) {
    const auto number = static_cast<std::uint64_t>(frame.number);
    return {static_cast<uid_t>(number >> 32), static_cast<gid_t>(number & UINT32_MAX), frame.label};
}

} // namespace common
