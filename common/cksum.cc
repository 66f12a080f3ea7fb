// SPDX-License-Identifier: ISC
#include "common/cksum.hh"

#include "common/text.hh"

#include <array>
#include <utility>

namespace common {
namespace {

constexpr std::uint32_t polynomial = 0x04c11db7;

using Table = std::array<std::uint32_t, 256>;

// tables[n][b] is what byte b contributes when n more bytes follow it in the same step.
template <std::size_t bytes_a_step>
constexpr std::array<Table, bytes_a_step> make_tables() {
    std::array<Table, bytes_a_step> tables{};
    for (std::uint32_t byte = 0; byte < 256; ++byte) {
        std::uint32_t crc = byte << 24;
        for (int bit = 0; bit < 8; ++bit) crc = (crc & 0x80000000U) != 0 ? crc << 1 ^ polynomial : crc << 1;
        tables[0][byte] = crc;
    }
    for (std::size_t n = 1; n < tables.size(); ++n)
        for (std::size_t byte = 0; byte < 256; ++byte) {
            const std::uint32_t before = tables[n - 1][byte];
            tables[n][byte] = before << 8 ^ tables[0][before >> 24];
        }
    return tables;
}

constexpr auto tables = make_tables<16>();

std::uint32_t byte_at(std::string_view bytes, std::size_t at) {
    return static_cast<unsigned char>(bytes[at]);
}

// Of the four bytes of a sum, the highest first; those after them are 0.
constexpr std::uint32_t byte_of(std::uint32_t crc, std::size_t at) {
    return at < 4 ? crc << 8 * at >> 24 : 0;
}

// As many bytes as there are indices, four or more: what each contributes waits for none of the others.
template <std::size_t... at>
std::uint32_t add_step(std::uint32_t crc, std::string_view bytes, std::index_sequence<at...>) {
    return (tables[sizeof...(at) - 1 - at][byte_at(bytes, at) ^ byte_of(crc, at)] ^ ...);
}

template <std::size_t step>
std::uint32_t add_steps(std::uint32_t crc, std::string_view& bytes) {
    for (; bytes.size() >= step; bytes.remove_prefix(step))
        crc = add_step(crc, bytes, std::make_index_sequence<step>{});
    return crc;
}

std::uint32_t add_byte(std::uint32_t crc, std::uint32_t byte) {
    return crc << 8 ^ tables[0][crc >> 24 ^ byte];
}

} // namespace

void Cksum::add(std::string_view bytes) {
    size_ += bytes.size();
    crc_ = add_steps<16>(crc_, bytes);
    crc_ = add_steps<4>(crc_, bytes);
    for (std::size_t at = 0; at < bytes.size(); ++at) crc_ = add_byte(crc_, byte_at(bytes, at));
}

std::uint32_t Cksum::value() const {
    std::uint32_t crc = crc_;
    for (std::uint64_t left = size_; left != 0; left >>= 8) crc = add_byte(crc, left & 0xff);
    return ~crc;
}

std::string Cksum::shown() const { return text(value(), ' ', size_); }

} // namespace common
