// SPDX-License-Identifier: ISC
#include "tests/bench/chat_dialect.hh"

#include "common/text.hh"

namespace bench {
namespace {

using common::text;

std::string enter_nothing(std::string_view, std::string_view) { return {}; }
std::string say_plainly(std::string_view words, std::string_view) { return text(words, '\n'); }

} // namespace

const ChatDialect chatd_lines{
    [](std::string_view name, std::string_view room) { return text(name, '\n', room, '\n'); }, "You are in ",
    say_plainly};

const ChatDialect irc{[](std::string_view name, std::string_view room) {
                          return text("NICK ", name, "\r\nUSER ", name, " 0 * :", name, "\r\nJOIN #", room,
                                      "\r\n");
                      },
                      " 366 ", // end of the list of names
                      [](std::string_view words, std::string_view room) {
                          return text("PRIVMSG #", room, " :", words, "\r\n");
                      },
                      true, 8};

const ChatDialect ncat_lines{enter_nothing, "already connected", say_plainly, false};

const ChatDialect floor_lines{enter_nothing, "in\n", say_plainly};

} // namespace bench
