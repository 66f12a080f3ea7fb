// SPDX-License-Identifier: ISC
// Which addresses a network has, and how it is written.
#include "common/network.hh"

#include <doctest/doctest.h>
#include <string>

using namespace common;

namespace {

std::string shown(std::string_view given) {
    const auto network = Network::parse(given);
    return network ? network->shown() : "none";
}

bool holds(std::string_view network, std::string_view host) {
    return Network::parse(network)->contains(*parse_host(host));
}

} // namespace

TEST_SUITE("unit") {
    TEST_CASE("a network is written in one way whatever stands behind its bits") {
        CHECK(shown("10.0.0.7") == "10.0.0.7");
        CHECK(shown("10.1.2.3/8") == "10.0.0.0/8");
        CHECK(shown("10.1.2.3/32") == "10.1.2.3");
        CHECK(shown("10.255.255.255/9") == "10.128.0.0/9");
        CHECK(shown("0.0.0.0/0") == "0.0.0.0/0");
        CHECK(shown("2001:DB8:0:0::1") == "2001:db8::1");
        CHECK(shown("2001:db8:ffff::1/33") == "2001:db8:8000::/33");
        CHECK(shown("::/0") == "::/0");
        CHECK(shown("fe80::1%eth0") == "fe80::1");
        CHECK(shown("::ffff:10.1.2.3") == "10.1.2.3");
        CHECK(shown("::ffff:10.1.2.3/104") == "10.0.0.0/8");
        for (const std::string_view wrong :
             {"", "/", "/8", "10.0.0.0/", "10.0.0.0/33", "10.0.0/8", "10.0.0.0/8/8", "10.0.0.0/-1",
              "10.0.0.0/ 8", "10.0.0.0/8 ", "2001:db8::/129", "::ffff:10.0.0.0/95", "10.0.0.7%eth0", "ada",
              "ada/8", "[::1]", "10.0.0.0/255.0.0.0"}) {
            CAPTURE(wrong);
            CHECK(shown(wrong) == "none");
        }
    }

    TEST_CASE("a network has the addresses that begin with its bits and no others") {
        CHECK(holds("10.0.0.0/8", "10.255.0.1"));
        CHECK_FALSE(holds("10.0.0.0/8", "11.0.0.0"));
        CHECK(holds("10.128.0.0/9", "10.128.0.0"));
        CHECK_FALSE(holds("10.128.0.0/9", "10.127.255.255"));
        CHECK(holds("10.0.0.7", "10.0.0.7"));
        CHECK_FALSE(holds("10.0.0.7", "10.0.0.6"));
        CHECK(holds("0.0.0.0/0", "255.1.2.3"));
        CHECK_FALSE(holds("0.0.0.0/0", "::1"));
        CHECK(holds("2001:db8::/32", "2001:db8:ffff::9"));
        CHECK_FALSE(holds("2001:db8::/32", "2001:db9::"));
        CHECK(holds("::/0", "2001:db8::1"));
        CHECK_FALSE(holds("::/0", "10.0.0.7"));
        CHECK(holds("10.0.0.0/8", "::ffff:10.0.0.7")); // the same host
        CHECK_FALSE(Network::parse("0.0.0.0/0")->contains(Address::of_path("/tmp/x")));
    }

    TEST_CASE("the network of a client is its address or of IPv6 what one subscriber has") {
        CHECK(Network::of(*parse_host("10.0.0.7"))->shown() == "10.0.0.7");
        CHECK(Network::of(*parse_host("2001:db8:1:2:3:4:5:6"))->shown() == "2001:db8:1:2::/64");
        CHECK_FALSE(Network::of(Address::of_path("/tmp/x")));
    }
}
