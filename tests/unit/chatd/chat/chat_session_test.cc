// SPDX-License-Identifier: ISC
// chat's side of a conversation with chatd, byte by byte, with connections that break wherever it hurts.
#include "chatd/chat/chat_session.hh"

#include "chatd/terminal/telnet.hh"
#include "common/errors.hh"
#include "common/text.hh"

#include <doctest/doctest.h>

using namespace chatd;
using namespace std::literals;
using common::text;
using Return = ChatSession::Return;

namespace {

const std::string offer = "\xff\xfb\xd5", taken = "\xff\xfd\xd5", refused = "\xff\xfe\xd5";

std::string asks(Asked what, std::string_view name = {}) {
    return encode(SessionMessage::asks, text(static_cast<char>(what), name));
}
const std::string inside = asks(Asked::nothing, "ada");

std::string token(std::string_view word) { return encode(SessionMessage::token, word); }
std::string place(std::string_view bytes) { return encode(SessionMessage::place, bytes); }

// Of a pipe: it has nothing else to negotiate, so that the bytes can be compared.
struct Pipe {
    explicit Pipe(ChatSession::Profile profile = {.name = "ada", .code = "blue"})
        : session(plain(std::move(profile))) {
        session.begin();
        CHECK(session.take_output() == offer);
        session.hear(taken);
        CHECK(session.take_output() == encode_hello({.is_plain = true}));
    }
    static ChatSession::Profile plain(ChatSession::Profile profile) {
        profile.is_plain = true;
        return profile;
    }
    // What is sent after these bytes.
    std::string sent_after(std::string_view bytes) {
        session.hear(bytes);
        return session.take_output();
    }
    void enter() {
        CHECK(sent_after(asks(Asked::name)) == "ada\n");
        CHECK(sent_after(asks(Asked::code)) == "blue\n");
        CHECK(sent_after(token("t0") + encode_dealt(9, 0) + inside).empty());
        CHECK(session.backlog().is_empty());
    }
    // The connection breaks; what the next one begins with.
    std::string come_again() {
        session.lose();
        session.begin();
        CHECK(session.take_output() == offer);
        return sent_after(taken);
    }
    ChatSession session;
};

ChatSession terminal(ChatSession::Profile profile = {}) {
    ChatSession session{std::move(profile)};
    session.begin();
    session.take_output();
    session.hear(taken);
    session.take_output();
    return session;
}

} // namespace

