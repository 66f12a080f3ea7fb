// SPDX-License-Identifier: ISC
// ftpd's own directives: what their words mean and which are refused.
#include "ftpd/settings.hh"

#include "common/errors.hh"
#include "common/text.hh"

#include <doctest/doctest.h>

using namespace ftpd;
using common::text;

namespace {

Settings settings_of(const std::vector<std::string>& lines) {
    return make_settings(common::read_config("", lines));
}

std::string fault_of(const std::string& line) {
    try {
        settings_of({line});
    } catch (const common::UserError& error) {
        return error.what();
    }
    return "";
}

} // namespace

TEST_SUITE("unit") {
    TEST_CASE("ftpd settings: sizes take binary units and none means no limit") {
        const std::pair<const char*, std::uint64_t> sizes[]{{"1", 1},
                                                            {"500k", 512'000},
                                                            {"1K", 1024},
                                                            {"10M", 10'485'760},
                                                            {"2G", 2'147'483'648},
                                                            {"1T", 1'099'511'627'776},
                                                            {"none", 0}};
        for (const auto& size : sizes) {
            const auto [word, bytes] = size;
            CAPTURE(size.first);
            CHECK(settings_of({text("rate-up ", word)}).limits.rate_up == bytes);
            CHECK(settings_of({text("rate-down ", word)}).limits.rate_down == bytes);
            CHECK(settings_of({text("max-upload ", word)}).limits.max_upload == bytes);
        }
        for (const char* const wrong : {"0", "-1", "k", "1kb", "1.5M", "10 M", "1kk", "M1",
                                        "9223372036854775808", "10000000T", "\"\""}) {
            CAPTURE(wrong);
            CHECK(fault_of(text("max-upload ", wrong)) != "");
        }
        CHECK(fault_of("rate-up fast")
                  .ends_with("'fast' is not a size: write none, or a number of bytes, or a number followed "
                             "by K, M, G or T "
                             "(powers of 1024), like 500K or 10M"));
    }

    TEST_CASE("ftpd settings: a mask is octal digits") {
        CHECK(settings_of({}).umask == 022);
        CHECK(settings_of({"umask 077"}).umask == 077);
        CHECK(settings_of({"umask 0027"}).umask == 027);
        for (const char* const wrong : {"8", "1000", "u=rw", "-1", "\"\""})
            CHECK(fault_of(text("umask ", wrong)).find("is not a mask: write octal digits like 022 or 077") !=
                  std::string::npos);
    }

    TEST_CASE("ftpd settings: patterns of deny are names and repeat") {
        CHECK(settings_of({"deny *.exe", "deny core"}).names.denied ==
              std::vector<std::string>{"*.exe", "core"});
        for (const char* const wrong : {"a/b", "/", "\"\""})
            CHECK(fault_of(text("deny ", wrong)).find("is not a pattern for names") != std::string::npos);
    }

    TEST_CASE("ftpd settings: yes and on are the same and nothing else is") {
        for (const char* const yes : {"yes", "on"}) CHECK(settings_of({text("sync ", yes)}).sync);
        for (const char* const no : {"no", "off"})
            CHECK_FALSE(settings_of({text("hidden-files ", no)}).names.hidden_files);
        for (const char* const wrong : {"1", "true", "ON", ""}) CHECK(fault_of(text("sync ", wrong)) != "");
    }

    TEST_CASE("name policy: a name is refused for the first rule that it breaks and says which") {
        NamePolicy policy{.hidden_files = false, .denied = {"*.exe", "co?e"}};
        CHECK_FALSE(policy.refuse("file.txt"));
        CHECK(*policy.refuse("a.exe") == "Names like *.exe cannot be used here.");
        CHECK(*policy.refuse("core") == "Names like co?e cannot be used here.");
        CHECK(*policy.refuse(".profile") == "Names that begin with a dot cannot be used here.");
        CHECK(policy.refuse(".ftpd-x")->find("are reserved for the server") != std::string::npos);
        CHECK(policy.refuse_path("/a/core/b"));
        CHECK_FALSE(policy.refuse_path("/a/exe/b"));
        CHECK_FALSE(policy.refuse("A.EXE")); // names are bytes
        CHECK_FALSE(NamePolicy{}.refuse(".profile"));
    }
}
