// SPDX-License-Identifier: ISC
#include "chatd/hub/bans.hh"

#include "chatd/hub/client.hh"
#include "chatd/words.hh"
#include "common/address.hh"
#include "common/amounts.hh"
#include "common/config.hh"
#include "common/errors.hh"
#include "common/text.hh"
#include "common/whole_file.hh"

#include <algorithm>
#include <unistd.h>

using namespace common;

namespace chatd {
namespace {

constexpr std::string_view for_ever = "-";
constexpr std::string_view unban = "unban", room_is_over = "over"; // the first word of a change
// By operators, in one room: of the configuration, and of a client.
constexpr std::size_t max_bans_of_room = 2000, max_bans_of_made_room = 100;

std::int64_t in_seconds(Ban::Time time) {
    return std::chrono::duration_cast<std::chrono::seconds>(time.time_since_epoch()).count();
}

// `ban WHOM ROOM UNTIL BY': until when in seconds since 1970, or `-'; the room and who it was by may be "".
// Where more is known, `PERSON ACCOUNT NETWORK' follows: 0 and "" for what is not.
std::string line_of(const Ban& ban) {
    std::string line =
        text("ban ", quote_word(ban.whom), ' ', quote_word(ban.room), ' ',
             ban.until ? text(in_seconds(*ban.until)) : std::string{for_ever}, ' ', quote_word(ban.by));
    if (ban.person.first != 0 || ban.has_address())
        line += text(' ', ban.person.first, ' ', quote_word(ban.person.account), ' ',
                     quote_word(ban.has_address() ? ban.network->shown() : ""));
    return line + '\n';
}

Ban ban_of(const ConfigLine& line) {
    const std::vector<std::string>& words = line.words;
    const bool has_more = words.size() == 8;
    const bool is_ban = (words.size() == 5 || has_more) && words[0] == "ban";
    const auto seconds = is_ban ? parse_number<std::int64_t>(words[3]) : std::nullopt;
    const auto person = has_more ? parse_number<ClientNumber>(words[5]) : ClientNumber{0};
    const auto network = Network::parse(has_more && !words[7].empty() ? words[7] : is_ban ? words[1] : "");
    const bool is_whole = !has_more || words[7].empty() || network;
    if (!is_ban || (!seconds && words[3] != for_ever) || !person || !is_whole)
        throw UserError(text(line.origin, ": this is not a ban: remove the line"));
    Ban ban{whom_of(words[1]), words[2], {}, words[4], {*person, has_more ? words[6] : ""}, network};
    if (seconds) ban.until = Ban::Time{std::chrono::seconds{*seconds}};
    return ban;
}

bool is_over(const Ban& ban, Ban::Time now) { return ban.until && *ban.until <= now; }

} // namespace

std::optional<std::chrono::seconds> parse_duration(std::string_view word) {
    const auto time = read_time(word);
    return time && *time > std::chrono::seconds{0} && *time <= max_time ? time : std::nullopt;
}

std::string whom_of(const std::string& word) {
    const std::optional<Network> network = Network::parse(word);
    return network ? network->shown() : fold_name(word);
}

bool Ban::is_of(const Client& client) const {
    return (!client.folded.empty() && client.folded == whom) || is_of(client.person) ||
           (network && network->contains(client.address));
}

bool Ban::is_of(const Person& somebody) const {
    return person.is(somebody) || (!somebody.account.empty() && somebody.account == whom);
}

Bans::Bans(const std::string& path) {
    if (::access(path.c_str(), F_OK) != 0) return;
    std::size_t number = 0;
    for (const std::string& line : split_lines(read_whole_file(path))) {
        const std::string origin = text(path, ':', ++number);
        std::vector<std::string> words = split_words(line);
        if (!words.empty()) bans_.push_back(ban_of({origin, std::move(words)}));
    }
}

std::string Bans::lines() const {
    std::string lines;
    for (const Ban& ban : all(std::chrono::system_clock::now())) lines += line_of(ban);
    return lines;
}

// And those that are over. Whether any that still held was meant.
bool Bans::drop(const std::function<bool(const Ban&)>& is_meant) {
    const auto now = std::chrono::system_clock::now();
    std::erase_if(bans_, [&](const Ban& ban) { return is_over(ban, now); });
    return std::erase_if(bans_, is_meant) != 0;
}

void Bans::add(Ban ban) {
    if (!ban.network) ban.network = Network::parse(ban.whom);
    std::string change = line_of(ban);
    change.pop_back(); // no line of a file
    insert(std::move(ban));
    on_change_(change);
}

void Bans::insert(Ban ban) {
    drop([&](const Ban& old) { return old.whom == ban.whom && old.room == ban.room; });
    bans_.push_back(std::move(ban));
}

bool Bans::remove(std::string_view whom, std::string_view room) {
    if (!drop([&](const Ban& old) { return old.whom == whom && old.room == room; })) return false;
    on_change_(text(unban, ' ', quote_word(whom), ' ', quote_word(room)));
    return true;
}

void Bans::forget_room(std::string_view room) {
    if (drop([&](const Ban& ban) { return ban.room == room && !ban.by.empty(); }))
        on_change_(text(room_is_over, ' ', quote_word(room)));
}

void Bans::apply(const std::string& change) {
    const bool is_line = change.ends_with('\n'); // of a hub of an earlier version
    std::vector<std::string> words =
        split_words(std::string_view{change}.substr(0, change.size() - (is_line ? 1 : 0)));
    const std::string_view kind = words.empty() ? std::string_view{} : words[0];
    if (kind == unban && words.size() == 3)
        drop([&](const Ban& ban) { return ban.whom == words[1] && ban.room == words[2]; });
    else if (kind == room_is_over && words.size() == 2)
        drop([&](const Ban& ban) { return ban.room == words[1] && !ban.by.empty(); });
    else
        insert(ban_of({"a change of the bans", std::move(words)}));
}

bool Bans::has_room_for(const Ban& ban, bool is_made_by_client) const {
    const std::size_t most = is_made_by_client ? max_bans_of_made_room : max_bans_of_room;
    const auto now = std::chrono::system_clock::now();
    std::size_t there = 0;
    for (const Ban& old : bans_) {
        if (old.room != ban.room || old.by.empty() || is_over(old, now)) continue;
        if (old.whom == ban.whom) return true;
        ++there;
    }
    return there < most;
}

template <class Predicate>
bool Bans::any(std::string_view room, Ban::Time now, Predicate is_meant) const {
    return std::any_of(bans_.begin(), bans_.end(), [&](const Ban& ban) {
        return ban.room == room && !is_over(ban, now) && is_meant(ban);
    });
}

bool Bans::keeps_out(std::string_view whom, std::string_view room, Ban::Time now) const {
    return any(room, now, [&](const Ban& ban) { return ban.whom == whom; });
}

std::optional<Ban> Bans::find(std::string_view whom, std::string_view room, Ban::Time now) const {
    for (const Ban& ban : bans_)
        if (ban.whom == whom && ban.room == room && !is_over(ban, now)) return ban;
    return {};
}

bool Bans::keeps_out(const Client& client, std::string_view room, Ban::Time now) const {
    return any(room, now, [&](const Ban& ban) { return ban.is_of(client); });
}

bool Bans::keeps_out(const Person& person, std::string_view room, Ban::Time now) const {
    return any(room, now, [&](const Ban& ban) { return ban.is_of(person); });
}

bool Bans::keeps_out(const Address& address, std::string_view room, Ban::Time now) const {
    return any(room, now, [&](const Ban& ban) { return ban.network && ban.network->contains(address); });
}

std::optional<std::string> Bans::room_of_ban(std::string_view whom, Ban::Time now) const {
    const auto found = std::find_if(bans_.begin(), bans_.end(),
                                    [&](const Ban& ban) { return ban.whom == whom && !is_over(ban, now); });
    if (found == bans_.end()) return {};
    return found->room;
}

std::vector<Ban> Bans::all(Ban::Time now) const {
    std::vector<Ban> left;
    std::copy_if(bans_.begin(), bans_.end(), std::back_inserter(left),
                 [&](const Ban& ban) { return !is_over(ban, now); });
    return left;
}

} // namespace chatd
