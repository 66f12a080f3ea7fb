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
    : Room(number, std::move(settings), std::move(log), State{}) {
    state_.is_moderated = settings_.moderated;
    if (maker == nullptr) return;
    state_.is_made_by_client = true;
    state_.operators.insert(maker->number);
    state_.maker_network = maker->address.network();
}

Room::Room(std::uint32_t number, RoomSettings settings, std::unique_ptr<RoomLog> log, State state,
           std::string place)
    : number_(number),
      settings_(std::move(settings)),
      log_(std::move(log)),
      state_(std::move(state)),
      place_(std::move(place)) {
    if (place_.empty()) move_place();
}

bool Room::move_place() {
    if (log_->place_number() == place_number_) return false;
    place_number_ = log_->place_number();
    place_ = pack_log_place(log_->place());
    return true;
}

std::uint32_t Room::entry() const {
    Cksum sum;
    sum.add(text(settings_.code, '\n', settings_.code_hash));
    return sum.value();
}

std::optional<Refusal> Room::refuse_entry(const Client& client, const Bans& bans, Ban::Time now) const {
    if (state_.is_closing) return Refusal::no_such_room;
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
    state_.operators.erase(client.number);
}

std::optional<Refusal> Room::refuse_speech(const Client& client, Time now) const {
    if (muted_.has(client, now)) return Refusal::muted;
    if (state_.is_moderated && !voices_.has(client, now) && !is_operator(client)) return Refusal::moderated;
    return {};
}

bool Room::is_operator(const Client& client) const {
    const std::vector<std::string>& rooms = client.operator_rooms;
    return client.is_operator || state_.operators.contains(client.number) ||
           std::find(rooms.begin(), rooms.end(), name()) != rooms.end();
}

std::string Room::flags_of(const Client& client, Time now) const {
    return text(is_operator(client) ? "o" : "", voices_.has(client, now) ? "v" : "",
                muted_.has(client, now) ? "m" : "");
}

bool Room::rename(const Client& client, const std::string& folded_name) {
    const bool is_muted = muted_.rename(client, folded_name);
    return voices_.rename(client, folded_name) || is_muted;
}

std::vector<Note> Room::configure(RoomSettings& wanted) {
    std::vector<Note> told;
    state_.is_made_by_client = state_.is_closing = false;
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
    if (settings_.moderated != wanted.moderated) state_.is_moderated = wanted.moderated;
    log_->set_retention(wanted.keep_bytes, wanted.keep_age);
    settings_ = wanted;
    return told;
}

} // namespace chatd
