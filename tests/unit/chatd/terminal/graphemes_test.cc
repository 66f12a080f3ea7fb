// SPDX-License-Identifier: ISC
// What counts as one character for a person, and how wide it is.
#include "chatd/terminal/graphemes.hh"

#include <doctest/doctest.h>
#include <string>
#include <vector>

using namespace chatd;

namespace {

// The characters with a bar between them, forwards; and the same found backwards.
std::string split(std::string_view text) {
    std::string all;
    for (std::size_t at = 0, end = 0; at < text.size(); at = end) {
        end = grapheme_behind(text, at);
        CHECK(grapheme_before(text, end) == at);
        all.append(all.empty() ? "" : "|").append(text.substr(at, end - at));
    }
    return all;
}

} // namespace

TEST_SUITE("unit") {
    TEST_CASE("a character is what a person sees as one") {
        CHECK(split("ab 张三") == "a|b| |张|三");
        CHECK(split("e\u0301\u0323x") == "e\u0301\u0323|x");
        CHECK(split("\u2764\ufe0f!") == "\u2764\ufe0f|!"); // heart in colour
        CHECK(split("1\ufe0f\u20e3"
                    "2") == "1\ufe0f\u20e3|2"); // keycap
        CHECK(split("\U0001f469\u200d\U0001f469\u200d\U0001f467x") ==
              "\U0001f469\u200d\U0001f469\u200d\U0001f467|x");                               // family
        CHECK(split("\U0001f44d\U0001f3fd\U0001f44d") == "\U0001f44d\U0001f3fd|\U0001f44d"); // skin
        CHECK(split("\U0001f1e8\U0001f1f3\U0001f1e9\U0001f1ea\U0001f1eb") ==
              "\U0001f1e8\U0001f1f3|\U0001f1e9\U0001f1ea|\U0001f1eb");                       // flags
        CHECK(split("\u1112\u1161\u11ab\u1100\u1173") == "\u1112\u1161\u11ab|\u1100\u1173"); // Hangul
        CHECK(split("हिन्दी") == "हि|न्|दी");                                                  // Devanagari
        CHECK(split("a\u200b\u200b"
                    "b") == "a\u200b\u200b|b");                    // what cannot be seen
        CHECK(split("a\u200d\U0001f600") == "a\u200d|\U0001f600"); // a joiner joins emoji alone
    }

    TEST_CASE("a character has the columns of what it begins with") {
        CHECK(columns_of_grapheme("a") == 1);
        CHECK(columns_of_grapheme("张") == 2);
        CHECK(columns_of_grapheme("e\u0301") == 1);
        CHECK(columns_of_grapheme("\U0001f600") == 2);
        CHECK(columns_of_grapheme("\U0001f469\u200d\U0001f469\u200d\U0001f467") == 2);
        CHECK(columns_of_grapheme("\U0001f44d\U0001f3fd") == 2);
        CHECK(columns_of_grapheme("\U0001f1e8\U0001f1f3") == 2);
        CHECK(columns_of_grapheme("\u1112\u1161\u11ab") == 2);
        CHECK(columns_of_grapheme("\U0001f937\u200d\u2642\ufe0f") == 2); // a man who shrugs
        CHECK(columns_of_grapheme("\U0001f1e8") == 1);
        CHECK(columns_of_grapheme("हि") == 2); // the mark stands before the letter
        CHECK(columns_of_grapheme("न्") == 1);
        CHECK(columns_of_grapheme("") == 0);
    }

    TEST_CASE("a place inside a character belongs to it and bytes that are none count alone") {
        CHECK(grapheme_before("a张", 2) == 1);
        CHECK(grapheme_before("a", 0) == 0);
        CHECK(grapheme_behind("a", 1) == 1);
        CHECK(grapheme_behind("\xff\xff", 0) == 1);
    }
}
