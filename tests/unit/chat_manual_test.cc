// SPDX-License-Identifier: ISC
// chat(1) says what chat's tables and constants say.
#include "chatd/chat_options.hh"
#include "chatd/protocol.hh"
#include "chatd/server_text.hh"
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
        for (const common::Option& option : options) letters += text('-', option.letter, '\n');
        CHECK(tests::heads(manual.list_behind("The options are:")) == letters);
        const std::string usage = common::usage_text("chat", options, chatd::chat_operands);
        CHECK("usage: " + manual.synopsis() == usage.substr(0, usage.find('\n')));
        CHECK(tests::heads(manual.list_behind(".Sh EXIT STATUS")) == "0\n1\n64\n");
    }

    TEST_CASE("chat(1) gives the limits that chat keeps") {
        const Manual manual{"chat.1"};
        CHECK(manual.says(text("with port ", chatd::default_port, " unless PORT says another")));
        CHECK(manual.says(text("A line may have ", chatd::max_text, " bytes")));
        CHECK(manual.says(text("A line of more than ", chatd::ServerText::longest_line, " bytes is broken")));
    }

    TEST_CASE("chat finds its server by host and port or path") {
        const auto shown = [](std::string_view operand) {
            return chatd::server_addresses(operand).at(0).shown();
        };
        CHECK(shown("127.0.0.1") == "127.0.0.1:2323");
        CHECK(shown("127.0.0.1:80") == "127.0.0.1:80");
        CHECK(shown("[::1]") == "[::1]:2323");
        CHECK(shown("[::1]:80") == "[::1]:80");
        CHECK(shown("./sock") == "unix:./sock");
        CHECK(shown("unix:sock") == "unix:sock");
        for (const char* const wrong : {"", "::1", "127.0.0.1:", "127.0.0.1:x", ":80"})
            CHECK_THROWS_AS(chatd::server_addresses(wrong), common::UserError);
    }
}
