// SPDX-License-Identifier: ISC
// What a format string of Python's struct module says, worked out while compiling: which fields, where they
// begin, how wide they are. Only common/pack/pack.hh includes this; pack(3) describes the formats.
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <string_view>

namespace pack {

// A string literal as a template argument.
template <std::size_t Length>
struct Format {
    char text[Length]{};

    consteval Format(const char (&literal)[Length]) { std::copy_n(literal, Length, text); }
    constexpr std::string_view view() const { return {text, Length - 1}; }
};

enum class Kind {
    padding,
    character,
    boolean,
    signed_integer,
    unsigned_integer,
    address,
    half,
    single,
    native_single, // f under @
    real,
    text,
    pascal_text,
};

struct Code {
    char letter;
    Kind kind;
    std::size_t standard; // bytes under = < > !; 0: exists only under @
    std::size_t native;   // bytes under @
    std::size_t alignment;
};

template <class Native>
constexpr Code code(char letter, Kind kind, std::size_t standard) {
    return {letter, kind, standard, sizeof(Native), alignof(Native)};
}

inline constexpr Code codes[] = {
    code<char>('x', Kind::padding, 1),
    code<char>('c', Kind::character, 1),
    code<char>('b', Kind::signed_integer, 1),
    code<char>('B', Kind::unsigned_integer, 1),
    code<bool>('?', Kind::boolean, 1),
    code<short>('h', Kind::signed_integer, 2),
    code<short>('H', Kind::unsigned_integer, 2),
    code<int>('i', Kind::signed_integer, 4),
    code<int>('I', Kind::unsigned_integer, 4),
    code<long>('l', Kind::signed_integer, 4),
    code<long>('L', Kind::unsigned_integer, 4),
    code<long long>('q', Kind::signed_integer, 8),
    code<long long>('Q', Kind::unsigned_integer, 8),
    code<std::ptrdiff_t>('n', Kind::signed_integer, 0),
    code<std::size_t>('N', Kind::unsigned_integer, 0),
    code<std::uint16_t>('e', Kind::half, 2),
    code<float>('f', Kind::single, 4),
    code<double>('d', Kind::real, 8),
    code<char>('s', Kind::text, 1),
    code<char>('p', Kind::pascal_text, 1),
    code<void*>('P', Kind::address, 0),
};

inline constexpr std::size_t max_size = std::numeric_limits<std::ptrdiff_t>::max(); // as in Python
inline constexpr std::size_t max_values = 256; // compilers nest templates less than 1,000 deep

enum class Fault {
    none,
    unknown_code,
    late_order,
    count_without_code,
    not_native,
    too_large,
    too_many_values,
};

// One value: where its bytes are.
struct Field {
    Kind kind;
    std::size_t offset;
    std::size_t size;
};

// The whole: values and size are 0 when there is a fault.
struct Shape {
    Fault fault = Fault::none;
    bool big_endian = false;
    std::size_t size = 0;
    std::size_t values = 0;
};

// Reads a format from left to right and calls on_field(Field) for each value.
template <class OnField>
constexpr Shape read_format(std::string_view format, OnField on_field) {
    constexpr std::string_view orders = "@=<>!", blanks = " \t\n\v\f\r", digits = "0123456789";
    const char order = !format.empty() && orders.find(format[0]) != orders.npos ? format[0] : '\0';
    const bool native = order == '@' || order == '\0';
    if (order != '\0') format.remove_prefix(1);

    Shape shape;
    shape.big_endian =
        order == '>' || order == '!' || (order != '<' && std::endian::native == std::endian::big);
    const auto failed = [](Fault fault) { return Shape{.fault = fault}; };

    for (std::size_t at = 0; at < format.size(); ++at) {
        if (blanks.find(format[at]) != blanks.npos) continue;

        std::size_t count = 1;
        if (digits.find(format[at]) != digits.npos) {
            count = 0;
            for (; at < format.size() && digits.find(format[at]) != digits.npos; ++at) {
                const auto digit = static_cast<std::size_t>(format[at] - '0');
                if (count > (max_size - digit) / 10) return failed(Fault::too_large);
                count = count * 10 + digit;
            }
            if (at == format.size() || blanks.find(format[at]) != blanks.npos)
                return failed(Fault::count_without_code);
        }

        const char letter = format[at];
        const auto code = std::ranges::find(codes, letter, &Code::letter);
        if (code == std::end(codes))
            return failed(orders.find(letter) != orders.npos ? Fault::late_order : Fault::unknown_code);
        const std::size_t width = native ? code->native : code->standard;
        if (width == 0) return failed(Fault::not_native);

        // A count of 0 still aligns: "llh0l" ends where another l could begin.
        const std::size_t alignment = native ? code->alignment : 1;
        const std::size_t gap = (alignment - shape.size % alignment) % alignment;
        if (gap > max_size - shape.size) return failed(Fault::too_large);
        shape.size += gap;
        if (count > (max_size - shape.size) / width) return failed(Fault::too_large);

        const bool is_text = code->kind == Kind::text || code->kind == Kind::pascal_text;
        const std::size_t values = code->kind == Kind::padding ? 0 : is_text ? 1 : count;
        const std::size_t each = is_text ? count : width;
        if (values > max_values - shape.values) return failed(Fault::too_many_values);

        const Kind kind = native && code->kind == Kind::single ? Kind::native_single : code->kind;
        for (std::size_t i = 0; i < values; ++i) on_field(Field{kind, shape.size + i * each, each});
        shape.values += values;
        shape.size += count * width;
    }
    return shape;
}

constexpr Shape shape_of(std::string_view format) {
    return read_format(format, [](const Field&) {});
}

template <std::size_t Values>
constexpr std::array<Field, Values> fields_of(std::string_view format) {
    std::array<Field, Values> fields{};
    std::size_t next = 0;
    read_format(format, [&](const Field& field) {
        if (next < Values) fields[next++] = field; // after a fault there is room for none
    });
    return fields;
}

} // namespace pack
