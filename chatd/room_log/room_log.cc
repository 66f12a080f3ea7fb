// SPDX-License-Identifier: ISC
#include "chatd/room_log/room_log.hh"

#include "common/errors.hh"
#include "common/text.hh"

#include <algorithm>
#include <array>
#include <cstdio>
#include <fcntl.h>
#include <filesystem>
#include <sys/stat.h>
#include <system_error>
#include <unistd.h>

using namespace common;
namespace fs = std::filesystem;

namespace chatd {
namespace {

using WallClock = std::chrono::system_clock;

std::int64_t now_in_microseconds() {
    return std::chrono::duration_cast<std::chrono::microseconds>(WallClock::now().time_since_epoch()).count();
}

Fd open_file(const std::string& path, int flags) {
    return Fd{
        checked("open", path, [&] { return ::open(path.c_str(), flags | O_CLOEXEC | O_NOFOLLOW, 0600); })};
}

bool is_speech(Kind kind) { return kind == Kind::said || kind == Kind::announced || kind == Kind::noted; }

} // namespace

RoomLog::RoomLog(std::string folder, std::string room, const LogPolicy& policy, Log& log)
    : folder_(std::move(folder)),
      room_(std::move(room)),
      policy_(policy),
      log_(log),
      next_line_(policy.first_line) {
    if (::mkdir(folder_.c_str(), 0700) != 0 && errno != EEXIST) fail("make the directory", folder_);
    if (policy_.keep_files) find_segments();
    if (segments_.empty())
        use_segment(create_segment(1));
    else
        recover();
}

// "00000001.log", "00000002.log", ...
std::string RoomLog::path_of(std::uint32_t number) const {
    std::array<char, 16> name{};
    std::snprintf(name.data(), name.size(), "%08u.log", number);
    return text(folder_, policy_.keep_files ? "/" : "/unkept-", name.data());
}

void RoomLog::find_segments() {
    for (const fs::directory_entry& entry : fs::directory_iterator(folder_)) {
        const std::string name = entry.path().filename();
        const auto number = parse_number<std::uint32_t>(std::string_view{name}.substr(0, name.find('.')), 1);
        if (!number || entry.path() != path_of(*number)) continue;
        Segment segment;
        segment.number = *number;
        segment.size = entry.file_size();
        LogReader reader{open_file(path_of(*number), O_RDONLY), 0};
        Record first;
        if (reader.next(first) == LogReader::Result::record) segment.first_line = first.line;
        segments_.push_back(std::move(segment));
    }
    std::sort(segments_.begin(), segments_.end(),
              [](const auto& a, const auto& b) { return a.number < b.number; });
}

void RoomLog::recover() {
    next_line_ = 1;
    bool damaged = false;
    for (Segment& segment : segments_) {
        const bool is_last = &segment == &segments_.back();
        LogReader reader{open_file(path_of(segment.number), O_RDONLY), 0};
        Record record;
        for (std::uint64_t at = 0; reader.next(record) == LogReader::Result::record; at = reader.offset()) {
            remember({segment.number, at}, record.line, record.kind);
            heed(record);
            if (remembered_.size() > policy_.remembered) remembered_.pop_front();
            const bool is_mark = record.kind == Kind::segment_start || record.kind == Kind::segment_end;
            next_line_ = std::max(next_line_, record.line + (is_mark ? 0 : 1));
            segment.last_write = WallClock::time_point{std::chrono::microseconds{record.time}};
        }
        damaged = reader.offset() != segment.size && !cut_tail(segment, reader);
        if (is_last || damaged || record.kind == Kind::segment_end) continue;
        const Fd writable = open_file(path_of(segment.number), O_WRONLY | O_APPEND);
        append(writable.get(), segment,
               mark(Kind::segment_end)); // its successor was made just before a crash
    }
    if (damaged) return use_segment(create_segment(segments_.back().number + 1));
    writable_ = open_file(path_of(segments_.back().number), O_WRONLY | O_APPEND);
    if (segments_.back().size == 0) // just made before a crash
        append(writable_.get(), segments_.back(), mark(Kind::segment_start));
}

// A tail that is not a whole record is what a crash leaves. False when valid records follow it: damage.
bool RoomLog::cut_tail(Segment& segment, const LogReader& reader) {
    const std::string path = path_of(segment.number);
    if (const std::uint64_t last = reader.last_line_behind(); last != 0) {
        next_line_ = std::max(next_line_, last + 1); // so that readers are told what they miss
        log_.error(text(path, ": damaged at byte ", reader.offset(),
                        "; it is left as it is, readers continue after it"));
        return false;
    }
    log_.warning(text(path, ": the last ", segment.size - reader.offset(),
                      " bytes are an incomplete record: cut off"));
    checked("truncate", path, [&] { return ::truncate(path.c_str(), static_cast<off_t>(reader.offset())); });
    segment.size = reader.offset();
    return true;
}

// Makes the file and its first record; nothing is left of it when that fails.
RoomLog::Created RoomLog::create_segment(std::uint32_t number) const {
    const std::string path = path_of(number);
    if (!policy_.keep_files) ::unlink(path.c_str()); // one that a crash left
    Created created;
    created.writable = open_file(path, O_WRONLY | O_APPEND | O_CREAT | O_EXCL);
    created.segment.number = number;
    created.segment.first_line = next_line_;
    if (!policy_.keep_files) {
        created.segment.readable = open_file(path, O_RDONLY);
        ::unlink(path.c_str());
    }
    try {
        append(created.writable.get(), created.segment, mark(Kind::segment_start));
    } catch (const std::system_error&) {
        if (policy_.keep_files) ::unlink(path.c_str());
        throw;
    }
    return created;
}

void RoomLog::use_segment(Created created) {
    writable_ = std::move(created.writable);
    segments_.push_back(std::move(created.segment));
    drop_old_segments();
}

std::string RoomLog::mark(Kind kind) const {
    return pack_record({kind, next_line_, now_in_microseconds(), 0, room_,
                        kind == Kind::segment_start ? topic_ : std::string{}, 0});
}

// A topic is told by the record that set it, and once more at each segment's start.
void RoomLog::heed(const Record& record) {
    if (record.kind == Kind::topic || record.kind == Kind::segment_start) topic_ = record.text;
}

// Records at the end of the segment: all of them, or those that the disk took whole and an exception.
void RoomLog::append(int fd, Segment& segment, std::string_view bytes) const {
    std::size_t wrote = 0;
    int error = 0;
    while (wrote < bytes.size() && error == 0) {
        const ssize_t got = retry([&] { return ::write(fd, bytes.data() + wrote, bytes.size() - wrote); });
        if (got < 0)
            error = errno;
        else
            wrote += static_cast<std::size_t>(got);
    }
    std::size_t whole = wrote;
    if (error != 0) { // rare, so the records are found by what they say of themselves
        whole = 0;
        for (std::size_t size; (size = valid_record(bytes.substr(whole, wrote - whole))) != 0;) whole += size;
    }
    segment.size += whole;
    if (whole > 0) segment.last_write = WallClock::now();
    if (error == 0) return;
    if (whole < wrote) cut_back(fd, segment);
    fail_with(error, "append to", path_of(segment.number));
}

// Half a record, which nobody has taken for one.
void RoomLog::cut_back(int fd, Segment& segment) const {
    const bool was_torn = segment.is_torn;
    segment.is_torn = retry([&] { return ::ftruncate(fd, static_cast<off_t>(segment.size)); }) != 0;
    const std::error_code why{errno, std::generic_category()};
    if (segment.is_torn && !was_torn)
        log_.error(text(path_of(segment.number), ": half a record stays at byte ", segment.size, ": ",
                        why.message()));
}

std::uint64_t RoomLog::add(Kind kind, std::uint64_t speaker, std::string_view name,
                           std::string_view text_of_line, std::uint32_t serial) {
    if (batch_.empty()) topic_before_batch_ = topic_;
    const Record record{kind,    next_line_,        now_in_microseconds(),
                        speaker, std::string{name}, std::string{text_of_line},
                        serial};
    batch_ += pack_record(record);
    in_batch_.push_back({batch_.size(), kind});
    heed(record);
    return next_line_++;
}

bool RoomLog::flush() {
    if (batch_.empty()) return true;
    // Cut now, not afterwards: all of this batch's places are still asked for.
    while (remembered_.size() > policy_.remembered) remembered_.pop_front();
    const std::string batch = std::exchange(batch_, {});
    const auto records = std::exchange(in_batch_, {});
    next_line_ -= records.size();
    std::string why_not;
    if (!make_writable()) why_not = "half a record is in the way, and there is no new segment";
    Segment& segment = segments_.back();
    const std::uint64_t at = segment.size;
    try {
        if (why_not.empty()) append(writable_.get(), segment, batch);
    } catch (const std::system_error& error) {
        why_not = error.what();
    }
    const std::size_t took = segment.size - at;
    std::size_t start = 0, refused = records.size();
    for (const InBatch& record : records) {
        if (record.end > took) break;
        remember({segment.number, at + start}, next_line_++, record.kind);
        start = record.end;
        --refused;
    }
    if (!why_not.empty()) {
        log_.error(text("room ", room_, ": ", refused, " lines are refused: ", why_not));
        take_back_topic(std::string_view{batch}.substr(0, took));
        return false;
    }
    if (segment.size >= policy_.segment_bytes) start_new_segment();
    return true;
}

// As before the batch, and then as the part of it says that was written.
void RoomLog::take_back_topic(std::string_view written) {
    topic_ = topic_before_batch_;
    Record record;
    for (std::size_t size; (size = unpack_record(written, record)) != 0; written.remove_prefix(size))
        if (record.kind == Kind::topic) topic_ = record.text;
}

// Behind half a record nothing can be read: it is cut off now, or a new segment begins. False: neither can be
// done.
bool RoomLog::make_writable() {
    if (!segments_.back().is_torn) return true;
    cut_back(writable_.get(), segments_.back());
    if (!segments_.back().is_torn) return true;
    std::string topic = std::exchange(topic_, topic_before_batch_); // the batch comes behind the new start
    const bool is_new = start_new_segment();
    topic_ = std::move(topic);
    return is_new;
}

bool RoomLog::start_new_segment() {
    Created next;
    try {
        // The new one stands before the old one says that there is more.
        next = create_segment(segments_.back().number + 1);
        // Readers pass over half a record that stays there, as over damage.
        if (!segments_.back().is_torn) append(writable_.get(), segments_.back(), mark(Kind::segment_end));
        use_segment(std::move(next));
        return true;
    } catch (const std::system_error& error) {
        if (next.writable && policy_.keep_files) ::unlink(path_of(next.segment.number).c_str());
        log_.error(text("room ", room_, ": no new segment: ", error.what()));
        return false;
    }
}

void RoomLog::set_retention(std::uint64_t keep_bytes, std::chrono::seconds keep_age) {
    policy_.keep_bytes = keep_bytes;
    policy_.keep_age = keep_age;
    drop_old_segments();
}

void RoomLog::drop_old_segments() {
    std::uint64_t total = 0;
    for (const Segment& segment : segments_) total += segment.size;
    const auto is_old = [&](const Segment& segment) {
        return policy_.keep_age.count() > 0 && WallClock::now() - segment.last_write > policy_.keep_age;
    };
    while (segments_.size() > 1 && (total > policy_.keep_bytes || is_old(segments_.front()))) {
        if (policy_.keep_files) ::unlink(path_of(segments_.front().number).c_str());
        total -= segments_.front().size;
        segments_.pop_front();
        while (!remembered_.empty() && remembered_.front().position.segment < segments_.front().number)
            remembered_.pop_front();
    }
}

void RoomLog::remember(const Position& position, std::uint64_t line, Kind kind) {
    if (kind == Kind::segment_start || kind == Kind::segment_end) return;
    remembered_.push_back({position, line, is_speech(kind)});
}

Position RoomLog::position_of_last(std::size_t lines, std::uint64_t before) const {
    Position found{segments_.back().number, segments_.back().size};
    for (auto place = remembered_.rbegin(); place != remembered_.rend(); ++place) {
        if (place->line > before || (place->line < before && !place->is_speech)) continue;
        if (place->line < before && lines-- == 0) break;
        found = place->position;
    }
    return found;
}

Position RoomLog::position_of_line(std::uint64_t line) const {
    const auto place = std::find_if(remembered_.begin(), remembered_.end(),
                                    [&](const Remembered& known) { return known.line >= line; });
    if (place != remembered_.end() && (place != remembered_.begin() || place->line == line))
        return place->position;
    Position found{segments_.front().number, 0};
    for (const Segment& segment : segments_)
        if (segment.first_line <= line) found.segment = segment.number;
    return found;
}

std::uint64_t RoomLog::oldest_line() const { return segments_.front().first_line; }

RoomLog::Opened RoomLog::open_segment(std::uint32_t wanted) const {
    auto found = std::find_if(segments_.begin(), segments_.end(),
                              [&](const Segment& segment) { return segment.number >= wanted; });
    if (found == segments_.end()) throw PeerError("a segment that does not exist yet was asked for");
    const auto is_removed = [&] { return ::access(path_of(found->number).c_str(), F_OK) != 0; };
    while (policy_.keep_files && found->number != last_segment() && is_removed()) ++found; // by hand
    return {open_for_reading(*found), found->number};
}

Fd RoomLog::open_for_reading(const Segment& segment) const {
    if (policy_.keep_files) return open_file(path_of(segment.number), O_RDONLY);
    return duplicate(segment.readable.get(), room_);
}

} // namespace chatd
