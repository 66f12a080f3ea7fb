// SPDX-License-Identifier: ISC
#include "chatd/room_log/log_reader.hh"

#include "common/cksum.hh"
#include "common/errors.hh"

#include <algorithm>
#include <optional>
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

// Of the valid record at the start of bytes, if one is there.
std::optional<RecordHead::Tuple> valid_head(std::string_view bytes) {
    if (bytes.size() < RecordHead::size) return {};
    const RecordHead::Tuple head = RecordHead::unpack_from(bytes);
    const auto& [sum, size, line, time, speaker, kind, name_size, text_size] = head;
    if (size != RecordHead::size + name_size + text_size || size > max_record || size > bytes.size())
        return {};
    Cksum cksum;
    cksum.add(bytes.substr(sizeof sum, size - sizeof sum));
    if (cksum.value() != sum) return {};
    return head;
}

} // namespace

std::size_t valid_record(std::string_view bytes) {
    const auto head = valid_head(bytes);
    return head ? std::get<1>(*head) : 0;
}

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
    const std::string_view rest{buffer_.get() + used_, filled_ - used_};
    const auto head = valid_head(rest);
    if (!head) return false;
    const auto& [sum, size, line, time, speaker, kind, name_size, text_size] = *head;
    record.kind = static_cast<Kind>(kind);
    record.line = line;
    record.time = time;
    record.speaker = speaker;
    record.name = rest.substr(RecordHead::size, name_size);
    record.text = rest.substr(RecordHead::size + name_size, text_size);
    used_ += size;
    offset_ += size;
    return true;
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
