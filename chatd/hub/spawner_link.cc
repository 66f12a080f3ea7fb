// SPDX-License-Identifier: ISC
#include "chatd/hub/spawner_link.hh"

#include "common/errors.hh"

#include <vector>

using namespace common;

namespace chatd {

SpawnerLink::SpawnerLink(std::function<void()> end)
    : process_({.role = "spawner",
                .called = "the spawner",
                .max_packet = max_frame,
                .on_packet = [this](std::span<const char> packet) { handle(packet); },
                .on_restart = [this] { send_configure(); },
                .on_sent = [this] { callbacks_.on_ready(); },
                .on_lost =
                    [this] {
                        process_.drop_waiting(); // on_lost finds their clients
                        if (was_ready_) callbacks_.on_lost();
                    },
                .on_misuse = std::move(end),
                .patience = 12 * handlers_time}) {}

void SpawnerLink::attach(Loop& loop, Log& log, std::string configure, int pages, Callbacks callbacks) {
    configure_ = std::move(configure);
    pages_ = pages;
    callbacks_ = std::move(callbacks);
    process_.attach(loop, log);
    send_configure();
}

void SpawnerLink::adopt(Fd pair, pid_t pid) {
    process_.adopt(std::move(pair), pid);
    callbacks_.on_ready();
}

void SpawnerLink::configure(std::string frame) {
    configure_ = std::move(frame);
    if (process_.runs()) send_configure();
}

void SpawnerLink::send_configure() { process_.send(configure_, duplicate(pages_, "the pages")); }

void SpawnerLink::spawn(std::uint64_t client, std::size_t page, Fd socket, Fd pair) {
    process_.send(SpawnFrame::make({}, client, static_cast<std::uint32_t>(page)), std::move(socket),
                  std::move(pair));
}

void SpawnerLink::signal(std::uint64_t client, int number) {
    if (process_.runs()) process_.send(KillFrame::make({}, client, static_cast<std::uint8_t>(number)));
}

void SpawnerLink::list() {
    was_ready_ = true; // to the hub before
    process_.send(ListFrame::make({}));
}

void SpawnerLink::take_handlers(std::span<const char> packet) {
    const auto [fields, rows] = HandlersFrame::read(packet);
    if (rows.size() % HandlerRow::size != 0) throw PeerError("a list of handlers that is cut off");
    std::vector<Callbacks::Handler> some;
    for (const auto& [client, pid] : HandlerRow::iter_unpack(rows))
        some.push_back({client, static_cast<pid_t>(pid)});
    if (callbacks_.on_handlers) callbacks_.on_handlers(some, std::get<0>(fields) == 0);
}

void SpawnerLink::handle(std::span<const char> packet) {
    switch (message_of(packet)) {
    case Message::spawned: {
        const auto [client, pid] = SpawnedFrame::read(packet).first;
        return callbacks_.on_spawned(client, static_cast<pid_t>(pid));
    }
    case Message::ended: {
        const auto [client, status] = EndedFrame::read(packet).first;
        return callbacks_.on_ended(client, status);
    }
    case Message::handlers: return take_handlers(packet);
    case Message::ready:
        if (std::get<0>(ReadyFrame::read(packet).first) != protocol_version)
            throw PeerError("it is of another version: restart chatd");
        was_ready_ = true;
        return;
    default: throw PeerError("the spawner sent a frame that is not for the hub");
    }
}

void SpawnerLink::stop() {
    process_.stop();
    process_.wait();
}

} // namespace chatd
