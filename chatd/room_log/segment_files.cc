// SPDX-License-Identifier: ISC
#include "chatd/room_log/segment_files.hh"

#include "chatd/protocol.hh"
#include "chatd/room_log/log_reader.hh"
#include "common/errors.hh"
#include "common/text.hh"

#include <algorithm>
#include <array>
#include <cstdio>
#include <fcntl.h>
#include <filesystem>
#include <optional>
#include <sys/stat.h>
#include <system_error>
#include <unistd.h>
#include <utility>

using namespace common;
namespace fs = std::filesystem;

namespace chatd {
namespace {

using WallClock = std::chrono::system_clock;

Fd open_file(const std::string& path, int flags) {
    return Fd{
        checked("open", path, [&] { return ::open(path.c_str(), flags | O_CLOEXEC | O_NOFOLLOW, 0600); })};
}

} // namespace

SegmentFiles::SegmentFiles(std::string folder, bool have_names, Log& log)
    : folder_(std::move(folder)), have_names_(have_names), log_(log) {
    if (::mkdir(folder_.c_str(), 0700) != 0 && errno != EEXIST) fail("make the directory", folder_);
}

// "00000001.log", "00000002.log", ...
std::string SegmentFiles::path_of(std::uint32_t number) const {
    std::array<char, 16> name{};
    std::snprintf(name.data(), name.size(), "%08u.log", number);
    return text(folder_, have_names_ ? "/" : "/unkept-", name.data());
}

bool SegmentFiles::exists(std::uint32_t number) const { return ::access(path_of(number).c_str(), F_OK) == 0; }

std::vector<std::uint32_t> SegmentFiles::numbers() const {
    std::vector<std::uint32_t> found;
    for (const fs::directory_entry& entry : fs::directory_iterator(folder_)) {
        const std::string name = entry.path().filename();
        const auto number = parse_number<std::uint32_t>(std::string_view{name}.substr(0, name.find('.')), 1);
        if (number && entry.path() == path_of(*number)) found.push_back(*number);
    }
    std::sort(found.begin(), found.end());
    return found;
}

LogSegment SegmentFiles::look_at(std::uint32_t number) const {
    LogSegment segment;
    segment.number = number;
    Fd file = open_for_reading(segment);
    struct stat found {};
    checked("look at", path_of(number), [&] { return ::fstat(file.get(), &found); });
    segment.size = static_cast<std::uint64_t>(found.st_size);
    segment.last_write = WallClock::from_time_t(found.st_mtime);
    LogReader reader{std::move(file), 0};
    Record first;
    if (reader.next(first) == LogReader::Result::record) segment.first_line = first.line;
    return segment;
}

SegmentFiles::Created SegmentFiles::create(std::uint32_t number, std::uint64_t first_line,
                                           std::string_view first_record) const {
    const std::string path = path_of(number);
    if (!have_names_) ::unlink(path.c_str()); // one that a crash left
    Created created;
    created.writable = open_file(path, O_WRONLY | O_APPEND | O_CREAT | O_EXCL);
    created.segment.number = number;
    created.segment.first_line = first_line;
    if (!have_names_) {
        created.segment.readable = open_file(path, O_RDONLY);
        ::unlink(path.c_str());
    }
    try {
        append(created.writable.get(), created.segment, first_record);
    } catch (const std::system_error&) {
        remove(created.segment);
        throw;
    }
    return created;
}

Fd SegmentFiles::open_for_reading(const LogSegment& segment) const {
    if (have_names_) return open_file(path_of(segment.number), O_RDONLY);
    return duplicate(segment.readable.get(), folder_);
}

Fd SegmentFiles::open_for_writing(const LogSegment& segment) const {
    return open_file(path_of(segment.number), O_WRONLY | O_APPEND);
}

void SegmentFiles::append(int fd, LogSegment& segment, std::string_view records) const {
    std::size_t wrote = 0;
    int error = 0;
    while (wrote < records.size() && error == 0) {
        const ssize_t got =
            retry([&] { return ::write(fd, records.data() + wrote, records.size() - wrote); });
        if (got < 0)
            error = errno;
        else
            wrote += static_cast<std::size_t>(got);
    }
    std::size_t whole = wrote;
    if (error != 0) { // rare, so the records are found by what they say of themselves
        whole = 0;
        for (std::size_t size; (size = valid_record(records.substr(whole, wrote - whole))) != 0;)
            whole += size;
    }
    segment.size += whole;
    if (whole > 0) segment.last_write = WallClock::now();
    if (error == 0) return;
    if (whole < wrote) cut_back(fd, segment);
    fail_with(error, "append to", path_of(segment.number));
}

void SegmentFiles::cut_back(int fd, LogSegment& segment) const {
    const bool was_torn = segment.is_torn;
    segment.is_torn = retry([&] { return ::ftruncate(fd, static_cast<off_t>(segment.size)); }) != 0;
    const std::error_code why{errno, std::generic_category()};
    if (segment.is_torn && !was_torn)
        log_.error(text(path_of(segment.number), ": half a record stays at byte ", segment.size, ": ",
                        why.message()));
}

void SegmentFiles::remove(const LogSegment& segment) const {
    if (have_names_) ::unlink(path_of(segment.number).c_str());
}

std::int64_t birth_in(const SegmentFiles& files, const LogSegment& oldest, const LogSegment& newest) {
    try {
        // Only the starts of newer versions tell it.
        const auto start_of = [&](const LogSegment& segment) -> std::optional<Record> {
            LogReader reader{files.open_for_reading(segment), 0};
            Record first;
            const bool is_start =
                reader.next(first) == LogReader::Result::record && first.kind == Kind::segment_start;
            return is_start ? std::optional{std::move(first)} : std::nullopt;
        };
        if (const auto told = start_of(newest); told && told->speaker != 0)
            return static_cast<std::int64_t>(told->speaker);
        const auto first = start_of(oldest);
        if (!first) return 0;
        return first->speaker != 0 ? static_cast<std::int64_t>(first->speaker) : first->time;
    } catch (const std::system_error&) {
        return 0;
    }
}

} // namespace chatd
