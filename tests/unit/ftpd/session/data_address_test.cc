// SPDX-License-Identifier: ISC
// What the verbs of data connections take and say, and the table of verbs.
#include "common/text.hh"
#include "ftpd/session/data_channel.hh"
#include "ftpd/session/refusal.hh"
#include "ftpd/session/verbs.hh"

#include <algorithm>
#include <cctype>
#include <doctest/doctest.h>
#include <set>

using namespace ftpd;
using common::Address;

namespace {

// The address, or the code of the refusal.
std::string parsed(Address (*parse)(std::string_view), std::string_view argument) {
    try {
        return parse(argument).shown();
    } catch (const Refusal& refusal) {
        return std::to_string(refusal.code);
    }
}

} // namespace

TEST_SUITE("unit") {
    TEST_CASE("data address: PORT takes six numbers of 0 to 255") {
        const auto port = [](std::string_view argument) { return parsed(parse_port_argument, argument); };
        CHECK(port("132,235,1,2,24,131") == "132.235.1.2:6275");
        CHECK(port("0,0,0,0,0,0") == "0.0.0.0:0");
        CHECK(port("255,255,255,255,255,255") == "255.255.255.255:65535");
        CHECK(port("127,0,0,1,4,0") == "127.0.0.1:1024");
        for (const char* bad :
             {"", ",", ",,,,,", "1,2,3,4,5", "1,2,3,4,5,6,", "1,2,3,4,5,6,7", ",1,2,3,4,5,6", "256,2,3,4,5,6",
              "1,2,3,4,5,256", "-1,2,3,4,5,6", "+1,2,3,4,5,6", "1, 2,3,4,5,6", "1,2,3,4,5,6 ", "a,2,3,4,5,6",
              "1.2.3.4,5,6", "0x1,2,3,4,5,6", "1,,3,4,5,6", "|1|127.0.0.1|1024|"}) {
            CAPTURE(bad);
            CHECK(port(bad) == "501");
        }
        CHECK(port({"1,2,3,4,5,6\0", 12}) == "501");
        CHECK(port(std::string(100'000, ',')) == "501");
    }

    TEST_CASE("data address: EPRT takes a protocol and an address and a port between any mark") {
        const auto eprt = [](std::string_view argument) { return parsed(parse_eprt_argument, argument); };
        CHECK(eprt("|1|132.235.1.2|6275|") == "132.235.1.2:6275");
        CHECK(eprt("|2|1080::8:800:200C:417A|5282|") == "[1080::8:800:200c:417a]:5282");
        CHECK(eprt("!1!127.0.0.1!0!") == "127.0.0.1:0");
        CHECK(eprt("~2~::1~65535~") == "[::1]:65535");
        CHECK(eprt("|2|fe80::1%eth0|1024|") == "[fe80::1]:1024"); // whose zone is the client's own matter
        CHECK(eprt("|2|::ffff:10.0.0.7|99|") == "10.0.0.7:99");   // mapped: the IPv4 client that it is
        for (const char* bad : {"",
                                "|",
                                "||",
                                "||||",
                                "|||||",
                                "|1|127.0.0.1|1024",
                                "1|127.0.0.1|1024|",
                                "|1|127.0.0.1|1024|x",
                                "|1|127.0.0.1|1024||",
                                "|1||1024|",
                                "|1|127.0.0.1||",
                                "|1|::1|1024|",
                                "|2|127.0.0.1|1024|",
                                "|1|localhost|1024|",
                                "|1|127.1|1024|",
                                "|1|127.0.0.256|1024|",
                                "|1|127.0.0.1|65536|",
                                "|1|127.0.0.1|-1|",
                                "|1|127.0.0.1|1 |",
                                "|2|fe80::1%|1024|",
                                "|2|%lo|1024|",
                                "|1|127.0.0.1%lo|1024|",
                                "|2|[::1]|1024|",
                                "|2|::g|1024|",
                                " 1 127.0.0.1 1024 ",
                                "\x7f"
                                "1\x7f"
                                "127.0.0.1\x7f"
                                "1024\x7f",
                                "\xff"
                                "1\xff"
                                "127.0.0.1\xff"
                                "1024\xff",
                                "1112711"}) {
            CAPTURE(bad);
            CHECK(eprt(bad) == "501");
        }
        for (const char* other : {"|3|127.0.0.1|1024|", "|0|::1|1024|", "||127.0.0.1|1024|",
                                  "|01|127.0.0.1|1024|", "|1 |127.0.0.1|1024|"}) {
            CAPTURE(other);
            CHECK(eprt(other) == "522");
        }
        CHECK(eprt({"|1|127.0.0.1\0|1024|", 19}) == "501");
        CHECK(eprt("|1|127.0.0.1|" + std::string(200, '0') + "1024|") == "501");
        CHECK(eprt(std::string(100'000, '|')) == "501");
    }

    TEST_CASE("data address: PASV says what PORT would take") {
        for (const char* six : {"127,0,0,1,4,0", "255,255,255,255,255,255", "10,0,0,7,0,1", "0,0,0,0,0,0"})
            CHECK(format_pasv(parse_port_argument(six)) == six);
    }

    TEST_CASE("verbs: each stands once in the table in upper case with its help") {
        std::set<std::string_view> names;
        for (const Verb& verb : verb_table()) {
            CAPTURE(std::string{verb.name});
            CHECK(names.insert(verb.name).second);
            const std::string_view last_word = verb.name.substr(verb.name.rfind(' ') + 1);
            CHECK((last_word == verb.name || verb.name == common::text("SITE ", last_word)));
            CHECK(last_word.size() <= 8); // the field on the status page
            CHECK((last_word == "?" ||
                   std::ranges::all_of(last_word, [](char c) { return c >= 'A' && c <= 'Z'; })));
            CHECK_FALSE(verb.help.empty());
            CHECK((verb.run != nullptr));
            CHECK(find_verb(verb.name) == &verb);
            CHECK_FALSE(is_known_elsewhere(verb.name));
            if (verb.argument == Argument::required) CHECK_FALSE(verb.syntax.empty());
            if (verb.argument == Argument::none) CHECK(verb.syntax.empty());
            if (verb.kind != Verb::Kind::plain) CHECK(verb.login != LoginNeed::not_needed);
            if (verb.right != Right::none) CHECK(verb.login != LoginNeed::not_needed);
        }
        CHECK(find_verb("") == nullptr);
        CHECK(find_verb("quit") == nullptr);
        CHECK(find_verb("QUI") == nullptr);
    }

    TEST_CASE("verbs: what RFC 959 and 3659 name is in the table or known from elsewhere") {
        for (const char* name :
             {"USER", "PASS", "ACCT", "CWD",  "CDUP", "SMNT", "QUIT", "REIN", "PORT", "PASV", "TYPE",
              "STRU", "MODE", "RETR", "STOR", "STOU", "APPE", "ALLO", "REST", "RNFR", "RNTO", "ABOR",
              "DELE", "RMD",  "MKD",  "PWD",  "LIST", "NLST", "SITE", "SYST", "STAT", "HELP", "NOOP",
              "MDTM", "SIZE", "MLST", "MLSD", "FEAT", "OPTS", "EPRT", "EPSV", "LANG", "HOST"}) {
            CAPTURE(name);
            CHECK((find_verb(name) != nullptr) != is_known_elsewhere(name));
        }
        for (const char* name : {"", "user", "NONSENSE", "ABO", "GETX"})
            CHECK_FALSE(is_known_elsewhere(name));
    }
}
