// SPDX-License-Identifier: ISC
// The telnet protocol under FTP (RFC 854; RFC 959, section 4.1.3), as far as a server needs it that has no
// option.
#pragma once

#include <string>

namespace ftpd {

namespace telnet {

enum Code : unsigned char {
    se = 240,
    nop = 241,
    sb = 250,
    will = 251,
    wont = 252,
    do_ = 253,
    dont = 254,
    iac = 255
};

// IAC, the command, the option.
inline std::string option(Code command, char option) {
    return {static_cast<char>(iac), static_cast<char>(command), option};
}

// What refuses an option that was asked for (DO) or offered (WILL): RFC 1123, section 4.1.2.12, asks no more.
// Empty for all else, which needs no answer.
inline std::string refuse_option(unsigned char command, char which) {
    if (command == will) return option(dont, which);
    if (command == do_) return option(wont, which);
    return {};
}

} // namespace telnet

} // namespace ftpd
