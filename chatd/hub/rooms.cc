// SPDX-License-Identifier: ISC
#include "chatd/hub/rooms.hh"

#include "chatd/words.hh"
#include "common/errors.hh"
#include "common/text.hh"

#include <algorithm>
#include <atomic>
#include <sys/stat.h>
#include <unistd.h>
#include <utility>

using namespace common;

namespace chatd {
namespace {

static_assert(LogPolicy{}.segment_bytes == segment_bytes);

constexpr unsigned max_rounds = 4; // in which lines come before those who sleep are woken all the same

// What a room that a client has made keeps of its log, in bytes: it has no history, only members that are
// behind. Two segments at most.
constexpr std::uint64_t made_segment_bytes = 2 << 20, made_keep_bytes = 3 << 20;

LogPolicy policy_of(const RoomSettings& room, std::uint64_t first_line = 1) {
    LogPolicy policy;
    policy.first_line = first_line;
    policy.keep_bytes = room.keep_bytes;
    policy.keep_age = room.keep_age;
    policy.keep_files = room.history;
    return policy;
}

LogPolicy policy_of_made(const RoomSettings& room) {
    LogPolicy policy = policy_of(room);
    policy.segment_bytes = made_segment_bytes;
    policy.keep_bytes = made_keep_bytes;
    return policy;
}

// That it holds: to write, and of segments without a name one for each, so that they can be read; that of the
// last batch stays beside a new one.
constexpr std::size_t descriptors_of(const LogPolicy& policy) {
    constexpr std::uint64_t least = 2, most = 256;
    return 1 +
           (policy.keep_files ? 0 : std::clamp(policy.keep_bytes / policy.segment_bytes + 1, least, most));
}
constexpr std::size_t descriptors_of_made = 1 + made_keep_bytes / made_segment_bytes + 1;

} // namespace

Rooms::Rooms(std::string folder, Log& log, Wake wake_member)
    : folder_(std::move(folder)), log_(log), wake_(std::move(wake_member)) {
    if (::mkdir(folder_.c_str(), 0700) != 0 && errno != EEXIST) fail("make the directory", folder_);
}

std::unique_ptr<RoomLog> Rooms::open_log(const RoomSettings& settings, const LogPolicy& policy) const {
    return std::make_unique<RoomLog>(text(folder_, '/', settings.name), settings.name, policy, log_);
}

std::size_t Rooms::count_made() const {
    return static_cast<std::size_t>(
        std::count_if(rooms_.begin(), rooms_.end(),
                      [](const All::value_type& room) { return room.second.is_made_by_client(); }));
}

bool Rooms::may_make(const Client& maker) const {
    if (count_made() >= most_made_) return false;
    constexpr std::size_t share = 4;
    const std::string network = maker.address.network();
    const auto from_there = static_cast<std::size_t>(
        std::count_if(rooms_.begin(), rooms_.end(), [&](const All::value_type& room) {
            return room.second.is_made_by_client() && room.second.maker_network() == network;
        }));
    return from_there < std::max<std::size_t>(most_made_ / share, 1);
}

std::size_t Rooms::descriptors() const {
    std::size_t all = 0, made = 0;
    for (const auto& [name, room] : rooms_) {
        made += room.is_made_by_client() ? 1 : 0;
        if (!room.is_made_by_client()) all += descriptors_of(policy_of(room.settings()));
    }
    return all + descriptors_of_made * std::max(made, most_made_); // after a reload there may be more
}

Room& Rooms::insert(const RoomSettings& settings, std::unique_ptr<RoomLog> log, const Client* maker) {
    const auto is_taken = [this](std::uint32_t number) { return find(number) != nullptr; };
    const std::uint32_t number = maker == nullptr ? lasting_number(settings.name, is_taken) : next_number_++;
    Room& room = rooms_.try_emplace(settings.name, number, settings, std::move(log), maker).first->second;
    note_change(room);
    return room;
}

Room& Rooms::restore(RoomRecord record, std::vector<RoomLog::KeptFile> files, std::vector<Record>& tail) {
    if (!is_lasting(record.number)) set_last_made(record.number);
    RoomSettings& settings = record.settings;
    const LogPolicy policy = record.state.is_made_by_client ? policy_of_made(settings) : policy_of(settings);
    LogPlace place = unpack_log_place(record.place);
    place.topic.by = record.topic_by;
    place.topic.time = record.topic_time;
    auto log =
        std::make_unique<RoomLog>(text(folder_, '/', settings.name), settings.name, policy, log_, place,
                                  std::move(files), [&](const Record& one) { tail.push_back(one); });
    const std::string name = settings.name;
    Room& room = rooms_
                     .try_emplace(name, record.number, std::move(settings), std::move(log),
                                  std::move(record.state), std::move(record.place))
                     .first->second;
    note_change(room); // recovery may have begun a segment
    return room;
}

void Rooms::move_places() {
    for (auto& [name, room] : rooms_)
        if (room.move_place()) note_change(room);
}

std::vector<Rooms::Changed> Rooms::take_changed() {
    std::vector<Changed> all;
    for (const std::uint32_t number : std::exchange(changed_, {})) all.push_back({number, find(number)});
    return all;
}

Room& Rooms::make(const RoomSettings& settings, const Client* maker, std::uint64_t first_line) {
    const LogPolicy policy = maker == nullptr ? policy_of(settings, first_line) : policy_of_made(settings);
    return insert(settings, open_log(settings, policy), maker);
}

std::vector<Note> Rooms::configure(std::vector<RoomSettings>& wanted) {
    std::vector<std::pair<const RoomSettings*, std::unique_ptr<RoomLog>>> made;
    for (const RoomSettings& room : wanted)
        if (find(room.name) == nullptr) made.emplace_back(&room, open_log(room, policy_of(room)));
    for (auto& [settings, log] : made) insert(*settings, std::move(log), nullptr);

    write_batches();
    std::vector<Note> told;
    for (RoomSettings& room : wanted) {
        Room& there = *find(room.name);
        for (Note& note : configure_room(*this, there, room)) told.push_back(std::move(note));
        note_change(there);
    }
    for (const auto& [name, room] : rooms_) {
        const bool stays = room.is_made_by_client() || std::any_of(wanted.begin(), wanted.end(),
                                                                   [&there = name](const RoomSettings& one) {
                                                                       return one.name == there;
                                                                   });
        if (!stays)
            told.push_back(
                {Severity::warning,
                 text("room ", name,
                      " was removed from the configuration: it closes at the next start or upgrade")});
    }
    return told;
}

std::vector<Note> configure_room(Rooms& rooms, Room& room, RoomSettings& wanted) {
    const std::string topic = room.settings().topic;
    const bool is_given = !topic.empty() && room.log().topic() == topic;
    std::vector<Note> told = room.configure(wanted);
    if (is_given && wanted.topic != topic) rooms.set_topic(room, nullptr, "-");
    return told;
}

Room* Rooms::find(std::string_view name) {
    const auto found = rooms_.find(name);
    return found == rooms_.end() ? nullptr : &found->second;
}

Room* find_in_any_case(Rooms& rooms, std::string_view name) {
    if (Room* const room = rooms.find(name)) return room;
    const std::string folded = fold_name(name);
    const auto found =
        std::find_if(rooms.all().begin(), rooms.all().end(),
                     [&](const Rooms::All::value_type& room) { return fold_name(room.first) == folded; });
    return found == rooms.all().end() ? nullptr : &found->second;
}

Room* Rooms::find(std::uint32_t number) {
    const auto found = std::find_if(rooms_.begin(), rooms_.end(),
                                    [&](const auto& entry) { return entry.second.number() == number; });
    return found == rooms_.end() ? nullptr : &found->second;
}

bool Rooms::has_alike(std::string_view name) const {
    const std::string like = likeness_of(name);
    return std::any_of(rooms_.begin(), rooms_.end(),
                       [&](const All::value_type& room) { return likeness_of(room.first) == like; });
}

std::uint64_t Rooms::add_line(Room& room, Kind kind, const Client* from, std::string_view text,
                              std::uint32_t nth) {
    batches_[&room];
    if (from == nullptr) {
        ++lines_;
        return of_administrator_[&room] = room.log().add(kind, 0, {}, text);
    }
    if (const std::uint64_t standing = standing_.find(room, kind, *from, nth); standing != 0) return standing;
    ++lines_;
    return room.log().add(kind, from->number, from->name, text, from->serial == 0 ? 0 : from->serial + nth);
}

void Rooms::await(Room& room, Client& client, Lines lines, std::optional<Refusal> if_unwritten,
                  std::string words) {
    client.owes_answer = true;
    batches_[&room].push_back(
        {client.number, lines.first, lines.last, 0, 0, if_unwritten, std::move(words), next_order_++});
}

void Rooms::enter(Room& room, Client& client, std::uint64_t missed_from) {
    client.owes_answer = true;
    const std::uint64_t line = add_line(room, Kind::joined, &client, client.person.account);
    const std::uint64_t shown_from = missed_from == 0 ? line : missed_from;
    if (!client.is_in(room)) room.join(client, shown_from);
    for (Client::Membership& in : client.rooms)
        if (in.room == &room) in.shown_from = shown_from; // also of one that joined before this hub began
    batches_[&room].push_back(
        {client.number, line, line, line, missed_from, Refusal::not_done, {}, next_order_++});
}

std::uint64_t Rooms::leave(Room& room, Client& client, std::string_view words) {
    if (room.state().operators.contains(client.number)) note_change(room);
    room.leave(client);
    return add_line(room, Kind::left, &client, words);
}

void Rooms::rename(const Client& client, const std::string& name) {
    for (const Client::Membership& in : client.rooms) add_line(*in.room, Kind::renamed, &client, name);
    const std::string folded = fold_name(name);
    for (auto& [room_name, room] : rooms_)
        if (room.rename(client, folded)) note_change(room);
}

std::vector<Rooms::Settled> Rooms::flush() {
    write_batches();
    std::sort(settled_.begin(), settled_.end(), [](const Settled& one, const Settled& other) {
        return one.waiting.order < other.waiting.order; // of who takes its place again, its last room is last
    });
    return std::exchange(settled_, {});
}

void Rooms::write_batches() {
    had_batches_ = had_batches_ || has_batches();
    const auto of_administrator = std::exchange(of_administrator_, {});
    for (const auto& [room, waiting] : std::exchange(batches_, {})) {
        RoomLog& log = room->log();
        const std::uint64_t begin = log.end_line();
        const std::uint32_t segment = log.last_segment();
        const bool is_whole = write(*room);
        const std::uint64_t end = log.end_line();
        if (log.last_segment() != segment) note_change(*room); // without a name it must not be lost
        if (is_whole || end != begin) news_.insert(room);
        const auto asked = of_administrator.find(room);
        if (asked != of_administrator.end() && asked->second >= end) ++refused_of_administrator_;
        for (const Waiting& one : waiting)
            settled_.push_back({room, one,
                                is_whole || one.last_line < end ? Fate::written
                                : one.first_line < end          ? Fate::begun
                                                                : Fate::refused});
    }
}

// What goes wrong in one room refuses the lines of that one.
bool Rooms::write(Room& room) const {
    try {
        return room.log().flush();
    } catch (const std::exception& error) {
        log_.error(text("room ", room.name(), ": ", error.what()));
        return false;
    }
}

std::vector<std::string> Rooms::close_empty() {
    std::vector<std::string> closed;
    std::erase_if(rooms_, [&](const auto& entry) {
        const Room& room = entry.second;
        const bool may_close = room.is_made_by_client() || room.is_closing();
        if (!may_close || !room.members().empty()) return false;
        news_.erase(&room);
        note_change(room);
        log_.notice(text("room ", escape(entry.first), " closes: nobody is in it"));
        ::rmdir(text(folder_, '/', entry.first).c_str()); // unless there is something in it
        closed.push_back(entry.first);
        return true;
    });
    return closed;
}

void Rooms::end_round() {
    if (!std::exchange(had_batches_, false) || ++rounds_with_news_ == max_rounds) wake_members();
}

void Rooms::wake_members() {
    rounds_with_news_ = 0;
    const auto rooms = std::exchange(news_, {});
    if (rooms.empty()) return;
    std::atomic_thread_fence(std::memory_order_seq_cst); // the writes are before the look at who sleeps
    for (const Room* room : rooms)
        for (const auto& [number, member] : room->members()) wake_(*member);
}

} // namespace chatd
