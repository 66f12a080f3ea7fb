// SPDX-License-Identifier: ISC
#include "common/keeper/keeper_frames.hh"

#include "common/errors.hh"

#include <doctest/doctest.h>
#include <limits>
#include <string>
#include <vector>

using namespace common;

namespace {

KeeperFrame unpacked(const std::string& packet) {
    return unpack_keeper_frame({packet.data(), packet.size()});
}

// So many bytes stand before the label: the word, the flag, the number and the label's length.
constexpr std::size_t head = 12;

} // namespace

TEST_SUITE("unit") {
    TEST_CASE("keeper frames: what is packed is unpacked whatever it is") {
        const std::string bytes{"a\0\n\xff b", 6};
        for (const std::int64_t number :
             {std::int64_t{0}, std::int64_t{-1}, std::numeric_limits<std::int64_t>::min(),
              std::numeric_limits<std::int64_t>::max()})
            for (const bool flag : {false, true})
                for (const std::string& label : {std::string{}, bytes, std::string(max_label, 'l')})
                    for (const std::string& words :
                         {std::string{}, bytes, std::string(max_keeper_text, 't')}) {
                        const std::string packet =
                            pack_keeper_frame({KeeperWord::told, flag, number, label, words});
                        CHECK(packet.size() <= max_keeper_packet);
                        CHECK(packet.size() == head + label.size() + words.size());
                        const KeeperFrame again = unpacked(packet);
                        CHECK(again.word == KeeperWord::told);
                        CHECK(again.flag == flag);
                        CHECK(again.number == number);
                        CHECK(again.label == label);
                        CHECK(again.text == words);
                    }
    }

    TEST_CASE("keeper frames: a label or a text that is too long is refused and never cut") {
        CHECK_THROWS_AS(pack_keeper_frame({.label = std::string(max_label + 1, 'l')}), PeerError);
        CHECK_THROWS_AS(pack_keeper_frame({.text = std::string(max_keeper_text + 1, 't')}), PeerError);
        // As somebody would send it who does not keep to that.
        const std::string longest = pack_keeper_frame({.text = std::string(max_keeper_text, 't')});
        CHECK(unpacked(longest).text.size() == max_keeper_text);
        CHECK_THROWS_AS(unpacked(longest + 't'), PeerError);
        std::string label = pack_keeper_frame({.label = std::string(max_label, 'l')});
        label += 'l';
        label[head - 2] = static_cast<char>((max_label + 1) & 0xff);
        label[head - 1] = static_cast<char>((max_label + 1) >> 8);
        CHECK_THROWS_AS(unpacked(label), PeerError);
        CHECK_THROWS_AS(unpacked(std::string(max_keeper_packet + 1, '\0')), PeerError);
    }

    TEST_CASE("keeper frames: a packet that is cut anywhere before its text is malformed") {
        const std::string packet = pack_keeper_frame({.word = KeeperWord::want, .label = "users"});
        for (std::size_t size = 0; size < packet.size(); ++size)
            CHECK_THROWS_AS(unpacked(packet.substr(0, size)), PeerError);
        CHECK(unpacked(packet).label == "users");
        std::string flag = packet;
        flag[1] = 2;
        CHECK_THROWS_AS(unpacked(flag), PeerError);
    }

    TEST_CASE("keeper frames: a line of a configuration comes out as it went in") {
        for (const auto& words : std::vector<std::vector<std::string>>{{"listen", "127.0.0.1:0"},
                                                                       {"topic", "two words", ""},
                                                                       {"operator", "a\"b\\c", "#no comment"},
                                                                       {"alone"}})
            for (const bool is_option : {false, true}) {
                const ConfigLine line{"/etc/chatd.conf:12", words, is_option};
                const ConfigLine again = line_of(unpacked(pack_keeper_frame(frame_of(line))));
                CHECK(again.origin == line.origin);
                CHECK(again.words == words);
                CHECK(again.is_option == is_option);
            }
    }
}
