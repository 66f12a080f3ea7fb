// SPDX-License-Identifier: ISC
#include "chatd/hub/people.hh"

#include "chatd/words.hh"

#include <algorithm>
#include <chrono>
#include <utility>

using namespace common;

namespace chatd {
namespace {

// Numbers start at the present nanosecond, so that those in the logs of earlier runs are never met again.
ClientNumber first_number() {
    const auto now = std::chrono::system_clock::now().time_since_epoch();
    return static_cast<ClientNumber>(std::chrono::duration_cast<std::chrono::nanoseconds>(now).count());
}

} // namespace

People::People() : next_(first_number()) {}

Client& People::add(const Address& address) {
    Client& client = clients_[next_];
    client.number = next_++;
    client.person.first = client.number; // unless it resumes
    client.address = address;
    count(client);
    ++added_;
    return client;
}

Client& People::restore(ClientFacts facts) {
    next_ = std::max(next_, facts.number + 1);
    Client& client = clients_[facts.number];
    static_cast<ClientFacts&>(client) = std::move(facts);
    count(client);
    if (!client.name.empty()) index_name(client);
    return client;
}

void People::count(Client& client) {
    client.host = client.address.network();
    client.peer = client.address.shown();
    ++by_network_[client.host];
}

void People::remove(const Client& client) {
    take_name(client);
    const auto network = by_network_.find(client.host);
    if (--network->second == 0) by_network_.erase(network);
    clients_.erase(ClientNumber{client.number}); // a copy: it outlives the client
}

void People::give_name(Client& client, const std::string& name) {
    take_name(client);
    client.name = name;
    index_name(client);
}

void People::index_name(Client& client) {
    client.folded = fold_name(client.name);
    // Of two of a hub that has died the other was about to leave.
    names_.insert_or_assign(client.folded, client.number);
    likenesses_.insert_or_assign(likeness_of(client.name), client.number);
}

void People::take_name(const Client& client) {
    if (client.name.empty()) return;
    const auto drop = [&](auto& index, const std::string& name) {
        const auto found = index.find(name); // which may be another's that came after it
        if (found != index.end() && found->second == client.number) index.erase(found);
    };
    drop(names_, client.folded);
    drop(likenesses_, likeness_of(client.name));
}

Client* People::find(ClientNumber number) {
    const auto found = clients_.find(number);
    return found == clients_.end() ? nullptr : &found->second;
}

Client* People::find(std::string_view name) {
    const auto found = names_.find(fold_name(name));
    return found == names_.end() ? nullptr : &clients_.at(found->second);
}

Client* People::find_in(const Room* room, std::string_view name) {
    Client* const client = find(name);
    return client != nullptr && (room == nullptr || client->is_in(*room)) ? client : nullptr;
}

// The same name in other letters of case may look like another: both are looked up.
std::optional<Refusal> People::refuse(std::string_view name, ClientNumber for_other_than) const {
    const auto holder = names_.find(fold_name(name));
    if (holder != names_.end() && holder->second != for_other_than) return Refusal::name_taken;
    const auto like = likenesses_.find(likeness_of(name));
    if (like != likenesses_.end() && like->second != for_other_than) return Refusal::name_alike;
    return {};
}

std::size_t People::count_from(const std::string& network) const {
    const auto found = by_network_.find(network);
    return found == by_network_.end() ? 0 : found->second;
}

} // namespace chatd
