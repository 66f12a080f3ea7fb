// SPDX-License-Identifier: ISC
// The parts of a hub without a spawner or authd: each client's handler is the test, at the other end of the
// pair.
#pragma once

#include "chatd/hub/leaving_handlers.hh"
#include "chatd/hub/requests.hh"
#include "common/errors.hh"
#include "common/text.hh"
#include "tests/unit/common/temporary_folder.hh"

#include <array>
#include <csignal>
#include <fstream>
#include <iterator>
#include <map>
#include <optional>
#include <string>
#include <sys/resource.h>
#include <vector>

// A room of the configuration, open unless it has a code.
inline chatd::RoomSettings room_settings(const std::string& name, const std::string& code = {}) {
    chatd::RoomSettings settings;
    settings.name = name;
    settings.code = code;
    return settings;
}

// Whatever is written meanwhile finds no room.
class FullDisk {
public:
    FullDisk() {
        std::signal(SIGXFSZ, SIG_IGN);
        ::getrlimit(RLIMIT_FSIZE, &before_);
        rlimit none = before_;
        none.rlim_cur = 1;
        ::setrlimit(RLIMIT_FSIZE, &none);
    }
    ~FullDisk() { ::setrlimit(RLIMIT_FSIZE, &before_); }
    FullDisk(const FullDisk&) = delete;
    FullDisk& operator=(const FullDisk&) = delete;

private:
    rlimit before_{};
};

struct HubHouse {
    using Client = chatd::Client;

    // What a handler is sent.
    struct Frame {
        chatd::Message message;
        std::string bytes;
        common::Fd passed;
        // Its fields and text as KnownFrame has them.
        template <class KnownFrame>
        auto as() const {
            return KnownFrame::read(bytes);
        }
    };

    // before: a hub that has died; this one has its folder and its clients' handlers, and may take over.
    explicit HubHouse(HubHouse* before = nullptr)
        : folder{before == nullptr ? own_folder / "." : before->folder.path} {
        if (before != nullptr) handlers = std::move(before->handlers);
        if (before != nullptr) last_serials = before->last_serials;
        settings.state = folder / "state";
        settings.resume_time = std::chrono::seconds{600};
        settings.flood.lines = 0;
        settings.rooms = {room_settings("lobby"), room_settings("cellar", "sesame")};
        rooms.set_most_made(64);
        tickets.tell_forgotten([this](chatd::ClientNumber client) { deposits.note_forgotten(client); });
        if (before == nullptr) make_rooms();
    }
    void make_rooms() {
        for (const chatd::RoomSettings& room : settings.rooms)
            if (rooms.find(room.name) == nullptr) rooms.make(room);
    }
    HubHouse(const HubHouse&) = delete;
    HubHouse& operator=(const HubHouse&) = delete;

