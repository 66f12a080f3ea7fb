// SPDX-License-Identifier: ISC
// A conversation of a handler between a client and a hub that a test plays, all in one process: what the
// client types and is shown, and what the hub is asked and says.
#pragma once

#include "chatd/handler/hub_frames.hh"
#include "chatd/handler/typed/typed_conversation.hh"
#include "common/errors.hh"
#include "common/socket.hh"

#include <array>
#include <doctest/doctest.h>
#include <fcntl.h>
#include <string>
#include <string_view>
#include <sys/socket.h>
#include <utility>

class TalkPlace {
public:
    // The client sends it at once; each line is obeyed unless it has to wait.
    void type(std::string_view bytes) {
        CHECK(common::write_some(client_.get(), bytes).bytes == bytes.size());
        talk.input.set_ready();
        while (talk.input.read()) talk.input.change_dialect();
        obey();
    }
    // The client sends it, and nobody looks yet.
    void send_unread(std::string_view bytes) {
        CHECK(common::write_some(client_.get(), bytes).bytes == bytes.size());
    }
    void obey() {
        while (!talk.is_busy() && !talk.output.is_ending()) {
            const auto line = talk.input.next_line();
            if (!line) return;
            talk.typing.obey(*line);
        }
    }
    // What the client has been shown since the last call.
    std::string shown() {
        talk.output.lay();
        talk.option.tell_progress();
        client.write();
        talk.option.note_written();
        std::string all;
        for (std::array<char, 4096> bytes{};;) {
            const common::IoResult got = common::read_some(client_.get(), bytes);
            if (got.state != common::IoState::done) return all;
            all.append(bytes.data(), got.bytes);
        }
    }

    // The next packet that the hub was sent; empty when there is none.
    std::string sent() {
        std::array<char, chatd::max_frame> bytes{};
        const common::Received got = common::receive_packet(hub_.get(), bytes);
        return got.state == common::IoState::done ? std::string{bytes.data(), got.bytes} : std::string{};
    }
    // The same as this kind of frame, which it has to be: its fields and its text.
    template <class Frame>
    auto sent_as() {
        const std::string packet = sent();
        REQUIRE(!packet.empty());
        REQUIRE(chatd::message_of(packet) == Frame::number);
        return Frame::read(packet);
    }
    // The hub says it, and the handler acts on it.
    void hear(const std::string& packet, int passed = -1) {
        REQUIRE(common::send_packet(hub_.get(), packet, passed) == common::IoState::done);
        talk.hub.set_ready();
        while (auto heard = talk.hub.hear())
            if (heard->kind == chatd::HubTalk::Heard::Kind::frame) frames.handle(*heard);
    }
    void accept(std::string_view words = {}) { hear(chatd::AcceptedFrame::make(words)); }
    void refuse(chatd::Refusal why) { hear(chatd::RefusedFrame::make({}, static_cast<std::uint8_t>(why))); }
    // As number 9, whose line of joining is 1; the log is any that is given, from its beginning.
    void enter(std::uint32_t room, std::string_view words, const common::Fd& log, std::uint32_t others = 0) {
        hear(chatd::EnteredFrame::make(words, room, std::uint64_t{9}, std::uint64_t{1}, std::uint64_t{1},
                                       std::uint32_t{1}, std::uint64_t{0}, others),
             log.get());
    }
    // With a name, before the question for a code.
    void be_named(std::string_view name) {
        type(std::string{name} + '\n');
        sent_as<chatd::NameFrame>();
        accept(name);
        if (!talk.hub.is_waiting()) return;
        sent_as<chatd::RoomsFrame>();
        hear(chatd::ListingFrame::make({}, std::uint32_t{0}));
    }
    void be_inside(std::string_view name, std::uint32_t room, std::string_view room_name) {
        be_named(name);
        type("\n");
        sent_as<chatd::EnterFrame>();
        enter(room, room_name, empty_log());
        shown();
    }
    void leave_hub() { hub_.reset(); }
    // The client sends no more, in order.
    void end_input() {
        ::shutdown(client_.get(), SHUT_WR);
        talk.input.set_ready();
        while (talk.input.read()) talk.input.change_dialect();
    }
    static const common::Fd& empty_log() {
        static const common::Fd log{::open("/dev/null", O_RDONLY | O_CLOEXEC)};
        return log;
    }

private:
    static std::pair<common::Fd, common::Fd> stream_pair() {
        std::array<int, 2> ends{};
        common::checked("socketpair", {}, [&] { return ::socketpair(AF_UNIX, SOCK_STREAM, 0, ends.data()); });
        for (const int end : ends) common::set_nonblocking(end);
        return {common::Fd{ends[0]}, common::Fd{ends[1]}};
    }

    std::pair<common::Fd, common::Fd> clients_ = stream_pair();
    std::pair<common::Fd, common::Fd> pair_ = common::make_packet_pair();
    common::Fd client_ = std::move(clients_.first);
    common::Fd hub_ = std::move(pair_.first);
    alignas(std::uint64_t) std::array<std::byte, 64> page_{};
    chatd::Catalogues catalogues_;

public:
    chatd::ClientSocket client{std::move(clients_.second)};
    chatd::HubTalk hub{std::move(pair_.second), false};
    chatd::FollowedRooms rooms{client, hub, page_};
    chatd::TypedConversation talk{{client, hub, rooms}, catalogues_, chatd::Language::english, 0};
    chatd::HubFrames frames{{client, hub, rooms}, talk};
    const chatd::SleepWord hubs_word{page_};
};
