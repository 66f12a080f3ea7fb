// SPDX-License-Identifier: ISC
// IEEE 754 numbers narrower than double, and back, as bits: rounded to nearest with ties to even, and with
// CPython's choice of NaNs, on any machine and also while compiling.
#pragma once

#include <bit>
#include <cstdint>
#include <limits>
#include <stdexcept>

namespace pack {

static_assert(std::numeric_limits<double>::is_iec559 && std::numeric_limits<float>::is_iec559);

// How binary64 is laid out: 1 sign bit, 11 bits of exponent (biased by 1023), 52 bits of fraction.
inline constexpr std::uint64_t fraction_mask = (1ULL << 52) - 1;
inline constexpr std::uint64_t infinity_bits = 0x7ffULL << 52;
inline constexpr std::uint64_t quiet_bit = 1ULL << 51;

// Throws std::overflow_error for a finite value that rounds to 65536 or more. Every NaN becomes the plain
// one, its sign kept.
constexpr std::uint16_t half_from(double value) {
    const auto bits = std::bit_cast<std::uint64_t>(value);
    const auto sign = static_cast<unsigned>(bits >> 48) & 0x8000U;
    const std::uint64_t magnitude = bits & ~(1ULL << 63);
    if (magnitude > infinity_bits) return static_cast<std::uint16_t>(sign | 0x7e00U);
    if (magnitude == infinity_bits) return static_cast<std::uint16_t>(sign | 0x7c00U);

    const int exponent = static_cast<int>(magnitude >> 52) - 1023;
    if (exponent > 15) throw std::overflow_error("a number is too large for a half-precision field");
    if (exponent < -25) return static_cast<std::uint16_t>(sign); // less than half of the smallest
    // Below 2^-14 the spacing stays the same (subnormals): more bits are dropped instead.
    const unsigned dropped = exponent < -14 ? static_cast<unsigned>(28 - exponent) : 42U;
    const std::uint64_t significand = (bits & fraction_mask) | (1ULL << 52);
    const std::uint64_t odd = (significand >> dropped) & 1U;
    const std::uint64_t rounded = (significand + (1ULL << (dropped - 1)) - 1 + odd) >> dropped;
    // rounded holds the leading 1, which (like a carry out of rounding) adds one to the exponent.
    const unsigned base = exponent < -14 ? 0U : static_cast<unsigned>(exponent + 14) << 10;
    const unsigned half = base + static_cast<unsigned>(rounded);
    if (half >= 0x7c00U) throw std::overflow_error("a number is too large for a half-precision field");
    return static_cast<std::uint16_t>(sign | half);
}

constexpr double double_from_half(std::uint16_t half) {
    const std::uint64_t sign = static_cast<std::uint64_t>(half & 0x8000U) << 48;
    const unsigned exponent = (half >> 10) & 0x1fU;
    const std::uint64_t fraction = half & 0x3ffU;
    if (exponent == 0) { // zero or subnormal: a multiple of 2^-24
        const double magnitude = static_cast<double>(fraction) * 0x1p-24;
        return std::bit_cast<double>(std::bit_cast<std::uint64_t>(magnitude) | sign);
    }
    if (exponent == 0x1f)
        return std::bit_cast<double>(sign | infinity_bits | (fraction != 0 ? quiet_bit : 0));
    return std::bit_cast<double>(sign | static_cast<std::uint64_t>(exponent + 1023 - 15) << 52 |
                                 fraction << 42);
}

// What is too large becomes infinite. A NaN keeps its sign and the upper part of its payload and becomes
// quiet, which a conversion in hardware does too but an optimiser may leave out.
constexpr std::uint32_t single_from(double value) {
    constexpr double too_large = 0x1.ffffffp127; // from here on rounding leads beyond the largest float
    const auto bits = std::bit_cast<std::uint64_t>(value);
    const auto sign = static_cast<std::uint32_t>(bits >> 63 << 31);
    if (value != value) return sign | 0x7fc00000U | static_cast<std::uint32_t>((bits & fraction_mask) >> 29);
    if (value >= too_large || value <= -too_large) return sign | 0x7f800000U;
    return std::bit_cast<std::uint32_t>(static_cast<float>(value));
}

// The same, but throws std::overflow_error where a finite value would become infinite.
constexpr std::uint32_t checked_single_from(double value) {
    constexpr double largest = std::numeric_limits<double>::max();
    const std::uint32_t single = single_from(value);
    if ((single & 0x7fffffffU) == 0x7f800000U && value >= -largest && value <= largest)
        throw std::overflow_error("a number is too large for a single-precision field");
    return single;
}

constexpr double double_from_single(std::uint32_t single) {
    const auto value = std::bit_cast<float>(single);
    if (value == value) return static_cast<double>(value);
    const std::uint64_t fraction = static_cast<std::uint64_t>(single & 0x7fffffU) << 29;
    return std::bit_cast<double>(static_cast<std::uint64_t>(single >> 31) << 63 | infinity_bits | quiet_bit |
                                 fraction);
}

} // namespace pack
