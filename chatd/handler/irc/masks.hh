// SPDX-License-Identifier: ISC
// Masks of names, as WHO and LIST have them: * is any characters, ? is one byte, and letters' case does not
// matter (CASEMAPPING=ascii). Run by handlers, whose clients make them. Pure.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace chatd::irc {

bool has_wildcards(std::string_view mask);
// Takes at most as many steps as the product of their lengths.
bool matches(std::string_view mask, std::string_view name);

// What LIST is to tell of, as ELIST=MNU of 005 says: channels of one of the masks, of none of those with a !
// before them, and with more (>) or fewer (<) people than that.
class ListFilter {
public:
    // The first parameter of LIST; what it does not understand is a mask.
    explicit ListFilter(std::string_view words);
    bool lets_pass(std::string_view channel, std::size_t people) const;

private:
    std::vector<std::string> masks_; // none: all channels
    std::vector<std::string> others_;
    std::size_t least_ = 0;
    std::size_t most_ = static_cast<std::size_t>(-1);
};

} // namespace chatd::irc
