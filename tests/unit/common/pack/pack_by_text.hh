// SPDX-License-Identifier: ISC
// Formats compiled in, used at run time through text, so that files and pipes of vectors can go through the
// packing layer. tests/pack_vectors.py, which makes and judges the same vectors, describes their lines.
#pragma once

#include "common/pack/pack.hh"

#include <charconv>
#include <sstream>
#include <vector>

namespace pack_by_text {

inline std::string to_hex(std::string_view bytes) {
    constexpr std::string_view digits = "0123456789abcdef";
    std::string hex;
    for (const char c : bytes) {
        const auto byte = static_cast<unsigned char>(c);
        hex.append({digits[byte >> 4], digits[byte & 0xfU]});
    }
    return hex;
}

template <class T>
T from_digits(std::string_view digits, int base) {
    T number{};
    const auto end = digits.data() + digits.size();
    if (std::from_chars(digits.data(), end, number, base).ptr != end || digits.empty())
        throw std::runtime_error("no number: " + std::string(digits));
    return number;
}

inline std::string from_hex(std::string_view hex) {
    std::string bytes;
    for (; !hex.empty(); hex.remove_prefix(2))
        bytes.push_back(static_cast<char>(from_digits<unsigned>(hex.substr(0, 2), 16)));
    return bytes;
}

template <class Value>
std::string to_word(const Value& value) {
    if constexpr (std::same_as<Value, char>)
        return to_hex({&value, 1});
    else if constexpr (std::same_as<Value, double>)
        return to_hex(
            std::string_view(pack::Struct<"!Q">::pack(std::bit_cast<std::uint64_t>(value)).data(), 8));
    else if constexpr (std::integral<Value>)
        return std::to_string(value);
    else
        return "'" + to_hex(value);
}

// What stands for a value until it is packed: texts may be longer than their field.
template <class Value>
using Given = std::conditional_t<std::is_arithmetic_v<Value>, Value, std::string>;

template <class Value>
Given<Value> from_word(std::istream& words) {
    std::string word;
    if (!(words >> word)) throw std::runtime_error("a value is missing");
    if constexpr (std::same_as<Value, char>)
        return from_hex(word).at(0);
    else if constexpr (std::same_as<Value, bool>)
        return word == "1";
    else if constexpr (std::same_as<Value, double>)
        return std::bit_cast<double>(from_digits<std::uint64_t>(word, 16));
    else if constexpr (std::integral<Value>)
        return from_digits<Value>(word, 10);
    else
        return from_hex(word.substr(1));
}

struct Format {
    std::string_view text;
    std::size_t size;
    std::string (*pack)(const std::string& values); // gives hex, or "overflow"
    std::string (*unpack)(const std::string& hex);  // gives values
};

// Each of the two goes through every function that does its work and says so if they do not agree.
template <pack::Format format>
struct Compiled {
    using Struct = pack::Struct<format>;

    template <std::size_t... I>
    static std::string pack_values(std::istream& words, std::index_sequence<I...>) {
        const std::tuple<Given<std::tuple_element_t<I, typename Struct::Tuple>>...> given{
            from_word<std::tuple_element_t<I, typename Struct::Tuple>>(words)...};
        const auto packed = Struct::pack(std::get<I>(given)...);
        const std::string bytes(packed.begin(), packed.end());

        std::string buffer(Struct::size + 7, '~');
        Struct::pack_into(buffer, 3, std::get<I>(given)...);
        return buffer == "~~~" + bytes + "~~~~" ? to_hex(bytes) : "pack_into differs: " + to_hex(buffer);
    }

    static std::string pack(const std::string& values) try {
        std::istringstream words{values};
        return pack_values(words, std::make_index_sequence<Struct::values>{});
    } catch (const std::overflow_error&) {
        return "overflow";
    }

    static std::string describe(const typename Struct::Tuple& tuple) {
        std::string words;
        std::apply(
            [&](const auto&... value) { ((words += (words.empty() ? "" : " ") + to_word(value)), ...); },
            tuple);
        return words;
    }

    static std::string unpack(const std::string& hex) {
        const std::string bytes = from_hex(hex);
        const std::string values = describe(Struct::unpack(bytes));
        if (describe(Struct::unpack_from("~~~" + bytes + "~~~~", 3)) != values) return "unpack_from differs";
        if constexpr (Struct::size > 0) {
            const std::string three = bytes + bytes + bytes;
            std::size_t count = 0;
            for (const auto& tuple : Struct::iter_unpack(three)) count += describe(tuple) == values ? 1 : 0;
            if (count != 3) return "iter_unpack differs";
        }
        return values;
    }

    static constexpr Format entry{format.view(), Struct::size, pack, unpack};
};

// Judges lines of vectors; gives back those that are wrong, and what came instead. Counts in `seen'.
inline std::string judge_vectors(std::istream& lines, std::span<const Format> formats, std::size_t& seen) {
    std::string wrong;
    for (std::string line; std::getline(lines, line); ++seen) {
        std::array<std::string, 4> part;
        std::istringstream parts{line};
        for (std::string& field : part) std::getline(parts, field, '\t');
        const auto format = std::ranges::find(formats, part[1], &Format::text);
        const std::string result = format == formats.end() ? "this format is not compiled in"
                                   : part[0] == "pack"     ? format->pack(part[2])
                                   : part[0] == "unpack"   ? format->unpack(part[2])
                                                           : std::to_string(format->size);
        if (result != part[3]) wrong += line + ": we say " + result + "\n";
    }
    return wrong;
}

} // namespace pack_by_text
