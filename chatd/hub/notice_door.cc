// SPDX-License-Identifier: ISC
#include "chatd/hub/notice_door.hh"

#include "common/errors.hh"
#include "common/text.hh"

#include <algorithm>

using namespace common;

namespace chatd {
namespace {

constexpr std::string_view label_of_notifier = "notifier "; // a connection, for the next hub

} // namespace

NoticeDoor::NoticeDoor(Service& service, const Settings& settings, ControlVerb notice)
    : service_(service), settings_(settings), notice_(std::move(notice)) {}

std::size_t NoticeDoor::descriptors(const Settings& settings) {
    return settings.notices ? 2 * (ControlServer::max_clients + 1) : 0; // two, while one follows the other
}

void NoticeDoor::open() {
    for (Given& socket : service_.keeper().take_all(label_of_group_socket)) add(std::move(socket));
    adopt_notifiers();
}

void NoticeDoor::add(Given socket) {
    servers_.erase(socket.label);
    servers_.try_emplace(
        socket.label, service_.loop(), std::move(socket.fd), std::vector{notice_},
        ControlServer::Manners{.silence = silence, .refuse = [this] { return take_token(); }});
}

void NoticeDoor::remove(const std::string& label) { servers_.erase(label); }

// At once, on trial too, since who is connected may not wait for its end. They are not there for the next hub
// then, which would hear twice what one of them has said. What is wrong with one ends that one.
void NoticeDoor::adopt_notifiers() {
    for (KeeperLink::Left& one : service_.keeper().take_left(label_of_notifier)) {
        service_.keeper().withdraw(one.label);
        service_.attempt([&] {
            if (one.fd && !servers_.empty())
                servers_.begin()->second.adopt(ControlServer::Moved::unpack(one.bytes, std::move(one.fd)));
        });
    }
}

std::optional<ControlServer::Manners::Refusal> NoticeDoor::take_token() {
    const FloodLimit limit = settings_.address_limit();
    const Clock::time_point now = Clock::now();
    const auto wait = bucket_.time_until(limit, 1, now);
    if (wait.count() == 0) return bucket_.take(limit, 1, now), std::nullopt;
    return ControlServer::Manners::Refusal{text("there were too many notices: ", limit.lines, " in ",
                                                limit.seconds, " seconds are let in (flood-per-address)"),
                                           wait};
}

void NoticeDoor::continue_answers() {
    for (auto& [label, server] : servers_) server.continue_answers();
}

bool NoticeDoor::is_answering() const {
    return std::ranges::any_of(servers_, [](const auto& one) { return one.second.is_answering(); });
}

void NoticeDoor::begin_hand_over() {
    for (auto& [label, server] : servers_) server.begin_hand_over();
}

void NoticeDoor::hand_over() {
    std::size_t notifier = 0;
    for (auto& [label, server] : servers_)
        for (const ControlServer::Moved& moved : server.take_moved())
            if (const std::optional<std::string> packed = moved.pack())
                service_.keeper().deposit(text(label_of_notifier, ++notifier), *packed, moved.socket.get());
}

} // namespace chatd
