// SPDX-License-Identifier: ISC
// The colours that a terminal shows names and mentions in (SGR of ECMA-48, the eight of every terminal). Run
// by handlers; pure. Needs a UTF-8 locale: names are compared without regard to case.
#pragma once

#include <string>
#include <string_view>

namespace chatd {

// The same name has the same colour for everybody and always.
std::string paint_name(std::string_view name);
// The text with each place marked where the name stands as a word.
std::string paint_mentions(std::string_view text, std::string_view name);

} // namespace chatd
