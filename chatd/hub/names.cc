// SPDX-License-Identifier: ISC
#include "chatd/hub/names.hh"

#include "chatd/words.hh"
#include "common/errors.hh"
#include "common/secret.hh"
#include "common/text.hh"

#include <algorithm>
#include <string_view>
#include <utility>
#include <vector>

using namespace common;

namespace chatd {
namespace {

bool has_right(std::string_view rights, std::string_view right) {
    const std::vector<std::string_view> all = split_list(rights);
    return std::find(all.begin(), all.end(), right) != all.end();
}

} // namespace

std::optional<Refusal> Names::refuse(const Client& client, const std::string& name) const {
    if (const auto why = refuse_name(name)) return why;
    const auto now = std::chrono::system_clock::now();
    const std::string folded = fold_name(name);
    const bool is_banned =
        bans_.keeps_out(folded, {}, now) || bans_.keeps_out(client.person, {}, now) ||
        std::any_of(client.rooms.begin(), client.rooms.end(), [&](const Client::Membership& in) {
            return bans_.keeps_out(folded, in.room->name(), now);
        });
    if (is_banned) return Refusal::name_banned;
    return people_.refuse(name, client.number);
}

void Names::on_name(Client& client, Packet packet) {
    const std::string name = NameFrame::read(packet).second;
    if (settings_.users.empty()) return take(client, name, client.is_operator);
    if (const auto why = refuse_name(name)) return answers_.refuse(client, *why);
    passwords_.ask(client, LoginKind::known, name, {}, [this, name](Client& asks, const Verdict& verdict) {
        const bool is_own = // since it has authenticated, which nobody does where people type
            asks.speaks_irc() && asks.person.account == fold_name(verdict.name);
        if (verdict.kind == Verdict::Kind::accepted && is_own)
            return take_back(asks, verdict.name, asks.is_operator);
        asks.claimed = verdict.name;
        if (verdict.kind == Verdict::Kind::refused) return take(asks, name, asks.is_operator);
        answers_.refuse(asks, verdict.kind == Verdict::Kind::accepted ? Refusal::password_needed
                                                                      : Refusal::not_now);
    });
}

// Where IRC is spoken a name is all that it takes.
void Names::take(Client& client, const std::string& name, bool is_operator) {
    if (const auto why = refuse(client, name)) return answers_.refuse(client, *why);
    people_.give_name(client, name);
    client.is_operator = is_operator;
    client.state = client.speaks_irc() ? Client::State::inside : Client::State::entering;
    answers_.confirm(client, name);
    ignores_.tell_of(client);
}

// Whoever has the password has the name: a connection that has it is dead, or will be.
void Names::take_back(Client& client, const std::string& name, bool is_operator) {
    if (Client* const ghost = people_.find(name); ghost != nullptr && ghost != &client)
        departures_.dismiss(*ghost, Farewell::resumed_elsewhere);
    take(client, name, is_operator);
}

void Names::on_login(Client& client, Packet packet) {
    std::string password = LoginFrame::read(packet).second;
    if (client.claimed.empty()) throw PeerError("a password that was not asked for");
    const std::string name = client.claimed; // which it stays until the password is right
    passwords_.ask(client, LoginKind::user, name, password,
                   [this, name](Client& asks, const Verdict& verdict) {
                       if (verdict.kind != Verdict::Kind::accepted) return passwords_.refuse(asks, verdict);
                       asks.claimed.clear();
                       asks.person.account = fold_name(name);
                       take_back(asks, name, has_right(verdict.rights, "operator"));
                   });
    erase_bytes(password);
}

void Names::on_authenticate(Client& client, Packet packet) {
    auto [fields, words] = AuthenticateFrame::read(packet);
    const auto [name_size] = fields;
    if (name_size > words.size()) throw PeerError("a name that is longer than its frame");
    const std::string name = words.substr(0, name_size);
    if (!client.person.account.empty()) { // one is all
        erase_bytes(words);
        return answers_.refuse(client, Refusal::not_now);
    }
    passwords_.ask(client, LoginKind::user, name, std::string_view{words}.substr(name_size),
                   [this](Client& asks, const Verdict& verdict) {
                       if (verdict.kind != Verdict::Kind::accepted) return passwords_.refuse(asks, verdict);
                       if (bans_.keeps_out(fold_name(verdict.name), {}, std::chrono::system_clock::now()))
                           return answers_.refuse(asks, Refusal::name_banned);
                       asks.claimed.clear();
                       asks.person.account = fold_name(verdict.name);
                       asks.is_operator = has_right(verdict.rights, "operator");
                       answers_.confirm(asks, verdict.name);
                   });
    erase_bytes(words);
}

void Names::on_describe(Client& client, Packet packet) {
    const auto [fields, words] = DescribeFrame::read(packet);
    const std::string name = neutralise(words);
    if (name.size() > max_topic) return answers_.refuse(client, Refusal::text_too_long);
    const auto [says] = fields;
    client.is_program = (says & says_program) != 0;
    client.wishes = static_cast<std::uint8_t>(says & ~says_program);
    if (std::exchange(client.real_name, name) != name) witnesses_.tell_real_name(client);
    answers_.confirm(client);
}

void Names::on_nick(Client& client, Packet packet) {
    const std::string name = NickFrame::read(packet).second;
    if (name == client.name) return answers_.confirm(client, name); // and nobody is told of nothing
    if (const auto why = refuse(client, name)) return answers_.refuse(client, *why);
    if (settings_.users.empty()) return rename(client, name);
    passwords_.ask(client, LoginKind::known, name, {}, [this, name](Client& asks, const Verdict& verdict) {
        const bool is_own =
            verdict.kind == Verdict::Kind::accepted && asks.person.account == fold_name(verdict.name);
        if (verdict.kind == Verdict::Kind::refused || is_own) return rename(asks, name);
        answers_.refuse(asks,
                        verdict.kind == Verdict::Kind::accepted ? Refusal::has_password : Refusal::not_now);
    });
}

void Names::rename(Client& client, const std::string& name) {
    if (const auto why = refuse(client, name)) return answers_.refuse(client, *why);
    for (const Client::Membership& in : client.rooms)
        if (const auto why = in.room->refuse_speech(client, Clock::now()))
            return answers_.refuse(client, *why);
    rooms_.rename(client, name);
    tickets_.rename(client.number, name);
    people_.give_name(client, name);
    ignores_.tell_of(client);
    if (client.rooms.empty()) return answers_.confirm(client, name);
    Room& any = *client.rooms.front().room;
    rooms_.await(any, client, Rooms::last_of(any), {}, name);
}

void Names::on_oper(Client& client, Packet packet) {
    auto [fields, words] = OperFrame::read(packet);
    const auto [name_size] = fields;
    if (name_size > words.size()) throw PeerError("a name that is longer than its frame");
    const std::string name = words.substr(0, name_size);
    // Nobody has one that is longer; authd counts the try all the same.
    const std::string_view known_part = std::string_view{name}.substr(0, max_operator_name);
    passwords_.ask(
        client, LoginKind::secret, text(operator_secret, known_part),
        std::string_view{words}.substr(name_size), [this, name](Client& asks, const Verdict& verdict) {
            const auto& known = settings_.operators;
            const auto found = std::find_if(known.begin(), known.end(),
                                            [&](const OperatorSettings& one) { return one.name == name; });
            if (verdict.kind != Verdict::Kind::accepted || found == known.end())
                return passwords_.refuse(asks, verdict);
            asks.is_operator = asks.is_operator || found->rooms.empty();
            for (const std::string& room : found->rooms)
                if (std::find(asks.operator_rooms.begin(), asks.operator_rooms.end(), room) ==
                    asks.operator_rooms.end())
                    asks.operator_rooms.push_back(room);
            log_.notice(text("operator ", escape(name), " is ", escape(asks.name)));
            answers_.confirm(asks);
        });
    erase_bytes(words);
}

} // namespace chatd
