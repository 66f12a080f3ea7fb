// SPDX-License-Identifier: ISC
// What a client types: which lines go to the hub together, and what a paste may hold.
#include "chatd/handler/typed/typing.hh"

#include "common/text.hh"
#include "tests/unit/chatd/handler/typed/talk_place.hh"

using namespace chatd;

namespace {

// Room, kind and whether it is a paste, and the lines with bars between.
std::string said(TalkPlace& place) {
    auto [fields, lines] = place.sent_as<SayFrame>();
    for (char& byte : lines)
        if (byte == '\n') byte = '|';
    const auto [room, kind, is_paste] = fields;
    return common::text(room, static_cast<Kind>(kind) == Kind::said ? " said " : " acted ",
                        is_paste == 0 ? "" : "paste ", lines);
}

} // namespace

TEST_SUITE("unit") {
    TEST_CASE("typing: lines that come together go to the hub together up to a command") {
        TalkPlace place;
        place.be_inside("ada", 4, "lobby");
        place.type("one\n//two\nthree\n/who\nfour\n");
        CHECK(said(place) == "4 said one|/two|three");
        CHECK(place.sent().empty()); // what follows waits for the answer
        place.accept();
        place.obey();
        CHECK(place.sent_as<WhoFrame>().second == "lobby");
        place.hear(ListingFrame::make("ada\t\t", std::uint32_t{0}));
        place.obey();
        CHECK(said(place) == "4 said four");
    }

    TEST_CASE("typing: of many lines as many go together as a frame holds") {
        TalkPlace place;
        place.be_inside("ada", 4, "lobby");
        const std::string line(max_text / 2, 'x');
        for (int i = 0; i < 7; ++i) place.type(line + '\n');
        const std::size_t first = place.sent_as<SayFrame>().second.size();
        CHECK(first == line.size()); // the others came later
        place.accept();
        place.obey();
        CHECK(place.sent_as<SayFrame>().second.size() == 6 * line.size() + 5);
    }

    TEST_CASE("typing: under flood control only as many lines go together as may") {
        TalkPlace place;
        place.talk.typing.limit_lines(2);
        place.be_inside("ada", 4, "lobby");
        place.type("one\ntwo\nthree\nfour\nfive\n");
        for (const std::string_view lines : {"one|two", "three|four", "five"}) {
            CHECK(said(place) == common::text("4 said ", lines));
            place.accept();
            place.obey();
        }
    }

    TEST_CASE("typing: a line that is empty is nothing and one that is too long is refused") {
        TalkPlace place;
        place.be_inside("ada", 4, "lobby");
        place.type("\n");
        CHECK(place.sent().empty());
        CHECK(place.shown().empty());
        place.type(std::string(max_text + 1, 'x') + '\n');
        CHECK(place.sent().empty());
        CHECK_FALSE(place.shown().empty());
        place.type("a\tb\x1b[2J\n"); // made harmless
        CHECK(said(place) == "4 said a b\ufffd[2J");
    }

    TEST_CASE("typing: behind /paste every line is text until the dot") {
        TalkPlace place;
        place.be_inside("ada", 4, "lobby");
        place.type("/paste\n/quit\n\n..\n.\nafter\n");
        CHECK(said(place) == "4 said paste /quit| |..");
        place.accept();
        place.obey();
        CHECK(said(place) == "4 said after");
        place.accept();
        place.type("/paste\n.\n");
        CHECK(place.sent().empty());
    }

    TEST_CASE("typing: of a paste that is too long nothing is said") {
        TalkPlace place;
        place.be_inside("ada", 4, "lobby");
        place.type("/paste\n");
        for (std::size_t i = 0; i <= max_paste_lines; ++i) place.type("x\n");
        place.type(".\n");
        CHECK(place.sent().empty());
        place.type("/paste\n");
        for (std::size_t i = 0; i < max_paste_lines; ++i) place.type("x\n");
        place.type(".\n");
        CHECK(place.sent_as<SayFrame>().second.size() == 2 * max_paste_lines - 1);
    }

    TEST_CASE("paste: a line too much or too long spoils all of it") {
        Paste paste;
        CHECK(paste.count() == 0);
        paste.add({""});
        paste.add({"a\tb"});
        CHECK(paste.lines() == " \na b");
        CHECK_FALSE(paste.fault());
        paste.add({std::string(max_text + 1, 'x')});
        CHECK(paste.fault() == Phrase::paste_line_too_long);
        CHECK(paste.lines().empty());
        paste.add({"short"});
        CHECK(paste.fault() == Phrase::paste_line_too_long);
        Paste whole;
        for (std::size_t i = 0; i < max_batch / max_text; ++i) whole.add({std::string(max_text, 'x')});
        CHECK_FALSE(whole.fault());
        whole.add({std::string(max_batch % max_text, 'x')});
        CHECK(whole.fault() == Phrase::paste_too_long); // by its line ends
        Paste cut;
        cut.add({"beginning and end", true});
        CHECK(cut.fault() == Phrase::paste_line_too_long);
    }

    TEST_CASE("typing: what is too long is told with the limit that it is beyond") {
        TalkPlace place;
        place.be_inside("ada", 4, "lobby");
        const std::string line(max_text + 1, 'x');
        place.type(line + '\n');
        CHECK(place.shown() == "That line is too long and was not sent: 2000 bytes at most.\n");
        place.type("/paste\n" + line + "\n.\n");
        CHECK(
            place.shown().find("\nA line of that block is too long, and the block was not sent: 2000 bytes a "
                               "line at most.\n") != std::string::npos);
        place.type("/paste\n");
        for (int lines = 0; lines < 5; ++lines) place.type(std::string(max_text, 'x') + '\n');
        place.type(".\n");
        CHECK(place.shown().find(
                  "\nThat block is too long and was not sent: 8192 bytes and 200 lines at most.\n") !=
              std::string::npos);
        for (const std::string_view command : {"/topic ", "/away ", "/quit "}) {
            place.type(common::text(command, std::string(max_topic + 1, 'x'), '\n'));
            CHECK(place.shown() == "That is too long: 400 bytes at most.\n");
        }
        place.type(common::text("/me ", line, '\n'));
        CHECK(place.shown() == "That line is too long and was not sent: 2000 bytes at most.\n");
        CHECK(place.sent().empty());
    }

    TEST_CASE("typing: at a question a paste is a command that has to wait") {
        TalkPlace place;
        place.be_named("ada");
        place.shown();
        place.type("/paste\n");
        CHECK(place.sent().empty());
        place.type("code\n");
        CHECK(place.sent_as<EnterFrame>().second == "code");
    }
}
