// SPDX-License-Identifier: ISC
#include "chatd/hub/log_print.hh"

#include "chatd/phrases.hh"
#include "common/text.hh"

#include <algorithm>
#include <array>
#include <ctime>

using common::text;

namespace chatd {
namespace {

constexpr std::size_t max_records = 500; // of one look

std::string time_of(const Record& record, const char* format) {
    const std::time_t seconds = record.time / 1'000'000;
    std::tm parts{};
    ::gmtime_r(&seconds, &parts);
    std::array<char, 32> when{};
    std::strftime(when.data(), when.size(), format, &parts);
    return when.data();
}

// A record holds no control characters, so only these two need an escape (RFC 8259 section 7).
std::string json_string(std::string_view words) {
    std::string out{'"'};
    for (const char byte : words) {
        if (byte == '"' || byte == '\\') out += '\\';
        out += byte;
    }
    return out += '"';
}

} // namespace

std::string record_as_text(const Record& record, const Catalogues& catalogues) {
    return text(time_of(record, "%Y-%m-%dT%H:%M:%SZ"), ' ', record.line, ' ',
                words_of(record, catalogues, Language::english));
}

std::string record_as_json(const Record& record, std::string_view room) {
    const KindRow* const known = find_kind(record.kind);
    const std::string micros = text(1'000'000 + record.time % 1'000'000).substr(1);
    return text("{\"room\":", json_string(room), ",\"line\":", record.line, ",\"time\":\"",
                time_of(record, "%Y-%m-%dT%H:%M:%S."), micros, "Z\",\"kind\":\"",
                known == nullptr ? "unknown" : known->name, "\",\"name\":", json_string(record.name),
                ",\"text\":", json_string(record.text), '}');
}

LogPrint::LogPrint(const RoomLog& log, std::string room, const PrintOptions& options)
    : log_(log),
      room_(std::move(room)),
      options_(options),
      query_({options.from, options.follows ? UINT64_MAX : log.end_line(), options.words}) {
    const Position from = log.position_of_line(options.from);
    open(from.segment, from.offset);
}

void LogPrint::open(std::uint32_t segment, std::uint64_t offset) {
    RoomLog::Opened opened = log_.open_segment(segment);
    query_.open(opened.segment, std::move(opened.fd), opened.segment == segment ? offset : 0);
}

std::string LogPrint::format(const Record& record) const {
    return options_.as_json ? record_as_json(record, room_) : record_as_text(record, catalogues_);
}

// Each record that is looked at counts, whether or not it is wanted.
std::optional<Record> LogPrint::next_record(std::size_t& records_left) {
    Record record;
    while (records_left > 0) {
        --records_left;
        switch (query_.next(record, 1)) {
        case LogQuery::Result::line:
            if (record.time >= options_.not_before) return record;
            break;
        case LogQuery::Result::nothing:
            if (!query_.has_ended()) break;
            read_all_ = true;
            return {};
        case LogQuery::Result::segment_end:
            if (query_.segment() < log_.last_segment()) {
                open(query_.segment() + 1, 0);
                break;
            }
            read_all_ = true; // damage, and nothing after it so far
            return {};
        }
    }
    busy_ = true;
    return {};
}

std::optional<std::string> LogPrint::next() {
    busy_ = false;
    for (std::size_t left = max_records; !read_all_ || options_.follows;) {
        std::optional<Record> record = next_record(left);
        if (!record) break;
        if (!options_.last || options_.follows) return format(*record);
        last_.push_back(*std::move(record));
        if (last_.size() > *options_.last) last_.pop_front();
    }
    if (!read_all_ || options_.follows) return {};
    if (!last_.empty()) {
        std::string line = format(last_.front());
        last_.pop_front();
        return line;
    }
    ended_ = true;
    return {};
}

} // namespace chatd
