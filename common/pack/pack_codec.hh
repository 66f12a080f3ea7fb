// SPDX-License-Identifier: ISC
// One value between its C++ type and its bytes: for each kind of field the type unpacked, the type taken as
// an argument, and the conversion. Only common/pack/pack.hh includes this.
#pragma once

#include "common/pack/pack_float.hh"
#include "common/pack/pack_format.hh"

#include <concepts>
#include <span>
#include <type_traits>
#include <utility>

namespace pack {

template <class From, class To>
concept WidensTo = std::is_arithmetic_v<From> && requires(From from) {
    To{from};
};

template <class From, class To>
concept MayFit =
    std::is_arithmetic_v<From> && !WidensTo<From, To> && (std::integral<From> || std::floating_point<To>);

// An argument for a number of type T: any type whose every value fits, or a constant that fits.
template <class T>
struct Number {
    T value;

    template <WidensTo<T> From>
    constexpr Number(From from) : value(from) {}

    template <MayFit<T> From>
    consteval Number(From from) : value(static_cast<T>(from)) {
        const bool same_sign = (value < T{}) == (from < From{});
        if (!same_sign || static_cast<From>(value) != from) throw "this constant does not fit its field";
    }
};

// An argument that must be a T already: 1 is not a bool and 65 not a character.
template <class T>
struct Exactly {
    T value;

    template <std::same_as<T> From>
    constexpr Exactly(From from) : value(from) {}
};

struct Address : Number<std::uintptr_t> {
    using Number::Number;
    Address(const void* pointer) : Number(reinterpret_cast<std::uintptr_t>(pointer)) {}
};

// The bytes of an s or p field, at most Capacity, by value; behaves like a std::string_view of them.
template <std::size_t Capacity>
class Text {
public:
    constexpr Text() = default;
    // Bytes beyond the capacity are cut off.
    constexpr explicit Text(std::string_view bytes) : size_(std::min(bytes.size(), Capacity)) {
        if constexpr (Capacity > 0) std::copy_n(bytes.begin(), size_, bytes_.begin());
    }

    constexpr std::size_t size() const { return size_; }
    constexpr std::string_view view() const { return {bytes_.data(), size_}; }
    constexpr operator std::string_view() const { return view(); }
    // Without the NULs that fill an s field up: all before the first one.
    constexpr std::string_view until_nul() const { return view().substr(0, view().find('\0')); }