    Client& arrive(const std::string& host = "10.0.0.7") {
        Client& client = people.add(
            common::resolve_address(host.find(':') == host.npos ? host + ":40000" : '[' + host + "]:40000")
                .front());
        auto [ours, theirs] = common::make_packet_pair();
        client.pair =
            common::Watch{loop, std::move(ours), common::Interest::read,
                          [this, number = client.number](const common::Event&) { requests.read(number); }};
        client.page = arrived++ % 16;
        handlers[client.number] = std::move(theirs);
        deposits.put_new(client);
        return client;
    }
    // One that has a name and has entered the room; its handler has taken all it was sent.
    Client& enter(const std::string& name, const std::string& room = "lobby",
                  const std::string& host = "10.0.0.7") {
        Client& client = arrive(host);
        people.give_name(client, name);
        client.state = Client::State::entering;
        join(client, room);
        return client;
    }
    void join(Client& client, std::string_view room) {
        rooms.enter(*rooms.find(room), client, 0);
        client.is_changed = true;
        settle();
        heard(client.number);
    }
    // As HandlerPool does it, but for handlers that are told nothing, which count as ended.
    void release(Client& client, std::string_view farewell) {
        if (farewell.empty())
            deposits.note_ended(client.number);
        else
            deposits.note_left(client, farewell);
        leaving.begin(client.number, -1, {}, client.pair.release(), std::string{farewell});
        people.remove(client);
    }
    void settle() {
        while (rooms.has_batches()) {
            const std::vector<chatd::Rooms::Settled> all = rooms.flush();
            deposits.settle(rooms, answers.are_all_sent());
            for (const chatd::Rooms::Settled& one : all) entry.settle(one);
        }
        for (const std::string& closed : rooms.close_empty()) bans.forget_room(closed);
        deposits.settle(rooms, false);
        deposits.end_round();
        if (deposits.has_settled()) leaving.tell();
        rooms.end_round();
    }
    chatd::Room& room(std::string_view name = "lobby") { return *rooms.find(name); }
    using Until = std::optional<chatd::Room::Time>; // no value: until it is taken back
    void mute(const std::string& name, std::string_view where = "lobby", const Until& until = {}) {
        room(where).muted().set(*people.find(name), until, {}, common::Clock::now());
    }
    bool unmute(const std::string& name, std::string_view where = "lobby") {
        return room(where).muted().take_back(name, people.find(name));
    }
    void give_voice(const std::string& name) {
        room().voices().set(*people.find(name), {}, {}, common::Clock::now());
    }
    bool take_voice(const std::string& name) { return room().voices().take_back(name, people.find(name)); }

    // The handler's side of the pair.
    void send(const Client& client, std::string frame) {
        common::send_packet(handlers.at(client.number).get(), with_serial(client, std::move(frame)));
        requests.read(client.number);
    }
    // The next one of the client's handler, if the frame is a request that has none.
    std::string with_serial(const Client& client, std::string frame) {
        const bool is_whole = frame.size() >= chatd::FrameNumber::size + chatd::FrameSerial::size;
        if (!is_whole || !chatd::is_request(chatd::message_of(frame)) || chatd::serial_of(frame) != 0)
            return frame;
        std::uint32_t& last = last_serials[client.number];
        chatd::set_serial(frame, last + 1);
        last += chatd::serials_of(frame);
        return frame;
    }
    std::optional<Frame> next_frame(chatd::ClientNumber client) {
        std::array<char, chatd::max_frame> buffer{};
        common::Received got = common::receive_packet(handlers.at(client).get(), buffer);
        if (got.state != common::IoState::done) return {};
        std::string bytes{buffer.data(), got.bytes};
        return Frame{chatd::message_of(bytes), bytes, std::move(got.passed)};
    }
    // All that it was sent by now: "accepted", "refused 23", "dismissed 2", "entered" and so on.
    std::string heard(chatd::ClientNumber client) {
        std::string all;
        while (const std::optional<Frame> frame = next_frame(client))
            all += (all.empty() ? "" : ", ") + shown(*frame);
        return all;
    }
    static std::string shown(const Frame& frame) {
        using namespace chatd;
        for (const FrameRow& row : frame_table) {
            if (row.number != frame.message) continue;
            std::string name{row.name};
            if (frame.message == Message::refused)
                name += ' ' + std::to_string(std::get<0>(frame.as<RefusedFrame>().first));
            if (frame.message == Message::dismissed)
                name += ' ' + std::to_string(std::get<0>(frame.as<DismissedFrame>().first));
            return name;
        }
        return "?";
    }
    static std::string refused(chatd::Refusal why) {
        return "refused " + std::to_string(static_cast<unsigned>(why));
    }
    static std::string dismissed(chatd::Farewell why) {
        return "dismissed " + std::to_string(static_cast<unsigned>(why));
    }
    bool is_here(chatd::ClientNumber client) { return people.find(client) != nullptr; }
    // The room's records, each its kind and its text: "10, 12 hello"; without the marks of segments.
    std::string said_in(std::string_view room) {
        chatd::LogReader reader{rooms.find(room)->log().open_segment(1).fd, 0};
        std::string all;
        for (chatd::Record record; reader.next(record) == chatd::LogReader::Result::record;) {
            if (record.kind == chatd::Kind::segment_start) continue;
            all += common::text(all.empty() ? "" : ", ", static_cast<unsigned>(record.kind),
                                record.text.empty() ? "" : " ", record.text);
        }
        return all;
    }
    std::string logged() const {
        std::ifstream file{folder / "log"};
        return {std::istreambuf_iterator<char>{file}, {}};
    }

