// SPDX-License-Identifier: ISC
#include "chatd/hub/answers.hh"

#include "common/socket.hh"

#include <system_error>

using namespace common;

namespace chatd {

void Answers::send(const Client& client, std::string_view frame, int passed) const {
    if (!client.pair) return;
    try {
        const IoState state = send_packet(client.pair.fd(), frame, passed);
        if (state == IoState::would_block) faults_.kill(client, "it does not take its answers");
        if (state == IoState::vanished) faults_.doubt(client);
    } catch (const std::system_error& error) { // which may be about another client than the one that asks
        faults_.kill(client, error.what());
    }
}

void Answers::confirm(const Client& client, std::string_view words) const {
    send(client, AcceptedFrame::make(words));
}

void Answers::refuse(const Client& client, Refusal why) const {
    send(client, RefusedFrame::make({}, static_cast<std::uint8_t>(why)));
}

void Answers::list(const Client& client, std::uint32_t skip, const std::vector<std::string>& lines) const {
    std::string piece;
    std::uint32_t next = skip;
    for (; next < lines.size() && piece.size() + lines[next].size() + 1 <= max_listing; ++next)
        piece += lines[next] + '\n';
    send(client, ListingFrame::make(piece, next < lines.size() ? next : std::uint32_t{0}));
}

} // namespace chatd
