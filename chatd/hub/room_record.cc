// SPDX-License-Identifier: ISC
#include "chatd/hub/room_record.hh"

#include "chatd/words.hh"
#include "common/authd/password.hh"
#include "common/record_bytes.hh"

#include <chrono>
#include <tuple>

using namespace common;

namespace chatd {
namespace {

using OneNumber = pack::Struct<"=Q">;
using RoomHead = pack::Struct<"=BBIIQq">;
using TopicFields = pack::Struct<"=q">;
using MarkHead = pack::Struct<"=BQBq">;

constexpr std::uint8_t version = 1, version_with_topic = 2; // of a room, with who set its topic
constexpr std::size_t max_operators = 4096, max_shown_network = 64;

enum Flag : std::uint8_t {
    moderated = 1,
    made_by_client = 2,
    starts_moderated = 4,
    hidden = 8,
    history = 16,
    closing = 32
};

std::uint8_t flags_of(const RoomRecord& record) {
    return static_cast<std::uint8_t>(
        (record.state.is_moderated ? moderated : 0) | (record.state.is_made_by_client ? made_by_client : 0) |
        (record.settings.moderated ? starts_moderated : 0) | (record.settings.hidden ? hidden : 0) |
        (record.settings.history ? history : 0) | (record.state.is_closing ? closing : 0));
}

} // namespace

RoomRecord record_of(const Room& room) {
    return {room.number(),
            room.settings(),
            room.state(),
            room.place(),
            room.log().topic_setting().by,
            room.log().topic_setting().time};
}

std::string pack_room(const RoomRecord& record, bool for_before) {
    const bool has_topic = !for_before && record.topic_time != 0;
    const RoomSettings& settings = record.settings;
    RecordWriter to;
    to.fields<RoomHead>(has_topic ? version_with_topic : version, flags_of(record), record.number,
                        static_cast<std::uint32_t>(settings.max_members), settings.keep_bytes,
                        std::int64_t{settings.keep_age.count()});
    to.text(settings.name).text(settings.code).text(settings.code_hash).text(settings.topic);
    to.text(record.state.maker_network);
    to.count(record.state.operators.size());
    for (const ClientNumber one : record.state.operators) to.fields<OneNumber>(one);
    to.text(record.place);
    if (has_topic) to.fields<TopicFields>(record.topic_time).text(record.topic_by);
    return to.take();
}

RoomRecord unpack_room(std::string_view bytes) {
    RecordReader from{bytes};
    RoomRecord record;
    const auto [number_of_version, flags, number, members, keep_bytes, keep_hours] = from.fields<RoomHead>();
    if (number_of_version != version && number_of_version != version_with_topic)
        throw PeerError("a record of a room is of another version");
    record.number = number;
    RoomSettings& settings = record.settings;
    settings.max_members = members;
    settings.keep_bytes = keep_bytes;
    settings.keep_age = std::chrono::hours{keep_hours};
    settings.moderated = (flags & starts_moderated) != 0;
    settings.hidden = (flags & hidden) != 0;
    settings.history = (flags & history) != 0;
    settings.name = from.text(max_room_name);
    settings.code = from.text(max_code);
    settings.code_hash = from.text(max_hash);
    settings.topic = from.text(max_topic);
    record.state.is_moderated = (flags & moderated) != 0;
    record.state.is_made_by_client = (flags & made_by_client) != 0;
    record.state.is_closing = (flags & closing) != 0;
    record.state.maker_network = from.text(max_shown_network);
    for (std::size_t left = from.count(max_operators); left > 0; --left)
        record.state.operators.insert(std::get<0>(from.fields<OneNumber>()));
    record.place = from.text(max_packed_place);
    if (number_of_version == version_with_topic) {
        std::tie(record.topic_time) = from.fields<TopicFields>();
        record.topic_by = from.text(max_name);
    }
    from.expect_end();
    return record;
}

std::string pack_mark(const Marks::Mark& mark) {
    RecordWriter to;
    to.fields<MarkHead>(version, mark.whom.first, static_cast<std::uint8_t>(mark.until ? 1 : 0),
                        std::int64_t{mark.until ? mark.until->time_since_epoch().count() : 0});
    to.text(mark.whom.account).text(mark.name).text(mark.network ? mark.network->shown() : "");
    return to.take();
}

Marks::Mark unpack_mark(std::string_view bytes) {
    RecordReader from{bytes};
    Marks::Mark mark;
    const auto [number_of_version, first, is_limited, until] = from.fields<MarkHead>();
    if (number_of_version != version) throw PeerError("a record of a mark is of another version");
    mark.whom.first = first;
    if (is_limited != 0) mark.until = Marks::Time{Marks::Time::duration{until}};
    mark.whom.account = from.text(max_folded_name);
    mark.name = from.text(max_folded_name);
    mark.network = Network::parse(from.text(max_shown_network));
    from.expect_end();
    return mark;
}

} // namespace chatd
