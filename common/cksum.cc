// SPDX-License-Identifier: ISC
#include "common/cksum.hh"

#include "common/text.hh"

#include <array>

namespace common {
namespace {

constexpr std::uint32_t polynomial = 0x04c11db7;

using Table = std::array<std::uint32_t, 256>;

// tables[n][b] is what byte b contributes when n more bytes follow it in the same step.
constexpr std::array<Table, 8> make_tables() {
    std::array<Table, 8> tables{};
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

constexpr auto tables = make_tables();

std::uint32_t byte_at(std::string_view bytes, std::size_t at) {
    return static_cast<unsigned char>(bytes[at]);
}

std::uint32_t add_byte(std::uint32_t crc, std::uint32_t byte) {
    return crc << 8 ^ tables[0][crc >> 24 ^ byte];
}

} // namespace

void Cksum::add(std::string_view bytes) {
    size_ += bytes.size();
    std::uint32_t crc = crc_;
    for (; bytes.size() >= 8; bytes.remove_prefix(8)) {
        crc = tables[7][crc >> 24 ^ byte_at(bytes, 0)] ^ tables[6][(crc >> 16 & 0xff) ^ byte_at(bytes, 1)] ^
              tables[5][(crc >> 8 & 0xff) ^ byte_at(bytes, 2)] ^ tables[4][(crc & 0xff) ^ byte_at(bytes, 3)] ^
              tables[3][byte_at(bytes, 4)] ^ tables[2][byte_at(bytes, 5)] ^ tables[1][byte_at(bytes, 6)] ^
              tables[0][byte_at(bytes, 7)];
    }
    for (std::size_t at = 0; at < bytes.size(); ++at) crc = add_byte(crc, byte_at(bytes, at));
    crc_ = crc;
}

std::uint32_t Cksum::value() const {
    std::uint32_t crc = crc_;
    for (std::uint64_t left = size_; left != 0; left >>= 8) crc = add_byte(crc, left & 0xff);
    return ~crc;
}

std::string Cksum::shown() const { return text(value(), ' ', size_); }

} // namespace common
