// SPDX-License-Identifier: ISC
#include "chatd/hub/tls_door.hh"

#include "common/tls/relay_link.hh"

#include <algorithm>
#include <utility>

using namespace common;

namespace chatd {
namespace {

constexpr std::size_t link_descriptors = TlsLink::max_unsent + 8; // and of one that is being let in

// Of one that takes nothing there is no limit: as without TLS it may fall behind as far as it likes.
RelayTerms terms_of(const Settings& settings) {
    const bool has_limit = settings.login_timeout.count() > 0;
    return {.protocol = RelayTerms::Protocol::irc,
            .least_minor = settings.tls.least_minor,
            .handshake_limit =
                has_limit ? std::min(settings.login_timeout, max_relay_limit) : max_relay_limit,
            .stall_limit = max_relay_limit};
}

} // namespace

TlsDoor::TlsDoor(Loop& loop, Log& log, const Settings& settings, std::function<void()> end)
    : settings_(settings) {
    if (!settings.tls.certificates.empty()) link_.emplace(loop, log, std::move(end));
}

std::size_t TlsDoor::descriptors(const Settings& settings) {
    return settings.tls.certificates.empty() ? 0 : link_descriptors;
}

bool TlsDoor::begin(Arrival& client, std::size_t max_clients) {
    if (!link_ || link_->is_full()) return false;
    RelayLink relay{link_->open_client(client.peer, max_clients)};
    client.socket = relay.begin(terms_of(settings_), std::move(client.socket));
    client.relay = relay.release();
    return true;
}

} // namespace chatd