TEST_SUITE("unit") {
    TEST_CASE("chat offers its option and says nothing else until that is taken") {
        ChatSession session{{.name = "ada"}};
        session.begin();
        CHECK(session.take_output() == offer);
        CHECK(session.hear("Your name: ").empty());
        CHECK(session.take_output().empty());
        CHECK(!session.is_understood());
        SUBCASE("refused: the server speaks lines") {
            CHECK(!session.was_refused());
            session.hear(refused);
            CHECK(session.was_refused());
            CHECK(session.take_greeting() == "Your name: ");
        }
        SUBCASE("taken: what was said in another dialect is not shown") {
            session.hear(taken);
            CHECK(session.is_understood());
            CHECK(session.hear("Your name: ").empty());
            CHECK(session.hear(asks(Asked::name) + "Your name: " + place("")) == "Your name: ");
        }
    }

    TEST_CASE("the name and the code answer what is asked and never each other") {
        Pipe pipe;
        CHECK(pipe.sent_after(asks(Asked::code)) == "blue\n"); // in whatever order
        CHECK(pipe.sent_after(asks(Asked::name)) == "ada\n");
        ChatSession person = terminal({.name = "ada", .code = "blue"});
        person.hear(asks(Asked::name));
        CHECK(person.take_output() == "ada\r");
        person.hear("Somebody has that name.\r\n" + asks(Asked::name)); // refused: the person is asked
        CHECK(person.take_output().empty());
        person.type("eve\r");
        CHECK(person.take_output() == "eve\r");
        person.hear(asks(Asked::code));
        CHECK(person.take_output() == "blue\r");
    }

    TEST_CASE("a pipe whose name or code is refused or that needs a password says so") {
        const auto fault = [](Pipe& pipe, const std::string& bytes) -> std::string {
            try {
                pipe.session.hear(bytes);
            } catch (const common::PeerError& error) {
                return error.what();
            }
            return "none";
        };
        Pipe name;
        name.session.hear(asks(Asked::name));
        CHECK(fault(name, "Somebody\x1b has that name.\r\n" + asks(Asked::name)) ==
              "the server does not accept the name ada: Somebody\\x1b has that name.");
        Pipe code;
        code.session.hear(asks(Asked::name) + asks(Asked::code) + "No such code.\n");
        CHECK(fault(code, asks(Asked::code)) == "the server does not accept the room's code: No such code.");
        Pipe password;
        password.session.hear(asks(Asked::name));
        CHECK(fault(password, asks(Asked::password)).starts_with("the name ada has a password"));
    }

    TEST_CASE("a pipe without name and code answers with its first lines and says the others inside") {
        Pipe pipe{{}};
        pipe.session.type("ada\nblue\none\ntwo\n");
        CHECK(pipe.session.take_output().empty());
        CHECK(pipe.sent_after(asks(Asked::name)) == "ada\n");
        CHECK(pipe.sent_after(asks(Asked::code)) == "blue\n");
        CHECK(pipe.sent_after(inside) == "one\ntwo\n");
        Pipe silent{{}};
        silent.session.hear(asks(Asked::name));
        CHECK_THROWS_AS(silent.session.end_input(), common::PeerError);
        Pipe brief{{}};
        brief.session.type("ada\n");
        brief.session.end_input();
        CHECK(brief.sent_after(asks(Asked::name)) == "ada\n");
        CHECK(brief.sent_after(asks(Asked::code)) == "\n"); // the first open room
    }

    TEST_CASE("lines that a pipe says while its name is looked at wait until it is inside") {
        Pipe pipe;
        pipe.session.type("one\n");
        CHECK(pipe.sent_after(asks(Asked::name)) == "ada\n");
        pipe.session.type("two\n");
        CHECK(pipe.session.take_output().empty());
        CHECK(pipe.sent_after(asks(Asked::code)) == "blue\n");
        pipe.session.type("three\n");
        pipe.session.end_input();
        CHECK(pipe.session.take_output().empty());
        CHECK(pipe.sent_after(inside) == "one\ntwo\nthree\n");
    }

    TEST_CASE("what was typed counts as undealt until the server has dealt with it") {
        Pipe pipe;
        pipe.enter();
        pipe.session.type("one\ntwo\n");
        CHECK(pipe.session.take_output() == "one\ntwo\n");
        CHECK(!pipe.session.backlog().is_empty());
        pipe.session.hear(encode_dealt(13, 0));
        CHECK(pipe.session.backlog().size() == 4);
        pipe.session.hear(encode_dealt(12, 0)); // never back
        CHECK(pipe.session.backlog().size() == 4);
        pipe.session.hear(encode_dealt(UINT64_MAX, 1)); // nor beyond
        CHECK(pipe.session.backlog().is_empty());
        CHECK(pipe.session.refused() == 1);
    }

    TEST_CASE("after a break the token and the place take it up and only the undealt is sent again") {
        Pipe pipe;
        pipe.enter();
        pipe.session.hear(place("where") + token("t1"));
        pipe.session.type("one\ntwo\nthr\xff");
        pipe.session.take_output();
        pipe.session.hear(encode_dealt(13, 1));
        CHECK(pipe.come_again() == encode_hello({.is_plain = true, .token = "t1", .place = "where"}));
        pipe.session.type("ee\n"); // during the gap
        CHECK(pipe.session.take_output().empty());
        CHECK(pipe.session.hear("Your name: ").empty());
        // It was dealt with before the break, and that was not heard.
        CHECK(pipe.sent_after(encode_dealt(17, 0)) == "thr\xff\xff"
                                                      "ee\n");
        CHECK(pipe.session.take_return() == Return::resumed);
        CHECK(pipe.session.take_return() == Return::none);
        CHECK(pipe.session.refused() == 1);
        pipe.session.hear(inside + encode_dealt(24, 1));
        CHECK(pipe.session.backlog().is_empty());
        CHECK(pipe.session.refused() == 2);
    }

    TEST_CASE("a newcomer that was here before says nothing until it knows what of it stands in the log") {
        Pipe pipe;
        pipe.enter();
        pipe.session.hear(place("where") + encode_mark({9, 5, 2}));
        pipe.session.type("one\ntwo\nthree\nfour\n");
        pipe.session.take_output();
        pipe.session.hear(encode_mark({13, 5, 3}) + encode_dealt(13, 0));
        pipe.come_again();
        CHECK(pipe.sent_after(asks(Asked::name)) == "ada\n");
        CHECK(pipe.sent_after(asks(Asked::code)) == "blue\n");
        const std::string entered = encode_own(true) + encode_mark({9, 6, 2}) + encode_dealt(9, 0) + inside;
        CHECK(pipe.sent_after(entered + encode_said(5, 3, "one") + encode_said(5, 4, "two")).empty());
        CHECK(pipe.session.is_inside());
        pipe.session.type("five\n");
        CHECK(pipe.session.take_output().empty());
        SUBCASE("it is told all") { CHECK(pipe.sent_after(encode_own(false)) == "three\nfour\nfive\n"); }
        SUBCASE("the server dies once more before that") {
            pipe.come_again();
            CHECK(pipe.sent_after(asks(Asked::name)) == "ada\n");
            CHECK(pipe.sent_after(asks(Asked::code)) == "blue\n");
            pipe.sent_after(encode_own(true) + encode_mark({9, 7, 2}) + encode_dealt(9, 0) + inside);
            CHECK(pipe.sent_after(encode_said(5, 4, "two") + encode_said(5, 5, "three")).empty());
            CHECK(pipe.sent_after(encode_own(false)) == "four\nfive\n");
        }
        SUBCASE("what is malformed is passed over") {
            pipe.session.hear(encode(SessionMessage::said, "x") + encode(SessionMessage::own) +
                              encode(SessionMessage::mark, "x"));
            CHECK(pipe.sent_after(encode_own(false)) == "three\nfour\nfive\n");
        }
    }

    TEST_CASE(
        "a place that is taken again uncounted is looked through like a newcomer's and its token stays") {
        Pipe pipe;
        pipe.enter();
        pipe.session.hear(place("where") + token("t1") + encode_mark({9, 5, 2}));
        pipe.session.type("one\ntwo\nthree\n");
        pipe.session.take_output();
        CHECK(pipe.come_again() == encode_hello({.is_plain = true, .token = "t1", .place = "where"}));
        pipe.session.type("four\n");
        const std::string back =
            token("t2") + encode_own(true) + inside + token("t2") + encode_mark({0, 6, 1});
        CHECK(pipe.sent_after(back + encode_said(5, 4, "two") + encode_said(5, 3, "one")).empty());
        CHECK(pipe.sent_after(encode_own(false)) == "three\nfour\n");
        CHECK(pipe.session.take_return() == Return::resumed);
        pipe.session.hear(encode_mark({6, 6, 2}) + encode_dealt(6, 0));
        CHECK(pipe.session.backlog().size() == 5);
        CHECK(pipe.come_again() == encode_hello({.is_plain = true, .token = "t2", .place = "where"}));
    }

    TEST_CASE("a person's keys wait too while the server tells what of them stands in the log") {
        ChatSession ada = terminal({.name = "ada", .code = "blue"});
        ada.hear(asks(Asked::name) + asks(Asked::code) + inside + encode_mark({0, 5, 2}));
        ada.take_output();
        CHECK(ada.type("one\rtw"));
        ada.lose();
        ada.begin();
        ada.hear(taken);
        ada.hear(asks(Asked::name) + asks(Asked::code) + encode_own(true) + inside);
        ada.take_output();
        CHECK(ada.type("o\r"));
        ada.hear(encode_said(5, 3, "one"));
        CHECK(ada.take_output().empty());
        ada.hear(encode_own(false));
        CHECK(ada.take_output() == "two\r");
    }

    TEST_CASE("what is said is shown when its place is known and never twice or half") {
        Pipe pipe;
        pipe.enter();
        CHECK(pipe.session.hear("one\ntw").empty());
        CHECK(pipe.session.hear("o\n" + place("two") + "thr") == "one\ntwo\n");
        CHECK(pipe.come_again() == encode_hello({.is_plain = true, .token = "t0", .place = "two"}));
        CHECK(pipe.session.hear(encode_dealt(9, 0) + "three\n").empty());
        CHECK(pipe.session.hear(place("three")) == "three\n");
        const std::string endless(std::size_t{1} << 20, 'x'); // a server that names no place
        CHECK(pipe.session.hear(endless + 'x').size() == endless.size() + 1);
    }

    TEST_CASE("where it breaks after the token and before it is known to be inside no answer is said there") {
        Pipe pipe;
        pipe.session.type("one\n");
        pipe.sent_after(asks(Asked::name));
        pipe.sent_after(asks(Asked::code) + token("t0"));
        CHECK(pipe.come_again() == encode_hello({.is_plain = true, .token = "t0"}));
        CHECK(pipe.sent_after(encode_dealt(0, 0)) == "one\n");
        CHECK(pipe.sent_after(inside).empty());
        CHECK(pipe.session.take_return() == Return::resumed);
        pipe.session.hear(encode_dealt(4, 0));
        CHECK(pipe.session.backlog().is_empty());
    }

    TEST_CASE("a pipe whose name is refused on a later connection is kept out and not at its end") {
        Pipe pipe;
        pipe.session.hear(asks(Asked::name));
        pipe.session.hear(asks(Asked::code));
        pipe.come_again();
        CHECK(pipe.sent_after(asks(Asked::name)) == "ada\n");
        CHECK(pipe.session.kept_out().empty());
        CHECK(pipe.sent_after("Somebody has it.\n" + asks(Asked::name)).empty());
        CHECK(pipe.session.kept_out() == "the server does not accept the name ada: Somebody has it.");
        pipe.session.type("one\n"); // which answers nothing
        CHECK(pipe.session.take_output().empty());
        pipe.come_again();
        CHECK(pipe.session.kept_out().empty());
        CHECK(pipe.sent_after(asks(Asked::name)) == "ada\n");
    }

    TEST_CASE("the place outlives the token and is what was shown inside") {
        Pipe pipe;
        pipe.enter();
        pipe.session.hear(place("where"));
        pipe.come_again();
        pipe.session.hear(asks(Asked::name) + place("")); // the token is good no more
        CHECK(pipe.come_again() == encode_hello({.is_plain = true, .place = "where"}));
    }

    TEST_CASE("it can break again before the first break is mended") {
        Pipe pipe;
        pipe.enter();
        pipe.session.type("one\n");
        const std::string hello = encode_hello({.is_plain = true, .token = "t0"});
        CHECK(pipe.come_again() == hello);
        CHECK(pipe.come_again() == hello);
        CHECK(pipe.sent_after(encode_dealt(9, 0)) == "one\n");
        CHECK(pipe.come_again() == hello); // the new token has not come
        CHECK(pipe.sent_after(encode_dealt(9, 0) + token("t2")) == "one\n");
        CHECK(pipe.come_again() == encode_hello({.is_plain = true, .token = "t2"}));
        CHECK(pipe.sent_after(encode_dealt(13, 0)).empty());
        CHECK(pipe.session.backlog().is_empty());
    }

    TEST_CASE("where the token is good no more it joins again with name and code and says what was left") {
        Pipe pipe;
        pipe.enter();
        pipe.session.type("one\ntwo\n");
        pipe.session.hear(encode_dealt(13, 0));
        CHECK(pipe.come_again() == encode_hello({.is_plain = true, .token = "t0"}));
        CHECK(pipe.session.hear("No such token.\n").empty());
        CHECK(pipe.sent_after(asks(Asked::name)) == "ada\n");
        pipe.session.type("three\n");
        CHECK(pipe.sent_after(encode_dealt(4, 0) + asks(Asked::code)) == "blue\n");
        CHECK(pipe.sent_after(encode_dealt(9, 0) + inside) == "two\nthree\n");
        CHECK(pipe.session.take_return() == Return::joined_again);
        pipe.session.hear(encode_dealt(19, 0));
        CHECK(pipe.session.backlog().is_empty());
    }

    TEST_CASE(
        "a server without tokens is joined again and a break at the door loses what was not said inside") {
        ChatSession session = terminal();
        CHECK(!session.type("early")); // nobody has asked yet
        session.hear(asks(Asked::name));
        session.type("ad");
        session.lose();
        CHECK(!session.type("x")); // of an answer nothing is kept
        session.begin();
        session.take_output();
        session.hear(taken);
        session.take_output();
        session.hear(asks(Asked::name));
        CHECK(session.take_output().empty());
        session.type("ada\r");
        session.hear(encode_dealt(4, 0) + asks(Asked::nothing, "ada"));
        session.take_output();
        session.type("half");
        session.lose();
        CHECK(session.type(" a line"));
        session.begin();
        session.hear(taken);
        session.take_output();
        session.hear(asks(Asked::name));
        CHECK(session.take_output() == "ada\r"); // as the server had told it
        session.hear(asks(Asked::code));
        CHECK(session.take_output().empty());
        session.type("blue\r");
        CHECK(session.take_output() == "blue\r");
        session.hear(asks(Asked::nothing, "ada"));
        CHECK(session.take_output() == "half a line");
    }

    TEST_CASE("keys that call back an old line are sent again as the keys of that line") {
        ChatSession session = terminal({.name = "ada", .code = ""});
        session.hear(asks(Asked::name) + asks(Asked::code) + token("t0") + encode_dealt(5, 0) +
                     asks(Asked::nothing, "ada"));
        session.type("\x1b[A");
        session.hear(encode_line(8, "hello"));
        session.type("!\r");
        const auto come_again = [&] {
            session.lose();
            session.begin();
            session.hear(taken);
            session.take_output();
        };
        SUBCASE("while the line is not dealt with") {
            come_again();
            session.hear(encode_dealt(5, 0));
            CHECK(session.take_output() == "hello!\r");
        }
        SUBCASE("and not when it was") {
            session.type("next");
            come_again();
            session.hear(encode_dealt(10, 0));
            CHECK(session.take_output() == "next");
        }
    }

    TEST_CASE("a terminal agrees to what a telnet server needs of it and tells its window and its type") {
        ChatSession session{{.terminal_type = "xterm"}};
        session.resize({80, 24});
        session.begin();
        CHECK(session.take_output() == offer);
        session.hear(taken);
        CHECK(session.take_output() ==
              "\xff\xfb\x1f\xff\xfb\x18\xff\xfb" + std::string(1, '\0') + encode_hello({}));
        session.hear("\xff\xfb\x01\xff\xfb\x03\xff\xfd\x1f\xff\xfd\x18\xff\xfa\x18\x01\xff\xf0");
        CHECK(session.take_output() == "\xff\xfd\x01\xff\xfd\x03" + telnet::tell_window_size({80, 24}) +
                                           telnet::tell_terminal_type("xterm"));
        session.begin(); // the server may ask before it answers
        session.take_output();
        session.hear("\xff\xfd\x18" + taken);
        CHECK(session.take_output() ==
              "\xff\xfb\x18\xff\xfb\x1f\xff\xfb" + std::string(1, '\0') + encode_hello({}));
        session.hear("\xff\xfd\x1f");
        session.take_output();
        session.resize({100, 30});
        CHECK(session.take_output() == telnet::tell_window_size({100, 30}));
        session.hear("\xff\xfd\x22\xff\xfb\x22"); // LINEMODE
        CHECK(session.take_output() == "\xff\xfc\x22\xff\xfe\x22");
    }

    TEST_CASE("malformed messages of a server change nothing") {
        Pipe pipe;
        pipe.enter();
        for (const std::string& bytes :
             {"\xff\xfa\xd5\xff\xf0"s, "\xff\xfa\xd5"s + "D12\xff\xf0", "\xff\xfa\xd5T\xff\xf0"s,
              "\xff\xfa\xd5L1\xff\xf0"s, "\xff\xfa\xd5?x\xff\xf0"s, token(std::string(max_token + 1, 't')),
              place(std::string(max_place + 1, 'p')), "\xff\xfa\xd5"s + "A\xff\xf0"})
            CHECK(pipe.sent_after(bytes).empty());
        CHECK(pipe.session.is_inside());
        CHECK(pipe.come_again() == encode_hello({.is_plain = true, .token = "t0"}));
        CHECK(!pipe.session.end());
        pipe.session.hear(encode(SessionMessage::over, "o"));
        CHECK(pipe.session.end() == End::for_good);
    }

    TEST_CASE("what chat begins with is read as it was written and nothing that is malformed") {
        const std::string place(PlaceRoom::size, 'p');
        const std::string whole = encode_hello({true, "zh", "token", place});
        telnet::Decoder decoder;
        std::string_view left = whole;
        const auto message = read_session(decoder.next(left).value().bytes);
        REQUIRE(message);
        const auto hello = read_hello(message->body);
        REQUIRE(hello);
        CHECK(hello->is_plain);
        CHECK(text(hello->language, ' ', hello->token, ' ', hello->place) == "zh token " + place);
        for (const std::string_view wrong :
             {""sv, "\1\0"sv, "\1\2\0z"sv, "\0\0\5toke"sv, "\0\0\0p"sv, "\0\0\x21"sv})
            CHECK(!read_hello(wrong));
        CHECK(!read_hello("\0\0\x21"s + std::string(33, 't')));
        CHECK(!read_hello("\0\0\0"s + std::string(max_place + PlaceRoom::size, 'p')));
    }

    TEST_CASE("what is typed while a connection is lost at a password is said nowhere") {
        ChatSession session = terminal({.name = "ada"});
        session.hear(asks(Asked::name) + asks(Asked::code) + token("t0") + encode_dealt(4, 0) + inside);
        session.lose();
        CHECK(session.type("said later"));
        session.begin();
        session.hear(taken + asks(Asked::name)); // the token is good no more, and the name has a password now
        session.hear(asks(Asked::password));
        CHECK(session.type("pass"));
        session.lose();
        CHECK_FALSE(session.type("word\r"));
        session.begin();
        session.hear(taken + asks(Asked::name));
        session.lose(); // before the password is asked for
        CHECK_FALSE(session.type("word\r"));
        session.begin();
        session.hear(taken + asks(Asked::name) + asks(Asked::password) + asks(Asked::code));
        session.take_output();
        session.hear(token("t1") + inside);
        CHECK(session.take_output() == "said later");
    }
}
