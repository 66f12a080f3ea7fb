// SPDX-License-Identifier: ISC
#include "chatd/hub/room.hh"

#include "common/cksum.hh"
#include "common/text.hh"

#include <algorithm>
#include <utility>

using namespace common;

namespace chatd {

std::uint32_t lasting_number(std::string_view name, const std::function<bool(std::uint32_t)>& is_taken) {
    Cksum sum;
    sum.add(name);
    std::uint32_t number = sum.value() | 0x80000000U;
    while (is_taken(number)) number = (number + 1) | 0x80000000U;
    return number;
}

Room::Room(std::uint32_t number, RoomSettings settings, std::unique_ptr<RoomLog> log, const Client* maker)
    : number_(number),
      settings_(std::move(settings)),
      log_(std::move(log)),
      is_moderated_(settings_.moderated),
      is_made_by_client_(maker != nullptr) {
    if (maker == nullptr) return;
    operators_.insert(maker->number);
    maker_network_ = maker->address.network();
}

std::uint32_t Room::entry() const {
    Cksum sum;
    sum.add(text(settings_.code, '\n', settings_.code_hash));
    return sum.value();
}

std::optional<Refusal> Room::refuse_entry(const Client& client, const Bans& bans, Ban::Time now) const {
    if (client.is_in(*this)) return Refusal::already_inside;
    if (client.rooms.size() >= max_rooms) return Refusal::too_many_rooms;
    if (bans.keeps_out(client, name(), now)) return Refusal::room_banned;
    if (settings_.max_members != 0 && members_.size() >= settings_.max_members) return Refusal::room_full;
    return {};
}

void Room::join(Client& client, std::uint64_t shown_from) {
    client.rooms.push_back({this, shown_from});
    client.last_room = this;
    members_.emplace(client.number, &client);
}

void Room::leave(Client& client) {
    std::erase_if(client.rooms, [this](const Client::Membership& in) { return in.room == this; });
    if (client.last_room == this)
        client.last_room = client.rooms.empty() ? nullptr : client.rooms.back().room;
    members_.erase(client.number);
    operators_.erase(client.number);
}

std::optional<Refusal> Room::refuse_speech(const Client& client, Time now) const {
    if (muted_.has(client, now)) return Refusal::muted;
    if (is_moderated_ && !voices_.has(client, now) && !is_operator(client)) return Refusal::moderated;
    return {};
}

bool Room::is_operator(const Client& client) const {
    const std::vector<std::string>& rooms = client.operator_rooms;
    return client.is_operator || operators_.find(client.number) != operators_.end() ||
           std::find(rooms.begin(), rooms.end(), name()) != rooms.end();
}

std::string Room::flags_of(const Client& client, Time now) const {
    return text(is_operator(client) ? "o" : "", voices_.has(client, now) ? "v" : "",
                muted_.has(client, now) ? "m" : "");
}

void Room::rename(const Client& client, const std::string& folded_name) {
    muted_.rename(client, folded_name);
    voices_.rename(client, folded_name);
}

std::vector<Note> Room::configure(RoomSettings& wanted) {
    std::vector<Note> told;
    is_made_by_client_ = false;
    // Who knew the old code has what was said until now, and nothing of what follows.
    const bool has_new_code = settings_.code != wanted.code || settings_.code_hash != wanted.code_hash;
    if (has_new_code && !log_->start_new_segment()) {
        told.push_back(
            {Severity::error, text("room ", wanted.name, " keeps its code: no new segment can be created")});
        wanted.code = settings_.code;
        wanted.code_hash = settings_.code_hash;
    }
    if (settings_.history != wanted.history)
        told.push_back({Severity::warning,
                        text("a change of 'history' of room ", wanted.name, " waits for the next start")});
    wanted.history = settings_.history;
    if (settings_.moderated != wanted.moderated) is_moderated_ = wanted.moderated;
    log_->set_retention(wanted.keep_bytes, wanted.keep_age);
    settings_ = wanted;
    return told;
}

} // namespace chatd
