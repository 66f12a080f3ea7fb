// SPDX-License-Identifier: ISC
#include "chatd/hub/tickets.hh"

#include "chatd/protocol.hh"
#include "common/errors.hh"
#include "common/fd.hh"

#include <array>
#include <fcntl.h>
#include <stdexcept>
#include <unistd.h>

using namespace common;

namespace chatd {

std::string make_token() {
    constexpr const char* source = "/dev/urandom"; // not in POSIX, and in every Unix
    const Fd random{checked("open", source, [&] { return ::open(source, O_RDONLY | O_CLOEXEC); })};
    std::array<unsigned char, max_token / 2> bytes{};
    const auto got =
        checked("read", source, [&] { return ::read(random.get(), bytes.data(), bytes.size()); });
    if (static_cast<std::size_t>(got) != bytes.size()) throw std::runtime_error("too few random bytes");
    constexpr std::string_view digits = "0123456789abcdef";
    std::string token;
    for (const unsigned byte : bytes) token.append({digits[byte >> 4], digits[byte & 15]});
    return token;
}

std::string Tickets::issue(std::uint64_t client, const std::string& name, std::string_view before) {
    forget(client);
    std::string token = make_token();
    Kept& kept = by_client_[client];
    kept.ticket.client = client;
    kept.ticket.name = name;
    kept.hashes.push_back(sha256(token));
    if (!before.empty()) kept.hashes.push_back(sha256(before));
    for (const Sha256& hash : kept.hashes) by_hash_[hash] = client;
    return token;
}

void Tickets::rename(std::uint64_t client, const std::string& name) {
    const auto found = by_client_.find(client);
    if (found != by_client_.end()) found->second.ticket.name = name;
}

void Tickets::keep(std::uint64_t client, std::vector<Place> places, std::uint64_t counted,
                   std::vector<std::uint64_t> formers, Time until) {
    const auto found = by_client_.find(client);
    if (found == by_client_.end()) return;
    Ticket& ticket = found->second.ticket;
    left_.erase({ticket.expires, client});
    left_.emplace(until, client);
    ticket.places = std::move(places);
    ticket.counted = counted;
    ticket.formers = std::move(formers);
    ticket.is_left = true;
    ticket.expires = until;
}

void Tickets::forget(std::uint64_t client) {
    const auto found = by_client_.find(client);
    if (found == by_client_.end()) return;
    for (const Sha256& hash : found->second.hashes) by_hash_.erase(hash);
    left_.erase({found->second.ticket.expires, client});
    by_client_.erase(found);
}

std::optional<Tickets::Ticket> Tickets::find(std::string_view token, Time now) const {
    // Comparing hashes tells nothing of the token, however long it takes.
    const auto found = by_hash_.find(sha256(token));
    if (found == by_hash_.end()) return {};
    const Ticket& ticket = by_client_.at(found->second).ticket;
    if (ticket.is_left && ticket.expires <= now) return {};
    return ticket;
}

void Tickets::drop_expired(Time now) {
    while (!left_.empty() && left_.begin()->first <= now) forget(std::uint64_t{left_.begin()->second});
}

} // namespace chatd
