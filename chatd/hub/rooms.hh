// SPDX-License-Identifier: ISC
// The rooms: lines into their logs, who is answered when those are written, and who is woken to read them.
// All that comes in one round goes into each log in one write. Run by the hub; touches no descriptor but the
// logs'.
#pragma once

#include "chatd/hub/room.hh"
#include "chatd/hub/room_record.hh"
#include "chatd/hub/standing_lines.hh"
#include "chatd/settings.hh"
#include "common/log.hh"

#include <algorithm>
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

// That clients may make, whatever the descriptors allow.
inline constexpr std::size_t max_made_rooms = 1000;

class Rooms {
public:
    // Who is answered when these lines of a room's batch are in its log, or are not.
    struct Waiting {
        ClientNumber client;
        std::uint64_t first_line = 0, last_line = 0;
        std::uint64_t joined_line = 0;         // of one that enters; 0 for speech
        std::uint64_t missed_from = 0;         // of one that resumes: the first line to show
        std::optional<Refusal> if_unwritten{}; // no value: it is done all the same
        std::string words{};                   // what there is to say of it
        std::uint64_t order = 0;               // in which they are answered, whatever the room
    };
    enum class Fate { written, begun, refused }; // begun: the first of the lines, and not the last
    struct Settled {
        Room* room;
        Waiting waiting;
        Fate fate;
    };
    using Wake = std::function<void(const Client& member)>;
    using All = std::map<std::string, Room, std::less<>>; // by name

    // folder: holds one folder for each room; it is made where it is missing. wake_member: called for each
    // member of a room that has news, to wake its handler if that sleeps. Throws std::system_error.
    Rooms(std::string folder, common::Log& log, Wake wake_member);

    // How many rooms clients may make altogether; those of one address (of a /64, and of all Unix sockets) a
    // quarter of that. They are made of descriptors, which the hub has set aside.
    void set_most_made(std::size_t rooms) { most_made_ = rooms; }
    bool may_make(const Client& maker) const;
    // Descriptors that the rooms hold, as many as there may be.
    std::size_t descriptors() const;
    // maker: as Room has it. first_line: the number of its first line, if the log begins anew. Throws
    // std::system_error.
    Room& make(const RoomSettings& settings, const Client* maker = nullptr, std::uint64_t first_line = 1);
    // After a reload; rooms that are in wanted alone are made. Rooms that cannot be made are found before
    // anything is changed, and thrown as std::system_error. What was said before is written before a code
    // changes, so that it stays with the old one; the next flush tells of it. Returns what there is to tell,
    // as Room::configure.
    std::vector<common::Note> configure(std::vector<RoomSettings>& wanted);
    Room* find(std::string_view name);
    Room* find(std::uint32_t number);
    // Whether the name of one looks like this, or is it.
    bool has_alike(std::string_view name) const;
    All& all() { return rooms_; }
    const All& all() const { return rooms_; }

    // Into the room's batch; flush decides its fate. from: null for the administrator. nth: of the lines of
    // its request in this room, from 0; each has a serial of its own.
    // Returns the line's number. A line that stood in the log when this hub began is not written again.
    std::uint64_t add_line(Room& room, Kind kind, const Client* from, std::string_view text,
                           std::uint32_t nth = 0);
    // "-" takes it away. The line says the topic that holds then, for those who know it from the log alone.
    void set_topic(Room& room, const Client* by, std::string_view topic) {
        add_line(room, Kind::topic, by, topic == "-" ? std::string_view{room.settings().topic} : topic);
    }
    // The client is answered when these lines of the room are settled; until then it may ask nothing else.
    // if_unwritten: what it is told when none of them is in the log.
    struct Lines {
        std::uint64_t first, last;
    };
    void await(Room& room, Client& client, Lines lines, std::optional<Refusal> if_unwritten,
               std::string words = {});
    // The last one of the room's batch: with it all of that is settled.
    static Lines last_of(const Room& room) {
        return {room.log().next_line() - 1, room.log().next_line() - 1};
    }
    // With a line that tells of it. The client is answered when that is settled. missed_from: as Waiting
    // has it.
    void enter(Room& room, Client& client, std::uint64_t missed_from);
    // The line that tells of it.
    std::uint64_t leave(Room& room, Client& client, std::string_view words = {});
    // Lines there and rights everywhere; before the client has the name.
    void rename(const Client& client, const std::string& name);

    bool has_batches() const { return !batches_.empty() || !settled_.empty(); }
    // Writes the batches, each in one write, as far as the disk takes them. To be called again until there
    // are none: answers may make more.
    std::vector<Settled> flush();
    // Those that clients have made, and those that are closing; their names.
    std::vector<std::string> close_empty();

    // What a hub that follows this one has to know of a room is another now.
    void note_change(const Room& room) { note_change(room.number()); }
    void note_change(std::uint32_t room) { changed_.insert(room); }
    // Those rooms, since they were taken last; null: it is no more.
    struct Changed {
        std::uint32_t number;
        const Room* room;
    };
    std::vector<Changed> take_changed();
    // The places from which a hub that follows this one reads the logs: as near to their ends as they may be.
    void move_places();

    // Of an earlier hub: a room, whose log goes on. files: what is kept of a log without names; tail: takes
    // what stands behind its place. Throws as make, and common::PeerError for a place that is none.
    Room& restore(RoomRecord record, std::vector<RoomLog::KeptFile> files, std::vector<Record>& tail);
    // The last number that an earlier hub has given to a room of a client's.
    void set_last_made(std::uint32_t number) { next_number_ = std::max(next_number_, number + 1); }

    // What stood in the logs when this hub began, and is not written once more.
    StandingLines& standing() { return standing_; }
    const StandingLines& standing() const { return standing_; }

    // Whether members are yet to be woken.
    bool has_news() const { return !news_.empty(); }
    // At the end of a round: those who sleep are woken when nothing more is there to be read, so that each
    // reads all of it at once; or when there was more in several rounds running.
    void end_round();
    void wake_members();

    std::uint64_t lines() const { return lines_; } // since the start
    // Of the administrator's: those of batches that did not take one.
    std::uint64_t refused_of_administrator() const { return refused_of_administrator_; }

private:
    void write_batches();
    bool write(Room& room) const;
    std::unique_ptr<RoomLog> open_log(const RoomSettings& settings, const LogPolicy& policy) const;
    std::size_t count_made() const;
    Room& insert(const RoomSettings& settings, std::unique_ptr<RoomLog> log, const Client* maker);

    std::string folder_;
    common::Log& log_;
    Wake wake_;
    All rooms_;
    std::size_t most_made_ = 0;
    std::uint32_t next_number_ = 1;                 // of a room that a client makes
    std::map<Room*, std::vector<Waiting>> batches_; // who waits for the fate of each
    std::vector<Settled> settled_;                  // of which flush has not told yet
    std::uint64_t next_order_ = 0;
    std::set<std::uint32_t> changed_;
    StandingLines standing_;
    std::set<const Room*> news_; // rooms whose members are yet to be woken
    bool had_batches_ = false;   // in this round
    unsigned rounds_with_news_ = 0;
    std::uint64_t lines_ = 0;
    std::map<const Room*, std::uint64_t> of_administrator_; // the last of these lines in its batch
    std::uint64_t refused_of_administrator_ = 0;
};

// Room::configure; and a topic that the log has from the configuration changes with that.
std::vector<common::Note> configure_room(Rooms& rooms, Room& room, RoomSettings& wanted);

// A room by its name, written in any case of letters; null: there is none.
Room* find_in_any_case(Rooms& rooms, std::string_view name);

} // namespace chatd
