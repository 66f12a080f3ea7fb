// SPDX-License-Identifier: ISC
#include "chatd/tickets.hh"

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

std::string Tickets::issue(std::uint64_t client, const std::string& name) {
    forget(client);
    std::string token = make_token();
    const Sha256 hash = sha256(token);
    by_client_[client] = hash;
    by_hash_[hash] = {client, name};
    return token;
}

void Tickets::rename(std::uint64_t client, const std::string& name) {
    const auto found = by_client_.find(client);
    if (found != by_client_.end()) by_hash_.at(found->second).name = name;
}

void Tickets::keep(std::uint64_t client, std::vector<Place> places, Time until) {
    const auto found = by_client_.find(client);
    if (found == by_client_.end()) return;
    Ticket& ticket = by_hash_.at(found->second);
    ticket.places = std::move(places);
    ticket.is_left = true;
    ticket.expires = until;
}

void Tickets::forget(std::uint64_t client) {
    const auto found = by_client_.find(client);
    if (found == by_client_.end()) return;
    by_hash_.erase(found->second);
    by_client_.erase(found);
}

std::optional<Tickets::Ticket> Tickets::find(std::string_view token, Time now) const {
    // Comparing hashes tells nothing of the token, however long it takes.
    const auto found = by_hash_.find(sha256(token));
    if (found == by_hash_.end() || (found->second.is_left && found->second.expires <= now)) return {};
    return found->second;
}

void Tickets::drop_expired(Time now) {
    for (auto ticket = by_hash_.begin(); ticket != by_hash_.end();) {
        const bool is_over = ticket->second.is_left && ticket->second.expires <= now;
        if (is_over) by_client_.erase(ticket->second.client);
        ticket = is_over ? by_hash_.erase(ticket) : std::next(ticket);
    }
}

} // namespace chatd
