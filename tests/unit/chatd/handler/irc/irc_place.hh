// SPDX-License-Identifier: ISC
// A conversation of a handler between a client of IRC and a hub that a test plays, all in one process: what
// the client sends and is sent, and what the hub is asked and says.
#pragma once

#include "chatd/handler/hub_frames.hh"
#include "chatd/handler/irc/irc_conversation.hh"
#include "common/errors.hh"
#include "common/socket.hh"
#include "tests/unit/common/temporary_folder.hh"

#include <array>
#include <doctest/doctest.h>
#include <fcntl.h>
#include <fstream>
#include <string>
#include <string_view>
#include <sys/socket.h>
#include <unistd.h>
#include <utility>

class IrcPlace {
public:
    // The client sends it at once; each line is obeyed unless it has to wait.
    void send(std::string_view bytes) {
        CHECK(common::write_some(client_.get(), bytes).bytes == bytes.size());
        client.set_ready();
        while (talk.read())
            if (talk.intake().is_full()) obey();
        obey();
    }
    void obey() {
        while (!talk.is_busy() && !client.is_ending() && talk.obey_next()) {
        }
    }
    // What the client has been sent since the last call.
    std::string sent() {
        if (!talk.holds_rooms()) rooms.follow();
        talk.prepare_output();
        client.write();
        std::string all;
        for (std::array<char, 4096> bytes{};;) {
            const common::IoResult got = common::read_some(client_.get(), bytes);
            if (got.state != common::IoState::done) return all;
            all.append(bytes.data(), got.bytes);
        }
    }

    // The next packet that the hub was sent; empty when there is none.
    std::string asked() {
        std::array<char, chatd::max_frame> bytes{};
        const common::Received got = common::receive_packet(hub_.get(), bytes);
        return got.state == common::IoState::done ? std::string{bytes.data(), got.bytes} : std::string{};
    }
    // The same as this kind of frame, which it has to be: its fields and its text.
    template <class Frame>
    auto asked_as() {
        const std::string packet = asked();
        REQUIRE(!packet.empty());
        REQUIRE(chatd::message_of(packet) == Frame::number);
        if (chatd::is_request(Frame::number)) serial = chatd::serial_of(packet);
        return Frame::read(packet);
    }
    // The hub says it, and the handler acts on it.
    void hear(const std::string& packet, int passed = -1) {
        REQUIRE(common::send_packet(hub_.get(), packet, passed) == common::IoState::done);
        hub.set_ready();
        while (auto heard = hub.hear()) {
            if (heard->kind == chatd::HubTalk::Heard::Kind::frame) frames.handle(*heard);
            if (heard->kind == chatd::HubTalk::Heard::Kind::waking) rooms.wake();
        }
        obey();
    }
    void accept(std::string_view words = {}) { hear(chatd::AcceptedFrame::make(words)); }
    void refuse(chatd::Refusal why) { hear(chatd::RefusedFrame::make({}, static_cast<std::uint8_t>(why))); }
    void list(std::string_view lines) { hear(chatd::ListingFrame::make(lines, std::uint32_t{0})); }

    // A room's log has this record now; of what this client says it has the serial of what was asked last.
    void log(chatd::Kind kind, std::string name, std::string text = {}, std::uint64_t speaker = 8) {
        chatd::Record record{.kind = kind,
                             .line = ++line_,
                             .time = 1796047509120000,
                             .speaker = speaker,
                             .name = std::move(name),
                             .text = std::move(text)};
        if (speaker == self) record.serial = serial;
        std::ofstream{log_, std::ios::app} << chatd::pack_record(record);
        rooms.wake();
    }
    // As number 9, whose line of joining is the log's next.
    static constexpr std::uint64_t self = 9;
    void enter(std::uint32_t room, std::string_view words) {
        const common::Fd log_fd{::open(log_.c_str(), O_RDONLY | O_CLOEXEC | O_CREAT, 0600)};
        const std::uint64_t joined = line_ + 1;
        log(chatd::Kind::joined, talk.replies.nick(), {}, self);
        hear(chatd::EnteredFrame::make(words, room, self, joined, std::uint64_t{0}, std::uint32_t{1},
                                       std::uint64_t{0}, std::uint32_t{0}),
             log_fd.get());
    }
    void be_named(std::string_view name) {
        send("NICK " + std::string{name} + "\r\nUSER u 0 * :" + std::string{name} + "\r\n");
        asked_as<chatd::NameFrame>();
        accept(name);
        asked_as<chatd::DescribeFrame>();
        accept();
        sent();
    }
    // The names of a room that was joined, after its state, which says that its log is of 31.
    void take_names(std::string_view rows) {
        const std::string room = asked_as<chatd::StateFrame>().second;
        list(room + "\ti\t1\t0\t31\t\t0\t");
        asked_as<chatd::PeopleFrame>();
        list(rows);
    }
    // Is in the lobby, which is number 4, with somebody called bob.
    void be_inside(std::string_view name) {
        be_named(name);
        send("JOIN #lobby\r\n");
        asked_as<chatd::EnterFrame>();
        enter(4, "lobby");
        take_names(std::string{name} + "\t\t\nbob\t\t");
        sent();
    }
    void leave_hub() { hub_.reset(); }

    std::uint32_t serial = 0; // of what the hub was asked last

private:
    static std::pair<common::Fd, common::Fd> stream_pair() {
        std::array<int, 2> ends{};
        common::checked("socketpair", {}, [&] { return ::socketpair(AF_UNIX, SOCK_STREAM, 0, ends.data()); });
        for (const int end : ends) common::set_nonblocking(end);
        return {common::Fd{ends[0]}, common::Fd{ends[1]}};
    }

    TemporaryFolder folder_;
    std::string log_ = folder_ / "log";
    std::uint64_t line_ = 0;
    std::pair<common::Fd, common::Fd> clients_ = stream_pair();
    std::pair<common::Fd, common::Fd> pair_ = common::make_packet_pair();
    common::Fd client_ = std::move(clients_.first);
    common::Fd hub_ = std::move(pair_.first);
    alignas(std::uint64_t) std::array<std::byte, 64> page_{};

public:
    chatd::ClientSocket client{std::move(clients_.second)};
    chatd::HubTalk hub{std::move(pair_.second), false};
    chatd::FollowedRooms rooms{client, hub, page_};
    chatd::irc::IrcConversation talk{{client, hub, rooms}, 0, true};
    chatd::HubFrames frames{{client, hub, rooms}, talk};
};
