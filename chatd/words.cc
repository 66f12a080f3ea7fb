// SPDX-License-Identifier: ISC
#include "chatd/words.hh"

#include "chatd/unicode.hh"
#include "common/network.hh"
#include "common/text.hh"

#include <algorithm>
#include <array>
#include <vector>

using namespace common;

namespace chatd {
namespace {

// Nobody may speak in these names; nor in any that begins with one of the first.
constexpr std::array<std::string_view, 6> reserved_beginnings{"administrator", "admin",  "server",
                                                              "chatd",         "管理员", "系统管理员"};
constexpr std::array<std::string_view, 10> reserved_names{
    "root", "system", "sysop", "operator", "moderator", "everyone", "nobody", "系统", "服务器", "所有人"};

// Beside letters, digits, marks and emoji; of these only _ may be first. Nothing that separates words, that
// commands begin with, or that has a meaning in names of IRC.
constexpr std::u32string_view signs = U"-_.'";

std::string with_look_alikes(std::string_view text) {
    std::u32string characters = decode(text);
    std::transform(characters.begin(), characters.end(), characters.begin(), look_alike);
    return encode(characters);
}

// Before folding as well as after: a capital may look like another letter than the small one.
std::string likeness(std::string_view name, Marks marks) {
    const bool is_ascii = std::all_of(name.begin(), name.end(), [](char byte) { return (byte & 0x80) == 0; });
    std::string like =
        is_ascii ? fold_case(name) : with_look_alikes(fold_case(with_look_alikes(name), marks));
    for (char& byte : like) {
        if (byte == 'i' || byte == '1') byte = 'l';
        if (byte == '0') byte = 'o';
    }
    return like;
}

template <std::size_t size>
std::vector<std::string> likenesses(const std::array<std::string_view, size>& words) {
    std::vector<std::string> all;
    all.reserve(size);
    for (const std::string_view word : words) all.push_back(likeness(word, Marks::left_out));
    return all;
}

// With an accent it is the same word.
bool is_reserved(std::string_view name) {
    static const std::vector<std::string> beginnings = likenesses(reserved_beginnings);
    static const std::vector<std::string> names = likenesses(reserved_names);
    const std::string like = likeness(name, Marks::left_out);
    return std::find(names.begin(), names.end(), like) != names.end() ||
           std::any_of(beginnings.begin(), beginnings.end(),
                       [&](const std::string& begins) { return like.rfind(begins, 0) == 0; });
}

// What looks like one letter may be a blank and a mark, or some letters with blanks between them: names are
// compared as that, and shown so in lists. Nor are there more marks in a row than languages need (UTS
// 39 5.4).
bool is_seen_when_folded(std::string_view folded) {
    constexpr int most_marks = 4;
    int marks = 0;
    bool is_first = true;
    for (const char32_t character : decode(folded)) {
        const CharacterKind kind = kind_of(character);
        if (kind == CharacterKind::other && signs.find(character) == signs.npos) return false;
        marks = kind == CharacterKind::mark ? marks + 1 : 0;
        if (marks > most_marks || (is_first && marks > 0)) return false;
        is_first = false;
    }
    return true;
}

} // namespace

std::optional<Refusal> refuse_spelling(std::string_view name) {
    if (name.empty()) return Refusal::name_empty;
    std::u32string without_signs;
    const std::u32string characters = decode(name);
    for (const char32_t character : characters) {
        if (signs.find(character) != signs.npos) continue;
        if (kind_of(character) == CharacterKind::other) return Refusal::name_unprintable;
        without_signs += character;
    }
    // A mark, or the later part of a Hangul syllable, would join what stands before the name.
    const char32_t first = characters[0];
    const bool is_good_first =
        first == U'_' || (signs.find(first) == signs.npos && kind_of(first) != CharacterKind::mark &&
                          columns_of_character(first) > 0);
    if (!is_good_first || normalise(name) != name) return Refusal::name_unprintable;
    if (!share_a_script(without_signs)) return Refusal::name_mixed;
    if (!is_seen_when_folded(fold_name(name))) return Refusal::name_unprintable;
    return {};
}

std::optional<Refusal> refuse_name(std::string_view name) {
    if (const auto why = refuse_spelling(name)) return why;
    if (columns_of(name) > max_name_columns || name.size() > max_name) return Refusal::name_too_long;
    if (Network::parse(fold_name(name)))
        return Refusal::name_unprintable; // a ban of it would be of an address
    if (is_reserved(name)) return Refusal::name_reserved;
    return {};
}

std::string_view why_no_name(Refusal why) {
    switch (why) {
    case Refusal::name_empty: return "it is empty";
    case Refusal::name_too_long: return "it has more than 32 columns or 128 bytes";
    case Refusal::name_mixed: return "its letters are of more than one script";
    case Refusal::name_reserved: return "it is reserved, or looks like a reserved one";
    default:
        return "it may hold letters, digits, marks and emoji, in Unicode's form NFC, and - _ . ', and begin "
               "with none of these signs but _";
    }
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
        const std::size_t known = utf8_length(text);
        length = std::max<std::size_t>(known, 1);
        columns += known == 0 ? 1 : columns_of_character(utf8_code(text.substr(0, length)));
    }
    return columns;
}

std::string fold_name(std::string_view name) { return fold_case(name); }

std::string likeness_of(std::string_view name) { return likeness(name, Marks::apart); }

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
