// SPDX-License-Identifier: ISC
#include "chatd/hub/marks.hh"

#include "chatd/hub/client.hh"

#include <algorithm>
#include <utility>

using namespace common;

namespace chatd {

bool Marks::Mark::is_of(const Client& client) const {
    return whom.is(client.person) || (network && network->contains(client.address));
}

void Marks::set(const Client& whom, std::optional<Time> until, std::optional<Network> network, Time now) {
    std::erase_if(marks_, [&](const Mark& mark) {
        return mark.whom.is(whom.person) || (mark.until && *mark.until <= now);
    });
    put_back({whom.person, whom.folded, network, until}, max_marks_of_room);
}

void Marks::put_back(Mark mark, std::size_t most) {
    if (marks_.size() >= most) marks_.erase(marks_.begin());
    marks_.push_back(std::move(mark));
}

bool Marks::take_back(const std::string& folded_name, const Client* whom) {
    const auto is_whoms = [&](const Mark& mark) { return mark.is_of(*whom); };
    if (whom != nullptr && std::erase_if(marks_, is_whoms) != 0) return true;
    return std::erase_if(marks_, [&](const Mark& mark) { return mark.name == folded_name; }) != 0;
}

bool Marks::has(const Client& client, Time now) const {
    return std::any_of(marks_.begin(), marks_.end(), [&](const Mark& mark) {
        return (!mark.until || *mark.until > now) && mark.is_of(client);
    });
}

std::size_t Marks::count_others(const Client& client, Time now) const {
    return static_cast<std::size_t>(std::count_if(marks_.begin(), marks_.end(), [&](const Mark& mark) {
        return (!mark.until || *mark.until > now) && !mark.whom.is(client.person);
    }));
}

bool Marks::rename(const Client& client, const std::string& folded_name) {
    bool has_one = false;
    for (Mark& mark : marks_) {
        if (!mark.whom.is(client.person)) continue;
        mark.name = folded_name;
        has_one = true;
    }
    return has_one;
}

} // namespace chatd
