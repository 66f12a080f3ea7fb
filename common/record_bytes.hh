// SPDX-License-Identifier: ISC
// The bytes of what a process leaves to the one that follows it: packed structs (pack(3)), lists and texts
// one after the other. Written and read by hubs (chatd/hub/deposits.hh) and keepers (common/keeper/paper.hh),
// perhaps not of the same version; what is read is believed as little as a stranger's frame.
#pragma once

#include "common/errors.hh"
#include "common/pack/pack.hh"

#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <string>
#include <string_view>
#include <utility>

namespace common {

class RecordWriter {
public:
    using Count = pack::Struct<"=H">;

    template <class Struct, class... Values> // a pack::Struct
    RecordWriter& fields(const Values&... values) {
        const auto packed = Struct::pack(values...);
        bytes_.append(packed.data(), packed.size());
        return *this;
    }
    // Up to 65,535 bytes, or items that follow. Throws PeerError for more.
    RecordWriter& text(std::string_view text) {
        count(text.size());
        bytes_.append(text);
        return *this;
    }
    RecordWriter& count(std::size_t items) {
        if (items > std::numeric_limits<std::uint16_t>::max()) throw PeerError("too much for a record");
        return fields<Count>(static_cast<std::uint16_t>(items));
    }
    std::string take() { return std::move(bytes_); }

private:
    std::string bytes_;
};

// Everything throws PeerError where the bytes say less, or more than the given caps.
class RecordReader {
public:
    using Count = RecordWriter::Count;

    // bytes must outlive this.
    explicit RecordReader(std::string_view bytes) : left_(bytes) {}

    template <class Struct>
    typename Struct::Tuple fields() {
        return Struct::unpack(take(Struct::size));
    }
    std::string text(std::size_t most) { return std::string{take(count(most))}; }
    std::size_t count(std::size_t most) {
        const std::size_t items = std::get<0>(fields<Count>());
        if (items > most) refuse();
        return items;
    }
    bool is_at_end() const { return left_.empty(); }
    void expect_end() const {
        if (!left_.empty()) refuse();
    }

private:
    [[noreturn]] static void refuse() { throw PeerError("a record is malformed"); }
    std::string_view take(std::size_t bytes) {
        if (bytes > left_.size()) refuse();
        const std::string_view taken = left_.substr(0, bytes);
        left_.remove_prefix(bytes);
        return taken;
    }
    std::string_view left_;
};

} // namespace common
