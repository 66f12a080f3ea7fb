// SPDX-License-Identifier: ISC
// Records of a room's log: what is written is what is read, and nothing else is ever taken for one.
#include "chatd/room_log/log_reader.hh"
#include "common/cksum.hh"
#include "tests/unit/common/temporary_folder.hh"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <fstream>
#include <optional>
#include <vector>

using namespace chatd;
using Result = LogReader::Result;

namespace {

const Record hello{Kind::said, 812, 1'763'712'000'123'456, 77, "张三", "hello, 世界"};

// A segment that a test writes by hand.
class Segment {
public:
    void append(std::string_view bytes) {
        std::ofstream{path_, std::ios::app | std::ios::binary}.write(
            bytes.data(), static_cast<std::streamsize>(bytes.size()));
    }
    void overwrite(std::string_view bytes) {
        std::ofstream file{path_, std::ios::in | std::ios::out | std::ios::binary};
        file.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
    }
    LogReader reader(std::uint64_t offset = 0) const {
        return {common::Fd{::open(path_.c_str(), O_RDONLY | O_CLOEXEC)}, offset};
    }

private:
    TemporaryFolder folder_;
    std::string path_ = folder_ / "segment";
};

bool equal(const Record& one, const Record& other) {
    return one.kind == other.kind && one.line == other.line && one.time == other.time &&
           one.speaker == other.speaker && one.name == other.name && one.text == other.text &&
           one.serial == other.serial;
}

std::optional<Record> next_of(LogReader& reader) {
    Record record;
    reader.look_again();
    return reader.next(record) == Result::record ? std::optional{record} : std::nullopt;
}

Record numbered(std::uint64_t line) { return {Kind::said, line, 0, 1, "ada", "line"}; }

} // namespace

TEST_SUITE("unit") {
    TEST_CASE("what is written to a room's log is what is read from it") {
        const std::vector records{
            Record{Kind::segment_start, 1, -1, 0, "lobby", ""},
            Record{Kind::joined, 1, 5, UINT64_MAX, "a", ""},
            hello,
            Record{Kind::announced, UINT64_MAX, INT64_MAX, 0, "", std::string(max_text, '\xff')},
            Record{Kind::said, 3, 6, 2, std::string(255, 'n'), std::string("\0\n\r", 3)},
            Record{Kind::said, 3, 6, 2, std::string(255, 'n'), std::string(max_text, 't'), UINT32_MAX},
            Record{Kind::said, 4, 6, 2, "", "", 1},
            Record{Kind::left, 4, 7, 2, "b", ""},
            Record{Kind::segment_end, 5, 8, 0, "lobby", ""},
        };
        Segment segment;
        for (const Record& record : records) segment.append(pack_record(record));
        LogReader reader = segment.reader();
        std::uint64_t size = 0;
        for (const Record& record : records) {
            CHECK(reader.offset() == size);
            const auto read = next_of(reader);
            REQUIRE(read);
            CHECK(equal(*read, record));
            size += pack_record(record).size();
        }
        CHECK_FALSE(next_of(reader));
        CHECK_FALSE(reader.has_tail());
        CHECK(reader.offset() == size);
    }

    TEST_CASE("a record longer than its caps is never made") {
        CHECK_THROWS_AS(pack_record({Kind::said, 1, 0, 0, std::string(256, 'n'), ""}), std::logic_error);
        CHECK_THROWS_AS(pack_record({Kind::said, 1, 0, 0, "", std::string(max_text + 1, 't')}),
                        std::logic_error);
        CHECK(
            pack_record({Kind::said, 1, 0, 0, std::string(255, 'n'), std::string(max_text, 't'), 1}).size() ==
            max_record);
    }

    TEST_CASE("a reader that watches a record grow byte by byte takes it when it is whole and not before") {
        const std::string first = pack_record(numbered(811)), bytes = pack_record(hello);
        Segment segment;
        segment.append(first);
        LogReader follower = segment.reader();
        REQUIRE(next_of(follower));
        for (std::size_t there = 0; there < bytes.size(); ++there) {
            CAPTURE(there);
            CHECK_FALSE(next_of(follower));
            CHECK(follower.has_tail() == (there != 0));
            CHECK(follower.offset() == first.size());
            LogReader newcomer = segment.reader(first.size());
            CHECK_FALSE(next_of(newcomer));
            segment.append(bytes.substr(there, 1));
        }
        const auto read = next_of(follower);
        REQUIRE(read);
        CHECK(equal(*read, hello));
    }

    TEST_CASE("bytes that come in another order than they stand are not taken for a record") {
        const std::string bytes = pack_record(hello);
        Segment segment;
        segment.append(std::string(bytes.size(), '\0'));
        LogReader reader = segment.reader();
        for (std::size_t from = bytes.size(); from > 0; --from) { // the end of it first
            CHECK_FALSE(next_of(reader));
            std::string part(bytes.size(), '\0');
            part.replace(from - 1, bytes.npos, bytes.substr(from - 1));
            segment.overwrite(part);
        }
        CHECK(next_of(reader));
    }

    TEST_CASE("a record in which one bit has changed is none") {
        for (const std::uint32_t serial : {0U, 7U}) {
            Record record = hello;
            record.serial = serial;
            const std::string bytes = pack_record(record);
            CHECK(valid_record(bytes) == bytes.size());
            CHECK(valid_record(bytes + "what follows") == bytes.size());
            for (std::size_t at = 0; at < bytes.size(); ++at)
                for (int bit = 0; bit < 8; ++bit) {
                    std::string damaged = bytes;
                    damaged[at] = static_cast<char>(damaged[at] ^ (1 << bit));
                    CAPTURE(at);
                    CHECK(valid_record(damaged) == 0);
                    CHECK(valid_record(damaged + std::string(max_record, '\0')) == 0);
                }
        }
    }

    TEST_CASE("a record of a log from before there were serials is read byte for byte") {
        // Line 2 of a room, as chatd wrote it then; its sum is what cksum(1) prints of the rest.
        const std::string bytes{"\x02\xc0\x1e\xe5\x29\0\0\0\x02\0\0\0\0\0\0\0\x15\xcd\x5b\x07\0\0\0\0"
                                "\x4d\0\0\0\0\0\0\0\x0c\x03\x02\0"
                                "adahi",
                                41};
        Record record;
        CHECK(unpack_record(bytes, record) == bytes.size());
        CHECK(equal(record, {Kind::said, 2, 123'456'789, 77, "ada", "hi", 0}));
        CHECK(pack_record(record) == bytes); // and is still written so
    }

    TEST_CASE("a serial is 4 bytes before the name and nothing in name or text is taken for one") {
        Record record = hello;
        record.serial = 0x01020304;
        const std::string bytes = pack_record(record);
        CHECK(bytes.substr(RecordHead::size, 4) == "\x04\x03\x02\x01");
        CHECK(bytes.size() == pack_record(hello).size() + 4);
        // The same bytes behind the head as a name; and a name that is what a serial would be.
        for (const std::string& name : {"\x04\x03\x02\x01" + hello.name, std::string("\0\0\0\0", 4)}) {
            Record other = hello;
            other.name = name;
            Record read;
            CHECK(unpack_record(pack_record(other), read) == pack_record(other).size());
            CHECK(equal(read, other));
        }
    }

    TEST_CASE("a record whose bit for a serial and size do not agree is none though its sum is right") {
        const auto with_sum = [](std::string bytes) {
            common::Cksum sum;
            sum.add(std::string_view{bytes}.substr(4));
            for (std::size_t i = 0; i < 4; ++i) bytes[i] = static_cast<char>(sum.value() >> 8 * i);
            return bytes;
        };
        constexpr std::size_t kind_at = 32;
        Record record = hello;
        for (const std::uint32_t serial : {0U, 9U}) {
            record.serial = serial;
            std::string bytes = pack_record(record);
            CHECK(valid_record(with_sum(bytes)) == bytes.size());
            bytes[kind_at] = static_cast<char>(bytes[kind_at] ^ has_serial);
            CHECK(valid_record(with_sum(bytes)) == 0);
        }
        // Too short for its serial.
        std::string none = pack_record({Kind::joined, 1, 0, 1, "", ""});
        none[kind_at] = static_cast<char>(none[kind_at] ^ has_serial);
        CHECK(valid_record(with_sum(none)) == 0);
        CHECK(valid_record(with_sum(none) + std::string(100, 'x')) == 0);
        // A serial of 0 that somebody has written out all the same.
        record.serial = 9;
        std::string zero = pack_record(record);
        zero.replace(RecordHead::size, 4, std::string(4, '\0'));
        Record read;
        CHECK(unpack_record(with_sum(zero), read) == zero.size());
        CHECK(equal(read, hello));
    }

    TEST_CASE("a kind that is not known is read and written with and without a serial") {
        for (const int kind : {0, 99, 127})
            for (const std::uint32_t serial : {0U, 5U}) {
                const Record record{static_cast<Kind>(kind), 3, 4, 5, "a", "b", serial};
                Record read;
                CHECK(unpack_record(pack_record(record), read) == pack_record(record).size());
                CHECK(equal(read, record));
            }
    }

    TEST_CASE("zeros of any number are no record") {
        for (std::size_t size = 0; size <= RecordHead::size + 1; ++size)
            CHECK(valid_record(std::string(size, '\0')) == 0);
    }

    TEST_CASE("a record behind damage is found wherever it stands") {
        const std::string record = pack_record(hello);
        constexpr std::size_t piece = 16384; // what the search reads at a time
        for (const std::size_t distance :
             {std::size_t{1}, std::size_t{7}, piece - record.size(), piece - record.size() + 1, piece - 1,
              piece, piece + 1, piece + max_record, 2 * piece, 5 * piece + 3}) {
            CAPTURE(distance);
            Segment segment;
            segment.append(std::string(distance, 'x'));
            CHECK(segment.reader().last_line_behind() == 0);
            segment.append(record.substr(0, record.size() - 1));
            CHECK(segment.reader().last_line_behind() == 0);
            segment.append(record.substr(record.size() - 1));
            CHECK(segment.reader().last_line_behind() == hello.line);
            segment.append("tail");
            CHECK(segment.reader().last_line_behind() == hello.line);
            segment.append(pack_record(numbered(813)));
            CHECK(segment.reader().last_line_behind() == 813);
        }
    }
}
