// SPDX-License-Identifier: ISC
// A room's log as the hub writes it: append-only segments of checksummed records in the room's own folder
// (room-log(5)). Lines that arrive together are written in one write. A record that stands there whole may
// have been read, so it is never taken back: of a write that the disk does not take whole, only the torn
// record at its end is cut off, and that and what would have followed is refused. Run by the hub, the only
// writer.
#pragma once

#include "chatd/protocol.hh"
#include "chatd/room_log/log_place.hh"
#include "chatd/room_log/log_reader.hh"
#include "chatd/room_log/segment_files.hh"
#include "common/fd.hh"
#include "common/log.hh"

#include <chrono>
#include <cstdint>
#include <deque>
#include <functional>
#include <string>
#include <vector>

namespace chatd {

struct LogPolicy {
    std::uint64_t segment_bytes = 16 << 20; // a segment that has grown to this is followed by a new one
    std::uint64_t keep_bytes = 256 << 20;   // of old segments together; the oldest go first
    std::chrono::seconds keep_age{0};       // 0: for ever
    bool keep_files = true;                 // history off: files without names, gone with the hub
    std::uint64_t first_line = 1;           // its number, in a log without a segment
    std::size_t remembered = 1000;          // lines whose places are known, for history on joining
};

class RoomLog {
public:
    using OnRecord = std::function<void(const Record& record)>;
    // Of a log without names, a file that was kept for who follows.
    struct KeptFile {
        std::uint32_t segment = 0;
        bool is_writable = false; // else it is readable
        common::Fd fd{};
    };

    // Opens the room's folder, or makes it, and recovers: a tail that is not a whole record is cut off, if no
    // valid record follows it; if one does, the segment is left as it is and a new one begun. Both are said
    // in the log. Throws std::system_error.
    RoomLog(std::string folder, std::string room, const LogPolicy& policy, common::Log& log);
    // Goes on with the log of a hub that is gone: reads from the place on only, and hands each record to
    // on_record, marks too. policy.keep_files has to be as it was; kept: what became of unnamed_files, in any
    // order. What was begun or removed after the place was taken is found, and a crash mended as above; a
    // segment without a name that was not kept is gone. Throws std::system_error.
    RoomLog(std::string folder, std::string room, const LogPolicy& policy, common::Log& log,
            const LogPlace& place, std::vector<KeptFile> kept, const OnRecord& on_record = nullptr);

    // For that: it lies before the last batch that was written, and before as many lines as are remembered.
    LogPlace place() const;
    // Another number as soon as a place from before is of less use: a segment was begun or dropped, or many
    // lines have come. Who goes on with a place from before reads more, but misses nothing.
    std::uint64_t place_number() const { return place_number_; }
    // Of a log without names, all its files, borrowed, in the order in which they are to be kept before the
    // place is: that to write to the last segment, and those to read each. For a new segment without the
    // first of these its readers would wait for ever.
    struct LentFile {
        std::uint32_t segment;
        bool is_writable;
        int fd;
    };
    std::vector<LentFile> unnamed_files() const;

    // Puts a record at the end of the batch; its line number. serial: of the speaker's request that it is
    // from, 0: none.
    std::uint64_t add(Kind kind, std::uint64_t speaker, std::string_view name, std::string_view text,
                      std::uint32_t serial = 0);
    // What the last record of this kind said, also before a restart and when its segment is gone; empty when
    // there was none.
    const std::string& topic() const { return topic_.words; }
    const LogTopic& topic_setting() const { return topic_; } // with who did it
    // When the log began, in microseconds since 1970: the same after a restart, and when its first segments
    // are gone. 0: what tells of it cannot be read.
    std::int64_t birth() const {
        return birth_ != 0 ? birth_ : birth_ = birth_in(files_, segments_.front(), segments_.back());
    }
    bool has_batch() const { return !batch_.empty(); }
    // Writes the batch; begins a new segment when this one is full. False: some of it, or all, is not in the
    // log: the lines from next_line on, whose numbers are given again.
    bool flush();
    // Before an entry code changes, and without a batch: what comes now is readable with the new code only.
    // False, and said in the log, when there is no new segment.
    bool start_new_segment();
    // Whether files are kept stays as it is until the next start.
    void set_retention(std::uint64_t keep_bytes, std::chrono::seconds keep_age);

    // Where the last `lines' lines of speech before the line `before' begin; that line's own place if there
    // are none. The end, if it is not remembered.
    Position position_of_last(std::size_t lines, std::uint64_t before) const;
    // Where to read from to come to a line: its own place if it is remembered, else its segment's start.
    Position position_of_line(std::uint64_t line) const;
    std::uint64_t next_line() const { return next_line_; }
    // The line after the last one that is in the log: the first one of the batch.
    std::uint64_t end_line() const { return next_line_ - in_batch_.size(); }
    std::uint64_t oldest_line() const { return segments_.front().first_line; }

    // A segment, or the oldest one kept after it, opened for reading only. Throws std::system_error, and
    // common::PeerError when there is none so far.
    struct Opened {
        common::Fd fd;
        std::uint32_t segment = 0;
    };
    Opened open_segment(std::uint32_t wanted) const;
    std::uint32_t last_segment() const { return segments_.back().number; }

private:
    struct Remembered {
        Position position;
        std::uint64_t line;
        bool is_speech;
    };

    void find_segments(const LogPlace& place);
    void take_segments(const LogPlace& place, std::vector<KeptFile> kept);
    void recover(const Position& from, const OnRecord& on_record);
    void take(const Position& position, const Record& record);
    bool cut_tail(LogSegment& segment, const LogReader& reader);
    SegmentFiles::Created create_segment(std::uint32_t number) const;
    void take_back_topic(std::string_view written);
    bool make_writable();
    void use_segment(SegmentFiles::Created created);
    std::string mark(Kind kind) const;
    void append_mark(int fd, LogSegment& segment, Kind kind) const { files_.append(fd, segment, mark(kind)); }
    void note_batch(const LogSegment& segment);
    void drop_old_segments();
    void heed(const Record& record);
    void remember(const Position& position, std::uint64_t line, Kind kind);

    SegmentFiles files_;
    std::string room_;
    LogPolicy policy_;
    common::Log& log_;
    std::deque<LogSegment> segments_; // the last one is written to
    std::uint32_t batch_segment_ = 0; // that the last batch was written to; 0: there was none
    common::Fd writable_;
    std::uint64_t next_line_ = 1;
    LogTopic topic_;
    LogTopic topic_before_batch_;
    mutable std::int64_t birth_ = 0; // 0: it was not asked for so far
    std::string batch_;
    struct InBatch {
        std::size_t end; // of the record, in the batch
        Kind kind;
    };
    std::vector<InBatch> in_batch_;
    std::deque<Remembered> remembered_;
    std::uint64_t place_number_ = 0;
    std::uint64_t place_line_ = 1; // the next line when it was counted up for the lines
};

} // namespace chatd
