// SPDX-License-Identifier: ISC
// What the hub's frames mean for a conversation of any kind: this one only notes what it is told.
#include "chatd/handler/hub_frames.hh"

#include "common/errors.hh"
#include "common/socket.hh"
#include "common/text.hh"

#include <array>
#include <doctest/doctest.h>
#include <fcntl.h>
#include <string>
#include <string_view>
#include <utility>

using namespace chatd;

namespace {

using common::text;

class NotingConversation : public Conversation {
public:
    using Conversation::Conversation;

    std::string take_notes() { return std::exchange(notes_, {}); }
    bool can_ignore = false;

    void begin() override {}
    Intake& intake() override { return nothing_; }
    bool obey_next() override { return false; }
    bool has_more() const override { return false; }
    void show(const RoomView&, const Record& record, bool) override { note("shows ", record.text); }
    void lose_lines(const RoomView&, std::uint64_t count) override { note("loses ", count); }
    void lose_room(const std::string& name, bool) override { note("loses ", name); }
    IgnoredPeople* ignored() override { return can_ignore ? &ignored_ : nullptr; }
    void be_accepted(const HubRequest&, const std::string& words) override { note("accepted ", words); }
    void be_refused(const HubRequest&, Refusal why) override { note("refused ", static_cast<int>(why)); }
    void enter(const HubRequest&, RoomView& room, const Entrance& entrance) override {
        note("enters ", room.name(), ' ', room.client(), " topic ", entrance.topic, " with ",
             entrance.present.size(), " of ", entrance.others, entrance.is_newcomer ? " as newcomer" : "");
    }
    void take_list(const HubRequest&, const std::string& lines, bool is_last) override {
        note("list ", lines, is_last ? " last" : "");
    }
    void take_log(const HubRequest&, std::uint32_t segment, common::Fd, std::uint64_t,
                  std::uint64_t) override {
        note("log ", segment);
    }
    void be_told(std::uint64_t, std::string_view name, std::string_view words) override {
        note(name, " tells ", words);
    }
    void be_slowed(SlowedBy, std::uint32_t lines, std::uint32_t) override { note("slowed ", lines); }
    void be_dismissed(Farewell, const std::string& words) override {
        note("dismissed ", words);
        client.finish();
    }
    void part(Parting why, std::chrono::seconds) override { note("parts ", static_cast<int>(why)); }
    void tell_of_wait() override { note("waits"); }

private:
    struct Nothing : Intake {
        common::IoState fill(int) override { return common::IoState::would_block; }
        bool is_full() const override { return false; }
        void end_input(bool) override {}
    };
    template <class... Parts>
    void note(const Parts&... parts) {
        notes_ += text(notes_.empty() ? "" : "; ", parts...);
    }

    Nothing nothing_;
    IgnoredPeople ignored_;
    std::string notes_;
};

struct Place {
    // The hub says it; what the conversation notes of that.
    std::string hear(const std::string& packet, int passed = -1) {
        REQUIRE(common::send_packet(pair.first.get(), packet, passed) == common::IoState::done);
        hub.set_ready();
        while (auto heard = hub.hear())
            if (heard->kind == HubTalk::Heard::Kind::frame) frames.handle(*heard);
        return talk.take_notes();
    }
    // The frame that the hub was sent; it has to be of this kind.
    template <class Frame>
    auto sent_as() {
        std::array<char, max_frame> bytes{};
        const common::Received got = common::receive_packet(pair.first.get(), bytes);
        REQUIRE(got.state == common::IoState::done);
        REQUIRE(message_of({bytes.data(), got.bytes}) == Frame::number);
        return Frame::read({bytes.data(), got.bytes});
    }
    std::string enter(std::uint32_t room, std::uint64_t first = 0) {
        hub.ask(EnterFrame::make("code", std::uint8_t{0}), {.what = Message::enter});
        sent_as<EnterFrame>();
        return hear(EnteredFrame::make("lobby\nnews\nada\nbob", room, std::uint64_t{9}, std::uint64_t{1},
                                       first, std::uint32_t{1}, std::uint64_t{0}, std::uint32_t{5}),
                    log.get());
    }

    const common::Fd log{::open("/dev/null", O_RDONLY | O_CLOEXEC)};
    alignas(std::uint64_t) std::array<std::byte, 64> page{};
    std::pair<common::Fd, common::Fd> pair = common::make_packet_pair();
    ClientSocket client{common::Fd{::open("/dev/null", O_RDWR | O_CLOEXEC)}};
    HubTalk hub{std::move(pair.second), false};
    FollowedRooms rooms{client, hub, page};
    NotingConversation talk{{client, hub, rooms}};
    HubFrames frames{{client, hub, rooms}, talk};
};

} // namespace

