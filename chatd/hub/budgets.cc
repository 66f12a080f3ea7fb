// SPDX-License-Identifier: ISC
#include "chatd/hub/budgets.hh"

#include <algorithm>
#include <sys/socket.h>

namespace chatd {
namespace {

bool has_budget(const Client& client) { return client.address.family() != AF_UNIX; }

} // namespace

bool Budgets::limits(const Client& client) const {
    return settings_.address_limit().lines != 0 && has_budget(client);
}

std::chrono::milliseconds Budgets::take(const Client& client, double lines, Time now) {
    if (!limits(client)) return {};
    const FloodLimit limit = settings_.address_limit();
    return bucket_of(lines_, client, limit, now).take(limit, lines, now);
}

bool Budgets::is_untouched(const Client& client, Time now) {
    const auto found = lines_.by_address.find(client.host);
    return found == lines_.by_address.end() || found->second.is_full(settings_.address_limit(), now);
}

std::chrono::milliseconds Budgets::until_code(const Client& client, Time now) {
    const auto found = codes_.by_address.find(client.host);
    if (found == codes_.by_address.end()) return {};
    return found->second.time_until(wrong_codes, 1, now);
}

void Budgets::take_wrong_code(const Client& client, Time now) {
    if (has_budget(client)) bucket_of(codes_, client, wrong_codes, now).take(wrong_codes, 1, now);
}

TokenBucket& Budgets::bucket_of(Kind& kind, const Client& client, const FloodLimit& limit, Time now) {
    const auto found = kind.by_address.find(client.host);
    if (found != kind.by_address.end()) return found->second;
    make_room(kind, limit, now);
    return kind.by_address[client.host];
}

// A new bucket is full, so it is the same as none.
void Budgets::make_room(Kind& kind, const FloodLimit& limit, Time now) {
    auto& all = kind.by_address;
    if (all.size() < kind.tidy_at) return;
    const auto time_to_fill = [&](TokenBucket bucket) { return bucket.time_until(limit, limit.lines, now); };
    std::erase_if(all, [&](const auto& entry) { return time_to_fill(entry.second).count() == 0; });
    if (all.size() >= max_addresses)
        all.erase(std::min_element(all.begin(), all.end(), [&](const auto& one, const auto& other) {
            return time_to_fill(one.second) < time_to_fill(other.second);
        }));
    kind.tidy_at = std::clamp<std::size_t>(2 * all.size(), 64, max_addresses);
}

} // namespace chatd
