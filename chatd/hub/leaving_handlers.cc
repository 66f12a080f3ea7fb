// SPDX-License-Identifier: ISC
#include "chatd/hub/leaving_handlers.hh"

#include "chatd/protocol.hh"
#include "common/errors.hh"
#include "common/socket.hh"
#include "common/text.hh"

#include <array>
#include <chrono>
#include <span>
#include <sys/socket.h>
#include <utility>

using namespace common;

namespace chatd {
namespace {

constexpr std::chrono::seconds patience{10};

} // namespace

void LeavingHandlers::begin(ClientNumber client, pid_t pid, ErrorLines errors, Fd pair,
                            std::string farewell) {
    Handler handler{std::move(pair), {}, std::move(errors), pid, std::move(farewell)};
    if (handler.socket) {
        untold_.push_back(client);
        const auto on_event = [this, client](const Event&) {
            const auto found = handlers_.find(client);
            if (found != handlers_.end() && read_errors(found->second)) found->second.pair.again();
        };
        const auto on_error = [this, client](const std::exception&) { handlers_.at(client).pair.reset(); };
        try {
            handler.pair = Watch{loop_, handler.socket.get(), Interest::read, on_event, on_error};
        } catch (const std::exception& error) { // what it writes is lost then
            log_.warning(text("handler ", pid, ": ", error.what()));
        }
    }
    be_patient(client, handler);
    handlers_.insert_or_assign(client, std::move(handler));
}

void LeavingHandlers::be_patient(ClientNumber client, Handler& handler) {
    loop_.cancel(handler.kill_at);
    handler.kill_at = loop_.at(Clock::now() + patience, [this, client] { kill_late(client); });
}

void LeavingHandlers::tell() {
    for (const ClientNumber client : std::exchange(untold_, {})) {
        const auto found = handlers_.find(client);
        if (found == handlers_.end()) continue; // it has ended
        tell(found->second);
        be_patient(client, found->second); // it had nothing to end for before
    }
}

void LeavingHandlers::tell(Handler& handler) {
    try {
        if (!handler.farewell.empty()) send_packet(handler.socket.get(), handler.farewell);
    } catch (const std::exception& error) { // then it is not told why
        log_.warning(text("no farewell to handler ", handler.pid, ": ", error.what()));
    }
    ::shutdown(handler.socket.get(), SHUT_WR);
}

void LeavingHandlers::end(ClientNumber client) {
    const auto leaving = handlers_.find(client);
    if (leaving == handlers_.end()) return;
    Handler& handler = leaving->second;
    const auto read_last_words = [&] {
        for (int turns = 256; turns > 0 && read_errors(handler); --turns) {
        } // an orphan's are endless if it wants
    };
    loop_.attempt(read_last_words, [](const std::exception&) {}); // they are lost; its page is not
    loop_.cancel(handler.kill_at);
    handler.errors.end(log_, {"handler", handler.pid});
    handlers_.erase(leaving);
}

pid_t LeavingHandlers::pid_of(ClientNumber client) const {
    const auto found = handlers_.find(client);
    return found == handlers_.end() ? -1 : found->second.pid;
}

std::optional<ClientNumber> LeavingHandlers::any() const {
    if (handlers_.empty()) return {};
    return handlers_.begin()->first;
}

// Frames mean nothing any more. True: there may be more.
bool LeavingHandlers::read_errors(Handler& handler) {
    constexpr int packets_at_once = 16;
    std::array<char, max_frame> buffer; // not filled: there is seldom anything
    for (int budget = packets_at_once; handler.pair && budget > 0; --budget) {
        try {
            const Received got = receive_packet(handler.pair.fd(), buffer, 0, Tolerated::longer);
            if (got.state == IoState::would_block) return false;
            if (got.state == IoState::ended) handler.pair.reset();
            if (got.state != IoState::done) continue;
            const auto packet = std::span{buffer}.first(got.bytes);
            if (is_error_text(packet)) handler.errors.add(packet, got.is_cut, log_, {"handler", handler.pid});
        } catch (const PeerError&) {
            // It passed a descriptor, which is closed.
        }
    }
    return static_cast<bool>(handler.pair);
}

void LeavingHandlers::kill_late(ClientNumber client) {
    if (kill_(client))
        log_.warning(text("handler ", handlers_.at(client).pid, " is killed: it did not end within ",
                          patience.count(), " s"));
}

} // namespace chatd
