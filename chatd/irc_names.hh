// SPDX-License-Identifier: ISC
// What IRC can carry: names, rooms' names and codes, which are words between blanks and commas there. Run by
// the start, for what the configuration gives, and by handlers of clients that speak IRC, for what stands in
// old logs. Pure.
//
// A name that somebody, or a room, is given anew is fit, since refuse_spelling of words.hh allows less.
#pragma once

#include <string_view>

namespace chatd {

// Why IRC cannot carry it, as the name of somebody or, behind a #, of a room: "it holds a blank". Empty where
// it can.
std::string_view why_unfit_name(std::string_view name);
// The same of a room's code, which is a key of JOIN there.
std::string_view why_unfit_code(std::string_view code);

inline bool is_fit_name(std::string_view name) { return why_unfit_name(name).empty(); }
inline bool is_fit_room(std::string_view name) { return why_unfit_name(name).empty(); }
inline bool is_fit_code(std::string_view code) { return why_unfit_code(code).empty(); }

} // namespace chatd
