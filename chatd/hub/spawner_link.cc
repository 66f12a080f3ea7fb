// SPDX-License-Identifier: ISC
#include "chatd/hub/spawner_link.hh"

#include "common/errors.hh"
#include "common/socket.hh"

#include <algorithm>
#include <chrono>
#include <system_error>
#include <utility>
#include <vector>

using namespace common;

namespace chatd {
namespace {

constexpr std::chrono::seconds let_go_time{3}; // for one that another follows

} // namespace

SpawnerLink::SpawnerLink(std::function<void()> end, std::function<void(pid_t)> kill)
    : kill_(std::move(kill)),
      process_({.role = "spawner",
                .called = "the spawner",
                .max_packet = max_frame,
                .on_packet = [this](std::span<const char> packet) { handle(packet); },
                .on_sent =
                    [this] {
                        if (is_ready()) callbacks_.on_ready();
                    },
                .on_lost =
                    [this] {
                        version_ = 0;
                        process_.drop_waiting(); // on_lost finds their clients
                        if (was_ready_) callbacks_.on_lost();
                        if (next_) loop_->at(Clock::now(), [this] { take_next(); });
                    },
                .on_misuse =
                    [this, end = std::move(end)] {
                        if (!next_) end(); // else the keeper would end that one
                    },
                .patience = 12 * handlers_time}) {}

void SpawnerLink::attach(Loop& loop, Log& log, MakeConfigure make_configure, int pages, Callbacks callbacks) {
    loop_ = &loop;
    make_configure_ = std::move(make_configure);
    pages_ = pages;
    callbacks_ = std::move(callbacks);
    process_.attach(loop, log);
}

// What the one of now was told before is done before it lets go, and what it says of that is heard.
void SpawnerLink::adopt(Fd pair, pid_t pid, std::uint16_t version) {
    const bool is_there = process_.runs();
    next_ = Next{std::move(pair), pid, version};
    if (!is_there) return take_next();
    process_.send(LetGoFrame::make({}));
    loop_->cancel(take_next_);
    take_next_ = loop_->at(Clock::now() + let_go_time, [this] { take_next(); });
    callbacks_.on_ready(); // it is not
}

void SpawnerLink::tell_to_let_go(const Fd& pair) {
    try {
        send_packet(pair.get(), LetGoFrame::make({}));
    } catch (const std::system_error&) {
        // Then it has ended.
    }
}

void SpawnerLink::take_next() {
    if (!next_) return;
    Next next = *std::exchange(next_, std::nullopt);
    loop_->cancel(take_next_);
    if (const auto hung = process_.adopted(); hung && kill_)
        kill_(*hung);                               // it would keep clients that it has not taken
    process_.adopt(std::move(next.pair), next.pid); // which finds that the one before is lost, if it is there
    version_ = next.version;
    if (version_ == 0) return; // it tells
    send_configure();
    if (is_ready()) callbacks_.on_ready();
}

void SpawnerLink::configure() {
    if (version_ != 0) send_configure();
}

void SpawnerLink::send_configure() {
    process_.send(make_configure_(std::min(version_, protocol_version)), duplicate(pages_, "the pages"));
}

// The first frame of each: only now it is known in which version it is configured.
void SpawnerLink::hear_version(std::span<const char> packet) {
    const std::uint16_t version = std::get<0>(ReadyFrame::read(packet).first);
    if (!speaks_with(version)) throw PeerError("it is of another version: restart chatd");
    know_version(version);
}

void SpawnerLink::know_version(std::uint16_t version) {
    was_ready_ = true;
    version_ = version;
    if (callbacks_.on_version) callbacks_.on_version(version);
    send_configure();
    if (is_ready()) callbacks_.on_ready();
}

void SpawnerLink::spawn(std::uint64_t client, std::size_t page, Front front, Fd socket, Fd pair) {
    const std::string_view name = front_names.at(static_cast<std::size_t>(front));
    process_.send(SpawnFrame::make(name, client, static_cast<std::uint32_t>(page)), std::move(socket),
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
    if (version_ == 0) know_version(protocol_version); // it has told a hub that died of it
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
    case Message::ready: return hear_version(packet);
    default: throw PeerError("the spawner sent a frame that is not for the hub");
    }
}

void SpawnerLink::stop() {
    take_next();
    process_.stop();
    process_.wait();
}

} // namespace chatd
