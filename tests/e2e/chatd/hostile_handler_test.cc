// SPDX-License-Identifier: ISC
// Frames that no handler in its right mind sends cost the one client whose handler sent them. The handlers
// here are hostile_spawner.py, which the hub starts instead of a spawner, and which does what a test types.
#include "tests/e2e/chat_client.hh"

#include "chatd/hub/room.hh"
#include "chatd/protocol.hh"
#include "common/text.hh"

#include <doctest/doctest.h>
#include <signal.h>

using namespace e2e;
using namespace chatd;
using common::text;

namespace {

// A hub whose spawner is the script: the hub executes what it was called, its argv[0], for one.
Daemon::Setting hub_alone(Words lines = {"room lobby", "room plans code s3cret"}) {
    Daemon::Setting setting = chatd_with(std::move(lines));
    setting.wrapper = {"bash", "-c", "exec -a \"$0\" \"$@\"",
                       e2e::in_source("tests/e2e/chatd/hostile_spawner.py")};
    return setting;
}

std::string to_hex(std::string_view bytes) {
    constexpr std::string_view digits = "0123456789abcdef";
    std::string hex;
    for (const char c : bytes) {
        const auto byte = static_cast<unsigned char>(c);
        hex.append({digits[byte >> 4], digits[byte & 15]});
    }
    return hex;
}

std::string from_hex(std::string_view hex) {
    std::string bytes;
    for (; hex.size() >= 2; hex.remove_prefix(2))
        bytes += static_cast<char>(std::stoi(std::string{hex.substr(0, 2)}, nullptr, 16));
    return bytes;
}

// The rooms of the configuration.
std::uint32_t number_of(std::string_view room) {
    return lasting_number(room, [](std::uint32_t) { return false; });
}
const std::uint32_t lobby = number_of("lobby"), plans = number_of("plans");

// In the first room.
std::string say_frame(std::string_view lines) {
    return SayFrame::make(lines, lobby, static_cast<std::uint8_t>(Kind::said), std::uint8_t{0});
}

class FakeHandler : public Connection {
public:
    explicit FakeHandler(const Daemon& daemon) : Connection(daemon.port()) {}
    FakeHandler(const Daemon& daemon, std::string_view name) : FakeHandler(daemon) {
        send_frame(NameFrame::make(name));
        expect_answer(Message::accepted);
        send_frame(EnterFrame::make("", std::uint8_t{0}));
        room = std::get<0>(EnteredFrame::read(expect_answer(Message::entered)).first);
    }

    void send_frame(std::string packet, std::string_view how = "") {
        send(text(how, to_hex(with_serial(std::move(packet))), '\n'));
    }
    // The next one, if it is a request.
    std::string with_serial(std::string packet) {
        if (packet.size() < 6 || !is_request(message_of(packet))) return packet;
        set_serial(packet, next_serial);
        next_serial += serials_of(packet);
        return packet;
    }
    // The next packet that is no wake and no token.
    std::string read_frame() {
        for (;;) {
            const std::string line = read_line();
            if (line == "sent") continue;
            if (line == "end") return {};
            const std::string packet = from_hex(line.substr(0, line.find(' ')));
            if (packet != wake && message_of(packet) != Message::token) return packet;
        }
    }
    std::string expect_answer(Message message) {
        std::string packet = read_frame();
        if (packet.empty()) throw Failure{"the hub has closed the pair"};
        if (message_of(packet) != message) throw Failure{text("another answer: ", to_hex(packet))};
        return packet;
    }
    Refusal expect_refusal() {
        return static_cast<Refusal>(std::get<0>(RefusedFrame::read(expect_answer(Message::refused)).first));
    }
    void say(std::string_view line) {
        send_frame(SayFrame::make(line, room, static_cast<std::uint8_t>(Kind::said), std::uint8_t{0}));
        expect_answer(Message::accepted);
    }

    std::uint32_t room = 0, next_serial = 1;
};

// The handler is killed, for this reason, and the hub goes on serving a sane one.
void check_killed(const Daemon& daemon, FakeHandler& bad, FakeHandler& good, std::string_view reason,
                  std::size_t& log_seen) {
    log_seen = daemon.wait_for_log(text(" is killed: ", reason), log_seen);
    bad.wait_for_end();
    good.say("still here");
}

} // namespace

