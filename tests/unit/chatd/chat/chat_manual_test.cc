// SPDX-License-Identifier: ISC
// chat(1) says what chat's tables and constants say.
#include "chatd/chat/chat_options.hh"
#include "chatd/chat/chat_talk.hh"
#include "chatd/chat/server_text.hh"
#include "chatd/protocol.hh"
#include "common/errors.hh"
#include "common/text.hh"
#include "tests/manual.hh"

#include <doctest/doctest.h>

using common::text;
using tests::Manual;

TEST_SUITE("unit") {
    TEST_CASE("chat(1) lists the options that chat takes and how it ends") {
        const Manual manual{"chat.1"};
        chatd::ChatOptions unused;
        const std::vector<common::Option> options = chatd::chat_options(unused);
        std::string letters;
        for (const common::Option& option : options) letters += option.shown() + '\n';
        CHECK(tests::heads(manual.list_behind("The options are:")) == letters);
        const std::string usage = common::usage_text("chat", options, chatd::chat_operands);
        CHECK("usage: " + manual.synopsis() == usage.substr(0, usage.find('\n')));
        CHECK(tests::heads(manual.list_behind(".Sh EXIT STATUS")) == "0\n1\n64\n");
    }

    TEST_CASE("chat(1) gives the limits that chat keeps") {
        const Manual manual{"chat.1"};
        CHECK(manual.says(text("with port ", chatd::default_port, " unless PORT says another")));
        CHECK(manual.says(text("the port is ", chatd::default_tls_port)));
        CHECK(manual.says(text("A line may have ", chatd::max_text, " bytes")));
        CHECK(manual.says(text("A line of more than ", chatd::ServerText::max_line, " bytes is broken")));
        CHECK(manual.says(
            text("is not answered within ", chatd::time_to_answer.count(), " seconds of the first words")));
        CHECK(manual.says(text("which has ", chatd::time_to_speak.count(), " seconds for these")));
        CHECK(manual.says(text("After ", chatd::max_gap.count(), " minutes it gives up")));
        CHECK(manual.says(text("ever longer, up to ", chatd::RetryPauses::max.count() / 1000, " seconds")));
    }

    TEST_CASE("chat's operands are who and where and in which room") {
        const auto taken = [](const std::vector<std::string>& operands) {
            chatd::ChatOptions options;
            chatd::take_operands(operands, options);
            return text(options.name, ' ', options.server, ' ', options.code.value_or("none"));
        };
        CHECK(taken({"host"}) == " host none");
        CHECK(taken({"ada@host:99", "blue"}) == "ada host:99 blue");
        CHECK(taken({"张三@[::1]", ""}) == "张三 [::1] ");
        CHECK(taken({"/run/a@b"}) == " /run/a@b none");
        CHECK(taken({"ada@/run/a@b"}) == "ada /run/a@b none");
        CHECK(taken({"ada@unix:sock"}) == "ada unix:sock none");
        CHECK(taken({"chat://host"}) == " host none");
        CHECK(taken({"chat://host/"}) == " host none");
        CHECK(taken({"Chat://ada@host:99/"}) == "ada host:99 none");
        CHECK(taken({"chat://[::1]:99", "blue"}) == " [::1]:99 blue");
        CHECK(taken({"chat://%e5%bc%a0@host/tea%20room"}) == "张 host tea room");
        for (const char* const wrong : {"chat://", "chat://host:0", "chat://host:x", "chat://@host",
                                        "chat://::1", "chat://ada:secret@host", "chat://host/a/b",
                                        "chat://host/%2", "chat://host/a%0ab", "chat://a%0d@host"})
            CHECK_THROWS_AS(taken({wrong}), common::UserError);
        CHECK(taken({"chats://ada@host/blue"}) == "ada host blue");
        CHECK_THROWS_AS(taken({"chat://host/blue", "blue"}), common::UsageError);
        CHECK_THROWS_AS(taken({}), common::UsageError);
        CHECK_THROWS_AS(taken({"@host"}), common::UsageError);
        CHECK_THROWS_AS(taken({"host", "blue", "red"}), common::UsageError);
        char code[] = "blue";
        common::hide_argument(code);
        CHECK(std::string_view{code} == "****");
    }

    TEST_CASE("pauses between attempts grow to the longest and differ between clients") {
        using chatd::RetryPauses;
        RetryPauses one{1}, other{2};
        bool differ = false;
        auto most = RetryPauses::first;
        for (int i = 0; i < 20; ++i, most = std::min(2 * most, RetryPauses::max)) {
            const auto pause = one.next();
            CHECK(pause <= most);
            CHECK(pause >= most / 2);
            differ = differ || pause != other.next();
        }
        CHECK(differ);
        one.start_over();
        CHECK(one.next() <= RetryPauses::first);
    }

    TEST_CASE("chat finds its server by host and port or path") {
        const auto shown = [](std::string_view operand) {
            return chatd::server_addresses(operand).at(0).shown();
        };
        CHECK(shown("127.0.0.1") == "127.0.0.1:2323");
        CHECK(shown("127.0.0.1:80") == "127.0.0.1:80");
        CHECK(shown("[::1]") == "[::1]:2323");
        CHECK(shown("[::1]:80") == "[::1]:80");
        CHECK(chatd::server_addresses("127.0.0.1", 6697).at(0).shown() == "127.0.0.1:6697");
        CHECK(chatd::server_addresses("127.0.0.1:80", 6697).at(0).shown() == "127.0.0.1:80");
        CHECK(chatd::server_host("host") == "host");
        CHECK(chatd::server_host("host:80") == "host");
        CHECK(chatd::server_host("[::1]") == "::1");
        CHECK(chatd::server_host("[::1]:80") == "::1");
        for (const char* const path : {"./sock", "unix:sock"}) CHECK(chatd::server_host(path).empty());
        CHECK(shown("./sock") == "unix:./sock");
        CHECK(shown("unix:sock") == "unix:sock");
        for (const char* const wrong : {"", "::1", "127.0.0.1:", "127.0.0.1:x", ":80"})
            CHECK_THROWS_AS(chatd::server_addresses(wrong), common::UserError);
    }
}
