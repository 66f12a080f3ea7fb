// SPDX-License-Identifier: ISC
#include "common/keeper/keeper_pair.hh"

#include "common/errors.hh"
#include "common/socket.hh"
#include "common/text.hh"

#include <array>
#include <doctest/doctest.h>
#include <fcntl.h>
#include <tuple>
#include <unistd.h>

using namespace common;
using namespace std::chrono_literals;

namespace {

// The keeper's end, in a loop, and a child that a test plays with the bare socket.
struct House {
    explicit House(KeeperPair::Caps caps, KeeperPair::OnFrame on_frame = nullptr) : pair(caps) {
        Fd ours;
        std::tie(ours, theirs) = make_packet_pair();
        pair.open(
            std::move(ours),
            on_frame ? std::move(on_frame) : [this](const KeeperFrame& frame, const Fd& passed) {
                heard += text(frame.label, passed ? "+" : "", ' ');
            });
        pair.attach(
            loop, [this] { heard += "end"; }, [this](const std::exception& error) { fault = error.what(); });
    }
    // Until nothing is left to do.
    void run() {
        for (int rounds = 0; rounds < 200; ++rounds) loop.run_once(nullptr, false);
    }
    void say(const KeeperFrame& frame, int fd = -1) const {
        REQUIRE(send_packet(theirs.get(), pack_keeper_frame(frame), fd) == IoState::done);
    }
    // The labels of what has come to the child.
    std::size_t take_all(std::string& labels) {
        static std::array<char, max_keeper_packet> packet;
        std::size_t count = 0;
        for (;; ++count) {
            Received got = receive_packet(theirs.get(), packet);
            if (got.state != IoState::done) return count;
            labels += unpack_keeper_frame(std::span{packet}.first(got.bytes)).label;
        }
    }

    Loop loop{Backend::poll};
    KeeperPair pair;
    Fd theirs;
    std::string heard, fault;
};

Fd some_file() { return Fd{::open("/dev/null", O_RDONLY | O_CLOEXEC)}; }

} // namespace

