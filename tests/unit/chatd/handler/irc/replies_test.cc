// SPDX-License-Identifier: ISC
// Answers of a handler to a client of IRC, with and without a label.
#include "chatd/handler/irc/replies.hh"

#include "chatd/handler/irc/refusals.hh"
#include "chatd/handler/irc/silence.hh"

#include <doctest/doctest.h>
#include <utility>

using namespace chatd::irc;
using chatd::Farewell;
using chatd::Refusal;

namespace {

struct Answering {
    explicit Answering(const std::string& wanted = "labeled-response batch standard-replies") {
        capabilities.take({"REQ", wanted}, 400);
        replies.set_nick("ada");
    }
    // What has been sent since the last call.
    std::string sent() { return std::exchange(out, {}); }
    void answer(std::string_view word) { replies.answer(ServerLine("s", "X").word(word)); }

    std::string out;
    Capabilities capabilities{true};
    Replies replies{out, capabilities};
};

} // namespace

TEST_SUITE("unit") {
    TEST_CASE("irc: answers without a label come as they are") {
        Answering a;
        a.replies.begin({});
        a.answer("1");
        CHECK(a.sent() == ":s X 1\r\n");
        a.replies.end();
        CHECK(a.sent().empty());
    }

    TEST_CASE("irc: one answer has the label") {
        Answering a;
        a.replies.begin("l1");
        a.answer("1");
        a.replies.end();
        CHECK(a.sent() == "@label=l1 :s X 1\r\n");
        a.answer("2");
        CHECK(a.sent() == ":s X 2\r\n");
    }

    TEST_CASE("irc: several answers are a batch that has the label") {
        Answering a;
        for (const std::string batch : {"a1", "a2"}) {
            a.replies.begin("l1");
            for (const std::string_view word : {"1", "2", "3"}) a.answer(word);
            a.replies.end();
            CHECK(a.sent() == "@label=l1 :chatd.local BATCH +" + batch + " labeled-response\r\n@batch=" +
                                  batch + " :s X 1\r\n@batch=" + batch + " :s X 2\r\n@batch=" + batch +
                                  " :s X 3\r\n:chatd.local BATCH -" + batch + "\r\n");
        }
    }

    TEST_CASE("irc: what is not answered is acknowledged where it has a label") {
        Answering a;
        a.replies.begin("l1");
        a.replies.end();
        CHECK(a.sent() == "@label=l1 :chatd.local ACK\r\n");
        a.replies.begin("l1");
        a.replies.take_label();
        a.replies.end();
        CHECK(a.sent().empty());
    }

    TEST_CASE("irc: what is no answer has no label and comes at once") {
        Answering a;
        a.replies.begin("l1");
        a.answer("1");
        a.replies.event(ServerLine("s", "Y"));
        CHECK(a.sent() == ":s Y\r\n");
        a.replies.end();
        CHECK(a.sent() == "@label=l1 :s X 1\r\n");
    }

    TEST_CASE("irc: a label is repeated only to who has asked for it and not if it is too long") {
        Answering without{"batch"}, with;
        without.replies.begin("l1");
        without.answer("1");
        without.replies.end();
        CHECK(without.sent() == ":s X 1\r\n");
        with.replies.begin(std::string(65, 'l'));
        with.answer("1");
        with.replies.end();
        CHECK(with.sent() == ":s X 1\r\n");
    }

    TEST_CASE("irc: lines that belong together are a batch and it may be all of the answer") {
        Answering a, without{"message-tags"};
        a.replies.begin("l1");
        const std::string batch = a.replies.begin_batch("chathistory", "#lobby", a.replies.label());
        a.replies.batch_event(batch, ServerLine("s", "X"));
        a.replies.end_batch(batch);
        a.replies.end();
        CHECK(a.sent() == "@label=l1 :chatd.local BATCH +a1 chathistory #lobby\r\n"
                          "@batch=a1 :s X\r\n:chatd.local BATCH -a1\r\n");
        CHECK(without.replies.begin_batch("chathistory", "#lobby").empty());
        without.replies.batch_event({}, ServerLine("s", "X"));
        without.replies.end_batch({});
        CHECK(without.sent() == ":s X\r\n");
    }

    TEST_CASE("irc: a numeric has the client's name and its words") {
        Answering a;
        a.replies.numeric(Numeric::nickname_in_use, {"bob"});
        CHECK(a.sent() == ":chatd.local 433 ada bob :Nickname is already in use\r\n");
        a.replies.numeric(Numeric::welcome, {}, "hello");
        CHECK(a.sent() == ":chatd.local 001 ada :hello\r\n");
        a.replies.bare_numeric(Numeric::my_info, {"a", "b"});
        CHECK(a.sent() == ":chatd.local 004 ada a b\r\n");
    }

    TEST_CASE("irc: a failure is a standard reply or words") {
        Answering with, without{"batch"};
        with.replies.fail("*", "INVALID_UTF8", {}, "no");
        CHECK(with.sent() == ":chatd.local FAIL * INVALID_UTF8 :no\r\n");
        with.replies.fail("CHATHISTORY", "INVALID_PARAMS", {"LATEST"}, "no");
        CHECK(with.sent() == ":chatd.local FAIL CHATHISTORY INVALID_PARAMS LATEST :no\r\n");
        without.replies.fail("*", "INVALID_UTF8", {}, "no");
        CHECK(without.sent() == ":chatd.local NOTICE ada :no\r\n");
    }

    TEST_CASE("irc: each refusal and farewell is told in words") {
        for (unsigned number = 1; number <= 70; ++number) {
            const RefusalRow& row = row_of(static_cast<Refusal>(number));
            CHECK_FALSE((row.words.empty() && words_of(row.number).empty()));
        }
        CHECK(row_of(Refusal::name_taken).number == Numeric::nickname_in_use);
        CHECK(row_of(Refusal::not_now).number == Numeric::unknown_error);
        for (unsigned number = 0; number <= 20; ++number)
            CHECK_FALSE(words_of(static_cast<Farewell>(number)).empty());
    }

    TEST_CASE("irc: a silent client is asked once and then taken for gone") {
        using Verdict = Silence::Verdict;
        using std::chrono::seconds;
        const Silence::Clock::time_point start{};
        Silence silence{start};
        const auto asked = start + Silence::until_asked;
        CHECK(silence.next() == asked);
        CHECK(silence.look(asked - seconds{1}) == Verdict::quiet);
        CHECK(silence.look(asked) == Verdict::ask);
        CHECK(silence.look(asked + seconds{1}) == Verdict::quiet);
        silence.hear(asked + seconds{2});
        CHECK(silence.next() == asked + seconds{2} + Silence::until_asked);
        CHECK(silence.look(silence.next()) == Verdict::ask);
        CHECK(silence.look(silence.next()) == Verdict::gone);
    }
}
