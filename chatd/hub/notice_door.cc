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
    left_ = service_.keeper().take_left(label_of_notifier);
    if (!service_.keeper().is_on_trial()) on_stay();
}

void NoticeDoor::add(Given socket) {
    servers_.erase(socket.label);
    servers_.try_emplace(socket.label, service_.loop(), std::move(socket.fd), std::vector{limited_verb()},
                         silence);
}

void NoticeDoor::remove(const std::string& label) { servers_.erase(label); }

// On trial they are not heard: what they say then would be lost with this hub, or said twice.
void NoticeDoor::on_stay() {
    for (KeeperLink::Left& one : std::exchange(left_, {})) {
        if (one.fd && !servers_.empty())
            servers_.begin()->second.adopt(ControlServer::Moved::unpack(one.bytes, std::move(one.fd)));
        service_.keeper().withdraw(one.label);
    }
}

ControlVerb NoticeDoor::limited_verb() {
    ControlVerb verb = notice_;
    verb.run = [this](Words words) {
        require_budget();
        ControlAnswer answer = notice_.run(words);
        bucket_.take(settings_.address_limit(), 1, Clock::now());
        return answer;
    };
    return verb;
}

void NoticeDoor::require_budget() {
    const FloodLimit limit = settings_.address_limit();
    const auto wait = bucket_.time_until(limit, 1, Clock::now());
    if (wait.count() > 0)
        throw UserError(text("there were too many notices: ", limit.lines, " in ", limit.seconds,
                             " seconds are let in (flood-per-address)"));
}

void NoticeDoor::continue_answers() {
    for (auto& [label, server] : servers_) server.continue_answers();
}

bool NoticeDoor::is_answering() const {
    return std::ranges::any_of(servers_, [](const auto& one) { return one.second.is_answering(); });
}

void NoticeDoor::accept_no_more() {
    for (auto& [label, server] : servers_) server.accept_no_more();
}

void NoticeDoor::hand_over() {
    std::size_t notifier = 0;
    for (auto& [label, server] : servers_)
        for (const ControlServer::Moved& moved : server.take_moved())
            if (const std::optional<std::string> packed = moved.pack())
                service_.keeper().deposit(text(label_of_notifier, ++notifier), *packed, moved.socket.get());
}

} // namespace chatd
