// SPDX-License-Identifier: ISC
#include "chatd/handler/irc/irc_input.hh"

#include <utility>

namespace chatd::irc {

std::optional<ClientLine> IrcInput::next() {
    if (held_) return std::exchange(held_, std::nullopt);
    const std::optional<common::Line> line = reader_.next();
    if (!line) return {};
    if (!line->too_long) return parse_client_line(line->text);
    ClientLine parsed;
    parsed.fault = ClientLine::Fault::too_long;
    return parsed;
}

} // namespace chatd::irc
