// SPDX-License-Identifier: ISC
// Negotiating telnet options by the method of RFC 1143, and what NAWS and TERMINAL-TYPE say.
#include "chatd/terminal/telnet_options.hh"

#include <doctest/doctest.h>
#include <random>
#include <vector>

using namespace chatd::telnet;
using namespace std::literals;

namespace {

constexpr std::array verbs{Command::will, Command::wont, Command::do_it, Command::dont};

const std::string will_echo = "\xff\xfb\x01", wont_echo = "\xff\xfc\x01";
const std::string do_echo = "\xff\xfd\x01", dont_echo = "\xff\xfe\x01";

// The verbs for one side of one option, so that both sides are held to the same.
struct Words {
    Side side;
    Command on, off;             // from the other side
    std::string say_on, say_off; // to it
};
const std::array both_sides{Words{Side::ours, Command::do_it, Command::dont, will_echo, wont_echo},
                            Words{Side::theirs, Command::will, Command::wont, do_echo, dont_echo}};

// Sends each what the other has said until both are silent; how many answers there were.
int settle(Options& one, Options& two, std::string to_two) {
    int answers = 0;
    std::string to_one;
    while (!to_two.empty() || !to_one.empty()) {
        if (to_two.empty()) return settle(two, one, to_one) + answers;
        Decoder decoder;
        for (std::string_view left = to_two; const auto event = decoder.next(left); ++answers)
            to_one += two.receive(event->command, event->option);
        to_two.clear();
        REQUIRE(answers < 1000);
    }
    return answers;
}

} // namespace

