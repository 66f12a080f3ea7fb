// SPDX-License-Identifier: ISC
#include "chatd/unicode.hh"

#include "chatd/unicode_tables.hh"
#include "common/text.hh"

#include <algorithm>
#include <array>
#include <bitset>
#include <cstdlib>
#include <memory>
#include <new>
#include <utf8proc.h>

namespace chatd {
namespace {

const utf8proc_property_t& property_of(char32_t character) {
    return *utf8proc_get_property(static_cast<utf8proc_int32_t>(character));
}

using Scripts = std::bitset<tables::script_count>;

// The number of its set of scripts.
std::uint32_t set_of(char32_t character) {
    const auto& runs = tables::script_runs;
    const auto behind = std::upper_bound(runs.begin(), runs.end(), character << 11 | 0x7ff);
    return behind == runs.begin() ? tables::unknown_set : *(behind - 1) & 0x7ff;
}

Scripts scripts_of(std::uint32_t set) {
    Scripts scripts;
    if (set == tables::everybodys_set || set == tables::emoji_set) return scripts.set();
    for (std::size_t at = set == 0 ? 0 : tables::set_ends[set - 1]; at < tables::set_ends[set]; ++at)
        scripts.set(tables::set_scripts[at]);
    return scripts;
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
    const utf8proc_property_t& known = property_of(character);
    const bool is_blank_sign = character == 0x13441 || character == 0x13442; // hieroglyphs that show nothing
    if (known.ignorable || is_blank_sign) return CharacterKind::other;
    switch (known.category) {
    case UTF8PROC_CATEGORY_LU:
    case UTF8PROC_CATEGORY_LL:
    case UTF8PROC_CATEGORY_LT:
    case UTF8PROC_CATEGORY_LM:
    case UTF8PROC_CATEGORY_LO: return CharacterKind::letter;
    case UTF8PROC_CATEGORY_ND: return CharacterKind::digit;
    case UTF8PROC_CATEGORY_MN:
    case UTF8PROC_CATEGORY_MC: return CharacterKind::mark;
    case UTF8PROC_CATEGORY_NL: return character == 0x3007 ? CharacterKind::letter : CharacterKind::other;
    default: return set_of(character) == tables::emoji_set ? CharacterKind::emoji : CharacterKind::other;
    }
}

// In Latin alone, or with the scripts of one of the three, Latin may stand beside.
bool share_a_script(std::u32string_view characters) {
    Scripts all, others; // others: of what is not Latin
    all.set();
    others.set();
    for (const char32_t character : characters) {
        const Scripts those = scripts_of(set_of(character));
        all &= those;
        if (!those.test(tables::latn)) others &= those;
    }
    return all.any() || others.test(tables::hanb) || others.test(tables::jpan) || others.test(tables::kore);
}

char32_t look_alike(char32_t character) {
    const auto& known = tables::look_alikes;
    const auto found = std::lower_bound(known.begin(), known.end(), character << 8);
    return found != known.end() && *found >> 8 == character ? *found & 0xff : character;
}

std::string normalise(std::string_view text) {
    return is_ascii(text) ? std::string{text} : map(text, UTF8PROC_STABLE, UTF8PROC_COMPOSE);
}

std::string fold_case(std::string_view text, Marks marks) {
    if (is_ascii(text)) return fold_ascii(text);
    return map(text, UTF8PROC_STABLE, UTF8PROC_COMPAT, UTF8PROC_CASEFOLD,
               marks == Marks::joined ? UTF8PROC_COMPOSE : UTF8PROC_DECOMPOSE,
               marks == Marks::left_out ? UTF8PROC_STRIPMARK : 0);
}

std::u32string decode(std::string_view text) {
    std::u32string characters;
    while (!text.empty()) {
        const std::size_t length = common::utf8_length(text);
        characters += length == 0 ? U'\ufffd' : common::utf8_code(text.substr(0, length));
        text.remove_prefix(std::max<std::size_t>(length, 1));
    }
    return characters;
}

std::string encode(std::u32string_view characters) {
    std::string text;
    std::array<utf8proc_uint8_t, 4> bytes{};
    for (const char32_t character : characters) {
        const auto size = utf8proc_encode_char(static_cast<utf8proc_int32_t>(character), bytes.data());
        text.append(bytes.begin(), bytes.begin() + size);
    }
    return text;
}

bool GraphemeBreaks::is_before(char32_t next) {
    const bool is_break = utf8proc_grapheme_break_stateful(static_cast<utf8proc_int32_t>(last_),
                                                           static_cast<utf8proc_int32_t>(next), &state_);
    last_ = next;
    const utf8proc_property_t& known = property_of(next);
    return is_break && (known.boundclass != UTF8PROC_BOUNDCLASS_CONTROL || known.charwidth != 0);
}

} // namespace chatd
