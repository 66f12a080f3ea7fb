// SPDX-License-Identifier: ISC
// The checksum, held against cksum(1), and the two conversions of TYPE A.
#include "common/cksum.hh"
#include "ftpd/session/ascii.hh"
#include "tests/e2e/process.hh"
#include "tests/unit/common/temporary_folder.hh"

#include <doctest/doctest.h>
#include <fstream>
#include <random>
#include <sstream>

using namespace ftpd;
using namespace common;

namespace {

std::string random_bytes(std::size_t count) {
    std::mt19937 random{static_cast<unsigned>(count) + 1};
    std::string bytes(count, '\0');
    for (char& byte : bytes) byte = static_cast<char>(random());
    return bytes;
}

std::string checksum(std::string_view bytes) {
    Cksum sum;
    sum.add(bytes);
    CHECK(sum.size() == bytes.size());
    return sum.shown();
}

std::string to_network(std::string_view bytes, std::vector<std::size_t> cuts) {
    ToNetwork converter;
    std::string out;
    cuts.push_back(bytes.size());
    for (std::size_t from = 0; const std::size_t to : cuts) {
        converter.convert(bytes.substr(from, to - from), out);
        from = to;
    }
    return out;
}

std::string from_network(std::string_view bytes, std::vector<std::size_t> cuts) {
    FromNetwork converter;
    std::string out;
    cuts.push_back(bytes.size());
    for (std::size_t from = 0; const std::size_t to : cuts) {
        converter.convert(bytes.substr(from, to - from), out);
        from = to;
    }
    converter.finish(out);
    return out;
}

// The same whole, at every cut in two and three, and with empty pieces.
void check_every_cut(std::string (*convert)(std::string_view, std::vector<std::size_t>),
                     std::string_view given, std::string_view expected) {
    for (std::size_t one = 0; one <= given.size(); ++one)
        for (std::size_t two = one; two <= given.size(); ++two) {
            CAPTURE(one);
            CAPTURE(two);
            CHECK(convert(given, {one, two}) == expected);
        }
}

} // namespace

TEST_SUITE("unit") {
    TEST_CASE("cksum: it is what cksum(1) prints for files of every small size and some large ones") {
        const TemporaryFolder folder;
        std::vector<std::size_t> sizes;
        for (std::size_t size = 0; size <= 70; ++size) sizes.push_back(size);
        for (const std::size_t size : {255U, 256U, 65535U, 65536U, 1'000'003U, 16'777'216U})
            sizes.push_back(size);
        e2e::Words command{"cksum"};
        for (const std::size_t size : sizes) {
            command.push_back(folder / std::to_string(size));
            std::ofstream{command.back(), std::ios::binary} << random_bytes(size);
        }
        const e2e::Result result = e2e::run_client(command);
        REQUIRE(result.status == 0);
        std::istringstream lines{result.out};
        for (const std::size_t size : sizes) {
            std::string line;
            REQUIRE(std::getline(lines, line));
            CHECK(line == checksum(random_bytes(size)) + ' ' + (folder / std::to_string(size)));
        }
    }

    TEST_CASE("cksum: it does not depend on how the bytes are cut") {
        const std::string bytes = random_bytes(70);
        const std::string whole = checksum(bytes);
        for (std::size_t one = 0; one <= bytes.size(); ++one)
            for (std::size_t two = one; two <= bytes.size(); ++two) {
                Cksum sum;
                sum.add(std::string_view{bytes}.substr(0, one));
                (void)sum.value(); // asking changes nothing
                sum.add(std::string_view{bytes}.substr(one, two - one));
                sum.add(std::string_view{bytes}.substr(two));
                REQUIRE(sum.shown() == whole);
            }
    }

    TEST_CASE("cksum: of nothing and of one known text") {
        CHECK(checksum("") == "4294967295 0");
        CHECK(checksum("123456789") == "930766865 9"); // 0x377a6011, the CRC-32/CKSUM of the catalogues
    }

    TEST_CASE("ascii: LF becomes CR LF and what is CR LF already stays") {
        check_every_cut(to_network, "", "");
        check_every_cut(to_network, "a\nb\n", "a\r\nb\r\n");
        check_every_cut(to_network, "\n\n", "\r\n\r\n");
        check_every_cut(to_network, "a\r\nb\r\r\n\rc\r", "a\r\nb\r\r\n\rc\r");
        check_every_cut(to_network, std::string_view{"\0\xff\n", 3}, std::string_view{"\0\xff\r\n", 4});
    }

    TEST_CASE("ascii: CR LF becomes LF and any other CR stays") {
        check_every_cut(from_network, "", "");
        check_every_cut(from_network, "a\r\nb\r\n", "a\nb\n");
        check_every_cut(from_network, "a\nb", "a\nb");
        check_every_cut(from_network, "\r", "\r");
        check_every_cut(from_network, "\r\r\n\rx\r\r", "\r\n\rx\r\r");
        check_every_cut(from_network, "\r\n\r\n\n\r", "\n\n\n\r");
    }

    TEST_CASE("ascii: text without CR comes back as it was") {
        std::string text = random_bytes(3000);
        for (char& c : text)
            if (c == '\r' || c < 0) c = '\n';
        CHECK(from_network(to_network(text, {1000}), {777}) == text);
    }
}
