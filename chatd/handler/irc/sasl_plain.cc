// SPDX-License-Identifier: ISC
#include "chatd/handler/irc/sasl_plain.hh"

#include "chatd/handler/irc/client_line.hh"
#include "common/text.hh"

#include <optional>

namespace chatd::irc {
namespace {

constexpr std::string_view digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

// Of whole groups of four, with = where the last one is not full, and nothing in the bits that are left. out
// has room for it: what was secret in it is not left in a smaller one.
bool decode_base64(std::string_view text, std::string& out) {
    if (text.size() % 4 != 0) return false;
    std::size_t padding = 0;
    while (padding < 2 && !text.empty() && text.back() == '=') {
        text.remove_suffix(1);
        ++padding;
    }
    unsigned bits = 0;
    unsigned count = 0;
    for (const char byte : text) {
        const std::size_t digit = digits.find(byte);
        if (digit == digits.npos) return false;
        bits = (bits << 6U | static_cast<unsigned>(digit)) & 0xffffffU;
        count += 6;
        if (count < 8) continue;
        count -= 8;
        out += static_cast<char>(bits >> count & 0xffU);
    }
    return (bits & ((1U << count) - 1)) == 0;
}

} // namespace

void SaslPlain::stop() {
    common::erase_bytes(pieces_);
    is_running_ = false;
}

SaslPlain::Step SaslPlain::take(std::string_view param) {
    if (!is_running_) {
        if (param == "*") return Step::aborted;
        if (!common::equal_ignoring_case(param, mechanism)) return Step::unknown;
        pieces_.reserve(most);
        is_running_ = true;
        return Step::begun;
    }
    if (param == "*" || param.size() > piece || pieces_.size() + param.size() > most) {
        stop();
        return param == "*" ? Step::aborted : Step::too_long;
    }
    if (param != "+") pieces_ += param;
    if (param.size() == piece) return Step::more;
    const Step step = finish();
    stop();
    return step;
}

// Whom to be, whose password it is, and the password. Nobody can be somebody else.
SaslPlain::Step SaslPlain::finish() {
    std::string message;
    message.reserve(most);
    Step step = Step::malformed;
    if (decode_base64(pieces_, message)) {
        const auto parts = common::split(message, '\0');
        const bool is_good = parts.size() == 3 && !parts[1].empty() && !parts[2].empty() &&
                             (parts[0].empty() || parts[0] == parts[1]) && is_utf8(message);
        if (is_good) {
            name_ = parts[1];
            password_ = common::Secret{parts[2]};
            step = Step::complete;
        }
    }
    common::erase_bytes(message);
    return step;
}

} // namespace chatd::irc
