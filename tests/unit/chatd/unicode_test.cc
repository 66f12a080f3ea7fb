// SPDX-License-Identifier: ISC
// What is known of characters without a locale, and that the tables of ours fit to what utf8proc knows.
#include "chatd/unicode.hh"

#include <doctest/doctest.h>

using namespace chatd;

TEST_SUITE("unit") {
    TEST_CASE("unicode: a character has the columns that a terminal gives it") {
        for (const char32_t one : {U'a', U'é', U'Ж', U'א', U'\u093f', U'\ufffd', U'\u2764', U'\U0001f1e8'})
            CHECK_MESSAGE(columns_of_character(one) == 1, static_cast<unsigned>(one));
        for (const char32_t two : {U'张', U'あ', U'한', U'Ａ', U'😀', U'\u1100', U'\u231a'})
            CHECK_MESSAGE(columns_of_character(two) == 2, static_cast<unsigned>(two));
        for (const char32_t none :
             {U'\u0301', U'\u200b', U'\u200d', U'\ufe0f', U'\u1161', U'\u11a8', U'\x1b'})
            CHECK_MESSAGE(columns_of_character(none) == 0, static_cast<unsigned>(none));
    }

    TEST_CASE("unicode: each character that can be in a name has a script that is known") {
        std::size_t of_names = 0, unknown = 0, emoji = 0;
        for (char32_t character = 0; character < 0x110000; ++character) {
            if (character >= 0xd800 && character < 0xe000) continue;
            const CharacterKind kind = kind_of(character);
            if (kind == CharacterKind::other) continue;
            ++of_names;
            emoji += kind == CharacterKind::emoji;
            unknown += !share_a_script(std::u32string(1, character));
        }
        CHECK(of_names > 130'000);
        CHECK(unknown == 0);
        CHECK(emoji >= 1205); // of Unicode 15.0
    }

    TEST_CASE("unicode: what has no script here shares none") {
        CHECK_FALSE(share_a_script(U" "));
        CHECK_FALSE(share_a_script(U"a\U0010ffff"));
        CHECK(share_a_script(U""));
        CHECK(share_a_script(U"0"));
        CHECK(share_a_script(U"ー"));        // of Hiragana and of Katakana
        CHECK_FALSE(share_a_script(U"аー")); // and of nothing else
        CHECK(share_a_script(U"abcーあ漢"));
    }

    TEST_CASE("unicode: kinds of characters") {
        CHECK(kind_of(U'z') == CharacterKind::letter);
        CHECK(kind_of(U'〇') == CharacterKind::letter);
        CHECK(kind_of(U'٣') == CharacterKind::digit);
        CHECK(kind_of(U'\u0301') == CharacterKind::mark);
        CHECK(kind_of(U'\U0001f3fd') == CharacterKind::emoji);
        for (const char32_t other :
             {U' ', U'\u00a0', U'\u2800', U'\u3164', U'\u115f', U'\u034f', U'\u200d', U'\ufe0f', U'\u20e3',
              U'Ⅳ', U'²', U'✓', U'\u3297', U'\u231c', U'-', U'\0', U'\ue000'})
            CHECK_MESSAGE(kind_of(other) == CharacterKind::other, static_cast<unsigned>(other));
    }

    TEST_CASE("unicode: normal forms and folding") {
        CHECK(normalise("e\u0301") == "é");
        CHECK(normalise("\u212b\u1112\u1161\u11ab") == "Å한");
        CHECK(normalise("a\xff") == "");
        CHECK(normalise("é\xff") == "");
        CHECK(fold_case("ÀÉ", Marks::left_out) == "ae");
        CHECK(fold_case("É", Marks::apart) == "e\u0301");
        CHECK(fold_case("ｆｕｌｌ ﬁ 𝐁") == "full fi b");
        CHECK(fold_case("") == "");
        CHECK(encode(decode("aé张😀")) == "aé张😀");
        CHECK(encode(decode("a\xff")) == "a\ufffd");
    }

    TEST_CASE("unicode: the look-alike of a character is one of ASCII in small") {
        CHECK(look_alike(U'А') == U'a');
        CHECK(look_alike(U'ο') == U'o');
        CHECK(look_alike(U'a') == U'a');
        CHECK(look_alike(U'张') == U'张');
        CHECK(look_alike(U'\U0010ffff') == U'\U0010ffff');
        for (char32_t character = 0; character < 0x110000; ++character) {
            const char32_t like = look_alike(character);
            if (like != character) CHECK((character > 0x7f && like < 0x80 && !(like >= 'A' && like <= 'Z')));
        }
    }
}
