// SPDX-License-Identifier: ISC
// What must not compile with the packing layer, and compiles when put right.
#include "tests/e2e/files.hh"
#include "tests/unit/common/pack/compile.hh"

#include <doctest/doctest.h>

namespace {

struct Refusal {
    std::string wrong, right; // statements; number, wide, real and bytes are variables
    std::string reason;       // what the compiler has to mention, where the words are ours
};

const Refusal refusals[] = {
    {R"(Struct<"!H5k">::size)", R"(Struct<"!H5s">::size)", "none of the codes"},
    {R"(Struct<"\0">::size)", R"(Struct<"">::size)", "none of the codes"},
    {R"(Struct<"H!">::size)", R"(Struct<"!H">::size)", "can only be the first character"},
    {R"(Struct<" <H">::size)", R"(Struct<"< H">::size)", "can only be the first character"},
    {R"(Struct<"!H5">::size)", R"(Struct<"!H5x">::size)", "directly before a code"},
    {R"(Struct<"!3 H">::size)", R"(Struct<"!3H ">::size)", "directly before a code"},
    {R"(Struct<"!n">::size)", R"(Struct<"@n">::size)", "no standard size"},
    {R"(Struct<"=P">::size)", R"(Struct<"P">::size)", "no standard size"},
    {R"(Struct<"9223372036854775808x">::size)", R"(Struct<"9223372036854775807x">::size)", "larger than"},
    {R"(Struct<"x9223372036854775807s">::size)", R"(Struct<"x9223372036854775806s">::size)", "larger than"},
    {R"(Struct<"257B">::size)", R"(Struct<"256B">::size)", "more than 256 values"},
    {R"(Struct<"!HB">::pack(1))", R"(Struct<"!HB">::pack(1, 2))", ""},
    {R"(Struct<"!HB">::pack(1, 2, 3))", R"(Struct<"!HBB">::pack(1, 2, 3))", ""},
    {R"(Struct<"x">::pack(0))", R"(Struct<"x">::pack())", ""},
    {R"(Struct<"!H">::pack(wide))", R"(Struct<"!I">::pack(wide))", ""},
    {R"(Struct<"!i">::pack(wide))", R"(Struct<"!q">::pack(wide))", ""},
    {R"(Struct<"!I">::pack(number))", R"(Struct<"!i">::pack(number))", ""},
    {R"(Struct<"!B">::pack(256))", R"(Struct<"!B">::pack(255))", "does not fit"},
    {R"(Struct<"!Q">::pack(-1))", R"(Struct<"!q">::pack(-1))", "does not fit"},
    {R"(Struct<"!b">::pack(128u))", R"(Struct<"!b">::pack(127u))", "does not fit"},
    {R"(Struct<"!i">::pack(1.0))", R"(Struct<"!i">::pack(1))", ""},
    {R"(Struct<"!d">::pack(number))", R"(Struct<"!d">::pack(real))", ""},
    {R"(Struct<"!i">::pack("1"))", R"(Struct<"!1s">::pack("1"))", ""},
    {R"(Struct<"!1s">::pack('1'))", R"(Struct<"!c">::pack('1'))", ""},
    {R"(Struct<"!c">::pack(65))", R"(Struct<"!B">::pack(65))", ""},
    {R"(Struct<"!?">::pack(1))", R"(Struct<"!?">::pack(true))", ""},
    {R"(Struct<"!Q">::pack(&number))", R"(Struct<"P">::pack(&number))", ""},
    {R"(Struct<"0H">::iter_unpack(bytes))", R"(Struct<"1H">::iter_unpack(bytes))", "one by one"},
};

const std::string head = R"(
    #include "common/pack/pack.hh"
    using pack::Struct;
    void function(int number, std::uint32_t wide, double real, std::span<const char> bytes) {
)";
const std::string tail = "; (void)number, (void)wide, (void)real, (void)bytes; }\n";

} // namespace

TEST_SUITE("unit slow") {
    TEST_CASE("pack: what is wrong does not compile and says why") {
        const e2e::TempDir folder;
        const std::string file = folder / "wrong.cc";
        for (const Refusal& refusal : refusals) {
            CAPTURE(refusal.wrong);
            e2e::write_file(file, head + "(void)" + refusal.wrong + tail);
            const e2e::Result result = compile({"-fsyntax-only", file});
            CHECK(result.status != 0);
            CHECK_MESSAGE(result.err.find(refusal.reason) != std::string::npos, result.err);
        }
    }

    TEST_CASE("pack: what is wrong compiles once it is put right") {
        std::string statements;
        for (const Refusal& refusal : refusals) statements += ";\n(void)" + refusal.right;
        const e2e::TempDir folder;
        const std::string file = folder / "right.cc";
        e2e::write_file(file, head + statements + tail);
        const e2e::Result result = compile({"-Wall", "-Wextra", "-Werror", "-fsyntax-only", file});
        CHECK_MESSAGE(result.status == 0, result.err);
    }
}
