// SPDX-License-Identifier: ISC
#include "common/sha256.hh"

#include <doctest/doctest.h>
#include <string>

namespace {

std::string in_hex(const common::Sha256& digest) {
    constexpr std::string_view digits = "0123456789abcdef";
    std::string hex;
    for (const auto byte : digest) hex.append({digits[byte >> 4], digits[byte & 15]});
    return hex;
}

std::string hash_of(std::string_view bytes) { return in_hex(common::sha256(bytes)); }

} // namespace

TEST_SUITE("unit") {
    // The first three are examples of FIPS 180; the others were made with sha256sum(1).
    TEST_CASE("sha256 gives what the standard's examples and sha256sum give") {
        CHECK(hash_of("abc") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
        CHECK(hash_of("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq") ==
              "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
        CHECK(hash_of(std::string(1'000'000, 'a')) ==
              "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
        CHECK(hash_of("") == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    }

    TEST_CASE("sha256 pads texts of every length around a block's end") {
        for (const auto& [length, hash] :
             {std::pair{55, "9f4390f8d30c2dd92ec9f095b65e2b9ae9b0a925a5258e241c9f1e910f734318"},
              std::pair{56, "b35439a4ac6f0948b6d6f9e3c6af0f5f590ce20f1bde7090ef7970686ec6738a"},
              std::pair{63, "7d3e74a05d7db15bce4ad9ec0658ea98e3f06eeecf16b4c6fff2da457ddc2f34"},
              std::pair{64, "ffe054fe7ae0cb6dc65c3af9b61d5209f439851db43d0ba5997337df154668eb"}})
            CHECK(hash_of(std::string(static_cast<std::size_t>(length), 'a')) == hash);
    }
}
