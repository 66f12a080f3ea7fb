// SPDX-License-Identifier: ISC
// The colours of names, and where one's own is found in what others say.
#include "chatd/handler/palette.hh"

#include "chatd/words.hh"

#include <doctest/doctest.h>
#include <set>

using namespace chatd;

namespace {

// With what is marked in angle brackets.
std::string marked(std::string_view text, std::string_view name) {
    REQUIRE(use_utf8_locale());
    std::string all = paint_mentions(text, name);
    for (const auto& [from, to] : {std::pair{"\x1b[1m", "<"}, std::pair{"\x1b[22m", ">"}})
        for (std::size_t at = 0; (at = all.find(from)) != all.npos;)
            all.replace(at, std::string_view{from}.size(), to);
    return all;
}

} // namespace

TEST_SUITE("unit") {
    TEST_CASE("a name has one colour in whatever case and names have several") {
        REQUIRE(use_utf8_locale());
        CHECK(paint_name("ada").substr(0, 5) == paint_name("ADA").substr(0, 5));
        CHECK(paint_name("张三").find("张三\x1b[39m") == 5);
        std::set<std::string> colours;
        for (const char* const name : {"ada", "bob", "eve", "mallory", "trent", "张三", "李四", "peggy"})
            colours.insert(paint_name(name).substr(0, 5));
        CHECK(colours.size() > 2);
    }

    TEST_CASE("the own name is marked where it stands as a word") {
        CHECK(marked("hello ada, and ADA!", "Ada") == "hello <ada>, and <ADA>!");
        CHECK(marked("adamant canada", "ada") == "adamant canada");
        CHECK(marked("请张三来", "张三") == "请<张三>来");
        CHECK(marked("x张三y", "张三") == "x<张三>y");
        CHECK(marked("ada", "") == "ada");
        CHECK(marked("", "ada") == "");
        CHECK(marked("ad", "ada") == "ad");
        CHECK(marked("ａｄａ", "ada") == "<ａｄａ>"); // of full width
    }
}