    constexpr bool operator==(const Text&) const = default;
    constexpr bool operator==(std::string_view other) const { return view() == other; }

private:
    std::array<char, Capacity> bytes_{};
    std::size_t size_ = 0;
};

template <std::size_t size>
using Signed = std::conditional_t<
    size == 1, std::int8_t,
    std::conditional_t<size == 2, std::int16_t, std::conditional_t<size == 4, std::int32_t, std::int64_t>>>;
template <std::size_t size>
using Unsigned = std::make_unsigned_t<Signed<size>>;

// In a form that compilers turn into one instruction.
template <std::size_t size>
constexpr Unsigned<size> reverse_bytes(Unsigned<size> bits) {
    return [bits]<std::size_t... I>(std::index_sequence<I...>) {
        return static_cast<Unsigned<size>>(
            ((static_cast<std::uint64_t>(bits >> (8 * I) & 0xffU) << (8 * (size - 1 - I))) | ...));
    }
    (std::make_index_sequence<size>{});
}

template <bool big_endian, std::size_t size>
constexpr void store(Unsigned<size> bits, std::span<char, size> to) {
    if constexpr (big_endian != (std::endian::native == std::endian::big)) bits = reverse_bytes<size>(bits);
    std::ranges::copy(std::bit_cast<std::array<char, size>>(bits), to.begin());
}

template <bool big_endian, std::size_t size>
constexpr Unsigned<size> load(std::span<const char, size> from) {
    std::array<char, size> bytes{};
    std::ranges::copy(from, bytes.begin());
    const auto bits = std::bit_cast<Unsigned<size>>(bytes);
    return big_endian != (std::endian::native == std::endian::big) ? reverse_bytes<size>(bits) : bits;
}

// Value is what unpack gives, Argument what pack takes. Numbers have to_bits and from_bits, texts write and
// read.
template <Kind kind, std::size_t size>
struct Codec;

template <class T>
struct IntegerCodec {
    using Value = T;
    using Argument = Number<T>;
    static constexpr std::make_unsigned_t<T> to_bits(Argument argument) {
        return static_cast<std::make_unsigned_t<T>>(argument.value);
    }
    static constexpr Value from_bits(std::make_unsigned_t<T> bits) { return static_cast<T>(bits); }
};

template <std::size_t size>
struct Codec<Kind::signed_integer, size> : IntegerCodec<Signed<size>> {};

template <std::size_t size>
struct Codec<Kind::unsigned_integer, size> : IntegerCodec<Unsigned<size>> {};

template <std::size_t size>
struct Codec<Kind::address, size> : IntegerCodec<std::uintptr_t> {
    using Argument = Address;
};

template <>
struct Codec<Kind::character, 1> {
    using Value = char;
    using Argument = Exactly<char>;
    static constexpr std::uint8_t to_bits(Argument argument) {
        return static_cast<std::uint8_t>(argument.value);
    }
    static constexpr Value from_bits(std::uint8_t bits) { return static_cast<char>(bits); }
};

template <std::size_t size>
struct Codec<Kind::boolean, size> {
    using Value = bool;
    using Argument = Exactly<bool>;
    static constexpr Unsigned<size> to_bits(Argument argument) { return argument.value; }
    static constexpr Value from_bits(Unsigned<size> bits) { return bits != 0; }
};

struct FloatCodec {
    using Value = double;
    using Argument = Number<double>;
};

template <>
struct Codec<Kind::half, 2> : FloatCodec {
    static constexpr std::uint16_t to_bits(Argument argument) { return half_from(argument.value); }
    static constexpr Value from_bits(std::uint16_t bits) { return double_from_half(bits); }
};

template <>
struct Codec<Kind::single, 4> : FloatCodec {
    static constexpr std::uint32_t to_bits(Argument argument) { return checked_single_from(argument.value); }
    static constexpr Value from_bits(std::uint32_t bits) { return double_from_single(bits); }
};

// CPython checks for overflow under = < > ! but not under @.
template <>
struct Codec<Kind::native_single, 4> : Codec<Kind::single, 4> {
    static constexpr std::uint32_t to_bits(Argument argument) { return single_from(argument.value); }
};

template <>
struct Codec<Kind::real, 8> : FloatCodec {
    static constexpr std::uint64_t to_bits(Argument argument) {
        return std::bit_cast<std::uint64_t>(argument.value);
    }
    static constexpr Value from_bits(std::uint64_t bits) { return std::bit_cast<double>(bits); }
};

// As much of the text as there is room for, and zeros behind it.
template <std::size_t size>
constexpr void fill_from(std::span<char, size> to, std::string_view text) {
    const std::size_t length = std::min(text.size(), size);
    std::copy_n(text.begin(), length, to.begin());
    std::fill(to.begin() + static_cast<std::ptrdiff_t>(length), to.end(), '\0');
}

template <std::size_t size>
struct Codec<Kind::text, size> {
    using Value = Text<size>;
    using Argument = std::string_view;
    static constexpr void write(std::span<char, size> to, Argument text) { fill_from(to, text); }
    static constexpr Value read(std::span<const char, size> from) { return Value{{from.data(), size}}; }
};

// The first byte counts those after it that are text. As CPython does, a text longer than it can count is
// still written as far as there is room.
template <std::size_t size>
struct Codec<Kind::pascal_text, size> {
    static constexpr std::size_t capacity = std::min<std::size_t>(size - 1, 255);
    using Value = Text<capacity>;
    using Argument = std::string_view;
    static constexpr void write(std::span<char, size> to, Argument text) {
        to[0] = static_cast<char>(std::min(text.size(), capacity));
        fill_from(to.template subspan<1>(), text);
    }
    static constexpr Value read(std::span<const char, size> from) {
        const std::size_t length = static_cast<unsigned char>(from[0]);
        return Value{{from.data() + 1, std::min(length, capacity)}};
    }
};

template <>
struct Codec<Kind::pascal_text, 0> : Codec<Kind::text, 0> {};

template <class Codec, bool big_endian, std::size_t size>
constexpr void write_value(std::span<char, size> to, const typename Codec::Argument& argument) {
    if constexpr (requires { Codec::to_bits(argument); })
        store<big_endian>(Codec::to_bits(argument), to);
    else
        Codec::write(to, argument);
}

template <class Codec, bool big_endian, std::size_t size>
constexpr typename Codec::Value read_value(std::span<const char, size> from) {
    if constexpr (requires { Codec::from_bits(0); })
        return Codec::from_bits(load<big_endian>(from));
    else
        return Codec::read(from);
}

} // namespace pack
