// SPDX-License-Identifier: ISC
// A room's folder for tests: opens its log as the hub does, and reads it as a handler does.
#pragma once

#include "chatd/room_log/room_log.hh"
#include "common/errors.hh"
#include "common/text.hh"
#include "tests/unit/common/temporary_folder.hh"

#include <cstdio>
#include <fstream>
#include <iterator>
#include <string>
#include <unistd.h>
#include <vector>

class RoomPlace {
public:
    chatd::RoomLog open(const chatd::LogPolicy& policy = {}) { return {folder(), "room", policy, log_}; }
    // As the next hub goes on with it.
    chatd::RoomLog go_on(const chatd::LogPlace& from, const chatd::LogPolicy& policy = {},
                         std::vector<chatd::RoomLog::KeptFile> kept = {},
                         const chatd::RoomLog::OnRecord& on_record = nullptr) {
        return {folder(), "room", policy, log_, from, std::move(kept), on_record};
    }
    std::string folder() const { return folder_ / "room"; }
    std::string segment(unsigned number) const {
        std::array<char, 16> name{};
        std::snprintf(name.data(), name.size(), "%08u.log", number);
        return folder() + '/' + name.data();
    }

private:
    TemporaryFolder folder_;
    common::Log log_{"chatd", "hub", common::Log::Target::standard_error, common::Severity::notice};
};

inline std::string read_all(const std::string& path) {
    std::ifstream file{path, std::ios::binary};
    return {std::istreambuf_iterator<char>{file}, {}};
}

inline void write_all(const std::string& path, std::string_view bytes) {
    std::ofstream{path, std::ios::binary}.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
}

// Says lines 1, 2, ... (by their numbers), each flushed on its own.
inline void say(chatd::RoomLog& log, unsigned lines) {
    for (; lines > 0; --lines) {
        log.add(chatd::Kind::said, 7, "ada", common::text("line ", log.next_line()));
        if (!log.flush()) throw std::runtime_error{"not written"};
    }
}

// A reader that follows a log over its segments, also behind damage, as handlers do.
class Follower {
public:
    explicit Follower(const chatd::RoomLog& log, chatd::Position from = {1, 0}) : log_(log) {
        open(from.segment, from.offset);
    }

    // The records that can be read now, without the marks of segments.
    std::vector<chatd::Record> read() {
        std::vector<chatd::Record> found;
        reader_.look_again();
        for (chatd::Record record;;) {
            const bool is_record = reader_.next(record) == chatd::LogReader::Result::record;
            const bool is_end = is_record && record.kind == chatd::Kind::segment_end;
            if (is_end || (!is_record && reader_.has_tail() && segment_ < log_.last_segment()))
                open(segment_ + 1, 0);
            else if (!is_record)
                return found;
            else if (record.kind != chatd::Kind::segment_start)
                found.push_back(record);
        }
    }
    // Their numbers: "1 2 3".
    std::string lines() {
        std::string numbers;
        for (const chatd::Record& record : read())
            numbers += common::text(numbers.empty() ? "" : " ", record.line);
        return numbers;
    }

private:
    void open(std::uint32_t segment, std::uint64_t offset) {
        chatd::RoomLog::Opened opened = log_.open_segment(segment);
        segment_ = opened.segment;
        reader_ = chatd::LogReader{std::move(opened.fd), segment_ == segment ? offset : 0};
    }

    const chatd::RoomLog& log_;
    std::uint32_t segment_ = 0;
    chatd::LogReader reader_;
};
