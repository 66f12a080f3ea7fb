// SPDX-License-Identifier: ISC
#include "ftpd/session/ascii.hh"

#include <utility>

namespace ftpd {

void ToNetwork::convert(std::string_view bytes, std::string& out) {
    for (const char c : bytes) {
        if (c == '\n' && !after_return_) out += '\r';
        out += c;
        after_return_ = c == '\r';
    }
}

void FromNetwork::convert(std::string_view bytes, std::string& out) {
    for (const char c : bytes) {
        if (std::exchange(after_return_, c == '\r') && c != '\n') out += '\r';
        if (c != '\r') out += c;
    }
}

void FromNetwork::finish(std::string& out) {
    if (std::exchange(after_return_, false)) out += '\r';
}

} // namespace ftpd
