// SPDX-License-Identifier: ISC
// Packed structs: bytes declared by a format string of Python's struct module, resolved while compiling.
// Every frame between processes, room-log record and status page is one. Any process uses this; of bytes that
// come in nothing is believed but their number, which is checked. The manual is pack(3).
//
//     using Entry = pack::Struct<"!H5sfq">;
//     const auto bytes = Entry::pack(7, "ann", 0.5, stamp);               // std::array<char, 19>
//     const auto [kind, name, score, time] = Entry::unpack(received);     // pack::Error unless 19 bytes
#pragma once

#include "common/pack/pack_codec.hh"

#include <iterator>
#include <stdexcept>
#include <string>
#include <tuple>

namespace pack {

// A buffer has the wrong size or a length is over its cap; what() says the bytes needed and given.
struct Error : std::runtime_error {
    using runtime_error::runtime_error;
};

// They throw Error; apart from the code that checks, so that it stays small enough to be inlined.
[[noreturn, gnu::cold]] void refuse_size(std::size_t needed, std::size_t given);
[[noreturn, gnu::cold]] void refuse_multiple(std::size_t needed, std::size_t given);
[[noreturn, gnu::cold]] void refuse_offset(std::size_t needed, std::size_t offset, std::size_t given);
[[noreturn, gnu::cold]] void refuse_length(std::string_view what, const std::string& given, std::size_t cap);

// Returns a length that came from outside; throws Error, with `what' as its name, if it is negative or over
// the cap. To be called before anything of that length is read or allocated.
template <std::integral Length>
constexpr std::size_t capped(Length length, std::size_t cap, std::string_view what) {
    if (std::cmp_less(length, 0) || std::cmp_greater(length, cap))
        refuse_length(what, std::to_string(length), cap);
    return static_cast<std::size_t>(length);
}

template <class Record>
class Records;

// What a format means. An invalid format does not compile, nor a wrong number of arguments, nor an argument
// whose type holds values that the field cannot, unless it is a constant that fits (hence the compiler's
// words for a type too wide: not a constant expression). So no integer is ever cut. Text is cut, or filled up
// with NULs.
template <Format format, class Indices = std::make_index_sequence<shape_of(format.view()).values>>
class Struct;

template <Format format, std::size_t... I>
class Struct<format, std::index_sequence<I...>> {
    static constexpr Shape shape = shape_of(format.view());
    static_assert(
        shape.fault != Fault::unknown_code,
        "the format has a character that is none of the codes x c b B ? h H i I l L q Q n N e f d s p P");
    static_assert(shape.fault != Fault::late_order, "a byte order @ = < > ! can only be the first character");
    static_assert(shape.fault != Fault::count_without_code,
                  "a repeat count must stand directly before a code");
    static_assert(shape.fault != Fault::not_native, "n N P have no standard size: use @, or another code");
    static_assert(shape.fault != Fault::too_large, "the struct is larger than an object can be");
    static_assert(shape.fault != Fault::too_many_values, "more than 256 values: use s for bytes in bulk");

    static constexpr auto fields = fields_of<sizeof...(I)>(format.view());
    template <std::size_t i>
    using Field = Codec<fields[i].kind, fields[i].size>;

public:
    static constexpr std::size_t size = shape.size;     // in bytes
    static constexpr std::size_t values = sizeof...(I); // what pack takes and unpack gives
    using Tuple = std::tuple<typename Field<I>::Value...>;

    // Throws std::overflow_error for a finite number too large for an e field, or an f field unless under @.
    static constexpr std::array<char, size> pack(typename Field<I>::Argument... arguments) {
        std::array<char, size> bytes;
        write_all(bytes, arguments...);
        return bytes;
    }

    // The same into a buffer, which need not be aligned. Padding becomes zero; nothing outside the struct is
    // touched. Throws Error if the buffer ends before offset + size.
    static constexpr void pack_into(std::span<char> buffer, std::size_t offset,
                                    typename Field<I>::Argument... arguments) {
        write_all(part_at(buffer, offset), arguments...);
    }

    // Throws Error unless there are exactly size bytes.
    static constexpr Tuple unpack(std::span<const char> bytes) {
        if (bytes.size() != size) refuse_size(size, bytes.size());
        return read(bytes.template first<size>());
    }

    // Throws Error if the buffer ends before offset + size.
    static constexpr Tuple unpack_from(std::span<const char> buffer, std::size_t offset = 0) {
        return read(part_at(buffer, offset));
    }

    // The structs that stand one after the other in the buffer, each unpacked when a loop comes to it. The
    // buffer must outlive the result. Throws Error, before the first, if the last is incomplete.
    static constexpr Records<Struct> iter_unpack(std::span<const char> buffer) {
        static_assert(size > 0, "a struct of no bytes cannot be unpacked one by one");
        if (buffer.size() % size != 0) refuse_multiple(size, buffer.size());
        return Records<Struct>(buffer);
    }

private:
    template <class Byte>
    static constexpr std::span<Byte, size> part_at(std::span<Byte> buffer, std::size_t offset) {
        if (offset > buffer.size() || buffer.size() - offset < size)
            refuse_offset(size, offset, buffer.size());
        return buffer.subspan(offset).template first<size>();
    }

    // Each byte once: what is not a field's is padding.
    static constexpr void write_all(std::span<char, size> bytes,
                                    const typename Field<I>::Argument&... arguments) {
        (write<I>(bytes, arguments), ...);
        (clear<end_before(I), fields[I].offset>(bytes), ...);
        clear<end_before(values), size>(bytes);
    }

    // Where the field before this one ends.
    static constexpr std::size_t end_before(std::size_t i) {
        return i == 0 ? 0 : fields[i - 1].offset + fields[i - 1].size;
    }

    template <std::size_t from, std::size_t to>
    static constexpr void clear([[maybe_unused]] std::span<char, size> bytes) {
        if constexpr (from < to) std::ranges::fill(bytes.template subspan<from, to - from>(), '\0');
    }

    template <std::size_t i>
    static constexpr void write(std::span<char, size> bytes, const typename Field<i>::Argument& argument) {
        write_value<Field<i>, shape.big_endian>(bytes.template subspan<fields[i].offset, fields[i].size>(),
                                                argument);
    }

    static constexpr Tuple read([[maybe_unused]] std::span<const char, size> bytes) {
        return Tuple(read_value<Field<I>, shape.big_endian>(
            bytes.template subspan<fields[I].offset, fields[I].size>())...);
    }
};

// What iter_unpack returns: a range of tuples.
template <class Record>
class Records {
public:
    class iterator {
    public:
        using value_type = typename Record::Tuple;
        using reference = value_type; // made anew each time
        using difference_type = std::ptrdiff_t;
        using iterator_category = std::input_iterator_tag;

        constexpr iterator() = default;
        constexpr explicit iterator(std::span<const char> left) : left_(left) {}
        constexpr value_type operator*() const { return Record::unpack_from(left_); }
        constexpr iterator& operator++() {
            left_ = left_.subspan(Record::size);
            return *this;
        }
        constexpr iterator operator++(int) {
            const iterator before = *this;
            ++*this;
            return before;
        }
        constexpr bool operator==(const iterator& other) const { return left_.size() == other.left_.size(); }

    private:
        std::span<const char> left_;
    };

    constexpr explicit Records(std::span<const char> buffer) : buffer_(buffer) {}
    constexpr iterator begin() const { return iterator(buffer_); }
    constexpr iterator end() const { return iterator(buffer_.last(0)); }
    constexpr std::size_t size() const { return buffer_.size() / Record::size; }

private:
    std::span<const char> buffer_;
};

} // namespace pack
