// SPDX-License-Identifier: ISC
#include "chatd/words.hh"

#include "common/text.hh"

#include <algorithm>
#include <array>
#include <clocale>
#include <cstdlib>
#include <cwctype>
#include <vector>
#include <wchar.h>

using namespace common;

namespace chatd {
namespace {

// Nobody may speak in these names; nor in any that begins with one of the first.
constexpr std::array<std::string_view, 6> reserved_beginnings{"administrator", "admin",  "server",
                                                              "chatd",         "管理员", "系统管理员"};
constexpr std::array<std::string_view, 10> reserved_names{
    "root", "system", "sysop", "operator", "moderator", "everyone", "nobody", "系统", "服务器", "所有人"};

struct Range {
    char32_t first, last;
};
// Characters that cannot be seen (Default_Ignorable_Code_Point of Unicode): with one, two names look the
// same.
constexpr std::array<Range, 13> ignorable{{{0xad, 0xad},
                                           {0x34f, 0x34f},
                                           {0x61c, 0x61c},
                                           {0x115f, 0x1160},
                                           {0x17b4, 0x17b5},
                                           {0x180b, 0x180f},
                                           {0x200b, 0x200f},
                                           {0x202a, 0x202e},
                                           {0x2060, 0x206f},
                                           {0x3164, 0x3164},
                                           {0xfe00, 0xfe0f},
                                           {0xfeff, 0xfeff},
                                           {0xe0000, 0xe0fff}}};

// Characters that NFC replaces, or joins with the one before: by Unicode's NFC_Quick_Check, No, and of Maybe
// the accents, the marks of kana and the parts of Hangul syllables; of the compatibility ideographs the whole
// block.
constexpr std::array<Range, 68> unnormalised{
    {{0x300, 0x36f},     {0x374, 0x374},     {0x37e, 0x37e},    {0x387, 0x387},   {0x653, 0x655},
     {0x958, 0x95f},     {0x9dc, 0x9dd},     {0x9df, 0x9df},    {0xa33, 0xa33},   {0xa36, 0xa36},
     {0xa59, 0xa5b},     {0xa5e, 0xa5e},     {0xb5c, 0xb5d},    {0xf43, 0xf43},   {0xf4d, 0xf4d},
     {0xf52, 0xf52},     {0xf57, 0xf57},     {0xf5c, 0xf5c},    {0xf69, 0xf69},   {0xf73, 0xf73},
     {0xf75, 0xf76},     {0xf78, 0xf78},     {0xf81, 0xf81},    {0xf93, 0xf93},   {0xf9d, 0xf9d},
     {0xfa2, 0xfa2},     {0xfa7, 0xfa7},     {0xfac, 0xfac},    {0xfb9, 0xfb9},   {0x1161, 0x1175},
     {0x11a8, 0x11c2},   {0x1f71, 0x1f71},   {0x1f73, 0x1f73},  {0x1f75, 0x1f75}, {0x1f77, 0x1f77},
     {0x1f79, 0x1f79},   {0x1f7b, 0x1f7b},   {0x1f7d, 0x1f7d},  {0x1fbb, 0x1fbb}, {0x1fbe, 0x1fbe},
     {0x1fc9, 0x1fc9},   {0x1fcb, 0x1fcb},   {0x1fd3, 0x1fd3},  {0x1fdb, 0x1fdb}, {0x1fe3, 0x1fe3},
     {0x1feb, 0x1feb},   {0x1fee, 0x1fef},   {0x1ff9, 0x1ff9},  {0x1ffb, 0x1ffb}, {0x1ffd, 0x1ffd},
     {0x2000, 0x2001},   {0x2126, 0x2126},   {0x212a, 0x212b},  {0x2329, 0x232a}, {0x2adc, 0x2adc},
     {0x3099, 0x309a},   {0xf900, 0xfaff},   {0xfb1d, 0xfb1d},  {0xfb1f, 0xfb1f}, {0xfb2a, 0xfb36},
     {0xfb38, 0xfb3c},   {0xfb3e, 0xfb3e},   {0xfb40, 0xfb41},  {0xfb43, 0xfb44}, {0xfb46, 0xfb4e},
     {0x1d15e, 0x1d164}, {0x1d1bb, 0x1d1c0}, {0x2f800, 0x2fa1d}}};

template <std::size_t size>
bool is_among(const std::array<Range, size>& ranges, char32_t code) {
    return std::any_of(ranges.begin(), ranges.end(),
                       [&](const Range& range) { return code >= range.first && code <= range.last; });
}

// The characters of valid UTF-8; no value for anything else.
std::optional<std::vector<char32_t>> decode(std::string_view text) {
    std::vector<char32_t> codes;
    while (!text.empty()) {
        const std::size_t length = utf8_length(text);
        if (length == 0) return {};
        codes.push_back(utf8_code(text.substr(0, length)));
        text.remove_prefix(length);
    }
    return codes;
}

void append_utf8(std::string& out, char32_t code) {
    const auto add = [&](char32_t byte) { out += static_cast<char>(byte); };
    if (code < 0x80) return add(code);
    if (code < 0x800)
        add(0xc0 | code >> 6);
    else {
        if (code < 0x10000)
            add(0xe0 | code >> 12);
        else {
            add(0xf0 | code >> 18);
            add(0x80 | (code >> 12 & 0x3f));
        }
        add(0x80 | (code >> 6 & 0x3f));
    }
    add(0x80 | (code & 0x3f));
}

bool is_reserved(std::string_view folded) {
    return std::find(reserved_names.begin(), reserved_names.end(), folded) != reserved_names.end() ||
           std::any_of(reserved_beginnings.begin(), reserved_beginnings.end(),
                       [&](std::string_view reserved) { return folded.rfind(reserved, 0) == 0; });
}

// Of ASCII's characters there are wide ones, for use between Chinese ones.
char32_t fold(char32_t code) {
    if (code >= 0xff01 && code <= 0xff5e) code -= 0xff01 - 0x21;
    return static_cast<char32_t>(std::towlower(static_cast<wint_t>(code)));
}

std::size_t columns_of_character(std::string_view character) {
    const int width = ::wcwidth(static_cast<wchar_t>(utf8_code(character)));
    return width < 0 ? 1 : static_cast<std::size_t>(width);
}

} // namespace

bool use_utf8_locale() {
    for (const char* const name : {"", "C.UTF-8", "C.utf8", "en_US.UTF-8"})
        if (std::setlocale(LC_CTYPE, name) != nullptr && MB_CUR_MAX > 1) return true;
    return false;
}

std::optional<Refusal> refuse_name(std::string_view name) {
    if (name.empty()) return Refusal::name_empty;
    const auto codes = decode(name);
    if (!codes || name.front() == '/') return Refusal::name_unprintable;
    int columns = 0;
    for (const char32_t code : *codes) {
        const int width = ::wcwidth(static_cast<wchar_t>(code));
        if (width < 0 || std::iswspace(static_cast<wint_t>(code)) != 0 || is_among(ignorable, code) ||
            is_among(unnormalised, code) || disturbs_a_line(code))
            return Refusal::name_unprintable;
        columns += width;
    }
    if (columns == 0) return Refusal::name_unprintable;
    if (columns > max_name_columns || name.size() > max_name) return Refusal::name_too_long;
    if (is_reserved(fold_name(name))) return Refusal::name_reserved;
    return {};
}

bool is_call_for_help(std::string_view line) {
    constexpr std::array<std::string_view, 8> calls{"help",  "help!", "help?", "what",
                                                    "what?", "?",     "帮助",  "？"};
    std::string small{line};
    for (char& byte : small)
        if (byte >= 'A' && byte <= 'Z') byte = static_cast<char>(byte - 'A' + 'a');
    return std::find(calls.begin(), calls.end(), small) != calls.end();
}

std::size_t columns_of(std::string_view text) {
    std::size_t columns = 0;
    for (std::size_t length = 0; !text.empty(); text.remove_prefix(length)) {
        length = std::max<std::size_t>(utf8_length(text), 1);
        columns += columns_of_character(text.substr(0, length));
    }
    return columns;
}

std::string fold_name(std::string_view name) {
    std::string folded;
    for (const char32_t code : decode(name).value_or(std::vector<char32_t>{}))
        append_utf8(folded, fold(code));
    return folded;
}

std::string neutralise(std::string_view text) {
    constexpr std::string_view replacement = "\xef\xbf\xbd"; // U+FFFD
    std::string out;
    while (!text.empty()) {
        const std::size_t length = utf8_length(text);
        const std::string_view character = text.substr(0, std::max<std::size_t>(length, 1));
        if (character == "\t")
            out += ' ';
        else if (length == 0 || disturbs_a_line(utf8_code(character)))
            out += replacement;
        else
            out += character;
        text.remove_prefix(character.size());
    }
    return out;
}

} // namespace chatd
