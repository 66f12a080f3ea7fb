// SPDX-License-Identifier: ISC
// The words of MODE.
#include "chatd/handler/irc/mode_changes.hh"

#include "chatd/handler/irc/isupport.hh"

#include <doctest/doctest.h>

using namespace chatd::irc;

namespace {

// "+o ada -m +b?" and, behind a slash, unknown letters.
std::string parsed(const std::vector<std::string>& params, std::size_t first = 0) {
    const ModeChanges changes = parse_channel_modes(params, first);
    std::string all;
    for (const ModeChange& change : changes.changes) {
        if (!all.empty()) all += ' ';
        (all += change.is_set ? '+' : '-') += change.mode->letter;
        if (change.asks_for_list()) all += '?';
        if (change.lacks_param()) all += '!';
        if (!change.param.empty()) (all += ' ') += change.param;
    }
    if (!changes.unknown.empty()) (all += '/') += changes.unknown;
    return all;
}

} // namespace

TEST_SUITE("unit") {
    TEST_CASE("irc: modes of a channel take their parameters in order") {
        CHECK(parsed({"+mov-l", "ada", "bob"}) == "+m +o ada +v bob -l");
        CHECK(parsed({"+kl", "key", "10"}) == "+k key +l 10");
        CHECK(parsed({"-k", "key"}) == "-k key");
        CHECK(parsed({"m"}) == "+m");
        CHECK(parsed({"#lobby", "+o", "ada", "-o", "bob"}, 1) == "+o ada -o bob");
    }

    TEST_CASE("irc: a list without a parameter is asked for") {
        CHECK(parsed({"b"}) == "+b?");
        CHECK(parsed({"+b"}) == "+b?");
        CHECK(parsed({"+b", "bob!*@*"}) == "+b bob!*@*");
    }

    TEST_CASE("irc: a parameter that is missing is missing") {
        CHECK(parsed({"+ok"}) == "+o! +k!");
        CHECK(parsed({"+l"}) == "+l!");
        CHECK(parsed({"-k"}) == "-k!");
    }

    TEST_CASE("irc: unknown letters are told and stray words are nothing") {
        CHECK(parsed({"+mXzX"}) == "+m/Xz");
        CHECK(parsed({"-l", "5"}) == "-l");
        CHECK(parsed({"+"}).empty());
        CHECK(parsed({}).empty());
    }

    TEST_CASE("irc: what is beyond MODES with a parameter is left out") {
        std::vector<std::string> params{"+" + std::string(most_modes + 2, 'v') + "m"};
        for (std::size_t i = 0; i < most_modes + 2; ++i) params.push_back("n" + std::to_string(i));
        CHECK(parse_channel_modes(params).changes.size() == most_modes + 1);
    }

    TEST_CASE("irc: 005 and 004 tell the modes") {
        CHECK(channel_modes_token() == "b,k,l,mns");
        CHECK(all_channel_modes() == "bklmnosv");
        CHECK(find_channel_mode('q') == nullptr);
        CHECK(find_channel_mode('n')->is_fixed);
    }

    TEST_CASE("irc: modes of a person are letters alone") {
        const UserModeChanges changes = parse_user_modes("+Bi-owx");
        REQUIRE(changes.changes.size() == 3);
        CHECK(changes.changes[0].letter == 'B');
        CHECK(changes.changes[0].is_set);
        CHECK_FALSE(changes.changes[2].is_set);
        CHECK(changes.unknown == "wx");
    }
}
