// SPDX-License-Identifier: ISC
#include "chatd/hub/tickets.hh"

#include "chatd/protocol.hh"
#include "chatd/words.hh"
#include "common/secret.hh"

#include <algorithm>
#include <array>

using namespace common;

namespace chatd {

std::string make_token() {
    std::array<char, max_token / 2> bytes{};
    fill_random(bytes);
    constexpr std::string_view digits = "0123456789abcdef";
    std::string token;
    for (const char byte : bytes) {
        const unsigned value = static_cast<unsigned char>(byte);
        token.append({digits[value >> 4], digits[value & 15]});
    }
    return token;
}

std::string Tickets::issue(std::uint64_t client, const std::string& name, std::string_view before) {
    forget(client);
    std::string token = make_token();
    Kept kept{.ticket = {.client = client, .name = name}, .tokens = {token}};
    kept.ticket.person.first = client; // unless it came with a token
    if (!before.empty()) kept.tokens.emplace_back(before);
    insert(std::move(kept));
    return token;
}

void Tickets::insert(Kept kept) {
    const std::uint64_t client = kept.ticket.client;
    for (const std::string& good : kept.tokens) by_digits_.emplace(good.substr(0, lookup_digits), client);
    by_client_[client] = std::move(kept);
}

std::vector<Tickets::Kept> Tickets::left() const {
    std::vector<Kept> left;
    for (const auto& [client, kept] : by_client_)
        if (kept.ticket.is_left) left.push_back(kept);
    return left;
}

std::optional<Tickets::Kept> Tickets::kept_of(std::uint64_t client) const {
    const auto found = by_client_.find(client);
    if (found == by_client_.end()) return {};
    return found->second;
}

std::vector<std::string> Tickets::tokens_of(std::uint64_t client) const {
    const auto found = by_client_.find(client);
    return found == by_client_.end() ? std::vector<std::string>{} : found->second.tokens;
}

void Tickets::put_back(Kept kept) {
    forget(kept.ticket.client);
    if (kept.ticket.is_left) note_left(kept.ticket);
    insert(std::move(kept));
}

void Tickets::note_left(const Ticket& ticket) {
    left_.emplace(ticket.expires, ticket.client);
    left_by_network_[ticket.network].emplace(ticket.expires, ticket.client);
}

void Tickets::drop_excess(const std::string& network) {
    const auto own = left_by_network_.find(network);
    if (!network.empty() && own->second.size() > max_left_of_network)
        forget(std::uint64_t{own->second.begin()->second});
    while (left_.size() > max_left) {
        const auto most = std::max_element(
            left_by_network_.begin(), left_by_network_.end(),
            [](const auto& one, const auto& other) { return one.second.size() < other.second.size(); });
        forget(std::uint64_t{most->second.begin()->second});
    }
}

void Tickets::rename(std::uint64_t client, const std::string& name) {
    const auto found = by_client_.find(client);
    if (found != by_client_.end()) found->second.ticket.name = name;
}

void Tickets::note(std::uint64_t client, const Person& person, const std::vector<Client::Ignored>& ignored) {
    const auto found = by_client_.find(client);
    if (found == by_client_.end()) return;
    found->second.ticket.person = person;
    found->second.ticket.ignored = ignored;
}

void Tickets::keep(std::uint64_t client, std::vector<Stay> stays, std::optional<std::uint64_t> counted,
                   std::vector<std::uint64_t> formers, Time until, const std::string& network) {
    const auto found = by_client_.find(client);
    if (found == by_client_.end()) return;
    Ticket& ticket = found->second.ticket;
    forget_left(ticket);
    ticket.stays = std::move(stays);
    ticket.counted = counted;
    ticket.formers = std::move(formers);
    ticket.is_left = true;
    ticket.expires = until;
    ticket.network = network;
    note_left(ticket);
    drop_excess(network);
}

void Tickets::forget_left(const Ticket& ticket) {
    left_.erase({ticket.expires, ticket.client});
    const auto network = left_by_network_.find(ticket.network);
    if (network == left_by_network_.end()) return;
    network->second.erase({ticket.expires, ticket.client});
    if (network->second.empty()) left_by_network_.erase(network);
}

void Tickets::forget(std::uint64_t client) {
    const auto found = by_client_.find(client);
    if (found == by_client_.end()) return;
    for (const std::string& token : found->second.tokens) {
        const auto [first, last] = by_digits_.equal_range(token.substr(0, lookup_digits));
        const auto own = std::find_if(first, last, [&](const auto& entry) { return entry.second == client; });
        if (own != last) by_digits_.erase(own);
    }
    forget_left(found->second.ticket);
    const bool was_left = found->second.ticket.is_left;
    by_client_.erase(found);
    if (was_left) on_forgotten_(client);
}

std::optional<Tickets::Ticket> Tickets::find(std::string_view token, Time now) const {
    const auto [first, last] = by_digits_.equal_range(token.substr(0, lookup_digits));
    for (auto at = first; at != last; ++at) {
        const Kept& kept = by_client_.at(at->second);
        const bool is_good =
            std::any_of(kept.tokens.begin(), kept.tokens.end(),
                        [&](const std::string& good) { return equal_in_constant_time(good, token); });
        if (is_good && !(kept.ticket.is_left && kept.ticket.expires <= now)) return kept.ticket;
    }
    return {};
}

std::optional<Tickets::Ticket> Tickets::of(std::uint64_t client) const {
    const auto found = by_client_.find(client);
    if (found == by_client_.end()) return {};
    return found->second.ticket;
}

Person Tickets::left_under(std::string_view folded_name, Time now) const {
    for (const auto& [client, kept] : by_client_) {
        const Ticket& ticket = kept.ticket;
        if (ticket.is_left && ticket.expires > now && fold_name(ticket.name) == folded_name)
            return ticket.person;
    }
    return {};
}

std::vector<std::uint64_t> Tickets::numbers_of(const Person& person) const {
    std::vector<std::uint64_t> numbers;
    for (const auto& [client, kept] : by_client_) {
        if (!person.is(kept.ticket.person)) continue;
        numbers.push_back(client);
        numbers.insert(numbers.end(), kept.ticket.formers.begin(), kept.ticket.formers.end());
    }
    return numbers;
}

void Tickets::drop_expired(Time now) {
    while (!left_.empty() && left_.begin()->first <= now) forget(std::uint64_t{left_.begin()->second});
}

} // namespace chatd
