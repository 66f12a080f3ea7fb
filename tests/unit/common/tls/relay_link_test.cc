// SPDX-License-Identifier: ISC
// A client's process's side of its relay, whose part the test plays.
#include "common/tls/relay_link.hh"

#include "common/socket.hh"

#include <doctest/doctest.h>

using namespace common;

namespace {

struct Scene {
    Scene() : Scene(make_packet_pair()) {}
    explicit Scene(std::pair<Fd, Fd> ends)
        : link(std::move(ends.first), RelayLink::Begun{}), relay(std::move(ends.second)) {}
    // The number of what is asked next.
    std::uint32_t hear_question() const {
        const TlsReceived got = receive_tls_frame(relay.get(), {TlsWord::ask_acknowledged});
        REQUIRE(got.state == IoState::done);
        return got.frame.number;
    }
    void answer(std::uint32_t question, Acknowledgement found_out) const {
        send_tls_frame(relay.get(),
                       {TlsWord::acknowledged, question, static_cast<std::uint32_t>(found_out), {}});
    }
    bool is_silent() const {
        return receive_tls_frame(relay.get(), {TlsWord::ask_acknowledged}).state == IoState::would_block;
    }
    RelayLink link;
    Fd relay;
};

} // namespace

TEST_SUITE("unit") {
    TEST_CASE("relay link: what is not acknowledged in time is asked for again and is not lost") {
        Scene scene;
        CHECK(!scene.link.is_acknowledged());
        const std::uint32_t first = scene.hear_question();
        CHECK(!scene.link.is_acknowledged());
        CHECK(scene.is_silent());
        scene.answer(first, Acknowledgement::late);
        CHECK(!scene.link.is_acknowledged());
        CHECK(!scene.link.is_acknowledged());
        const std::uint32_t second = scene.hear_question();
        CHECK(second != first);
        scene.answer(second, Acknowledgement::all);
        CHECK(scene.link.is_acknowledged() == true);
        CHECK(!scene.link.is_acknowledged());
        scene.answer(scene.hear_question(), Acknowledgement::lost);
        CHECK(scene.link.is_acknowledged() == false);
    }

    TEST_CASE("relay link: no answer to a question that was forgotten counts") {
        Scene scene;
        CHECK(!scene.link.is_acknowledged());
        scene.link.forget_question();
        scene.answer(scene.hear_question(), Acknowledgement::lost);
        CHECK(!scene.link.is_acknowledged());
        scene.answer(scene.hear_question(), Acknowledgement::all);
        CHECK(scene.link.is_acknowledged() == true);
    }

    TEST_CASE("relay link: a data connection that cannot be handed over has failed at once") {
        Scene scene;
        while (send_tls_frame(scene.link.fd(), {.word = TlsWord::ticket}) == IoState::done) continue;
        auto [socket, other] = make_packet_pair();
        const RelayLink::Data data = scene.link.add(RelayDirection::to_client, std::move(socket));
        CHECK(scene.link.connection(data.number).has_failed);
        CHECK(!scene.link.connection(data.number).why.empty());
        char byte[1];
        CHECK(read_some(data.stream.get(), byte).state == IoState::ended);
    }
}
