// SPDX-License-Identifier: ISC
// What Unicode says of characters and text, by utf8proc and by nothing of the system's, so that no locale is
// needed: widths, clusters, normal forms, kinds. Run by the hub, by handlers and by chat; pure. Nobody else
// includes utf8proc's header.
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

enum class CharacterKind { letter, digit, mark, other }; // mark: not one that encloses others
CharacterKind kind_of(char32_t character);
bool can_be_seen(char32_t character); // neither a blank, nor a control, nor unknown

// Text in Unicode's normal form C, in which nothing is written in two ways. All of these: "" for what is not
// valid UTF-8; std::bad_alloc.
std::string normalise(std::string_view text);
// As text is compared: without regard to case, and to whether a character stands for another one that looks
// like it in another fount or width (NFKC_Casefold, but nothing is left out).
std::string fold_case(std::string_view text);
// The same without any marks.
std::string fold_to_bare_letters(std::string_view text);

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
