// SPDX-License-Identifier: ISC
// What the hub's refusals are to a client of IRC: a numeric each, with its words or better ones. Run by
// handlers. Pure.
#pragma once

#include "chatd/handler/irc/numerics.hh"
#include "chatd/protocol.hh"

#include <string_view>

namespace chatd::irc {

struct RefusalRow {
    Refusal why;
    Numeric number;
    std::string_view words; // empty: the numeric's
};
// Of what has no row of its own: 400.
const RefusalRow& row_of(Refusal why);

// The last words that the client is sent, in ERROR. words: those that somebody gave.
std::string_view words_of(Farewell why);

} // namespace chatd::irc
