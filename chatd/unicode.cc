// SPDX-License-Identifier: ISC
#include "chatd/unicode.hh"

#include <algorithm>
#include <cstdlib>
#include <memory>
#include <new>
#include <utf8proc.h>

namespace chatd {
namespace {

const utf8proc_property_t& property_of(char32_t character) {
    return *utf8proc_get_property(static_cast<utf8proc_int32_t>(character));
}

// utf8proc's options are flags of an enum, so the sum of two is none of its values.
template <class... Options>
std::string map(std::string_view text, Options... options) {
    if (text.empty()) return {};
    utf8proc_uint8_t* made = nullptr;
    const utf8proc_ssize_t size = utf8proc_map(reinterpret_cast<const utf8proc_uint8_t*>(text.data()),
                                               static_cast<utf8proc_ssize_t>(text.size()), &made,
                                               static_cast<utf8proc_option_t>((0 | ... | options)));
    const std::unique_ptr<utf8proc_uint8_t, decltype(&std::free)> owner{made, &std::free};
    if (size == UTF8PROC_ERROR_NOMEM) throw std::bad_alloc{};
    return size < 0 ? std::string{}
                    : std::string{reinterpret_cast<const char*>(made), static_cast<std::size_t>(size)};
}

bool is_ascii(std::string_view text) {
    return std::all_of(text.begin(), text.end(), [](char byte) { return (byte & 0x80) == 0; });
}

// Most of what is said and searched.
std::string fold_ascii(std::string_view text) {
    std::string folded{text};
    for (char& byte : folded)
        if (byte >= 'A' && byte <= 'Z') byte = static_cast<char>(byte - 'A' + 'a');
    return folded;
}

} // namespace

std::size_t columns_of_character(char32_t character) {
    const utf8proc_property_t& known = property_of(character);
    if (known.boundclass == UTF8PROC_BOUNDCLASS_V || known.boundclass == UTF8PROC_BOUNDCLASS_T) return 0;
    return known.category == UTF8PROC_CATEGORY_MC ? 1 : known.charwidth;
}

bool is_pictographic(char32_t character) {
    return property_of(character).boundclass == UTF8PROC_BOUNDCLASS_EXTENDED_PICTOGRAPHIC;
}

CharacterKind kind_of(char32_t character) {
    switch (property_of(character).category) {
    case UTF8PROC_CATEGORY_LU:
    case UTF8PROC_CATEGORY_LL:
    case UTF8PROC_CATEGORY_LT:
    case UTF8PROC_CATEGORY_LM:
    case UTF8PROC_CATEGORY_LO: return CharacterKind::letter;
    case UTF8PROC_CATEGORY_ND: return CharacterKind::digit;
    case UTF8PROC_CATEGORY_MN:
    case UTF8PROC_CATEGORY_MC: return CharacterKind::mark;
    default: return CharacterKind::other;
    }
}

bool can_be_seen(char32_t character) {
    const auto category = property_of(character).category;
    return category != UTF8PROC_CATEGORY_CN && category < UTF8PROC_CATEGORY_ZS;
}

std::string normalise(std::string_view text) {
    return is_ascii(text) ? std::string{text} : map(text, UTF8PROC_STABLE, UTF8PROC_COMPOSE);
}

std::string fold_case(std::string_view text) {
    if (is_ascii(text)) return fold_ascii(text);
    return map(text, UTF8PROC_STABLE, UTF8PROC_COMPOSE, UTF8PROC_COMPAT, UTF8PROC_CASEFOLD);
}

std::string fold_to_bare_letters(std::string_view text) {
    if (is_ascii(text)) return fold_ascii(text);
    return map(text, UTF8PROC_STABLE, UTF8PROC_DECOMPOSE, UTF8PROC_COMPAT, UTF8PROC_CASEFOLD,
               UTF8PROC_STRIPMARK);
}

bool GraphemeBreaks::is_before(char32_t next) {
    const bool is_break = utf8proc_grapheme_break_stateful(static_cast<utf8proc_int32_t>(last_),
                                                           static_cast<utf8proc_int32_t>(next), &state_);
    last_ = next;
    const utf8proc_property_t& known = property_of(next);
    return is_break && (known.boundclass != UTF8PROC_BOUNDCLASS_CONTROL || known.charwidth != 0);
}

} // namespace chatd
