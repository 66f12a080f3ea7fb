// SPDX-License-Identifier: ISC
// Keys from a terminal's bytes, and the manual's list of them.
#include "chatd/terminal/keys.hh"
#include "tests/manual.hh"

#include <doctest/doctest.h>
#include <string_view>
#include <vector>

using namespace chatd;

namespace {

std::vector<Key> keys_of(std::string_view bytes) {
    KeyReader reader;
    std::vector<Key> keys;
    for (const char byte : bytes)
        if (const auto pressed = reader.press(byte)) keys.push_back(pressed->key);
    return keys;
}

using Keys = std::vector<Key>;

} // namespace

TEST_SUITE("unit") {
    TEST_CASE("keys: vt100 and xterm and rxvt send the same keys in different bytes") {
        for (const std::string_view up : {"\x1b[A", "\x1bOA", "\x10"}) CHECK(keys_of(up) == Keys{Key::up});
        for (const std::string_view home : {"\x1b[H", "\x1bOH", "\x1b[1~", "\x1b[7~", "\x01"})
            CHECK(keys_of(home) == Keys{Key::home});
        for (const std::string_view word : {"\x1b[1;5C", "\x1b[1;3C", "\x1bOc",
                                            "\x1b"
                                            "f"})
            CHECK(keys_of(word) == Keys{Key::word_right});
    }

    TEST_CASE("keys: a sequence that is cut off by a control character gives that key alone") {
        CHECK(keys_of("\x1b[1;\r") == Keys{Key::enter});
        CHECK(keys_of("\x1b\x03") == Keys{Key::interrupt});
        CHECK(keys_of("\x1b\x1b[A") == Keys{Key::up});
        CHECK(keys_of("\x1b[9999999999999999999999A") == Keys{});
    }

    TEST_CASE("keys: chatd(8) lists each key that Ctrl makes and no other") {
        std::string listed;
        for (const auto& item : tests::Manual{"chatd.8"}.list_behind(".Ss With telnet"))
            listed += item.head + '\n';
        for (char letter = 'A'; letter <= 'Z'; ++letter) {
            if (std::string_view{"IJM"}.find(letter) != std::string_view::npos) continue; // Tab and Enter
            const char byte = static_cast<char>(letter & 0x1f);
            CAPTURE(letter);
            const bool is_key = keys_of({&byte, 1}) != Keys{Key::not_a_key};
            CHECK(is_key == (listed.find(std::string{"Ctrl-"} + letter) != std::string::npos));
        }
        for (const char* const name : {"Backspace", "Delete", "Left", "Right", "Home", "End", "Up", "Down",
                                       "Tab", "Alt-Backspace", "Alt-D", "Alt-B", "Alt-F"})
            CHECK(listed.find(name) != std::string::npos);
    }
}
