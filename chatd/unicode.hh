// SPDX-License-Identifier: ISC
// What Unicode says of characters and text: widths, clusters, normal forms, kinds and scripts; by utf8proc,
// and by tables of ours for what utf8proc does not say. It needs no locale. Run by the hub, by handlers and
// by chat; pure. Nobody else includes utf8proc's header.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace chatd {

// The columns that the character takes on a terminal: 0 to 2. Marks that take a place of their own have one,
// and the later parts of a Hangul syllable none, as terminals draw them. A control character has none.
std::size_t columns_of_character(char32_t character);

// Whether it is a picture, to which others can be joined (Extended_Pictographic of UTS #51).
bool is_pictographic(char32_t character);

enum class CharacterKind {
    letter, // with the ideograph for zero (U+3007), which Unicode counts among numbers
    digit,
    mark,  // but those that enclose others
    emoji, // which is shown as a picture by itself (Emoji_Presentation of UTS #51)
    other  // and all that cannot be seen (Default_Ignorable_Code_Point)
};
CharacterKind kind_of(char32_t character);

// Whether letters, digits, marks and emoji are of one script, or of those that are written together in
// Japanese, Chinese or Korean, each with Latin: the Highly Restrictive level of UTS #39, 5.2.
bool share_a_script(std::u32string_view characters);

// The character of ASCII that it looks like, in small; without one itself (chatd/unicode/look_alikes.txt).
char32_t look_alike(char32_t character);

// Text in Unicode's normal form C, in which nothing is written in two ways. All of these: "" for what is not
// valid UTF-8; std::bad_alloc.
std::string normalise(std::string_view text);
// As text is compared: without regard to case, and to whether a character stands for another one in another
// fount or width (NFKC_Casefold, but nothing is left out). Marks are joined with their letters, follow them
// apart, or are left out.
enum class Marks { joined, apart, left_out };
std::string fold_case(std::string_view text, Marks marks = Marks::joined);
// The characters of valid UTF-8, and the other way round; U+FFFD for each byte that is none.
std::u32string decode(std::string_view text);
std::string encode(std::u32string_view characters);

// Where the characters end that a person sees as one: the extended grapheme clusters of Unicode's UAX #29.
// Given the characters of a text one after the other, from the beginning of a cluster.
class GraphemeBreaks {
public:
    explicit GraphemeBreaks(char32_t first) : last_(first) {}
    // Whether next begins another cluster. What cannot be seen at all (U+200B) never does, against the rule:
    // nobody could tell on which side of it a cursor is.
    bool is_before(char32_t next);

private:
    char32_t last_;
    std::int32_t state_ = 0; // utf8proc's
};

} // namespace chatd
