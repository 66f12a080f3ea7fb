// SPDX-License-Identifier: ISC
#include "chatd/hub/client_record.hh"

#include "chatd/hub/room.hh"
#include "chatd/words.hh"
#include "common/keeper/keeper_frames.hh"
#include "common/record_bytes.hh"

#include <chrono>
#include <sys/socket.h>
#include <utility>

using namespace common;

namespace chatd {
namespace {

using OneNumber = pack::Struct<"=Q">;
using RoomAndLine = pack::Struct<"=IQ">;
using StayFields = pack::Struct<"=IQI">;
using ClientHead = pack::Struct<"=BBQIqqBqqIIII">;
using HandlerFields = pack::Struct<"=H">;
using Wishes = pack::Struct<"=B">;
using TicketHead = pack::Struct<"=BQQq">;

// Of tickets: one whose counted bytes are not known is none to who cannot read that.
constexpr std::uint8_t version = 1, version_without_count = 2;
// And of clients: the one before has no HandlerFields and listener; the one behind also tells what a client
// says of itself and wants to be told, and is written of those that say something, whose handlers are of no
// version before.
constexpr std::uint8_t client_version = 2, client_version_with_words = 3;
constexpr std::uint16_t protocol_before = 7;    // of all whose records are of the version before
constexpr std::size_t max_answer = max_listing; // bytes of one that is kept: none is as long as a list
constexpr std::size_t max_operator_rooms = 1024, max_tokens = 2, max_shown_network = 64;

enum Flag : std::uint8_t { has_left = 1, is_operator = 2, has_quit = 4, is_away = 8, is_program = 16 };

void write(RecordWriter& to, const Address& address) {
    to.text({reinterpret_cast<const char*>(address.data()), address.size()});
}

Address read_address(RecordReader& from) {
    const std::string bytes = from.text(sizeof(sockaddr_storage));
    sockaddr_storage storage{};
    std::copy(bytes.begin(), bytes.end(), reinterpret_cast<char*>(&storage));
    return {reinterpret_cast<const sockaddr*>(&storage), static_cast<socklen_t>(bytes.size())};
}

void write(RecordWriter& to, const Person& person) {
    to.fields<OneNumber>(person.first).text(person.account);
}

Person read_person(RecordReader& from) {
    const ClientNumber first = std::get<0>(from.fields<OneNumber>());
    return {first, from.text(max_folded_name)};
}

void write(RecordWriter& to, const std::vector<ClientFacts::Ignored>& ignored) {
    to.count(ignored.size());
    for (const ClientFacts::Ignored& one : ignored) {
        write(to, one.person);
        to.text(one.name);
    }
}

std::vector<ClientFacts::Ignored> read_ignored(RecordReader& from) {
    std::vector<ClientFacts::Ignored> ignored;
    for (std::size_t left = from.count(max_ignored); left > 0; --left) {
        Person person = read_person(from);
        ignored.push_back({std::move(person), from.text(max_name)});
    }
    return ignored;
}

void write(RecordWriter& to, const std::vector<ClientNumber>& numbers) {
    to.count(numbers.size());
    for (const ClientNumber number : numbers) to.fields<OneNumber>(number);
}

std::vector<ClientNumber> read_formers(RecordReader& from) {
    std::vector<ClientNumber> formers(from.count(max_formers));
    for (ClientNumber& former : formers) former = std::get<0>(from.fields<OneNumber>());
    return formers;
}

void write(RecordWriter& to, const std::vector<std::string>& texts) {
    to.count(texts.size());
    for (const std::string& text : texts) to.text(text);
}

std::vector<std::string> read_texts(RecordReader& from, std::size_t most, std::size_t most_bytes) {
    std::vector<std::string> texts(from.count(most));
    for (std::string& text : texts) text = from.text(most_bytes);
    return texts;
}

ClientFacts::State read_state(std::uint8_t state) {
    using State = ClientFacts::State;
    for (const State known : {State::naming, State::entering, State::inside})
        if (static_cast<unsigned>(known) == state) return known;
    throw PeerError("a record of a client tells of no known state");
}

std::uint8_t flags_of(const ClientRecord& record) {
    const ClientFacts& facts = record.facts;
    return static_cast<std::uint8_t>((record.has_left ? has_left : 0) |
                                     (facts.is_operator ? is_operator : 0) | (facts.has_quit ? has_quit : 0) |
                                     (facts.away ? is_away : 0) | (facts.is_program ? is_program : 0));
}

} // namespace

ClientRecord record_of(const Client& client, std::vector<std::string> tokens) {
    ClientRecord record{.facts = static_cast<const ClientFacts&>(client), .tokens = std::move(tokens)};
    for (const Client::Membership& in : client.rooms)
        record.rooms.push_back({in.room->number(), in.shown_from});
    return record;
}

std::string pack_client(const ClientRecord& record) {
    const ClientFacts& facts = record.facts;
    const bool has_words = facts.is_program || facts.wishes != 0 || !facts.real_name.empty();
    RecordWriter to;
    to.fields<ClientHead>(
        has_words ? client_version_with_words : client_version, flags_of(record), facts.number,
        static_cast<std::uint32_t>(facts.page), static_cast<std::int64_t>(facts.spawner),
        static_cast<std::int64_t>(facts.pid), static_cast<std::uint8_t>(facts.state),
        std::int64_t{facts.since.time_since_epoch().count()}, std::int64_t{facts.login_timeout.count()},
        facts.done, facts.wrong_passwords, facts.wrong_codes, facts.wrong_tokens);
    write(to, facts.address);
    write(to, facts.person);
    to.text(facts.name).text(facts.claimed).text(facts.answer).text(facts.last_words);
    to.text(facts.away.value_or(""));
    write(to, facts.operator_rooms);
    write(to, facts.ignored);
    write(to, facts.formers);
    to.count(facts.seen.size());
    for (const auto& [room, line] : facts.seen) to.fields<RoomAndLine>(room, line);
    to.count(record.rooms.size());
    for (const auto& [room, line] : record.rooms) to.fields<RoomAndLine>(room, line);
    write(to, record.tokens);
    to.fields<HandlerFields>(facts.protocol).text(facts.listener);
    if (has_words) to.fields<Wishes>(facts.wishes).text(facts.real_name);
    return to.take();
}

ClientRecord unpack_client(std::string_view bytes) {
    RecordReader from{bytes};
    ClientRecord record;
    ClientFacts& facts = record.facts;
    const auto [number_of_version, flags, number, page, spawner, pid, state, since, login_timeout, done,
                passwords, codes, tokens] = from.fields<ClientHead>();
    const bool is_of_before = number_of_version + 1 == client_version;
    const bool has_words = number_of_version == client_version_with_words;
    if (number_of_version != client_version && !is_of_before && !has_words)
        throw PeerError("a record of a client is of another version");
    record.has_left = (flags & has_left) != 0;
    facts.number = number;
    facts.page = page;
    facts.spawner = static_cast<pid_t>(spawner);
    facts.pid = static_cast<pid_t>(pid);
    facts.state = read_state(state);
    facts.since = Clock::time_point{Clock::duration{since}};
    facts.login_timeout = std::chrono::seconds{login_timeout};
    facts.done = done;
    facts.wrong_passwords = passwords;
    facts.wrong_codes = codes;
    facts.wrong_tokens = tokens;
    facts.address = read_address(from);
    facts.person = read_person(from);
    facts.name = from.text(max_name);
    facts.claimed = from.text(max_name);
    facts.answer = from.text(max_answer);
    facts.last_words = from.text(max_text);
    std::string away = from.text(max_topic);
    if ((flags & is_away) != 0) facts.away = std::move(away);
    facts.is_operator = (flags & is_operator) != 0;
    facts.has_quit = (flags & has_quit) != 0;
    facts.is_program = (flags & is_program) != 0;
    facts.operator_rooms = read_texts(from, max_operator_rooms, max_room_name);
    facts.ignored = read_ignored(from);
    facts.formers = read_formers(from);
    for (std::size_t left = from.count(max_rooms); left > 0; --left) {
        const auto [room, line] = from.fields<RoomAndLine>();
        facts.seen[room] = line;
    }
    for (std::size_t left = from.count(max_rooms); left > 0; --left) {
        const auto [room, line] = from.fields<RoomAndLine>();
        record.rooms.push_back({room, line});
    }
    record.tokens = read_texts(from, max_tokens, max_token);
    facts.protocol = is_of_before ? protocol_before : std::get<0>(from.fields<HandlerFields>());
    if (!is_of_before) facts.listener = from.text(max_label);
    if (has_words) facts.wishes = std::get<0>(from.fields<Wishes>());
    if (has_words) facts.real_name = from.text(max_topic);
    from.expect_end();
    return record;
}

std::string pack_ticket(const Tickets::Kept& kept) {
    const Tickets::Ticket& ticket = kept.ticket;
    RecordWriter to;
    to.fields<TicketHead>(ticket.counted ? version : version_without_count, ticket.client,
                          ticket.counted.value_or(0),
                          std::int64_t{ticket.expires.time_since_epoch().count()});
    to.text(ticket.name).text(ticket.network);
    write(to, ticket.person);
    write(to, ticket.ignored);
    write(to, ticket.formers);
    write(to, kept.tokens);
    to.count(ticket.stays.size());
    for (const auto& [room, line, entry] : ticket.stays) to.fields<StayFields>(room, line, entry);
    return to.take();
}

Tickets::Kept unpack_ticket(std::string_view bytes) {
    RecordReader from{bytes};
    Tickets::Kept kept;
    Tickets::Ticket& ticket = kept.ticket;
    const auto [number_of_version, client, counted, expires] = from.fields<TicketHead>();
    if (number_of_version != version && number_of_version != version_without_count)
        throw PeerError("a record of a ticket is of another version");
    ticket.is_left = true;
    ticket.client = client;
    if (number_of_version == version)
        ticket.counted = counted;
    else
        ticket.counted.reset();
    ticket.expires = Tickets::Time{Tickets::Time::duration{expires}};
    ticket.name = from.text(max_name);
    ticket.network = from.text(max_shown_network);
    ticket.person = read_person(from);
    ticket.ignored = read_ignored(from);
    ticket.formers = read_formers(from);
    kept.tokens = read_texts(from, max_tokens, max_token);
    for (std::size_t left = from.count(max_rooms); left > 0; --left) {
        const auto [room, line, entry] = from.fields<StayFields>();
        ticket.stays.push_back({room, line, entry});
    }
    from.expect_end();
    return kept;
}

} // namespace chatd