TEST_SUITE("e2e readiness") {
    TEST_CASE("a frame that is none or out of its turn costs the handler that sent it") {
        const Daemon daemon{hub_alone()};
        FakeHandler good{daemon, "good"};
        std::size_t seen = 0;
        const std::string_view no_frame = "a frame that no handler sends", turn = "a frame out of its turn",
                               length = "a frame has a wrong length";
        const std::pair<std::string, std::string_view> first_frames[]{
            {"\1", "a frame is too short"},
            {std::string(2, '\0'), no_frame},
            {std::string(2, '\xff'), no_frame},
            {AcceptedFrame::make({}), no_frame},
            {EnteredFrame::make("lobby", lobby, std::uint64_t{1}, std::uint64_t{1}, std::uint64_t{0}, 1U,
                                std::uint64_t{0}, 0U),
             no_frame},
            {EndedFrame::make({}, std::uint64_t{1}, 0), no_frame},
            {KillFrame::make({}, std::uint64_t{1}, std::uint8_t{9}), no_frame},
            {EnterFrame::make("s3cret", std::uint8_t{0}), turn},
            {say_frame("hello"), turn},
            {WhoFrame::make("lobby", 0U), turn},
            {CountedFrame::make({}, std::uint64_t{1}), turn},
            {ResumeFrame::make("0", std::uint64_t{0}, std::uint8_t{1}, std::uint8_t{2}),
             "a token that is longer than its frame"},
            {ResumeFrame::make("0x", std::uint64_t{0}, std::uint8_t{1}, std::uint8_t{1}),
             "a place that is cut off"},
            {RoomsFrame::make({}, 0U), turn},
            {NextFrame::make({}, lobby, 0U), turn},
            {NameFrame::make(std::string(max_name + 1, 'n')), length},
            {NameFrame::make(std::string(max_frame, 'n')), "a packet between processes is longer"},
            {NameFrame::make(std::string(60'000, 'n')), "a packet between processes is longer"},
        };
        for (const auto& [packet, reason] : first_frames) {
            FakeHandler bad{daemon};
            bad.send_frame(packet);
            check_killed(daemon, bad, good, reason, seen);
        }
        FakeHandler giver{daemon};
        giver.send_frame(NameFrame::make("giver"), "fd ");
        check_killed(daemon, giver, good, "a packet between processes", seen);
        CHECK(chatctl(daemon, {"stats"}).find("clients 1\n") != std::string::npos);
    }

    TEST_CASE("a frame that does not fit a member of a room costs the handler that sent it") {
        const Daemon daemon{hub_alone()};
        FakeHandler good{daemon, "good"};
        std::size_t seen = 0;
        std::string many_lines;
        for (std::size_t line = 0; line <= max_paste_lines; ++line) many_lines += "x\n";
        const std::string_view empty = "a line of speech that is empty or too long";
        const std::pair<std::string, std::string_view> frames[]{
            {NameFrame::make("again"), "a frame out of its turn"},
            {ResumeFrame::make("0", std::uint64_t{0}, std::uint8_t{0}, std::uint8_t{1}),
             "a frame out of its turn"},
            {EnterFrame::make("x", std::uint8_t{2}), "a room's name that is longer than its frame"},
            {LeaveFrame::make({}, plans), "a room that it is not in"},
            {FindFrame::make({}, plans, std::uint64_t{1}), "a room that it is not in"},
            {TopicFrame::make("mine", plans), "a room that it is not in"},
            {ActFrame::make("good", plans, static_cast<std::uint8_t>(Kind::kicked)),
             "a room that it is not in"},
            {SayFrame::make("x", plans, static_cast<std::uint8_t>(Kind::said), std::uint8_t{0}),
             "a room that it is not in"},
            {SayFrame::make("x", lobby, static_cast<std::uint8_t>(Kind::announced), std::uint8_t{0}),
             "speech of an unknown kind"},
            {SayFrame::make(many_lines, lobby, static_cast<std::uint8_t>(Kind::said), std::uint8_t{1}),
             "a paste of too many lines"},
            {TellFrame::make("x", std::uint64_t{0}, std::uint8_t{2}), "a name that is longer than its frame"},
            {TellFrame::make("good", std::uint64_t{0}, std::uint8_t{4}), "words that are empty or too long"},
            {say_frame(""), "speech without a line"},
            {say_frame("\n"), empty},
            {say_frame("one\n\ntwo"), empty},
            {say_frame(std::string(max_text + 1, 'x')), empty},
            {say_frame(std::string(max_text / 3 + 1, '\x01')), empty}, // it grows when it is made harmless
            {say_frame(std::string(max_batch + 1, 'x')), "a frame has a wrong length"},
            {NextFrame::make({}, plans, 0U), "a room that it is not in"},
            {NextFrame::make({}, 0U, 0U), "a room that it is not in"},
            {RoomsFrame::make({}, 0U) + "x", "a frame has a wrong length"},
            {WhoFrame::make("lobby", 0U).substr(0, 4), "a frame has a wrong length"},
        };
        for (const auto& [packet, reason] : frames) {
            FakeHandler bad{daemon, "bad"}; // the name is free each time
            bad.send_frame(packet);
            check_killed(daemon, bad, good, reason, seen);
        }
        const std::string history = chatctl(daemon, {"history", "lobby", "-n", "1000"});
        CHECK(history.find("one") == std::string::npos); // nothing of a refused frame is said
    }

    TEST_CASE("a second frame before the first was answered costs the handler that sent it") {
        const Daemon daemon{hub_alone()};
        FakeHandler good{daemon, "good"}, bad{daemon, "bad"};
        std::size_t seen = 0;
        ::kill(daemon.main_pid(), SIGSTOP); // so that both are there at once
        bad.send_frame(say_frame("one"));
        bad.send_frame(say_frame("two"));
        for (int sent = 0; sent < 2;) sent += bad.read_line() == "sent";
        ::kill(daemon.main_pid(), SIGCONT);
        check_killed(daemon, bad, good, "a second frame before the first was answered", seen);
    }

    TEST_CASE("the hub trusts no handler with names and text and codes and numbers") {
        const Daemon daemon{hub_alone()};
        FakeHandler good{daemon, "good"}, odd{daemon};
        const auto answer_to_name = [&](std::string_view name) {
            odd.send_frame(NameFrame::make(name));
            return odd.expect_refusal();
        };
        using namespace std::string_view_literals;
        CHECK(answer_to_name("") == Refusal::name_empty);
        CHECK(answer_to_name("GOOD") == Refusal::name_taken);
        CHECK(answer_to_name("a\nb") == Refusal::name_unprintable);
        CHECK(answer_to_name("a\0b"sv) == Refusal::name_unprintable);
        CHECK(answer_to_name("administrator") == Refusal::name_reserved);
        CHECK(answer_to_name(std::string(max_name, 'n')) == Refusal::name_too_long);
        odd.send_frame(NameFrame::make("odd"));
        odd.expect_answer(Message::accepted);
        odd.send_frame(EnterFrame::make("plans", std::uint8_t{0})); // its name is not its code
        CHECK(odd.expect_refusal() == Refusal::wrong_code);
        odd.send_frame(EnterFrame::make("s3cret", std::uint8_t{0}));
        const auto [fields, name] = EnteredFrame::read(odd.expect_answer(Message::entered));
        CHECK(name == "plans\n");
        odd.room = std::get<0>(fields);
        odd.say("\x1b[2J\r\0forged"sv);
        CHECK(chatctl(daemon, {"history", "plans"}).ends_with(" odd say: \ufffd[2J\ufffd\ufffdforged\n"));
        for (const std::uint32_t read : {1U, 2U, UINT32_MAX}) {
            odd.send_frame(NextFrame::make({}, std::get<0>(fields), read));
            CHECK(odd.expect_refusal() == Refusal::not_now);
        }
        odd.send_frame(NextFrame::make({}, std::get<0>(fields), 0U)); // its own room's first
        odd.expect_answer(Message::segment);
        odd.send_frame(WhoFrame::make("plans", UINT32_MAX));
        CHECK(ListingFrame::read(odd.expect_answer(Message::listing)).second.empty());
    }

    TEST_CASE("a handler that lets its client guess codes is ended by the hub") {
        const Daemon daemon{hub_alone()};
        FakeHandler good{daemon, "good"}, guesser{daemon};
        std::size_t seen = 0;
        guesser.send_frame(NameFrame::make("guesser"));
        guesser.expect_answer(Message::accepted);
        for (int guess = 0; guess < 3; ++guess) {
            guesser.send_frame(EnterFrame::make("guess", std::uint8_t{0}));
            CHECK(guesser.expect_refusal() == Refusal::wrong_code);
        }
        guesser.send_frame(EnterFrame::make("s3cre7", std::uint8_t{0}));
        check_killed(daemon, guesser, good, "more wrong codes than a handler allows", seen);
    }

    TEST_CASE("a handler that closes its pair or does not read it costs itself") {
        const Daemon daemon{hub_alone()};
        FakeHandler good{daemon, "good"};
        FakeHandler closer{daemon, "odd"};
        closer.send_frame(say_frame("last words"));
        closer.send("close\n");
        wait_until("its leaving is in the log", [&] {
            return chatctl(daemon, {"history", "lobby"}).find("odd left") != std::string::npos;
        });
        CHECK(chatctl(daemon, {"history", "lobby"}).find("odd say: last words") != std::string::npos);

        FakeHandler deaf{daemon, "odd"};
        deaf.send("deaf\n");
        std::string questions; // one answer each, until the pair takes no more of them
        for (int i = 0; i < 2000; ++i)
            questions += to_hex(deaf.with_serial(WhoFrame::make("lobby", 0U))) + '\n';
        deaf.try_send(questions);
        deaf.wait_for_end();
        good.say("still here");
        FakeHandler next{daemon, "odd"};
        next.say("hello");
    }

    TEST_CASE("a frame that no spawner sends costs the spawner and not the hub") {
        const Daemon daemon{hub_alone()};
        std::size_t hub_seen = 0, keeper_seen = 0; // either may be the first to say it
        const std::pair<std::string, std::string_view> frames[]{
            {"x", "a frame is too short"},
            {SayFrame::make("x", lobby, std::uint8_t{12}, std::uint8_t{0}), "the spawner sent a frame"},
            {EndedFrame::make({}, std::uint64_t{1}, 0) + "x", "a frame has a wrong length"},
            {std::string(60'000, 'x'), "a packet between processes is longer"},
        };
        for (const auto& [packet, reason] : frames) {
            FakeHandler client{daemon, "client"}; // which waits for a spawner
            client.send(text("forge ", to_hex(packet), '\n'));
            hub_seen = daemon.wait_for_log(text("the spawner is killed: ", reason), hub_seen);
            keeper_seen = daemon.wait_for_log("; starting another", keeper_seen);
            client.wait_for_end();
        }
        FakeHandler client{daemon, "client"};
        client.say("still here");
    }

    TEST_CASE("what the spawner tells late of a client that is gone harms nobody") {
        Daemon::Setting setting = hub_alone();
        setting.environment.push_back("LATE=1");
        const Daemon daemon{setting};
        FakeHandler good{daemon, "good"}, gone{daemon};
        gone.send_frame(NameFrame::make("gone"));
        gone.expect_answer(Message::accepted);
        gone.send_frame(EnterFrame::make("", std::uint8_t{0}));
        const auto number = std::get<1>(EnteredFrame::read(gone.expect_answer(Message::entered)).first);
        gone.send("close\n"); // of a handler of which the hub has not been told
        daemon.wait_for_log(text("end ", gone.local().shown(), ' '));
        good.say("still here");
        for (const std::string& frame :
             {SpawnedFrame::make({}, number, std::int64_t{4711}),
              SpawnedFrame::make({}, number, std::int64_t{-1}), EndedFrame::make({}, number, 9),
              EndedFrame::make({}, number, 9), SpawnedFrame::make({}, number, std::int64_t{4711})}) {
            good.send(text("forge ", to_hex(frame), '\n'));
            good.say("and here");
        }
        FakeHandler next{daemon}; // after the pause of a fork that failed
        next.send_frame(NameFrame::make("next"));
        next.expect_answer(Message::accepted);
        good.say("to the end");
    }

    TEST_CASE("a handler that ends with an error is told to the administrator and counted") {
        Daemon::Setting setting = hub_alone();
        setting.children_fail = true;
        const Daemon daemon{setting};
        FakeHandler good{daemon, "good"}, bad{daemon, "bad"};
        bad.send("fail\n");
        daemon.wait_for_log("a handler ended: exit 1");
        CHECK(chatctl(daemon, {"stats"}).find("crashed 1\n") != std::string::npos);
        good.say("still here");
    }
}
