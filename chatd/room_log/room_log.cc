// SPDX-License-Identifier: ISC
#include "chatd/room_log/room_log.hh"

#include "common/errors.hh"
#include "common/text.hh"

#include <algorithm>
#include <sys/stat.h>
#include <system_error>
#include <unistd.h>

using namespace common;

namespace chatd {
namespace {

using WallClock = std::chrono::system_clock;

constexpr std::uint64_t lines_between_places = 1000;

std::int64_t now_in_microseconds() {
    return std::chrono::duration_cast<std::chrono::microseconds>(WallClock::now().time_since_epoch()).count();
}

bool is_speech(Kind kind) {
    return kind == Kind::said || kind == Kind::announced || kind == Kind::noted || kind == Kind::noticed;
}

bool is_mark(Kind kind) { return kind == Kind::segment_start || kind == Kind::segment_end; }

LogTopic topic_in(const Record& record) { return {record.text, record.name, record.time}; }

std::uint64_t size_of(int fd, const std::string& path) {
    struct stat found {};
    checked("look at", path, [&] { return ::fstat(fd, &found); });
    return static_cast<std::uint64_t>(found.st_size);
}

} // namespace

RoomLog::RoomLog(std::string folder, std::string room, const LogPolicy& policy, Log& log)
    : files_(std::move(folder), policy.keep_files, log),
      room_(std::move(room)),
      policy_(policy),
      log_(log),
      next_line_(policy.first_line) {
    if (files_.have_names())
        for (const std::uint32_t number : files_.numbers()) segments_.push_back(files_.look_at(number));
    if (segments_.empty()) {
        use_segment(create_segment(1));
    } else {
        next_line_ = 1;
        recover({}, nullptr);
    }
}

RoomLog::RoomLog(std::string folder, std::string room, const LogPolicy& policy, Log& log,
                 const LogPlace& place, std::vector<KeptFile> kept, const OnRecord& on_record)
    : files_(std::move(folder), policy.keep_files, log),
      room_(std::move(room)),
      policy_(policy),
      log_(log),
      next_line_(std::max<std::uint64_t>(place.next_line, 1)),
      topic_(place.topic) {
    if (files_.have_names())
        find_segments(place);
    else
        take_segments(place, std::move(kept));
    if (segments_.empty())
        use_segment(create_segment(place.segments.back().number + 1));
    else
        recover(place.from, on_record);
}

// Those of the place, without what was removed since, and those that were begun since.
void RoomLog::find_segments(const LogPlace& place) {
    const auto& told = place.segments;
    for (const std::uint32_t number : files_.numbers()) {
        const auto known = std::find_if(told.begin(), told.end(),
                                        [&](const LogPlace::Segment& one) { return one.number == number; });
        if (known != told.end())
            segments_.push_back({number, known->first_line, known->size, known->last_write});
        else if (number > told.back().number || place.has_older)
            segments_.push_back(files_.look_at(number));
    }
}

// Of files without names, those that were kept; what was not is gone.
void RoomLog::take_segments(const LogPlace& place, std::vector<KeptFile> kept) {
    std::sort(kept.begin(), kept.end(),
              [](const KeptFile& one, const KeptFile& other) { return one.segment < other.segment; });
    for (KeptFile& file : kept) {
        if (file.is_writable || !file.fd || file.segment < place.segments.front().number) continue;
        LogSegment segment;
        segment.number = file.segment;
        for (const auto& known : place.segments)
            if (known.number == file.segment)
                segment = {known.number, known.first_line, known.size, known.last_write};
        segment.readable = std::move(file.fd);
        if (segment.first_line == 0) segment.first_line = next_line_; // begun since
        segments_.push_back(std::move(segment));
    }
    for (KeptFile& file : kept)
        if (file.is_writable && !segments_.empty() && file.segment == segments_.back().number)
            writable_ = std::move(file.fd);
}

// Reads from there to the end.
void RoomLog::recover(const Position& from, const OnRecord& on_record) {
    bool damaged = false, ended = false;
    for (LogSegment& segment : segments_) {
        if (segment.number < from.segment) continue;
        Fd file = files_.open_for_reading(segment);
        segment.size = size_of(file.get(), files_.path_of(segment.number));
        std::uint64_t at = segment.number == from.segment && from.offset <= segment.size ? from.offset : 0;
        LogReader reader{std::move(file), at};
        Record record;
        for (; reader.next(record) == LogReader::Result::record; at = reader.offset()) {
            take({segment.number, at}, record);
            segment.last_write = WallClock::time_point{std::chrono::microseconds{record.time}};
            if (on_record) on_record(record);
        }
        ended = record.kind == Kind::segment_end;
        damaged = reader.offset() != segment.size && !cut_tail(segment, reader);
        const bool is_last = &segment == &segments_.back();
        if (is_last || damaged || ended || !files_.have_names()) continue;
        // Its successor was made just before a crash.
        append_mark(files_.open_for_writing(segment).get(), segment, Kind::segment_end);
    }
    ++place_number_;
    place_line_ = next_line_;
    LogSegment& last = segments_.back();
    if (!damaged && !ended && files_.have_names()) writable_ = files_.open_for_writing(last);
    if (damaged || ended || !writable_) return use_segment(create_segment(last.number + 1));
    if (last.size == 0) append_mark(writable_.get(), last, Kind::segment_start); // just made before a crash
}

void RoomLog::take(const Position& position, const Record& record) {
    remember(position, record.line, record.kind);
    heed(record);
    if (remembered_.size() > policy_.remembered) remembered_.pop_front();
    next_line_ = std::max(next_line_, record.line + (is_mark(record.kind) ? 0 : 1));
    if (!is_mark(record.kind)) batch_segment_ = position.segment;
}

// A tail that is not a whole record is what a crash leaves. False when valid records follow it: damage; or
// when it cannot be cut off.
bool RoomLog::cut_tail(LogSegment& segment, const LogReader& reader) {
    const std::string path = files_.path_of(segment.number);
    if (const std::uint64_t last = reader.last_line_behind(); last != 0) {
        next_line_ = std::max(next_line_, last + 1); // so that readers are told what they miss
        log_.error(text(path, ": damaged at byte ", reader.offset(),
                        "; it is left as it is, readers continue after it"));
        return false;
    }
    const bool is_last = &segment == &segments_.back();
    const Fd named = files_.have_names() ? files_.open_for_writing(segment) : Fd{};
    const int fd = named ? named.get() : is_last ? writable_.get() : -1;
    if (fd < 0) return false;
    const std::uint64_t tail = segment.size - reader.offset();
    segment.size = reader.offset();
    files_.cut_back(fd, segment);
    if (segment.is_torn) return false;
    log_.warning(text(path, ": the last ", tail, " bytes are an incomplete record: cut off"));
    return true;
}

SegmentFiles::Created RoomLog::create_segment(std::uint32_t number) const {
    return files_.create(number, next_line_, mark(Kind::segment_start));
}

void RoomLog::use_segment(SegmentFiles::Created created) {
    writable_ = std::move(created.writable);
    segments_.push_back(std::move(created.segment));
    ++place_number_;
    drop_old_segments();
}

std::string RoomLog::mark(Kind kind) const {
    const std::int64_t now = now_in_microseconds();
    const bool starts = kind == Kind::segment_start;
    const std::int64_t born = !starts ? 0 : segments_.empty() ? now : birth();
    return pack_record({kind, next_line_, now, static_cast<std::uint64_t>(born), room_,
                        starts ? topic_.words : std::string{}, 0});
}

// A topic is told by the record that set it, and once more at each segment's start, there without who did it.
void RoomLog::heed(const Record& record) {
    if (record.kind == Kind::topic) topic_ = topic_in(record);
    if (record.kind == Kind::segment_start && record.text != topic_.words) topic_ = {record.text};
}

LogPlace RoomLog::place() const {
    LogPlace place;
    for (const LogSegment& segment : segments_)
        place.segments.push_back({segment.number, segment.first_line, segment.size, segment.last_write});
    const LogSegment& last = segments_.back();
    place.from = remembered_.empty() ? Position{last.number, last.size} : remembered_.front().position;
    place.next_line = end_line();
    place.topic = has_batch() ? topic_before_batch_ : topic_;
    return place;
}

std::vector<RoomLog::LentFile> RoomLog::unnamed_files() const {
    std::vector<LentFile> files;
    if (files_.have_names()) return files;
    files.push_back({segments_.back().number, true, writable_.get()});
    for (const LogSegment& segment : segments_)
        files.push_back({segment.number, false, segment.readable.get()});
    return files;
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
    LogSegment& segment = segments_.back();
    const std::uint64_t at = segment.size;
    try {
        if (why_not.empty()) files_.append(writable_.get(), segment, batch);
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
    note_batch(segment);
    if (segment.size >= policy_.segment_bytes) start_new_segment();
    return true;
}

// What the last one was written to may be dropped now.
void RoomLog::note_batch(const LogSegment& segment) {
    if (std::exchange(batch_segment_, segment.number) != segment.number) drop_old_segments();
    if (next_line_ - place_line_ < lines_between_places) return;
    place_line_ = next_line_;
    ++place_number_;
}

// As before the batch, and then as the part of it says that was written.
void RoomLog::take_back_topic(std::string_view written) {
    topic_ = topic_before_batch_;
    Record record;
    for (std::size_t size; (size = unpack_record(written, record)) != 0; written.remove_prefix(size))
        if (record.kind == Kind::topic) topic_ = topic_in(record);
}

// Behind half a record nothing can be read: it is cut off now, or a new segment begins. False: neither can be
// done.
bool RoomLog::make_writable() {
    if (!segments_.back().is_torn) return true;
    files_.cut_back(writable_.get(), segments_.back());
    if (!segments_.back().is_torn) return true;
    LogTopic topic = std::exchange(topic_, topic_before_batch_); // the batch comes behind the new start
    const bool is_new = start_new_segment();
    topic_ = std::move(topic);
    return is_new;
}

bool RoomLog::start_new_segment() {
    SegmentFiles::Created next;
    try {
        // The new one stands before the old one says that there is more.
        next = create_segment(segments_.back().number + 1);
        // Readers pass over half a record that stays there, as over damage.
        if (!segments_.back().is_torn) append_mark(writable_.get(), segments_.back(), Kind::segment_end);
        use_segment(std::move(next));
        return true;
    } catch (const std::system_error& error) {
        if (next.writable) files_.remove(next.segment);
        log_.error(text("room ", room_, ": no new segment: ", error.what()));
        return false;
    }
}

void RoomLog::set_retention(std::uint64_t keep_bytes, std::chrono::seconds keep_age) {
    policy_.keep_bytes = keep_bytes;
    policy_.keep_age = keep_age;
    drop_old_segments();
}

// But not that of the last batch, whose lines may not be answered yet: who follows this hub is to find them.
void RoomLog::drop_old_segments() {
    std::uint64_t total = 0;
    for (const LogSegment& segment : segments_) total += segment.size;
    const auto is_old = [&](const LogSegment& segment) {
        return policy_.keep_age.count() > 0 && WallClock::now() - segment.last_write > policy_.keep_age;
    };
    const auto goes = [&](const LogSegment& oldest) {
        const bool is_needed = oldest.number == batch_segment_ || segments_.size() == 1;
        return !is_needed && (total > policy_.keep_bytes || is_old(oldest));
    };
    while (goes(segments_.front())) {
        files_.remove(segments_.front());
        total -= segments_.front().size;
        segments_.pop_front();
        ++place_number_;
        while (!remembered_.empty() && remembered_.front().position.segment < segments_.front().number)
            remembered_.pop_front();
    }
}

void RoomLog::remember(const Position& position, std::uint64_t line, Kind kind) {
    if (is_mark(kind)) return;
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
    for (const LogSegment& segment : segments_)
        if (segment.first_line <= line) found.segment = segment.number;
    return found;
}

RoomLog::Opened RoomLog::open_segment(std::uint32_t wanted) const {
    auto found = std::find_if(segments_.begin(), segments_.end(),
                              [&](const LogSegment& segment) { return segment.number >= wanted; });
    if (found == segments_.end()) throw PeerError("a segment that does not exist yet was asked for");
    const auto is_removed = [&] { return files_.have_names() && !files_.exists(found->number); };
    while (found->number != last_segment() && is_removed()) ++found; // by hand
    return {files_.open_for_reading(*found), found->number};
}

} // namespace chatd
