// SPDX-License-Identifier: ISC
// The checksum, held against cksum(1).
#include "common/cksum.hh"
#include "tests/e2e/process.hh"
#include "tests/unit/common/temporary_folder.hh"

#include <doctest/doctest.h>
#include <fstream>
#include <random>
#include <sstream>

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
}