TEST_SUITE("unit") {
    TEST_CASE("hub frames: a request is accepted by its own function or by its conversation") {
        Place place;
        std::string heard;
        place.hub.ask(NickFrame::make("ada"),
                      {.what = Message::nick,
                       .about = "x",
                       .accepted = [&](const HubRequest& request, const std::string& words) {
                           heard = text(request.about, ' ', words);
                       }});
        CHECK(place.hear(AcceptedFrame::make("ada")).empty());
        CHECK(heard == "x ada");
        CHECK_FALSE(place.hub.is_waiting());
        place.hub.ask(NameFrame::make("ada"), {.what = Message::name});
        CHECK(place.hear(AcceptedFrame::make("Ada")) == "accepted Ada");
        place.hub.ask(NameFrame::make("ada"), {.what = Message::name});
        CHECK(place.hear(RefusedFrame::make({}, std::uint8_t{1})) == "refused 1");
    }

    TEST_CASE("hub frames: of a list the next piece is asked for until the last") {
        Place place;
        place.hub.ask(WhoFrame::make("lobby", std::uint32_t{0}), {.what = Message::who, .about = "lobby"});
        place.sent_as<WhoFrame>();
        CHECK(place.hear(ListingFrame::make("ada", std::uint32_t{1})) == "list ada");
        const auto [fields, room] = place.sent_as<WhoFrame>();
        CHECK(std::get<0>(fields) == 1);
        CHECK(room == "lobby");
        CHECK(place.hear(ListingFrame::make("bob", std::uint32_t{0})) == "list bob last");
        CHECK_FALSE(place.hub.is_waiting());
    }

    TEST_CASE("hub frames: who enters is told what it has come into and once") {
        Place place;
        CHECK(place.enter(3) == "enters lobby 9 topic news with 2 of 5 as newcomer");
        CHECK(place.rooms.current_number() == 3);
        CHECK(place.enter(3).empty()); // of a return that was asked for again
        CHECK(place.enter(4, 1) == "enters lobby 9 topic news with 2 of 5");
    }

    TEST_CASE("hub frames: what goes on in a log is its rooms' and a lookup's is its conversation's") {
        Place place;
        place.enter(3);
        const auto answer = [&](bool is_lookups, const std::string& packet) {
            place.hub.ask(
                NextFrame::make({}, std::uint32_t{3}, std::uint32_t{1}),
                {.what = Message::next_segment, .room = std::uint32_t{3}, .is_lookups = is_lookups});
            return place.hear(packet, place.log.get());
        };
        const std::string segment =
            SegmentFrame::make({}, std::uint32_t{3}, std::uint32_t{2}, std::uint64_t{0}, std::uint64_t{7});
        const std::string refusal = RefusedFrame::make({}, static_cast<std::uint8_t>(Refusal::not_now));
        CHECK(answer(false, segment).empty());
        CHECK(place.rooms.current()->segment() == 2);
        CHECK(answer(false, refusal).empty());
        CHECK(answer(true, segment) == "log 2");
        CHECK(answer(true, refusal) == "refused 30");
    }

    TEST_CASE("hub frames: private words come once and not from who is ignored") {
        Place place;
        const auto tell = [&](std::uint64_t from, std::uint32_t serial) {
            return place.hear(ToldFrame::make("adahello", from, serial, std::uint8_t{3}));
        };
        const auto former = Former::pack(std::uint64_t{5});
        const std::string known_as = KnownAsFrame::make(text("ada", std::string_view{former.data(), 8}),
                                                        std::uint64_t{2}, std::uint8_t{3});
        CHECK(place.hear(known_as).empty()); // by one that cannot ignore anybody
        CHECK(tell(5, 1) == "ada tells hello");
        CHECK(tell(5, 1).empty());
        CHECK(tell(5, 2) == "ada tells hello");
        place.talk.can_ignore = true;
        CHECK(tell(5, 3) == "ada tells hello");
        CHECK(place.hear(known_as).empty());
        CHECK(tell(5, 4).empty());
        CHECK(tell(6, 1) == "ada tells hello");
    }

    TEST_CASE("hub frames: a hub that follows another hears of a client that counts nothing and a request") {
        Place place;
        place.enter(3);
        place.hub.ask(QuitFrame::make("bye"), {.what = Message::quit});
        place.sent_as<QuitFrame>();
        CHECK(place.hear(AgainFrame::make({}, protocol_version, std::uint32_t{2})).empty());
        const auto [hub, room, bytes, serial] = place.sent_as<HereFrame>().first;
        CHECK(hub == 2);
        CHECK(room == 3);
        CHECK(bytes == 0);
        CHECK(serial != 0);
        CHECK(place.sent_as<QuitFrame>().second == "bye");
        constexpr std::uint16_t too_new = protocol_version + 2;
        CHECK(place.hear(AgainFrame::make({}, too_new, std::uint32_t{3})) ==
              text("parts ", static_cast<int>(Parting::other_version)));
    }

    TEST_CASE("hub frames: a room that is closed is followed no more and a farewell is heard once") {
        Place place;
        place.enter(3);
        CHECK(place.hear(ClosedFrame::make({}, std::uint32_t{4})).empty());
        CHECK(place.hear(ClosedFrame::make({}, std::uint32_t{3})) == "loses lobby");
        CHECK_FALSE(place.rooms.is_in_any());
        CHECK(place.hear(SlowedFrame::make({}, 7U, 1U, std::uint8_t{0})) == "slowed 7");
        CHECK(place.hear(TokenFrame::make("abc")).empty()); // nothing to it
        for (const std::string_view notes : {"dismissed bye", ""})
            CHECK(place.hear(DismissedFrame::make("bye", std::uint8_t{6})) == notes);
        CHECK_THROWS_AS(place.hear(NickFrame::make("x")), common::PeerError);
    }
}
