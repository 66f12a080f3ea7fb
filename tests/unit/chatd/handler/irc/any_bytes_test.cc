// SPDX-License-Identifier: ISC
// Whatever a client of IRC sends is taken apart without an exception.
#include "chatd/handler/irc/capabilities.hh"
#include "chatd/handler/irc/client_line.hh"
#include "chatd/handler/irc/history_query.hh"
#include "chatd/handler/irc/mode_changes.hh"
#include "chatd/handler/irc/names.hh"
#include "chatd/handler/irc/sasl_plain.hh"
#include "chatd/handler/irc/server_line.hh"
#include "chatd/handler/irc/text_parts.hh"

#include <doctest/doctest.h>
#include <random>
#include <string>

using namespace chatd::irc;

TEST_SUITE("unit") {
    TEST_CASE("irc: no bytes of a client make its handler throw") {
        constexpr std::string_view pieces[] = {
            "@",      "label=",  ";",       " ",      " ",          ":",      ":",        "\\",   "CAP",
            "LS",     "REQ",     "302",     "PLAIN",  "+",          "-",      "*",        "=",    "AAAA",
            "MODE",   "b",       "k",       "#lobby", "!*@*",       "*!*@",   "10.0.0.1", "/8",   "LATEST",
            "AFTER",  "BETWEEN", "TARGETS", "msgid=", "timestamp=", "1f-",    "812-",     "0-",   "2026-",
            "11-",    "30T",     "14:05:",  "09",     ".1",         "Z",      "\x01",     "\x03", "\x04",
            "ff0000", ",",       "字",      "\xff",   "é",          "ACTION", "a",        "1"};
        std::mt19937 random{20}; // NOLINT: the same each time
        const auto any = [&](std::size_t below) {
            return std::uniform_int_distribution<std::size_t>{0, below - 1}(random);
        };
        Capabilities caps{true};
        SaslPlain sasl;
        for (int i = 0; i < 20000; ++i) {
            std::string line;
            for (std::size_t n = any(12); n > 0; --n)
                line += any(10) == 0 ? std::string_view{"\0", 1} : pieces[any(std::size(pieces))];
            const ClientLine parsed = parse_client_line(line);
            const bool is_usable = parsed.fault == ClientLine::Fault::none;
            CHECK((is_usable || parsed.command.empty()));
            caps.take(parsed.params, 100);
            parse_history_query(parsed.params);
            parse_channel_modes(parsed.params);
            parse_user_modes(line);
            parse_ban_mask(line);
            parse_server_time(line);
            parse_message_id(line);
            parse_ctcp(line);
            sasl.take(line);
            CHECK(without_formatting(line).size() <= line.size());
            CHECK(unescape_tag(escape_tag(parsed.param(0))) == parsed.param(0));
            const std::string sent = ServerLine(line, line).tag("k", line).word(line).text(line).str();
            CHECK(sent.find_first_of(std::string_view{"\r\n\0", 3}) == sent.size() - 2);
        }
    }
}
