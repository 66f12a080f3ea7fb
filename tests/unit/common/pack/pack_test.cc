// SPDX-License-Identifier: ISC
// What pack(3) says of packing, by hand-made cases.
#include "common/pack/pack.hh"
#include "tests/e2e/files.hh"

#include <cmath>
#include <doctest/doctest.h>
#include <limits>
#include <vector>

TEST_SUITE("unit") {

    using namespace std::literals;
    using pack::Struct;

    template <std::size_t size>
    constexpr std::string_view view(const std::array<char, size>& bytes) {
        return {bytes.data(), size};
    }

    TEST_CASE("pack: formats have their size and number of values while compiling") {
        static_assert(Struct<"!H5sfq">::size == 19 && Struct<"!H5sfq">::values == 4);
        static_assert(Struct<"">::size == 0 && Struct<"">::values == 0);
        static_assert(Struct<"=">::size == 0);
        static_assert(Struct<"=bhilqefd?cBHILQ">::size ==
                      1 + 2 + 4 + 4 + 8 + 2 + 4 + 8 + 1 + 1 + 1 + 2 + 4 + 4 + 8);
        static_assert(Struct<"4H3xs20p">::size == 8 + 3 + 1 + 20 && Struct<"4H3xs20p">::values == 6);
        static_assert(Struct<"@nNP">::size == 3 * sizeof(void*));
        static_assert(Struct<"100000000s">::size == 100'000'000 && Struct<"100000000s">::values == 1);
        static_assert(Struct<"256B">::values == 256);
    }

    TEST_CASE("pack: white space between codes means nothing") {
        static_assert(Struct<"< b\t2h\n\v\f\r q ">::size == 13);
        static_assert(Struct<" ib">::size == 5); // native, as the first character is no order
    }

    TEST_CASE("pack: native order aligns as the compiler does and the others do not align") {
        struct Aligned {
            char a;
            short b;
            char c;
            double d;
        };
        static_assert(Struct<"bhbd">::size == sizeof(Aligned) && Struct<"@bhbd">::size == sizeof(Aligned));
        static_assert(Struct<"=bhbd">::size == 12);
        static_assert(Struct<"bi">::pack(1, -1)[1] == 0 && Struct<"bi">::pack(1, -1)[4] == -1);
    }

    TEST_CASE("pack: a count of 0 aligns and takes no value") {
        static_assert(Struct<"llh">::size == 2 * sizeof(long) + 2 &&
                      Struct<"llh0l">::size == 3 * sizeof(long));
        static_assert(Struct<"llh0l">::values == 3);
        static_assert(Struct<"=h0l">::size == 2);
        static_assert(Struct<"0s">::size == 0 && Struct<"0s">::values == 1);
        CHECK(view(Struct<"!0sB0p">::pack("lost", 7, "lost")) == "\7"sv);
    }

    TEST_CASE("pack: bytes can be made and read while compiling") {
        using Entry = Struct<"!H5sfq">;
        constexpr auto bytes = Entry::pack(0x0102, "ann", 0.5, -2);
        static_assert(view(bytes) == "\1\2ann\0\0\x3f\0\0\0\xff\xff\xff\xff\xff\xff\xff\xfe"sv);
        static_assert(Entry::unpack(bytes) == std::tuple{0x0102, "ann\0\0"sv, 0.5, -2});
        constexpr auto copy = [] {
            std::array<char, 21> buffer{'a', 'b'};
            Entry::pack_into(buffer, 2, 1, "xyz", 1, 2);
            return buffer;
        }();
        static_assert(copy[1] == 'b' && std::get<3>(Entry::unpack_from(copy, 2)) == 2);
    }

    TEST_CASE("pack: each byte order puts the bytes where it says") {
        CHECK(view(Struct<">I">::pack(0x01020304)) == "\1\2\3\4");
        CHECK(view(Struct<"!I">::pack(0x01020304)) == "\1\2\3\4");
        CHECK(view(Struct<"<I">::pack(0x01020304)) == "\4\3\2\1");
        const bool little = std::endian::native == std::endian::little;
        CHECK(view(Struct<"=I">::pack(0x01020304)) == (little ? "\4\3\2\1" : "\1\2\3\4"));
        CHECK(view(Struct<"@I">::pack(0x01020304)) == view(Struct<"I">::pack(0x01020304)));
    }

    TEST_CASE("pack: arguments of narrower types and constants that fit are taken") {
        const std::uint8_t narrow = 200;
        constexpr int fits = 40000;
        CHECK(Struct<"!H">::pack(narrow) == Struct<"!H">::pack(200));
        CHECK(Struct<"!H">::pack(fits) == std::array{'\x9c', '\x40'});
        CHECK(Struct<"!d">::pack(1.5F) == Struct<"!d">::pack(1.5));
        CHECK(Struct<"!d">::pack(3) == Struct<"!d">::pack(3.0));
        CHECK(Struct<"!B">::pack(255) == std::array{'\xff'});
        CHECK(Struct<"!q">::pack(std::numeric_limits<std::int64_t>::min())[0] == '\x80');
    }

    TEST_CASE("pack: a pointer is packed as the number it is") {
        int object = 0;
        const auto [address, none] = Struct<"@2P">::unpack(Struct<"@2P">::pack(&object, nullptr));
        CHECK(address == reinterpret_cast<std::uintptr_t>(&object));
        CHECK(none == 0);
    }

    TEST_CASE("pack: a text is cut or filled with NULs and comes back whole") {
        CHECK(view(Struct<"5s">::pack("ann")) == "ann\0\0"sv);
        CHECK(view(Struct<"5s">::pack("annabel")) == "annab");
        CHECK(view(Struct<"5s">::pack(""sv)) == "\0\0\0\0\0"sv);
        CHECK(view(Struct<"5s">::pack(std::string("a\0b", 3))) == "a\0b\0\0"sv);

        const auto [name] = Struct<"5s">::unpack("ann\0\0"sv);
        CHECK(name.size() == 5);
        CHECK(name == "ann\0\0"sv);
        CHECK(name.until_nul() == "ann");
        CHECK(std::string(name) == "ann\0\0"s);
        CHECK(std::get<0>(Struct<"3s">::unpack("ann"sv)).until_nul() == "ann");
        CHECK(name == std::get<0>(Struct<"5s">::unpack("ann\0\0"sv)));
    }

    TEST_CASE("pack: a Pascal text says its length") {
        CHECK(view(Struct<"5p">::pack("ann")) == "\3ann\0"sv);
        CHECK(view(Struct<"5p">::pack("annabel")) == "\4anna");
        CHECK(view(Struct<"1p">::pack("ann")) == "\0"sv);
        CHECK(std::get<0>(Struct<"5p">::unpack("\3annx"sv)) == "ann");
        CHECK(std::get<0>(Struct<"5p">::unpack("\xff"
                                               "anna"sv)) == "anna");
        CHECK(Struct<"300p">::pack(std::string(299, 'a'))[0] == '\xff');
        CHECK(std::get<0>(Struct<"300p">::unpack(Struct<"300p">::pack(std::string(299, 'a')))).size() == 255);
    }

    TEST_CASE("pack: any byte but 0 is true") {
        CHECK(Struct<"?3?">::unpack("\0\1\2\xff"sv) == std::tuple{false, true, true, true});
        CHECK(view(Struct<"2?">::pack(true, false)) == "\1\0"sv);
    }

    TEST_CASE("pack: a finite number too large for its field throws except under native order as in Python") {
        CHECK_THROWS_AS(Struct<"e">::pack(65520.0), std::overflow_error);
        CHECK_THROWS_AS(Struct<"<e">::pack(-1e300), std::overflow_error);
        CHECK_THROWS_AS(Struct<"=f">::pack(1e39), std::overflow_error);
        CHECK(Struct<"<e">::pack(65519.99) == Struct<"<e">::pack(65504.0));
        CHECK(Struct<"<f">::pack(INFINITY) == Struct<"@f">::pack(1e39));
        CHECK(Struct<"<f">::pack(-INFINITY) == Struct<"@f">::pack(-1e39));
    }

    TEST_CASE("pack: half precision keeps each of its 65536 patterns but the payload of a NaN") {
        for (unsigned bits = 0; bits < 0x10000U; ++bits) {
            const auto bytes = Struct<"<H">::pack(static_cast<std::uint16_t>(bits));
            const auto [value] = Struct<"<e">::unpack(bytes);
            const bool nan = (bits & 0x7fffU) > 0x7c00U;
            REQUIRE(std::isnan(value) == nan);
            const unsigned expected = nan ? (bits & 0x8000U) | 0x7e00U : bits;
            REQUIRE(Struct<"<e">::pack(value) == Struct<"<H">::pack(static_cast<std::uint16_t>(expected)));
        }
    }

    TEST_CASE("pack: a buffer of the wrong size is refused with the bytes needed and given") {
        using Entry = Struct<"!HI">;
        std::array<char, 10> buffer{};
        CHECK_THROWS_WITH_AS(Entry::unpack("12345"sv), "a struct of 6 bytes cannot be unpacked from 5",
                             pack::Error);
        CHECK_THROWS_WITH_AS(Entry::unpack("1234567"sv), "a struct of 6 bytes cannot be unpacked from 7",
                             pack::Error);
        CHECK_THROWS_WITH_AS(Entry::unpack_from(buffer, 5),
                             "a struct of 6 bytes at offset 5 does not fit a buffer of 10", pack::Error);
        CHECK_THROWS_WITH_AS(Entry::pack_into(buffer, 5, 1, 2),
                             "a struct of 6 bytes at offset 5 does not fit a buffer of 10", pack::Error);
        CHECK_THROWS_WITH_AS(Entry::iter_unpack(buffer), "structs of 6 bytes each cannot be unpacked from 10",
                             pack::Error);
        CHECK_THROWS_AS(Entry::unpack_from(buffer, SIZE_MAX), pack::Error);
        CHECK_THROWS_AS(Struct<"">::unpack_from(buffer, 11), pack::Error);
        CHECK_NOTHROW(Struct<"">::unpack_from(buffer, 10));
        CHECK_NOTHROW(Entry::pack_into(buffer, 4, 1, 2));
    }

    TEST_CASE("pack: packing into a buffer clears the padding and touches nothing else") {
        std::string buffer = "~~~~~~~~~~";
        Struct<"!BxH">::pack_into(buffer, 2, 1, 2);
        CHECK(buffer == "~~\1\0\0\2~~~~"sv);
    }

    TEST_CASE("pack: structs one after the other are unpacked one by one") {
        const std::string_view bytes = "\0\1ab\0\2cd"sv;
        const auto records = Struct<"!H2s">::iter_unpack(bytes);
        CHECK(records.size() == 2);
        std::vector<std::pair<unsigned, std::string>> seen;
        for (const auto& [number, text] : records) seen.emplace_back(number, text);
        CHECK(seen == std::vector<std::pair<unsigned, std::string>>{{1, "ab"}, {2, "cd"}});
        for ([[maybe_unused]] const auto& record : Struct<"!H2s">::iter_unpack(""sv))
            FAIL("nothing is there");
        static_assert(std::ranges::input_range<decltype(records)>);
    }

    TEST_CASE("pack: a length from outside is refused when it is negative or over its cap") {
        CHECK(pack::capped(0, 100, "name") == 0);
        CHECK(pack::capped(std::uint64_t{100}, 100, "name") == 100);
        CHECK_THROWS_WITH_AS(pack::capped(101, 100, "name"), "name of 101 bytes: at most 100 are allowed",
                             pack::Error);
        CHECK_THROWS_WITH_AS(pack::capped(-1, 100, "name"), "name of -1 bytes: at most 100 are allowed",
                             pack::Error);
        CHECK_THROWS_AS(pack::capped(UINT64_MAX, 100, "name"), pack::Error);
        static_assert(pack::capped(3, 4, "name") == 3);
    }

    TEST_CASE("pack: the manual lists each code with its standard size") {
        const std::string manual = e2e::read_file(e2e::in_source("man/pack.3"));
        for (const pack::Code& code : pack::codes) {
            const std::string letter = code.letter == '?' ? "\\&?" : std::string(1, code.letter);
            const auto row = manual.find(".It Li " + letter + " Ta ");
            REQUIRE_MESSAGE(row != manual.npos, letter);
            const std::string line = manual.substr(row, manual.find('\n', row) - row);
            CHECK_MESSAGE(line.find(" Ta " + std::to_string(code.standard) + " Ta ") != line.npos, line);
        }
        CHECK(manual.find("can have " + std::to_string(pack::max_values) + " values at most") != manual.npos);
    }
} // TEST_SUITE
