// SPDX-License-Identifier: ISC
#include "chatd/hub/bans.hh"

#include "chatd/hub/client.hh"
#include "common/errors.hh"
#include "common/text.hh"
#include "common/whole_file.hh"
#include "tests/unit/common/temporary_folder.hh"

#include <doctest/doctest.h>
#include <fstream>

using namespace chatd;
using common::text;
using namespace std::chrono_literals;

namespace {

const Ban::Time today = std::chrono::system_clock::now();

bool has_both(const Bans& bans) {
    return bans.keeps_out("bob", "", today) && bans.keeps_out("10.0.0.7", "lobby", today);
}

} // namespace

TEST_SUITE("unit") {
    TEST_CASE("bans hold for their person and room and time and outlive whoever keeps them") {
        const TemporaryFolder folder;
        const std::string path = folder / "bans";
        {
            Bans bans{path};
            bans.add({"bob", "", {}, ""});
            bans.add({"10.0.0.7", "lobby", today + 1h, "ada"});
            bans.add({"a \"quoted\" name", "", {}, "\\"});
            CHECK(has_both(bans));
            common::replace_file(path, bans.lines());
        }
        Bans bans{path};
        CHECK(has_both(bans));
        CHECK(bans.keeps_out("a \"quoted\" name", "", today));
        CHECK_FALSE(bans.keeps_out("10.0.0.7", "lobby", today + 2h));
        CHECK_FALSE(bans.keeps_out("10.0.0.7", "", today));
        CHECK_FALSE(bans.keeps_out("bob", "lobby", today)); // of everything is another question
        CHECK_FALSE(bans.keeps_out("bobby", "", today));
        CHECK(bans.all(today).size() == 3);
        CHECK(bans.all(today + 2h).size() == 2);
        bans.add({"bob", "", today + 1h, "eve"}); // instead of the old one
        CHECK(bans.all(today).size() == 3);
        CHECK_FALSE(bans.keeps_out("bob", "", today + 2h));
        CHECK_FALSE(bans.remove("bob", "lobby"));
        CHECK(bans.remove("bob", ""));
        CHECK_FALSE(bans.remove("bob", ""));
        common::replace_file(path, bans.lines());
        CHECK_FALSE(Bans{path}.keeps_out("bob", "", today));
    }

    TEST_CASE(
        "a ban is of the name and its user and the person and perhaps the address also after a restart") {
        const TemporaryFolder folder;
        const std::string path = folder / "bans";
        {
            Bans bans{path};
            bans.add({"rob", "lobby", {}, "ada", {7, "bob"}, common::Network::parse("10.0.0.7")});
            bans.add({"eve", "", today + 1h, "", {8, ""}});
            common::replace_file(path, bans.lines());
        }
        const Bans bans{path};
        CHECK(bans.all(today)[0].has_address());
        CHECK_FALSE(bans.all(today)[1].has_address());
        const auto is_out = [&](const Person& person, const std::string& name, std::string_view host,
                                std::string_view room) {
            Client client;
            client.person = person;
            client.folded = name;
            client.address = *common::parse_host(host);
            return bans.keeps_out(client, room, today);
        };
        CHECK(is_out({99, ""}, "rob", "10.0.0.8", "lobby"));
        CHECK(is_out({7, ""}, "other", "10.0.0.8", "lobby"));
        CHECK(is_out({99, "bob"}, "other", "10.0.0.8", "lobby"));
        CHECK(is_out({99, "rob"}, "other", "10.0.0.8", "lobby")); // the user of that name
        CHECK(is_out({99, ""}, "other", "10.0.0.7", "lobby"));
        CHECK_FALSE(is_out({99, ""}, "other", "10.0.0.8", "lobby"));
        CHECK_FALSE(is_out({7, "bob"}, "rob", "10.0.0.7", ""));
        CHECK(is_out({8, ""}, "", "10.0.0.8", ""));
        CHECK_FALSE(is_out({0, ""}, "", "10.0.0.8", ""));
        CHECK(bans.keeps_out(Person{8, ""}, "", today));
        CHECK_FALSE(bans.keeps_out(Person{8, ""}, "", today + 1h));
        CHECK_FALSE(bans.keeps_out(Person{9, ""}, "", today));
    }

    TEST_CASE("a network that an earlier version kept as a name is a network") {
        const TemporaryFolder folder;
        const std::string path = folder / "bans";
        std::ofstream{path} << "ban 10.1.2.3/8 \"\" - \"\"\nban 2001:db8::/32 \"\" - \"\"\n";
        Bans bans{path};
        CHECK(bans.keeps_out(*common::parse_host("10.9.9.9"), "", today));
        CHECK(bans.keeps_out(*common::parse_host("2001:db8::9"), "", today));
        CHECK_FALSE(bans.keeps_out(*common::parse_host("11.0.0.1"), "", today));
        CHECK(bans.remove(whom_of("10.1.2.3/8"), ""));
        CHECK_FALSE(bans.keeps_out(*common::parse_host("10.9.9.9"), "", today));
    }

    TEST_CASE("a line that is no ban is named") {
        const TemporaryFolder folder;
        const std::string path = folder / "bans";
        std::ofstream{path} << "ban bob \"\" - \"\"\nban eve lobby soon \"\"\n";
        CHECK_THROWS_WITH_AS(Bans{path}, doctest::Contains("bans:2: this is not a ban"), common::UserError);
        for (const std::string_view line : {"ban bob lobby - \"\" 7", "ban bob lobby - \"\" x \"\" \"\"",
                                            "ban bob lobby - \"\" 7 \"\" 10.0.0.0/99"}) {
            std::ofstream{path} << line << '\n';
            CHECK_THROWS_AS(Bans{path}, common::UserError);
        }
    }

    TEST_CASE("each change is told once and what changes nothing is not") {
        const TemporaryFolder folder;
        Bans bans{folder / "missing"};
        int changes = 0;
        bans.tell_changes([&](const std::string&) { ++changes; });
        bans.add({"bob", "den", {}, "ada"});
        bans.add({"bob", "lobby", {}, ""});
        CHECK(changes == 2);
        CHECK_FALSE(bans.remove("eve", ""));
        bans.forget_room("plans");
        bans.forget_room("lobby"); // which is the administrator's
        CHECK(changes == 2);
        bans.forget_room("den");
        CHECK(changes == 3);
        CHECK(bans.remove("bob", "lobby"));
        CHECK(changes == 4);
        CHECK(bans.lines().empty());
    }

    TEST_CASE("a change that is made again by another hub makes the ban that it was") {
        const TemporaryFolder folder;
        const std::vector<Ban> all{
            {"bob", "", {}, ""},
            {"bob", "lobby", {}, "ada"},
            {"bob", "lobby", today + 1h, "ada", {7, ""}},
            {"bob", "lobby", {}, "ada", {7, "rob"}, common::Network::parse("10.0.0.8")},
            {"10.0.0.0/8", "", {}, ""},
        };
        for (const std::string end : {"", "\n"}) { // with which an earlier version told it
            for (const Ban& ban : all) {
                CAPTURE(ban.whom);
                Bans bans{folder / "bans"}, next{folder / "bans"};
                bans.tell_changes([&](const std::string& change) { next.apply(change + end); });
                bans.add(ban);
                CHECK(next.lines() == bans.lines());
                CHECK(next.find(ban.whom, ban.room, today));
                CHECK_FALSE(next.find(ban.whom, "cellar", today));
                CHECK_FALSE(next.find("eve", ban.room, today));
                bans.remove(ban.whom, ban.room);
                CHECK(next.lines().empty());
            }
        }
    }

    TEST_CASE("operators ban so many in a room and the administrator as many as there are") {
        const TemporaryFolder folder;
        Bans bans{folder / "missing"};
        for (int n = 0; n < 2000; ++n) bans.add({"by-admin" + std::to_string(n), "lobby", {}, ""});
        CHECK(bans.has_room_for({"eve", "lobby", {}, "ada"}, false));
        int made = 0;
        for (; made < 5000 && bans.has_room_for({text("eve", made), "lobby", {}, "ada"}, false); ++made)
            bans.add({text("eve", made), "lobby", {}, "ada"});
        CHECK(made == 2000);
        CHECK(bans.has_room_for({"eve7", "lobby", {}, "ada"}, false)); // it is there
        CHECK(bans.has_room_for({"eve", "plans", {}, "ada"}, true));
    }

    TEST_CASE("a file that was written is read again however long it is") {
        const TemporaryFolder folder;
        const std::string path = folder / "bans";
        std::string lines;
        for (int n = 0; lines.size() <= std::size_t{1} << 24; ++n)
            lines += text("ban ", std::string(120, 'x'), n, " den - ada\n");
        common::replace_file(path, lines);
        CHECK(Bans{path}.lines() == lines);
    }

    TEST_CASE("a length of time is a number and perhaps a unit") {
        CHECK(parse_duration("90") == 90s);
        CHECK(parse_duration("90s") == 90s);
        CHECK(parse_duration("10m") == 10min);
        CHECK(parse_duration("2h") == 2h);
        CHECK(parse_duration("7d") == 7 * 24h);
        for (const std::string_view wrong :
             {"", "s", "0", "0s", "-1s", "1.5h", "1w", "1 h", "99999999d", "18446744073709551616s"})
            CHECK_FALSE(parse_duration(wrong));
    }

    TEST_CASE("whom a ban is of is an address in one way of writing or a folded name") {
        CHECK(whom_of("Ada") == "ada");
        CHECK(whom_of("10.0.0.7") == "10.0.0.7");
        CHECK(whom_of("2001:DB8:0:0::1") == "2001:db8::1");
        CHECK(whom_of("10.0.0") == "10.0.0");
        CHECK(whom_of("10.1.2.3/8") == "10.0.0.0/8");
    }

    TEST_CASE("a ban of one room tells which and of those that are over none is told") {
        const TemporaryFolder folder;
        Bans bans{folder / "bans"};
        bans.add({"bob", "lobby", today + 1h, "ada"});
        CHECK(bans.room_of_ban("bob", today) == "lobby");
        CHECK_FALSE(bans.room_of_ban("bob", today + 1h));
        CHECK_FALSE(bans.room_of_ban("eve", today));
        bans.add({"eve", "", {}, ""});
        CHECK(bans.room_of_ban("eve", today) == "");
    }
}