TEST_SUITE("unit") {
    TEST_CASE("keeper pair: packets go both ways in their order and the end comes after the last") {
        House house{{}};
        for (const char* const label : {"a", "b"}) house.say({.word = KeeperWord::want, .label = label});
        house.say({.word = KeeperWord::hold, .label = "c"}, some_file().get());
        for (const char* const label : {"x", "y"})
            house.pair.send({.word = KeeperWord::give, .label = label});
        house.run();
        std::string labels;
        CHECK(house.take_all(labels) == 2);
        CHECK(labels == "xy");
        house.theirs.reset();
        house.run();
        CHECK(house.heard == "a b c+ end");
        CHECK_FALSE(house.pair.is_open());
        CHECK(house.fault.empty());
        house.pair.send({.word = KeeperWord::give}); // goes nowhere
    }

    TEST_CASE("keeper pair: who takes nothing is at fault when more waits than may and blocks nobody") {
        House house{{.unsent = 100}};
        std::size_t sent = 0;
        for (; house.fault.empty() && sent < 100'000; ++sent)
            house.pair.send({.word = KeeperWord::signal, .label = "s"});
        CHECK(sent > 100);
        CHECK(sent < 10'000); // what the pair itself holds, and the rest
        CHECK(house.fault == "it takes nothing of what it is sent");
        CHECK_FALSE(house.pair.is_open());
    }

    TEST_CASE("keeper pair: what belongs together may wait beside the rest") {
        House house{{.unsent = 10}};
        house.pair.make_room(5000);
        for (int i = 0; i < 5000; ++i) house.pair.send({.word = KeeperWord::line, .label = "l"});
        CHECK(house.fault.empty());
        std::string labels;
        for (std::size_t took = 0; took < 5000 && house.fault.empty(); house.run())
            took += house.take_all(labels);
        CHECK((labels == std::string(5000, 'l')));
        // The room was for those.
        for (int i = 0; house.fault.empty() && i < 4000; ++i)
            house.pair.send({.word = KeeperWord::signal, .label = "s"});
        CHECK_FALSE(house.fault.empty());
    }

    TEST_CASE("keeper pair: who takes no answers is asked for no more of what it wants") {
        std::size_t answers = 0;
        KeeperPair* pair = nullptr;
        House house{{.unanswered = 20, .unsent = 1000}, [&](const KeeperFrame& frame, const Fd&) {
                        ++answers;
                        pair->send({.word = KeeperWord::give, .flag = true, .label = frame.label},
                                   some_file());
                    }};
        pair = &house.pair;
        const std::string want = pack_keeper_frame({.word = KeeperWord::want, .label = "w"});
        std::size_t asked = 0;
        for (bool goes_on = true; goes_on; house.run()) {
            goes_on = false;
            for (; send_packet(house.theirs.get(), want) == IoState::done; ++asked) goes_on = true;
        }
        const std::size_t before = answers;
        CHECK(before < asked);
        std::string labels;
        std::size_t took = 0;
        while (took < asked && house.fault.empty()) {
            took += house.take_all(labels);
            house.run();
        }
        CHECK(answers == asked);
        CHECK((labels == std::string(asked, 'w')));
    }

    TEST_CASE("keeper pair: a packet that is malformed or too long or brings two descriptors is a fault") {
        struct Case {
            std::string packet;
            int descriptors;
        };
        const Fd file = some_file();
        const std::string good = pack_keeper_frame({.word = KeeperWord::hold});
        for (const Case& one :
             {Case{"x", 0}, Case{std::string(max_keeper_packet + 1, 'x'), 0}, Case{good, 2}}) {
            House house{{}};
            const int passed = one.descriptors > 0 ? file.get() : -1;
            REQUIRE(send_packet(house.theirs.get(), one.packet, passed, passed) == IoState::done);
            house.run();
            CHECK_FALSE(house.fault.empty());
            CHECK(house.heard.empty());
        }
    }

    TEST_CASE("keeper pair: all that a process said before its end is heard however much it is") {
        House house{{}};
        std::string expected;
        const std::string packet = pack_keeper_frame({.word = KeeperWord::want, .label = "w"});
        while (send_packet(house.theirs.get(), packet) == IoState::done) expected += "w ";
        house.theirs.reset();
        house.pair.hear_all();
        CHECK(house.heard == expected);
        CHECK_FALSE(house.pair.is_open());
    }

    TEST_CASE("keeper pair: without a loop a packet is waited for until the deadline or the end") {
        auto [ours, theirs] = make_packet_pair();
        KeeperPair pair;
        std::string heard;
        pair.open(std::move(ours), [&](const KeeperFrame& frame, const Fd&) { heard += frame.label; });
        CHECK_FALSE(pair.wait(Clock::now() + 1ms, true));
        CHECK(pair.is_open());
        REQUIRE(send_packet(theirs.get(), pack_keeper_frame({.word = KeeperWord::give, .label = "a"})) ==
                IoState::done);
        CHECK(pair.wait(Clock::now() + 60s, true));
        CHECK(heard == "a");
        while (pair.wait(Clock::now(), false)) pair.send({.word = KeeperWord::want, .label = "w"});
        CHECK_FALSE(pair.wait(Clock::now() + 1ms, false)); // there is no room
        theirs.reset();
        CHECK_FALSE(pair.wait(Clock::now() + 60s, true));
        CHECK_FALSE(pair.is_open());
    }

    TEST_CASE("keeper pair: after a rest all that came meanwhile is heard in one round") {
        House house{{}};
        const std::string packet = pack_keeper_frame({.word = KeeperWord::want, .label = "w"});
        house.pair.rest();
        for (const char* const expected : {"w w ", "w w w w "}) { // the second two come in the rest
            REQUIRE(send_packet(house.theirs.get(), packet) == IoState::done);
            REQUIRE(send_packet(house.theirs.get(), packet) == IoState::done);
            const std::string before = house.heard;
            const auto deadline = Clock::now() + 60s;
            while (house.heard == before && Clock::now() < deadline) house.loop.run_once(nullptr, false);
            CHECK(house.heard == expected);
        }
    }
}
