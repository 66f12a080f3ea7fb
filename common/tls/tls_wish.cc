// SPDX-License-Identifier: ISC
#include "common/tls/tls_wish.hh"

#include "common/errors.hh"
#include "common/text.hh"

namespace common {
namespace {

constexpr std::string_view head = "SHA-256 ";
constexpr std::size_t digits_of_digest = 64;

std::string in_hex(std::string_view digest, std::string_view digits, std::string_view between) {
    std::string shown;
    for (const char c : digest) {
        const auto byte = static_cast<unsigned char>(c);
        if (!shown.empty()) shown += between;
        shown += digits[byte >> 4U];
        shown += digits[byte & 0xfU];
    }
    return shown;
}

} // namespace

std::vector<Option> tls_options(TlsWish& wish) {
    return {
        {'\0', "FILE", "trust these certificates' signers instead of the system's",
         [&wish](std::string_view file) {
             if (file.empty()) throw UsageError("--ca-file needs the name of a file");
             wish.issuers = file;
         },
         "ca-file"},
        {'\0', "new|FINGERPRINT", "accept a certificate that is not known, or only that one",
         [&wish](std::string_view given) {
             wish.pin = given == pin_new ? given : read_fingerprint(given);
             if (wish.pin.empty())
                 throw UsageError(
                     "--pin takes `new', or the SHA-256 of a certificate: 64 hexadecimal digits, "
                     "with colons or without");
         },
         "pin"},
    };
}

std::string show_fingerprint(std::string_view digest) {
    return std::string{head} + in_hex(digest, "0123456789ABCDEF", ":");
}

std::string hex_of(std::string_view digest) { return in_hex(digest, "0123456789abcdef", ""); }

std::string read_fingerprint(std::string_view typed) {
    if (equal_ignoring_case(typed.substr(0, head.size()), head)) typed.remove_prefix(head.size());
    std::string digits;
    for (const char c : typed) {
        const bool is_letter = (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
        if (c == ':') continue;
        if (!is_letter && (c < '0' || c > '9')) return {};
        digits += is_letter ? static_cast<char>(c | 0x20) : c;
    }
    return digits.size() == digits_of_digest ? digits : std::string{};
}

} // namespace common
