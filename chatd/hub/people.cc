// SPDX-License-Identifier: ISC
#include "chatd/hub/people.hh"

#include "chatd/words.hh"

#include <chrono>

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
    client.host = address.host();
    client.peer = address.shown();
    ++by_host_[client.host];
    ++added_;
    return client;
}

void People::remove(const Client& client) {
    if (!client.name.empty()) names_.erase(client.folded);
    const auto host = by_host_.find(client.host);
    if (--host->second == 0) by_host_.erase(host);
    clients_.erase(ClientNumber{client.number}); // a copy: it outlives the client
}

void People::give_name(Client& client, const std::string& name) {
    if (!client.name.empty()) names_.erase(client.folded);
    client.name = name;
    client.folded = fold_name(name);
    names_.emplace(client.folded, client.number);
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

bool People::is_taken(std::string_view name, ClientNumber by_other_than) const {
    const auto holder = names_.find(fold_name(name));
    return holder != names_.end() && holder->second != by_other_than;
}

std::size_t People::count_from(const std::string& host) const {
    const auto found = by_host_.find(host);
    return found == by_host_.end() ? 0 : found->second;
}

} // namespace chatd
