// SPDX-License-Identifier: ISC
#include "common/authd/user_file.hh"
#include "common/text.hh"
#include "ftpd/rights.hh"

#include <array>
#include <doctest/doctest.h>
#include <string>

using namespace ftpd;

TEST_SUITE("unit") {
    TEST_CASE("rights: each word of the user file is one right and together they are all") {
        constexpr std::array all{Right::list,   Right::read,           Right::create, Right::overwrite,
                                 Right::remove, Right::make_directory, Right::rename};
        std::string together;
        for (const std::string_view word : common::user_table("ftpd").rights) {
            CAPTURE(word);
            int meant = 0;
            for (const Right right : all) meant += parse_rights(word).has(right) ? 1 : 0;
            CHECK(meant == 1);
            together += common::text(together.empty() ? "" : ",", word);
        }
        for (const Right right : all) CHECK(parse_rights(together).has(right));
        CHECK(common::user_table("ftpd").rights.size() == all.size());
    }

    TEST_CASE("rights: a dash or nothing or an unknown word is no right") {
        for (const char* const field : {"-", "", "fly", "LIST", ",,"}) CHECK(parse_rights(field).empty());
        CHECK(parse_rights("fly,read").has(Right::read));
    }
}
