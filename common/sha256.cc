// SPDX-License-Identifier: ISC
#include "common/sha256.hh"

#include <bit>
#include <cstddef>
#include <string>

namespace common {
namespace {

using Word = std::uint32_t;
constexpr std::size_t block_size = 64; // bytes

constexpr std::array<Word, 64> make_primes() {
    std::array<Word, 64> primes{};
    std::size_t found = 0;
    for (Word candidate = 2; found < primes.size(); ++candidate) {
        bool is_prime = true;
        for (std::size_t i = 0; i < found; ++i) is_prime = is_prime && candidate % primes[i] != 0;
        if (is_prime) primes[found++] = candidate;
    }
    return primes;
}

// The first 32 bits behind the point of a root of the prime: the greatest x with (x / 2^32)^degree <= prime,
// searched bit by bit. Products are kept as digits of 32 bits, since no type has room for them.
constexpr bool is_at_most(std::uint64_t x, int degree, Word prime) {
    std::array<Word, 8> product{1};
    for (int factor = 0; factor < degree; ++factor) {
        std::array<Word, 8> next{};
        for (std::size_t shift = 0; shift < 2; ++shift) {
            const std::uint64_t digit = shift == 0 ? x & 0xffffffff : x >> 32;
            std::uint64_t carry = 0;
            for (std::size_t i = 0; i + shift < next.size(); ++i) {
                const std::uint64_t sum = next[i + shift] + digit * product[i] + carry;
                next[i + shift] = static_cast<Word>(sum);
                carry = sum >> 32;
            }
        }
        product = next;
    }
    const auto whole = static_cast<std::size_t>(degree); // the digit where the units are
    for (std::size_t i = product.size(); --i > whole;)
        if (product[i] != 0) return false;
    if (product[whole] != prime) return product[whole] < prime;
    for (std::size_t i = 0; i < whole; ++i)
        if (product[i] != 0) return false;
    return true;
}

constexpr Word root_fraction(Word prime, int degree) {
    std::uint64_t root = 0;
    for (int bit = 36; bit >= 0; --bit)
        if (is_at_most(root | std::uint64_t{1} << bit, degree, prime)) root |= std::uint64_t{1} << bit;
    return static_cast<Word>(root);
}

template <std::size_t count>
constexpr std::array<Word, count> root_fractions(int degree) {
    constexpr auto primes = make_primes();
    std::array<Word, count> fractions{};
    for (std::size_t i = 0; i < count; ++i) fractions[i] = root_fraction(primes[i], degree);
    return fractions;
}

const std::array<Word, 8> first_state = root_fractions<8>(2);
const std::array<Word, 64> round_constants = root_fractions<64>(3);

Word byte_at(std::string_view bytes, std::size_t at) { return static_cast<std::uint8_t>(bytes[at]); }

void add_block(std::array<Word, 8>& state, std::string_view block) {
    std::array<Word, 64> w{};
    for (std::size_t t = 0; t < 16; ++t)
        w[t] = byte_at(block, 4 * t) << 24 | byte_at(block, 4 * t + 1) << 16 |
               byte_at(block, 4 * t + 2) << 8 | byte_at(block, 4 * t + 3);
    for (std::size_t t = 16; t < w.size(); ++t) {
        const Word s0 = std::rotr(w[t - 15], 7) ^ std::rotr(w[t - 15], 18) ^ w[t - 15] >> 3;
        const Word s1 = std::rotr(w[t - 2], 17) ^ std::rotr(w[t - 2], 19) ^ w[t - 2] >> 10;
        w[t] = w[t - 16] + s0 + w[t - 7] + s1;
    }
    auto [a, b, c, d, e, f, g, h] = state; // as the standard names them
    for (std::size_t t = 0; t < w.size(); ++t) {
        const Word sum1 = std::rotr(e, 6) ^ std::rotr(e, 11) ^ std::rotr(e, 25);
        const Word chosen = (e & f) ^ (~e & g);
        const Word one = h + sum1 + chosen + round_constants[t] + w[t];
        const Word sum0 = std::rotr(a, 2) ^ std::rotr(a, 13) ^ std::rotr(a, 22);
        const Word two = sum0 + ((a & b) ^ (a & c) ^ (b & c));
        h = g, g = f, f = e, e = d + one, d = c, c = b, b = a, a = one + two;
    }
    const std::array<Word, 8> added{a, b, c, d, e, f, g, h};
    for (std::size_t i = 0; i < state.size(); ++i) state[i] += added[i];
}

} // namespace

Sha256 sha256(std::string_view bytes) {
    std::string padded{bytes};
    padded += '\x80';
    while (padded.size() % block_size != block_size - 8) padded += '\0';
    const std::uint64_t bits = bytes.size() * 8;
    for (unsigned shift = 64; shift > 0; shift -= 8) padded += static_cast<char>(bits >> (shift - 8));
    std::array<Word, 8> state = first_state;
    for (std::size_t at = 0; at < padded.size(); at += block_size)
        add_block(state, std::string_view{padded}.substr(at, block_size));
    Sha256 digest{};
    for (std::size_t i = 0; i < digest.size(); ++i)
        digest[i] = static_cast<std::uint8_t>(state[i / 4] >> (24 - 8 * (i % 4)));
    return digest;
}

} // namespace common
