// SPDX-License-Identifier: ISC
// CAP: what a client may ask for, and what it has then.
#include "chatd/handler/irc/capabilities.hh"

#include "common/text.hh"

#include <doctest/doctest.h>

using namespace chatd::irc;
using enum Capability;

namespace {

constexpr std::size_t room = 400;
using Caps = std::vector<std::vector<std::string>>;

} // namespace

TEST_SUITE("unit") {
    TEST_CASE("irc: LS shows each capability and the values to who knows 302") {
        Capabilities old{true}, recent{true};
        const std::string without = old.take({"LS"}, room).caps.at(0).at(1);
        const std::string with = recent.take({"ls", "302"}, room).caps.at(0).at(1);
        CHECK(without.find("sasl ") != without.npos);
        CHECK(without.find('=') == without.npos);
        CHECK(with.find("sasl=PLAIN") != with.npos);
        CHECK(common::split(with, ' ').size() == capability_table.size());
        CHECK(old.is_negotiating());
        CHECK_FALSE(old.has(cap_notify));
        CHECK(recent.has(cap_notify));
    }

    TEST_CASE("irc: without accounts there is no SASL") {
        Capabilities caps{false};
        CHECK(caps.take({"LS", "302"}, room).caps.at(0).at(1).find("sasl") == std::string::npos);
        CHECK(caps.take({"REQ", "sasl"}, room).caps == Caps{{"NAK", "sasl"}});
        CHECK_FALSE(caps.has(sasl));
    }

    TEST_CASE("irc: a list that is too long for a line is several with a star") {
        Capabilities caps{true};
        const Caps lines = caps.take({"LS", "302"}, 60).caps;
        REQUIRE(lines.size() > 3);
        std::size_t names = 0;
        for (const auto& line : lines) {
            CHECK(line.size() == (&line == &lines.back() ? 2 : 3));
            CHECK(line.back().size() <= 60);
            names += common::split(line.back(), ' ').size();
        }
        CHECK(names == capability_table.size());
        CHECK(lines.front().at(1) == "*");
    }

    TEST_CASE("irc: REQ is granted as a whole or not at all") {
        Capabilities caps{true};
        CHECK(caps.take({"REQ", "server-time  batch "}, room).caps == Caps{{"ACK", "server-time  batch "}});
        CHECK(caps.has(server_time));
        CHECK(caps.has(batch));
        CHECK(caps.take({"REQ", "echo-message nonsense"}, room).caps ==
              Caps{{"NAK", "echo-message nonsense"}});
        CHECK_FALSE(caps.has(echo_message));
        CHECK(caps.take({"REQ", "-batch echo-message"}, room).caps.at(0).at(0) == "ACK");
        CHECK_FALSE(caps.has(batch));
        CHECK(caps.has(echo_message));
        CHECK(caps.take({"LIST"}, room).caps == Caps{{"LIST", "echo-message server-time"}});
    }

    TEST_CASE("irc: what needs another works as soon as that is there") {
        Capabilities caps{true};
        CHECK(caps.take({"REQ", "labeled-response"}, room).caps.at(0).at(0) == "ACK");
        CHECK_FALSE(caps.has(labeled_response));
        caps.take({"REQ", "batch"}, room);
        CHECK(caps.has(labeled_response));
        for (const CapabilityRow& row : capability_table)
            if (!row.needs.empty())
                CHECK_MESSAGE(caps.take({"REQ", std::string{row.needs}}, room).caps.at(0).at(0) == "ACK",
                              row.name);
    }

    TEST_CASE("irc: cap-notify stays with who knows 302") {
        Capabilities caps{true};
        caps.take({"LS", "302"}, room);
        CHECK(caps.take({"REQ", "-cap-notify"}, room).caps.at(0).at(0) == "NAK");
        caps.take({"LS"}, room);
        CHECK(caps.has(cap_notify));
    }

    TEST_CASE("irc: registration waits from LS or REQ to END") {
        Capabilities caps{true};
        CHECK_FALSE(caps.take({"END"}, room).has_ended);
        CHECK_FALSE(caps.is_negotiating());
        caps.take({"REQ", "batch"}, room);
        CHECK(caps.is_negotiating());
        CHECK(caps.take({"END"}, room).has_ended);
        CHECK_FALSE(caps.is_negotiating());
        CHECK(caps.take({"FOO"}, room).is_unknown);
        CHECK(caps.take({}, room).is_unknown);
    }

    TEST_CASE("irc: only who asked for tags takes them") {
        Capabilities caps{true};
        caps.take({"REQ", "echo-message multi-prefix"}, room);
        CHECK_FALSE(caps.takes_tags());
        caps.take({"REQ", "server-time"}, room);
        CHECK(caps.takes_tags());
    }
}
