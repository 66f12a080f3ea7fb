// SPDX-License-Identifier: ISC
// A room as the hub has it: its settings and log, who is in it, what its operators have decided, and so who
// may enter and who may speak. Run by the hub; without a clock of its own.
#pragma once

#include "chatd/hub/bans.hh"
#include "chatd/hub/client.hh"
#include "chatd/room_log/room_log.hh"
#include "chatd/settings.hh"

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace chatd {

// The number of a room of the configuration, made from its name, so that it has it again after a restart.
// Rooms that clients make have small numbers, each once in a run.
std::uint32_t lasting_number(std::string_view name, const std::function<bool(std::uint32_t)>& is_taken);
constexpr bool is_lasting(std::uint32_t room) { return (room & 0x80000000U) != 0; }

class Room {
public:
    using Time = std::chrono::steady_clock::time_point;

    // maker: the client who makes it, and is its operator; null: it stands in the configuration.
    Room(std::uint32_t number, RoomSettings settings, std::unique_ptr<RoomLog> log,
         const Client* maker = nullptr);
    // What outlives a hub beside the settings, the log and the marks (room_record.hh).
    struct State {
        bool is_moderated = false;
        bool is_made_by_client = false;
        bool is_closing = false; // the configuration has it no more
        std::string maker_network{};
        std::set<ClientNumber> operators{}; // beside those of the whole server
    };
    // place: of a log that goes on; empty: its own.
    Room(std::uint32_t number, RoomSettings settings, std::unique_ptr<RoomLog> log, State state,
         std::string place = {});

    std::uint32_t number() const { return number_; }
    const std::string& name() const { return settings_.name; }
    const RoomSettings& settings() const { return settings_; }
    RoomLog& log() const { return *log_; }
    const std::map<ClientNumber, Client*>& members() const { return members_; }
    // What somebody set last, else what the configuration says.
    const std::string& topic() const { return log_->topic().empty() ? settings_.topic : log_->topic(); }
    // Another number after another code: who has been here comes back only while it is the same.
    std::uint32_t entry() const;
    bool is_open() const { return settings_.code.empty() && settings_.code_hash.empty(); }
    bool is_moderated() const { return state_.is_moderated; }
    // Whether a client made it; then it ends with its last member.
    bool is_made_by_client() const { return state_.is_made_by_client; }
    // Nobody may enter it any more, and it ends with its last member.
    void close() { state_.is_closing = true; }
    bool is_closing() const { return state_.is_closing; }
    // Where that client was from: Address::network.
    const std::string& maker_network() const { return state_.maker_network; }
    const State& state() const { return state_; }
    // Packed, from where a hub that follows this one reads the log; and whether move_place has found a
    // nearer one. It is moved only while all that was written before the last batch is answered.
    const std::string& place() const { return place_; }
    bool move_place();

    // Why the client, who has given the code, may not enter; no value: it may.
    std::optional<Refusal> refuse_entry(const Client& client, const Bans& bans, Ban::Time now) const;
    // shown_from: the first line that its handler is to show.
    void join(Client& client, std::uint64_t shown_from);
    // With its rights, except what was decided about the person.
    void leave(Client& client);

    // Why a member may not speak; no value: it may.
    std::optional<Refusal> refuse_speech(const Client& client, Time now) const;
    // What the others are told that it says when it leaves: nothing of who may not speak.
    std::string_view words_of_leaving(const Client& client, std::string_view words, Time now) const {
        return refuse_speech(client, now) ? std::string_view{} : words;
    }
    // Of this room or of the whole server.
    bool is_operator(const Client& client) const;
    // What a list says of a member: o operator, v with a voice, m muted.
    std::string flags_of(const Client& client, Time now) const;

    // Who is muted, and who has a voice.
    Marks& muted() { return muted_; }
    const Marks& muted() const { return muted_; }
    Marks& voices() { return voices_; }
    const Marks& voices() const { return voices_; }
    // Only those with a voice may speak, or everybody again.
    void moderate(bool moderated) { state_.is_moderated = moderated; }
    // A client, which need not be a member, is called that now. Whether it is muted or has a voice.
    bool rename(const Client& client, const std::string& folded_name);

    // After a reload, also of a room that a client made: it stands in the configuration now. What cannot be
    // changed while it is open is put into wanted as it is, and told.
    std::vector<common::Note> configure(RoomSettings& wanted);

private:
    std::uint32_t number_;
    RoomSettings settings_;
    std::unique_ptr<RoomLog> log_;
    std::map<ClientNumber, Client*> members_;
    State state_;
    std::string place_;
    std::uint64_t place_number_ = 0; // RoomLog's; 0: of an earlier hub's
    Marks muted_;
    Marks voices_;
};

} // namespace chatd
