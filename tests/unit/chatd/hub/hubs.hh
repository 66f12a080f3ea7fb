// SPDX-License-Identifier: ISC
// Hubs that follow one another, each after the death of the one before. The keeper and the handlers are the
// test.
#pragma once

#include "chatd/hub/evictions.hh"
#include "chatd/hub/takeover.hh"
#include "tests/unit/chatd/hub/hub_house.hh"

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

struct Hubs {
    static constexpr pid_t spawner = 4700;

    Hubs() : now(std::make_unique<HubHouse>()) {}

    // The one of now dies, wherever it is, and another takes over what the keeper has.
    void die(chatd::ClientNumber suspect = 0) {
        const std::uint32_t hub = take_over();
        evictions->let_too_old_go(hub);
        takeover->ask_to_repeat(hub, suspect);
        evictions->empty_closing_rooms();
    }
    // The end of a round.
    void settle() {
        now->settle();
        pool->tell_released();
    }
    // Up to there; the number of the hub that takes over.
    std::uint32_t take_over(bool may_lose = true) {
        pool.reset();
        before.push_back(std::move(now));
        HubHouse& dead = *before.back();
        now = std::make_unique<HubHouse>(&dead);
        if (configured) now->settings.rooms = *configured;
        pool.emplace(
            now->loop, now->log, now->settings, pages, now->people, now->bans, now->deposits,
            chatd::HandlerPool::Spawner{
                [] { return true; }, [] { return spawner; },
                [](chatd::ClientNumber, std::size_t, chatd::Front, common::Fd, common::Fd) {},
                [](chatd::ClientNumber, int) {}},
            chatd::HandlerPool::Callbacks{[this](chatd::ClientNumber client) { now->requests.read(client); },
                                          [this](chatd::Client& client) { now->departures.end(client); }});
        pool->open({}, 0);
        evictions.emplace(now->log, now->settings, now->people, now->rooms, now->answers, now->departures,
                          [](std::string_view label) { return label == "listen here"; });
        takeover.emplace(
            [&dead](std::string_view begin) {
                std::vector<common::KeeperLink::Left> left;
                for (auto& [label, deposited] : dead.box)
                    if (label.starts_with(begin))
                        left.push_back({label, deposited.bytes,
                                        deposited.fd ? common::duplicate(deposited.fd.get()) : common::Fd{}});
                return left;
            },
            chatd::Takeover::Parts{now->log, now->people, now->rooms, now->tickets, now->bans, saved,
                                   now->deposits, now->answers, now->departures, now->newcomers, now->ignores,
                                   *pool},
            spawner, may_lose);
        for (auto& [label, deposited] : dead.box) // the keeper has it still
            now->box[label] = {deposited.bytes,
                               deposited.fd ? common::duplicate(deposited.fd.get()) : common::Fd{}};
        takeover->restore_bans();
        takeover->restore_rooms(now->settings);
        now->make_rooms();
        takeover->restore_tickets();
        takeover->restore_clients();
        const std::uint32_t hub = takeover->count_hubs();
        now->requests.set_generation(hub);
        now->box["hub"].bytes = std::to_string(hub);
        return hub;
    }
    // As the one before has deposited it: the client's handler speaks that version.
    void make_old(chatd::Client& client, std::uint16_t protocol) const {
        client.protocol = protocol;
        client.is_changed = true;
        now->answers.confirm(client);
        now->heard(client.number);
    }
    // The new version stays.
    void stay() {
        evictions->begin_closing();
        now->deposits.settle(now->rooms, false);
        evictions->empty_closing_rooms();
        evictions->let_go_of_listeners();
    }

    std::string say(const std::string& words) const {
        return chatd::SayFrame::make(words, now->room().number(),
                                     static_cast<std::uint8_t>(chatd::Kind::said), std::uint8_t{0});
    }
    void put_into_pair(chatd::ClientNumber client, const std::string& frame) const {
        common::send_packet(now->handlers.at(client).get(), frame);
    }
    // The client's handler has heard of this hub, and repeats the request of this serial; so many bytes were
    // dealt with.
    void answer_again(chatd::ClientNumber client, std::uint32_t open, std::uint64_t dealt_with = 0) const {
        put_into_pair(
            client, chatd::HereFrame::make({}, static_cast<std::uint32_t>(std::stoul(now->box["hub"].bytes)),
                                           std::uint32_t{0}, dealt_with, open));
        now->requests.read(client);
    }
    // One that has a token, with which the next hub knows it.
    chatd::Client& enter_with_token(const std::string& name, std::string& token) const {
        chatd::Client& client = now->enter(name);
        now->resumption.give_token(client);
        token = now->next_frame(client.number)->as<chatd::TokenFrame>().second;
        client.is_changed = true;
        now->answers.confirm(client);
        now->heard(client.number);
        return client;
    }
    // What chat(1) hears, on a new connection, of its token: "refused 60", or how many of its bytes were
    // dealt with.
    std::string come_again(const std::string& token, std::uint8_t count = chatd::counts) const {
        const chatd::ClientNumber number = now->arrive().number;
        now->send(*now->people.find(number),
                  chatd::ResumeFrame::make(token, std::uint64_t{0}, count, std::uint8_t{32}));
        now->settle();
        std::string heard;
        while (const auto frame = now->next_frame(number))
            if (frame->message == chatd::Message::resumed)
                heard += "resumed " + std::to_string(std::get<1>(frame->as<chatd::ResumedFrame>().first));
            else if (frame->message == chatd::Message::refused)
                heard += HubHouse::shown(*frame);
        return heard;
    }
    void end_handler(chatd::ClientNumber client) const {
        now->handlers[client].reset();
        now->requests.read(client);
        now->settle();
    }

    std::vector<std::unique_ptr<HubHouse>> before;
    std::unique_ptr<HubHouse> now;
    common::StatusPages pages{16};
    common::Log log{"chatd", "hub", {common::Log::Target::standard_error, {}}, common::Severity::error};
    common::Loop loop{common::Backend::poll};
    TemporaryFolder folder;
    chatd::BackgroundSave saved{loop, log, folder / "bans", "the bans", [] { return std::string{}; }};
    std::optional<chatd::HandlerPool> pool;
    std::optional<chatd::Evictions> evictions;
    std::optional<chatd::Takeover> takeover;
    std::optional<std::vector<chatd::RoomSettings>> configured; // for the next hub
};