    // What the keeper has of this hub, by label, and in their order.
    struct Deposited {
        std::string bytes;
        common::Fd fd;
    };
    std::map<std::string, Deposited, std::less<>> box;
    bool keeper_takes_all = true;

    TemporaryFolder own_folder;
    struct Folder {
        std::string path;
        std::string operator/(std::string_view name) const { return common::text(path, '/', name); }
    } folder;
    chatd::Settings settings;
    common::Log log{"chatd", "hub", {common::Log::Target::file, folder / "log"}, common::Severity::notice};
    common::Loop loop{common::Backend::poll};
    std::map<chatd::ClientNumber, common::Fd> handlers;
    std::map<chatd::ClientNumber, std::uint32_t> last_serials;
    std::vector<std::string> woken;          // members, by name
    std::vector<chatd::ClientNumber> killed; // their handlers
    std::size_t arrived = 0;

    chatd::People people;
    chatd::Bans bans{folder / "bans"};
    chatd::Tickets tickets;
    chatd::Deposits deposits{{[this](std::string_view label, std::string_view bytes, int fd) {
                                  Deposited& there = box[std::string{label}];
                                  there.bytes = bytes;
                                  if (fd >= 0) there.fd = common::duplicate(fd);
                              },
                              [this](std::string_view label) { box.erase(std::string{label}); },
                              [this] { return keeper_takes_all; }},
                             tickets};
    chatd::Rooms rooms{folder / "rooms", log, [this](const Client& member) { woken.push_back(member.name); }};
    chatd::Budgets budgets{settings};
    chatd::Answers answers{
        loop,
        people,
        deposits,
        {[this](const Client& client, std::string_view) { killed.push_back(client.number); },
         [](const Client&) {}}};
    chatd::Departures departures{
        loop,
        log,
        settings,
        rooms,
        tickets,
        budgets,
        {[this](Client& client) { killed.push_back(client.number); },
         [this](Client& client, std::string_view farewell) { release(client, farewell); }}};
    chatd::LeavingHandlers leaving{loop, log, [](chatd::ClientNumber) { return false; }};
    chatd::Newcomers newcomers{loop, settings, people, departures};
    chatd::Ignores ignores{people, tickets, answers};
    chatd::Passwords passwords{loop, log, settings, people, answers, departures, [] {}};
    chatd::Witnesses witnesses;
    chatd::Names names{log,     settings,   people,    rooms,   bans,     tickets,
                       answers, departures, passwords, ignores, witnesses};
    chatd::Segments segments{log, settings, answers, departures};
    chatd::Resumption resumption{settings, people,   rooms,      bans,    tickets,
                                 answers,  deposits, departures, ignores, budgets};
    chatd::Entry entry{log,       settings, people,     rooms,   bans,     answers,
                       passwords, segments, resumption, budgets, witnesses};
    chatd::Speech speech{people, rooms, answers, witnesses};
    chatd::Moderation moderation{log, people, rooms, bans, tickets, deposits, answers, departures};
    chatd::Lists lists{settings, people, rooms, bans, answers, [](const Client&) { return "1.3/X"; }};
    chatd::Requests requests{
        loop,       log,     settings,
        people,     rooms,   answers,
        departures, budgets, {names, entry, resumption, speech, segments, moderation, lists, ignores}};
};
