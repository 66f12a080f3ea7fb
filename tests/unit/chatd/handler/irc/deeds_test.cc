// SPDX-License-Identifier: ISC
// What a client of IRC is told of others beside what stands in the logs.
#include "tests/unit/chatd/handler/irc/irc_place.hh"

#include <string>
#include <string_view>

using namespace chatd;

TEST_SUITE("unit") {
    TEST_CASE("irc: what others do of which no log tells is told to who wants it when the logs are read") {
        IrcPlace place;
        const auto hear_of = [&](Deed deed, std::string_view guest, std::string_view words) {
            place.hear(ToldOfFrame::make("bob" + std::string{guest} + std::string{words},
                                         static_cast<std::uint8_t>(deed), std::uint8_t{3},
                                         static_cast<std::uint8_t>(guest.size())));
        };
        place.send(
            "CAP REQ :away-notify setname invite-notify\r\nCAP END\r\nNICK ada\r\nUSER u 0 * :Ada\r\n");
        place.asked_as<NameFrame>();
        place.accept("ada");
        CHECK(std::get<0>(place.asked_as<DescribeFrame>().first) ==
              (wishes_presence | wishes_real_names | wishes_invitations));
        place.accept();
        place.send("JOIN #lobby\r\n");
        place.asked_as<EnterFrame>();
        place.enter(4, "lobby");
        place.sent();
        place.log(Kind::joined, "bob");
        hear_of(Deed::went_away, "", "tea");
        CHECK(place.sent().empty()); // the names come first
        place.hub.acknowledge_told();
        place.take_names("ada\t\t\nbob\t\t"); // no acknowledgement before
        const std::string sent = place.sent();
        CHECK(sent.ends_with(" 366 ada #lobby :End of /NAMES list\r\n:bob!u@chat JOIN #lobby\r\n"
                             ":bob!u@chat AWAY :tea\r\n"));
        hear_of(Deed::came_back, "", "");
        hear_of(Deed::named, "", "Robert B.");
        hear_of(Deed::invited, "cy", "lobby");
        hear_of(static_cast<Deed>(77), "", "something of a later version");
        CHECK(place.sent() == ":bob!u@chat AWAY\r\n:bob!u@chat SETNAME :Robert B.\r\n"
                              ":bob!u@chat INVITE cy #lobby\r\n");
        place.hub.acknowledge_told();
        CHECK(std::get<0>(place.asked_as<TookFrame>().first) == 5);

        place.send("CAP REQ :-away-notify server-time\r\n");
        CHECK(std::get<0>(place.asked_as<DescribeFrame>().first) == (wishes_real_names | wishes_invitations));
        hear_of(Deed::went_away, "", "tea"); // which was on its way
        place.accept();
        hear_of(Deed::named, "", "Bob");
        const std::string later = place.sent();
        CHECK(later.starts_with(":chatd.local CAP ada ACK :-away-notify server-time\r\n@time=2"));
        CHECK(later.ends_with(" :bob!u@chat SETNAME :Bob\r\n"));
        place.send("CAP REQ :batch\r\nMODE ada +B\r\n");
        CHECK(std::get<0>(place.asked_as<DescribeFrame>().first) ==
              (says_program | wishes_real_names | wishes_invitations));
    }
}
