// SPDX-License-Identifier: ISC
#include "chatd/hub/answers.hh"

#include "common/socket.hh"

#include <chrono>
#include <iterator>
#include <poll.h>
#include <system_error>
#include <utility>

using namespace common;

namespace chatd {
namespace {

constexpr std::chrono::milliseconds pause{20};
constexpr std::chrono::seconds longest_wait{10};
constexpr std::size_t most_late = 128; // of one client: one answer, which may be many frames

bool has_room(int pair) {
    pollfd one{pair, POLLOUT, 0};
    return ::poll(&one, 1, 0) == 1 && (one.revents & POLLOUT) != 0;
}

} // namespace

void Answers::send(const Client& client, std::string_view frame, int passed) {
    if (!client.pair) return;
    if (late_.contains(client.number) || !deposits_.has_all()) return send_later(client, frame, passed);
    if (try_to_send(client, frame, passed) == Sent::later) send_later(client, frame, passed);
}

void Answers::answer(Client& client, std::string_view frame, int passed) {
    deposits_.rest(client, frame);
    send(client, frame, passed);
}

Answers::Sent Answers::try_to_send(const Client& client, std::string_view frame, int passed) {
    try {
        const IoState state = send_packet(client.pair.fd(), frame, passed);
        if (state == IoState::done) return Sent::done;
        if (state == IoState::would_block && has_room(client.pair.fd())) return Sent::later;
        if (state == IoState::would_block) faults_.kill(client, "it does not take its answers");
        if (state == IoState::vanished) faults_.doubt(client);
    } catch (const std::system_error& error) { // which may be about another client than the one that asks
        faults_.kill(client, error.what());
    }
    return Sent::never;
}

void Answers::send_later(const Client& client, std::string_view frame, int passed) {
    try {
        LateOnes& late = late_[client.number];
        if (late.frames.size() == most_late) return faults_.kill(client, "it asks and takes no answers");
        late.frames.push_back({std::string{frame}, passed >= 0 ? duplicate(passed) : Fd{}});
    } catch (const std::system_error& error) {
        late_.erase(client.number);
        return faults_.kill(client, error.what());
    }
    try_again_soon();
}

void Answers::try_again_soon() {
    if (std::exchange(will_try_, true)) return;
    loop_.at(Clock::now() + pause, [this] {
        will_try_ = false;
        try_again();
    });
}

void Answers::on_deposited() {
    const auto now = Clock::now();
    for (auto& [client, late] : late_) late.since = now; // they waited for none of theirs
    try_again();
}

void Answers::try_again() {
    if (!deposits_.has_all()) return; // on_deposited follows
    for (auto one = late_.begin(); one != late_.end();) {
        const Client* const client = people_.find(one->first);
        const bool is_over = client == nullptr || !client->pair || send_late_ones(*client, one->second);
        one = is_over ? late_.erase(one) : std::next(one);
    }
    if (!late_.empty()) try_again_soon();
}

// True when nothing is left to be sent.
bool Answers::send_late_ones(const Client& client, LateOnes& late) {
    while (!late.frames.empty()) {
        const Late& next = late.frames.front();
        const Sent sent = try_to_send(client, next.frame, next.passed.get());
        if (sent == Sent::never) return true;
        if (sent == Sent::later) break;
        late.frames.pop_front();
    }
    if (late.frames.empty()) return true;
    if (Clock::now() - late.since < longest_wait) return false;
    faults_.kill(client, "the system does not let its answers through");
    return true;
}

void Answers::confirm(Client& client, std::string_view words) { answer(client, AcceptedFrame::make(words)); }

void Answers::refuse(Client& client, Refusal why) {
    answer(client, RefusedFrame::make({}, static_cast<std::uint8_t>(why)));
}

void Answers::list(Client& client, std::uint32_t skip, const std::vector<std::string>& lines) {
    list(client, skip, lines.size(), [&](std::size_t at) { return lines[at]; });
}

void Answers::list(Client& client, std::uint32_t skip, std::size_t count,
                   const std::function<std::string(std::size_t)>& line_at) {
    std::string piece;
    std::uint32_t next = skip;
    for (; next < count; ++next) {
        const std::string line = line_at(next);
        if (piece.size() + line.size() + 1 > max_listing) break;
        piece += line + '\n';
    }
    answer(client, ListingFrame::make(piece, next < count ? next : std::uint32_t{0}));
}

} // namespace chatd
