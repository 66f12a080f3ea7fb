// SPDX-License-Identifier: ISC
#include "common/address.hh"
#include "common/errors.hh"
#include "tests/skip.hh"

#include <algorithm>
#include <arpa/inet.h>
#include <cstring>
#include <doctest/doctest.h>
#include <netinet/in.h>
#include <sys/un.h>

using namespace common;

namespace {

constexpr std::size_t longest_path = sizeof(sockaddr_un{}.sun_path) - 1;

std::string shown(std::string_view given) {
    std::string all;
    for (const Address& address : resolve_address(given)) all += address.shown() + ' ';
    if (!all.empty()) all.pop_back();
    return all;
}

std::string refusal(std::string_view given) {
    try {
        return "accepted as " + shown(given);
    } catch (const UserError& error) {
        return error.what();
    }
}

Address only(std::string_view given) {
    const std::vector<Address> all = resolve_address(given);
    REQUIRE(all.size() == 1);
    return all[0];
}

} // namespace

TEST_SUITE("unit") {
    TEST_CASE("address: a host in numbers is read and nothing else is") {
        CHECK(parse_host("127.0.0.1")->shown() == "127.0.0.1:0");
        CHECK(parse_host("2001:DB8::0:1")->shown() == "[2001:db8::1]:0");
        CHECK(parse_host("::ffff:10.0.0.7")->host() == "10.0.0.7"); // one host has one name
        CHECK(parse_host("10.0.0.7", AF_INET)->port() == 0);
        CHECK(parse_host("::1", AF_INET6)->family() == AF_INET6);
        CHECK_FALSE(parse_host("10.0.0.7", AF_INET6));
        CHECK_FALSE(parse_host("::1", AF_INET));
        for (const std::string_view bad : {"", "localhost", "10.0.0", "10.0.0.256", "10.0.0.7 ", "[::1]",
                                           "::1%lo", "10.0.0.7:21", "unix"}) {
            CAPTURE(std::string{bad});
            CHECK_FALSE(parse_host(bad));
        }
        CHECK_FALSE(parse_host(std::string_view{"10.0.0.7\0x", 10}));
    }

    TEST_CASE("address: numeric addresses are shown as they were given") {
        for (const std::string given : {"127.0.0.1:2121", "0.0.0.0:0", "255.255.255.255:65535", "[::1]:2121",
                                        "[2001:db8::7]:1", "unix:/run/x", "unix:relative"})
            CHECK(shown(given) == given);
        CHECK(only("[::1]:7").family() == AF_INET6);
        CHECK(only("[::1]:7").host() == "::1");
        CHECK(only("10.1.2.3:700").port() == 700);
        CHECK(only("10.1.2.3:700").path().empty());
        CHECK(only("unix:/x").port() == 0);
        CHECK(only("unix:/x").host() == "unix");
    }

    TEST_CASE("address: an IPv4-mapped address becomes plain IPv4") {
        const Address mapped = only("[::ffff:10.0.0.7]:21");
        CHECK(mapped.family() == AF_INET);
        CHECK(mapped.size() == sizeof(sockaddr_in));
        CHECK(mapped.shown() == "10.0.0.7:21");
        CHECK(mapped.same_host(only("10.0.0.7:99")));
    }

    TEST_CASE("address: a star is every IPv4 and every IPv6 address") {
        std::vector<int> families;
        for (const Address& address : resolve_address("*:2121")) {
            families.push_back(address.family());
            CHECK(address.port() == 2121);
            CHECK((address.host() == "0.0.0.0" || address.host() == "::"));
        }
        std::sort(families.begin(), families.end());
        CHECK(families == std::vector<int>{AF_INET, AF_INET6});
    }

    TEST_CASE("address: a name gives each of its addresses once") {
        std::vector<Address> all;
        try {
            all = resolve_address("localhost:2121");
        } catch (const UserError&) {
            return tests::skip("there is no localhost");
        }
        REQUIRE_FALSE(all.empty());
        for (std::size_t i = 0; i < all.size(); ++i)
            for (std::size_t j = 0; j < i; ++j) CHECK_FALSE(all[i].same_host(all[j]));
    }

    TEST_CASE("address: what is no address is refused with the right form") {
        for (const std::string bad : {"", "localhost", "127.0.0.1", "[::1]", "127.0.0.1:", "127.0.0.1:x",
                                      "127.0.0.1:65536", "127.0.0.1:-1", "127.0.0.1:+1", "127.0.0.1: 1",
                                      "127.0.0.1:1 ", "127.0.0.1:ftp", "[::1]:70000", "::"}) {
            CAPTURE(bad);
            CHECK(refusal(bad).find("write HOST:PORT with a port of 0 to 65535") != std::string::npos);
        }
        CHECK(refusal(":2121").find("write * for every address") != std::string::npos);
        for (const std::string bad : {"::1:2121", "::1", "fe80::1:2121"}) {
            CAPTURE(bad);
            CHECK(refusal(bad).find("brackets") != std::string::npos);
        }
        for (const std::string bad : {"[]:1", "[127.0.0.1]:1", "[localhost]:1", "[*]:1"}) {
            CAPTURE(bad);
            CHECK(refusal(bad).find("brackets are for an IPv6 address") != std::string::npos);
        }
        for (const std::string bad : {"[::1:1", "[:1", "]:1", "[::g]:1", "[1:2]:1", "a b:1", "name\x1b:1"}) {
            CAPTURE(bad);
            CHECK(refusal(bad).find("cannot use the address '") == 0);
        }
        CHECK(refusal("name\x1b:1").find('\x1b') == std::string::npos);
    }

    TEST_CASE("address: a path has 1 to 107 bytes and no NUL") {
        for (const std::size_t size : {std::size_t{1}, std::size_t{2}, longest_path}) {
            const std::string path(size, 'p');
            CHECK(Address::of_path(path).path() == path);
            CHECK(Address::of_path(path).shown() == "unix:" + path);
        }
        CHECK_THROWS_AS(Address::of_path(""), UserError);
        CHECK_THROWS_AS(Address::of_path(std::string(longest_path + 1, 'p')), UserError);
        CHECK_THROWS_AS(Address::of_path(std::string_view{"\0abstract", 9}), UserError);
        CHECK_THROWS_AS(Address::of_path(std::string_view{"cut\0short", 9}), UserError);
        CHECK(refusal("unix:").find("give one of 1 to " + std::to_string(longest_path)) != std::string::npos);
    }

    TEST_CASE("address: a peer's path that fills sun_path is read no further") {
        sockaddr_un full{};
        full.sun_family = AF_UNIX;
        std::memset(full.sun_path, 'p', sizeof full.sun_path);
        sockaddr_storage given{};
        std::memset(&given, 'x', sizeof given); // what lies behind must not show
        std::memcpy(&given, &full, sizeof full);
        const auto size = static_cast<socklen_t>(sizeof full + 1); // as Linux reports it
        const Address address{reinterpret_cast<const sockaddr*>(&given), size};
        CHECK(address.path() == std::string(sizeof full.sun_path, 'p'));
    }

    TEST_CASE("address: a peer's path cannot forge a line of the log") {
        CHECK(Address::of_path("a\nb\xe2\x80\xae").shown() == "unix:a\\nb\\xe2\\x80\\xae");
    }

    TEST_CASE("address: an unnamed socket has no path") {
        sockaddr_un unnamed{};
        unnamed.sun_family = AF_UNIX;
        const Address address{reinterpret_cast<const sockaddr*>(&unnamed), offsetof(sockaddr_un, sun_path)};
        CHECK(address.path().empty());
        CHECK(address.shown() == "unix:");
        CHECK(Address{}.family() == AF_UNSPEC);
    }

    TEST_CASE("address: more bytes than any address has are refused") {
        const std::string bytes(sizeof(sockaddr_storage) + 1, '\0');
        CHECK_THROWS_AS(
            (Address{reinterpret_cast<const sockaddr*>(bytes.data()), static_cast<socklen_t>(bytes.size())}),
            std::length_error);
    }

    TEST_CASE("address: the port does not count for the same host and a path is no host") {
        CHECK(only("10.0.0.7:1").same_host(only("10.0.0.7:2")));
        CHECK_FALSE(only("10.0.0.7:1").same_host(only("10.0.0.8:1")));
        CHECK(only("[2001:db8::7]:1").same_host(only("[2001:db8::7]:2")));
        CHECK_FALSE(only("[2001:db8::7]:1").same_host(only("[2001:db8::8]:1")));
        CHECK_FALSE(only("127.0.0.1:1").same_host(only("[::1]:1")));
        CHECK_FALSE(only("unix:/x").same_host(only("unix:/x")));
        CHECK_FALSE(Address{}.same_host(Address{}));
    }

    TEST_CASE("address: another port leaves all else as it was") {
        CHECK(only("10.0.0.7:1").with_port(0).shown() == "10.0.0.7:0");
        CHECK(only("[2001:db8::7]:1").with_port(65535).shown() == "[2001:db8::7]:65535");
        CHECK(only("unix:/x").with_port(7).shown() == "unix:/x");
    }

    TEST_CASE("address: the bytes of IPv4 are in network order and zero for others") {
        CHECK(only("1.2.3.4:1").ipv4_bytes() == htonl(0x01020304));
        CHECK(only("[::1]:1").ipv4_bytes() == 0);
        CHECK(only("unix:/x").ipv4_bytes() == 0);
    }
}
