// SPDX-License-Identifier: ISC
#include "chatd/handler/irc/hub_rows.hh"

#include "common/network.hh"
#include "common/text.hh"

#include <algorithm>

namespace chatd::irc {
namespace {

// The fields of a row, one after the other; those that are missing are empty.
class Fields {
public:
    explicit Fields(std::string_view row) : fields_(common::split(row, '\t')) {}

    std::string text() { return std::string{next()}; }
    std::uint64_t number() { return common::parse_number<std::uint64_t>(next()).value_or(0); }
    std::string_view next() { return at_ < fields_.size() ? fields_[at_++] : std::string_view{}; }

private:
    std::vector<std::string_view> fields_;
    std::size_t at_ = 0;
};

} // namespace

PersonRow parse_person(std::string_view row) {
    Fields fields{row};
    PersonRow person;
    person.name = fields.text();
    person.flags = fields.text();
    person.account = fields.text();
    person.connected = fields.number();
    person.spoke = fields.number();
    for (const std::string_view in : common::split(fields.next(), ',')) {
        const std::size_t colon = in.find(':');
        if (colon != in.npos)
            person.rooms.push_back({std::string{in.substr(0, colon)}, std::string{in.substr(colon + 1)}});
    }
    person.tls = fields.text();
    person.address = fields.text();
    person.real_name = fields.text();
    person.away = fields.text();
    return person;
}

RoomRow parse_room(std::string_view row) {
    Fields fields{row};
    RoomRow room;
    room.name = fields.text();
    room.flags = fields.text();
    room.members = fields.number();
    room.limit = fields.number();
    room.birth = fields.number();
    room.topic_by = fields.text();
    room.topic_time = fields.number();
    room.topic = fields.text();
    return room;
}

const PersonRow::In* PersonRow::find_in(std::string_view room) const {
    const auto found =
        std::find_if(rooms.begin(), rooms.end(), [&](const In& in) { return in.room == room; });
    return found == rooms.end() ? nullptr : &*found;
}

ListedRoom parse_listed_room(std::string_view row) {
    Fields fields{row};
    ListedRoom room;
    room.name = fields.text();
    fields.next(); // flags
    room.members = fields.number();
    room.topic = fields.text();
    return room;
}

ListedBan parse_listed_ban(std::string_view row) {
    Fields fields{row};
    ListedBan ban;
    ban.whom = fields.text();
    ban.room = fields.text();
    return ban;
}

std::string without_port(std::string_view address) {
    address = address.substr(0, address.rfind(':'));
    if (address.starts_with('[') && address.ends_with(']')) address = address.substr(1, address.size() - 2);
    const bool is_one = address.find('/') == address.npos && common::Network::parse(address).has_value();
    return std::string{is_one ? address : ""};
}

} // namespace chatd::irc
