// SPDX-License-Identifier: ISC
#include "chatd/handler/client_tls.hh"

#include "common/text.hh"

#include <string_view>

using namespace common;

namespace chatd {

bool ClientTls::is_awaited() const {
    if (!relay_ || relay_->fd() < 0) return false;
    const RelayLink::Connection& told = relay_->connection(control_connection);
    return !told.security && !told.end;
}

std::string ClientTls::words() const {
    const RelayLink::Connection& told = relay_->connection(control_connection);
    if (told.security) return text("1.", told.security->minor, '/', name_of_cipher(told.cipher));
    return text("no tls: ", told.why.empty() ? std::string_view{"its relay has ended"} : told.why);
}

// No value: there is no relay. One that has ended without a word has cut its client off.
std::optional<RelayEnd> ClientTls::end() {
    if (!relay_) return {};
    relay_->hear();
    return relay_->connection(control_connection).end.value_or(RelayEnd::cut);
}

} // namespace chatd
