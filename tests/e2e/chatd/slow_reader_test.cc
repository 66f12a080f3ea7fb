// SPDX-License-Identifier: ISC
// A client that does not read costs nobody anything and misses nothing.
#include "tests/e2e/chat_client.hh"

#include "common/text.hh"

#include <algorithm>
#include <doctest/doctest.h>

using namespace e2e;
using common::text;

namespace {

constexpr int lines = 200'000;
constexpr int piece = 1000;                  // lines
constexpr std::size_t most_growth = 1 << 20; // bytes; the lines are more than ten times that

std::string speech(int line) { return text(line, ' ', std::string(60, 'x')); }

std::string piece_of_speech(int from) {
    std::string typed;
    for (int line = from; line < from + piece; ++line) typed += speech(line) + '\n';
    return typed;
}

// Reads the lines in their order.
void hear(ChatClient& client, int from, int to) {
    for (int line = from; line < to; ++line) client.expect_line("ada say: " + speech(line));
}

} // namespace

TEST_SUITE("e2e slow") {
    TEST_CASE("a client that stops reading for 200000 lines grows nothing and delays nobody and then gets "
              "them all") {
        const Daemon daemon{chatd_with({})};
        ChatClient slow{daemon, "slow"}, bob{daemon, "bob"}, ada{daemon, "ada"};
        slow.expect_lines({"bob joined", "ada joined"});
        bob.expect_line("ada joined");
        ada.send(piece_of_speech(0)); // buffers get the size that they keep
        hear(bob, 0, piece);
        const pid_t handler = handler_of(daemon, slow);
        const auto hub_before = resident_bytes(daemon.main_pid()), handler_before = resident_bytes(handler);
        std::size_t hub_most = 0, handler_most = 0;
        for (int line = piece; line < lines; line += piece) {
            ada.send(piece_of_speech(line));
            hear(bob, line, line + piece); // meanwhile, and within the harness's patience
            hub_most = std::max(hub_most, resident_bytes(daemon.main_pid()));
            handler_most = std::max(handler_most, resident_bytes(handler));
        }
        CHECK(hub_most < hub_before + most_growth);
        CHECK(handler_most < handler_before + most_growth);
        hear(slow, 0, lines);
        CHECK(resident_bytes(handler) < handler_before + most_growth);
        bob.say("done");
        slow.expect_line("bob say: done");
    }
}

TEST_SUITE("e2e") {
    TEST_CASE("a client that does not read what it asks for is asked nothing more and holds up nobody") {
        Daemon daemon{chatd_with({})};
        ChatClient deaf{daemon, "deaf"}, bob{daemon, "bob"};
        std::string questions;
        for (int i = 0; i < 20'000; ++i) questions += "/help\n";
        const auto sent = common::write_some(deaf.fd(), questions).bytes;
        ChatClient ada{daemon, "ada"};
        bob.expect_line("ada joined");
        ada.say("hello");
        bob.expect_line("ada say: hello");
        if (!is_sanitized()) CHECK(resident_bytes(handler_of(daemon, deaf)) < (16 << 20));
        std::size_t answers = 0;
        const std::string last = "A line that begins with // says the rest with one /.";
        for (; answers < sent / 6; ++answers) deaf.wait_for_line(last);
        CHECK(answers > 100);
    }
}
