// SPDX-License-Identifier: ISC
// What IRC can carry of names and codes, and that every name that is given anew is among it.
#include "chatd/irc_names.hh"
#include "chatd/settings.hh"
#include "chatd/words.hh"

#include <array>
#include <doctest/doctest.h>
#include <string>
#include <string_view>
#include <vector>

using namespace chatd;

TEST_SUITE("unit") {
    TEST_CASE("IRC carries names of any script") {
        for (const std::string_view name :
             {"ada", "张三", "o'neil", "a.b-c", "_", "42", "👍🏽", "a:b", "a#b"}) {
            CHECK_MESSAGE(is_fit_name(name), name);
            CHECK_MESSAGE(is_fit_room(name), name);
        }
    }

    TEST_CASE("IRC carries no name with a blank or with a sign that means something there") {
        CHECK(why_unfit_name("") == "it is empty");
        CHECK(why_unfit_name("ada lovelace") == "it holds a blank");
        CHECK(why_unfit_name("ada,bob") == "it holds a comma");
        CHECK(why_unfit_name(":ada") == "it begins with a colon");
        for (const std::string_view name : {"a!b", "a@b", "a*", "a?"})
            CHECK_MESSAGE(why_unfit_name(name) == "it holds one of ! @ * ?", name);
        for (const std::string_view name : {"#a", "&a", "$a", "~a", "+a", "%a"})
            CHECK_MESSAGE(why_unfit_name(name) == "it begins with one of # & $ ~ + %", name);
        for (const std::string_view name : {"a\nb", "a\rb", "a\tb", "a\x7f", "\a"})
            CHECK_MESSAGE(why_unfit_name(name) == "it holds a control character", name);
        CHECK(why_unfit_name(std::string_view{"a\0b", 3}) == "it holds a control character");
        CHECK(why_unfit_name("\xff") == "it is not UTF-8");
    }

    TEST_CASE("a code is a key of IRC unless it has a comma or a blank or begins with a colon") {
        for (const std::string_view code : {"moon", "月亮", "a:b", "!*@?", "#1"})
            CHECK_MESSAGE(is_fit_code(code), code);
        CHECK(why_unfit_code("a,b") == "it holds a comma");
        CHECK(why_unfit_code("full moon") == "it holds a blank");
        CHECK(why_unfit_code(":moon") == "it begins with a colon");
        CHECK(why_unfit_code("\xe6\x9c") == "it is not UTF-8");
    }

    TEST_CASE("what IRC cannot carry names nobody and no room") {
        const std::vector<std::string> parts{"", "a", "1", "é", "😀", "#\xef\xb8\x8f\xe2\x83\xa3"};
        for (const std::string_view sign : {" ", ",", "!", "@", "*", "?", "#", "&", "$", "~", "+", "%", ":"})
            for (const std::string& before : parts)
                for (const std::string& behind : parts) {
                    std::string name = before;
                    name.append(sign).append(behind);
                    if (is_fit_name(name)) continue;
                    CHECK_MESSAGE(refuse_name(name), name);
                    CHECK_MESSAGE(!may_name_room(name), name);
                }
    }
}
