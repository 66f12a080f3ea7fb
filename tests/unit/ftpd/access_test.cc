// SPDX-License-Identifier: ISC
#include "common/authd/user_file.hh"
#include "common/text.hh"
#include "ftpd/access.hh"

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

    TEST_CASE("limits: a user's take the place of the usual ones and the rest stays") {
        const Limits usual{.rate_up = 1, .rate_down = 2, .max_upload = 3};
        const Limits own = parse_limits("rate-down=2000,max-upload=0", usual);
        CHECK(own.rate_up == 1);
        CHECK(own.rate_down == 2000);
        CHECK(own.max_upload == 0); // none for this one
        CHECK(parse_limits("", usual).rate_up == 1);
        CHECK(parse_limits("-", usual).max_upload == 3);
    }

    TEST_CASE("limits: each that the user file takes is known here") {
        for (const std::string_view key : common::user_table("ftpd").limits) {
            const Limits limits = parse_limits(std::string{key} + "=77", {});
            CHECK(limits.rate_up + limits.rate_down + limits.max_upload == 77);
        }
    }

    TEST_CASE("names: hidden ones and denied ones and our own are not to be had wherever they stand") {
        const NamePolicy strict{.hidden_files = false, .denied = {"*.exe", "core"}};
        for (const char* const name : {".profile", "setup.exe", ".exe", "core", ".ftpd-x"})
            CHECK(strict.refuse(name));
        for (const char* const name : {"a.b", "setup.EXE", "cores", "exe", "x.ftpd-"})
            CHECK_FALSE(strict.refuse(name));
        for (const char* const path : {"/.ssh/key", "/a/core/b", "/a/b.exe"}) CHECK(strict.refuse_path(path));
        for (const char* const path : {"/", "/a/b", "/a.d/b"}) CHECK_FALSE(strict.refuse_path(path));
        CHECK_FALSE(NamePolicy{}.refuse(".profile"));
        CHECK(NamePolicy{}.refuse(".ftpd-x"));
        CHECK(*strict.refuse("a.exe") == "Names like *.exe cannot be used here.");
    }
}