TEST_SUITE("unit") {
    TEST_CASE("an option that is not wanted is refused once and not again") {
        Options options;
        CHECK(options.receive(Command::will, Option::linemode) == "\xff\xfe\x22");
        CHECK(options.receive(Command::will, Option::linemode).empty());
        CHECK(options.receive(Command::do_it, Option::linemode) == "\xff\xfc\x22");
        CHECK(options.receive(Command::do_it, Option::linemode).empty());
        CHECK(options.receive(Command::do_it, Option{255}) == "\xff\xfc\xff");
        CHECK(!options.is_on(Side::ours, Option::linemode));
        CHECK(!options.is_on(Side::theirs, Option::linemode));
    }

    TEST_CASE("what is off already is not answered when it is turned off") {
        for (const Command verb : {Command::wont, Command::dont})
            CHECK(Options{}.receive(verb, Option::echo).empty()); // ncat answers each WONT with DONT
    }

    TEST_CASE("an option that is allowed is agreed to and answered once") {
        for (const Words& words : both_sides) {
            Options options;
            options.allow(words.side, Option::echo);
            CHECK(options.receive(words.on, Option::echo) == words.say_on);
            CHECK(options.is_on(words.side, Option::echo));
            CHECK(options.receive(words.on, Option::echo).empty());
            CHECK(options.receive(words.off, Option::echo) == words.say_off);
            CHECK(!options.is_on(words.side, Option::echo));
            CHECK(options.receive(words.off, Option::echo).empty());
        }
    }

    TEST_CASE("the answer to what was asked is not answered") {
        for (const Words& words : both_sides) {
            Options options;
            CHECK(options.turn_on(words.side, Option::echo) == words.say_on);
            CHECK(options.turn_on(words.side, Option::echo).empty());
            CHECK(!options.is_on(words.side, Option::echo));
            CHECK(options.is_open(words.side, Option::echo));
            CHECK(options.receive(words.on, Option::echo).empty());
            CHECK(options.is_on(words.side, Option::echo));
            CHECK(!options.is_open(words.side, Option::echo));
            CHECK(options.turn_off(words.side, Option::echo) == words.say_off);
            CHECK(options.receive(words.off, Option::echo).empty());
            CHECK(!options.is_on(words.side, Option::echo));
            CHECK(options.turn_on(words.side, Option::echo) == words.say_on);
            CHECK(options.receive(words.off, Option::echo).empty()); // it does not want to
            CHECK(!options.is_on(words.side, Option::echo));
            CHECK(!options.is_open(words.side, Option::echo));
        }
    }

    TEST_CASE("a change of mind before the answer is said when the answer has come") {
        for (const Words& words : both_sides) {
            Options options;
            options.turn_on(words.side, Option::echo);
            CHECK(options.turn_off(words.side, Option::echo).empty());
            CHECK(options.receive(words.on, Option::echo) == words.say_off);
            CHECK(options.turn_on(words.side, Option::echo).empty());
            CHECK(options.receive(words.off, Option::echo) == words.say_on);
            CHECK(options.receive(words.on, Option::echo).empty());
            CHECK(options.is_on(words.side, Option::echo));
            // Twice: as it was.
            options.turn_off(words.side, Option::echo);
            CHECK(options.turn_on(words.side, Option::echo).empty());
            CHECK(options.turn_off(words.side, Option::echo).empty());
            CHECK(options.receive(words.off, Option::echo).empty());
            CHECK(!options.is_on(words.side, Option::echo));
            options.turn_on(words.side, Option::echo);
            CHECK(options.turn_off(words.side, Option::echo).empty());
            CHECK(options.turn_on(words.side, Option::echo).empty());
            CHECK(options.receive(words.on, Option::echo).empty());
            CHECK(options.is_on(words.side, Option::echo));
            // A no that is answered with yes is a no.
            options.turn_off(words.side, Option::echo);
            CHECK(options.receive(words.on, Option::echo).empty());
            CHECK(!options.is_on(words.side, Option::echo));
        }
    }

    TEST_CASE("every DO TIMING-MARK is answered and nothing else about it is") {
        Options options;
        for (int i = 0; i < 3; ++i)
            CHECK(options.receive(Command::do_it, Option::timing_mark) == "\xff\xfc\x06");
        CHECK(options.receive(Command::dont, Option::timing_mark).empty());
        CHECK(options.receive(Command::will, Option::timing_mark).empty());
        CHECK(options.receive(Command::wont, Option::timing_mark).empty());
    }

    TEST_CASE("two ends that ask at the same time come to an end") {
        for (int first = 0; first < 4; ++first)
            for (int second = 0; second < 4; ++second) {
                Options one, two;
                std::string out_one = (first & 1) ? one.turn_on(Side::ours, Option::echo) : "";
                out_one += (first & 2) ? one.turn_on(Side::theirs, Option::echo) : "";
                std::string out_two = (second & 1) ? two.turn_on(Side::ours, Option::echo) : "";
                out_two += (second & 2) ? two.turn_on(Side::theirs, Option::echo) : "";
                settle(one, two, out_one);
                settle(two, one, out_two);
                CHECK(one.is_on(Side::ours, Option::echo) == two.is_on(Side::theirs, Option::echo));
                CHECK(one.is_on(Side::theirs, Option::echo) == two.is_on(Side::ours, Option::echo));
            }
    }

    TEST_CASE("no peer keeps us talking for ever whatever it answers") {
        for (const Command said : verbs)
            for (unsigned answers = 0; answers < 256; ++answers) {
                Options options;
                options.allow(Side::theirs, Option::echo);
                options.allow(Side::ours, Option::echo);
                std::string ours = options.receive(said, Option::echo);
                int talk = 0;
                for (; !ours.empty() && talk < 200; ++talk) {
                    // Each of our four words has one of four answers, by this peer's rule.
                    const auto index = static_cast<unsigned char>(ours[1]) - static_cast<int>(Command::will);
                    ours = options.receive(verbs[(answers >> (2 * index)) & 3], Option::echo);
                }
                CAPTURE(answers);
                CHECK(talk < 200);
            }
    }

    TEST_CASE("any options in any order are answered with options alone") {
        std::mt19937 random{3};
        Options options;
        options.allow(Side::theirs, Option::window_size);
        options.turn_on(Side::ours, Option::echo);
        for (int i = 0; i < 100'000; ++i) {
            const auto option = static_cast<Option>(random() % 256);
            const std::string answer = options.receive(verbs[random() % 4], option);
            CHECK((answer.empty() ||
                   (answer.size() == 3 && answer[0] == '\xff' && static_cast<Option>(answer[2]) == option)));
        }
    }

    TEST_CASE("a window's size is four bytes and doubled where it is 255") {
        CHECK(tell_window_size({80, 24}) == "\xff\xfa\x1f\0\x50\0\x18\xff\xf0"s);
        CHECK(tell_window_size({255, 0x01ff}) == "\xff\xfa\x1f\0\xff\xff\x01\xff\xff\xff\xf0"s);
        CHECK(read_window_size("\0\x50\0\x18"s) == WindowSize{80, 24});
        CHECK(read_window_size("\0\xff\x01\xff"s) == WindowSize{255, 511});
        CHECK(read_window_size("\0\0\0\0"s) == WindowSize{0, 0}); // as clients say that do not know it
        CHECK(!read_window_size(""));
        CHECK(!read_window_size("\0\x50\0"s));
        CHECK(!read_window_size("\0\x50\0\x18\0"s));
    }

    TEST_CASE("a terminal's type is a word and nothing else") {
        CHECK(ask_terminal_type() == "\xff\xfa\x18\x01\xff\xf0");
        CHECK(tell_terminal_type("xterm") == "\xff\xfa\x18\0xterm\xff\xf0"s);
        CHECK(asks_terminal_type("\x01"));
        CHECK(!asks_terminal_type("\0x"s));
        CHECK(!asks_terminal_type(""));
        CHECK(read_terminal_type("\0XTERM-256Color"s) == "xterm-256color");
        CHECK(read_terminal_type("\0"s + std::string(40, 'x')) == std::string(40, 'x'));
        for (const std::string& wrong : {""s, "\0"s, "\x01"s, "xterm"s, "\0a b"s, "\0a\x1b[2J"s,
                                         "\0\xe5\xbc\xa0"s, "\0"s + std::string(41, 'x')})
            CHECK(!read_terminal_type(wrong));
    }
}
