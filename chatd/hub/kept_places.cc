// SPDX-License-Identifier: ISC
#include "chatd/hub/kept_places.hh"

#include "chatd/protocol.hh"
#include "chatd/words.hh"
#include "common/config.hh"
#include "common/errors.hh"
#include "common/text.hh"
#include "common/whole_file.hh"

#include <algorithm>
#include <unistd.h>
#include <utility>

using namespace common;

namespace chatd {
namespace {

using WallClock = std::chrono::system_clock;

constexpr std::string_view none = "-";

// Of the time to which the clock of this run will come: seconds since 1970, which the next run knows, too.
std::int64_t wall_seconds(Tickets::Time when) {
    const auto then = WallClock::now() + std::chrono::duration_cast<WallClock::duration>(when - Clock::now());
    return std::chrono::duration_cast<std::chrono::seconds>(then.time_since_epoch()).count();
}

Tickets::Time of_wall_seconds(std::int64_t seconds) {
    constexpr std::int64_t longest = 366 * 24 * 60 * 60; // no place is good for so long
    const auto now = WallClock::now();
    const std::int64_t now_seconds =
        std::chrono::duration_cast<std::chrono::seconds>(now.time_since_epoch()).count();
    const WallClock::time_point then{
        std::chrono::seconds{std::clamp(seconds, now_seconds - 1, now_seconds + longest)}};
    return Clock::now() + std::chrono::duration_cast<Clock::duration>(then - now);
}

template <class Items, class Show>
std::string list_of(const Items& items, Show show) {
    std::string list;
    for (const auto& item : items) list += text(list.empty() ? "" : ",", show(item));
    return list.empty() ? std::string{none} : list;
}

std::vector<std::string_view> items_of(std::string_view list) {
    return list == none ? std::vector<std::string_view>{} : split(list, ',');
}

template <class Number>
Number number_of(std::string_view word) {
    const auto number = parse_number<Number>(word);
    if (!number) throw UserError(text("'", escape(word, 32), "' is not a number"));
    return *number;
}

// FIRST:ACCOUNT, of which neither a number nor a name holds a colon or a comma.
std::string shown(const Person& person) { return text(person.first, ':', person.account); }

Person person_of(std::string_view first, std::string_view account) {
    return {.first = number_of<ClientNumber>(first), .account = std::string{account}};
}

// The parts of one item, which are so many.
std::vector<std::string_view> parts_of(std::string_view item, std::size_t many) {
    std::vector<std::string_view> parts = split(item, ':');
    if (parts.size() != many)
        throw UserError(text("'", escape(item, 32), "' does not have ", many, " parts"));
    return parts;
}

// `place CLIENT NAME BYTES UNTIL TOKENS FORMERS STAYS PERSON IGNORED': bytes that were dealt with, or `-'
// where that is not known; until when in seconds since 1970; lists with commas, or `-' for none; a stay is
// ROOM:LINE:ENTRY, a person FIRST:ACCOUNT, and one that is ignored FIRST:ACCOUNT:NAME.
std::string line_of(const Tickets::Kept& kept) {
    const Tickets::Ticket& ticket = kept.ticket;
    const auto as_it_is = [](const auto& item) { return text(item); };
    return text("place ", ticket.client, ' ', quote_word(ticket.name), ' ',
                ticket.counted ? text(*ticket.counted) : std::string{none}, ' ', wall_seconds(ticket.expires),
                ' ', list_of(kept.tokens, as_it_is), ' ', list_of(ticket.formers, as_it_is), ' ',
                list_of(ticket.stays,
                        [](const Tickets::Stay& stay) {
                            return text(stay.room, ':', stay.shown_from, ':', stay.entry);
                        }),
                ' ', quote_word(shown(ticket.person)), ' ',
                quote_word(list_of(
                    ticket.ignored,
                    [](const Client::Ignored& one) { return text(shown(one.person), ':', one.name); })),
                '\n');
}

Tickets::Kept place_of(std::span<const std::string> words) {
    if (words.size() != 10) throw UserError("a place has 9 words");
    Tickets::Kept kept;
    Tickets::Ticket& ticket = kept.ticket;
    ticket.client = number_of<std::uint64_t>(words[1]);
    ticket.name = words[2];
    ticket.counted.reset();
    if (words[3] != none) ticket.counted = number_of<std::uint64_t>(words[3]);
    ticket.expires = of_wall_seconds(number_of<std::int64_t>(words[4]));
    ticket.is_left = true;
    for (const std::string_view token : items_of(words[5])) kept.tokens.emplace_back(token);
    for (const std::string_view former : items_of(words[6]))
        ticket.formers.push_back(number_of<std::uint64_t>(former));
    for (const std::string_view item : items_of(words[7])) {
        const std::vector<std::string_view> parts = parts_of(item, 3);
        ticket.stays.push_back({number_of<std::uint32_t>(parts[0]), number_of<std::uint64_t>(parts[1]),
                                number_of<std::uint32_t>(parts[2])});
    }
    const std::vector<std::string_view> person = parts_of(words[8], 2);
    ticket.person = person_of(person[0], person[1]);
    for (const std::string_view item : items_of(words[9])) {
        const std::vector<std::string_view> parts = parts_of(item, 3);
        ticket.ignored.push_back({person_of(parts[0], parts[1]), std::string{parts[2]}});
    }
    const bool has_tokens = !kept.tokens.empty() &&
                            std::all_of(kept.tokens.begin(), kept.tokens.end(),
                                        [](const std::string& token) { return token.size() == max_token; });
    if (!has_tokens || ticket.name.size() > max_name || refuse_spelling(ticket.name))
        throw UserError("a place needs a name and tokens");
    return kept;
}

} // namespace

KeptPlaces::KeptPlaces(std::string path, Log& log) : path_(std::move(path)), log_(log) {
    if (::access(path_.c_str(), F_OK) != 0) return;
    try {
        for (const std::string& line : split_lines(read_whole_file(path_))) read_line(line);
    } catch (const std::exception& error) {
        log_.error(text("places of clients are lost: ", error.what()));
    }
}

void KeptPlaces::read_line(std::string_view line) {
    try {
        const std::vector<std::string> words = split_words(line);
        if (words.empty()) return;
        if (words[0] == "place") return kept_.push_back(place_of(words));
        if (words[0] != "room" || words.size() != 3) throw UserError("neither a place nor a room");
        first_lines_[words[1]] = number_of<std::uint64_t>(words[2]);
    } catch (const UserError& error) {
        log_.error(text(path_, ": a line is passed over: ", error.what()));
    }
}

std::uint64_t KeptPlaces::first_line(const std::string& room) const {
    const auto found = first_lines_.find(room);
    return found == first_lines_.end() ? 1 : std::max<std::uint64_t>(found->second, 1);
}

void KeptPlaces::give_back(Tickets& tickets, std::chrono::seconds resume_time) {
    const auto now = Clock::now();
    for (Tickets::Kept& kept : std::exchange(kept_, {})) {
        kept.ticket.expires = std::min(kept.ticket.expires, now + resume_time);
        if (kept.ticket.expires > now) tickets.put_back(std::move(kept));
    }
}

void KeptPlaces::forget() const { ::unlink(path_.c_str()); }

void KeptPlaces::save(const Tickets& tickets, const Rooms::All& rooms) const {
    std::string lines;
    for (const auto& [name, room] : rooms)
        if (!room.is_made_by_client())
            lines += text("room ", quote_word(name), ' ', room.log().next_line(), '\n');
    for (Tickets::Kept kept : tickets.left()) {
        std::erase_if(kept.ticket.stays, [](const Tickets::Stay& stay) { return !is_lasting(stay.room); });
        lines += line_of(kept);
    }
    try {
        replace_file(path_, lines);
    } catch (const std::system_error& error) {
        log_.error(text("places of clients are not kept: ", error.what()));
    }
}

} // namespace chatd
