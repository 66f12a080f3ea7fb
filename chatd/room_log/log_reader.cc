// SPDX-License-Identifier: ISC
#include "chatd/room_log/log_reader.hh"

#include "common/errors.hh"

#include <algorithm>
#include <span>
#include <unistd.h>
#include <vector>

using namespace common;

namespace chatd {
namespace {

// Bytes of one read: at first no more memory than a client needs that has caught up, then many records.
constexpr std::size_t first_piece = 2560;
constexpr std::size_t piece = 32768;
static_assert(first_piece >= max_record);

std::size_t read_at(int fd, std::uint64_t offset, std::span<char> into) {
    return static_cast<std::size_t>(checked("read a room's log", {}, [&] {
        return ::pread(fd, into.data(), into.size(), static_cast<off_t>(offset));
    }));
}

} // namespace

LogReader::Result LogReader::next(Record& record) {
    if (parse(record)) return Result::record;
    if (at_end_ && !has_tail()) return Result::not_yet;
    // What is buffered may be half of a record, or one that was read while it was being written.
    refill();
    return parse(record) ? Result::record : Result::not_yet;
}

void LogReader::refill() {
    if (size_ < piece && filled_ == size_) {
        size_ = std::clamp(4 * size_, first_piece, piece);
        buffer_ = std::make_unique_for_overwrite<char[]>(size_);
    }
    filled_ = read_at(segment_.get(), offset_, {buffer_.get(), size_});
    used_ = 0;
    at_end_ = filled_ < size_;
}

bool LogReader::find_record() {
    const auto is_there = [&] { return valid_record({buffer_.get() + used_, filled_ - used_}) != 0; };
    return is_there() || (refill(), is_there());
}

bool LogReader::parse(Record& record) {
    const std::size_t size = unpack_record({buffer_.get() + used_, filled_ - used_}, record);
    used_ += size;
    offset_ += size;
    return size != 0;
}

std::uint64_t LogReader::last_line_behind() const {
    std::uint64_t last = 0;
    std::vector<char> bytes(piece + max_record);
    for (std::uint64_t at = offset_;; at += piece) {
        const std::size_t got = read_at(segment_.get(), at, bytes);
        const std::string_view there{bytes.data(), got};
        for (std::size_t i = at == offset_ ? 1 : 0; i < std::min(got, piece); ++i)
            if (valid_record(there.substr(i)) != 0)
                last = std::max(last, std::get<2>(RecordHead::unpack_from(there.substr(i))));
        if (got <= piece) return last;
    }
}

} // namespace chatd
