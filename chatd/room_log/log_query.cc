// SPDX-License-Identifier: ISC
#include "chatd/room_log/log_query.hh"

#include "chatd/words.hh"

#include <algorithm>
#include <utility>

namespace chatd {
namespace {

bool is_ascii(std::string_view text) {
    unsigned char all = 0; // without a branch: many bytes in a step
    for (const char byte : text) all |= static_cast<unsigned char>(byte);
    return all < 0x80;
}

// As fold_name, whose decoding would take most of the time of a search.
void append_folded(std::string& out, std::string_view text) {
    if (!is_ascii(text)) {
        out += fold_name(text);
        return;
    }
    const std::size_t begin = out.size();
    out += text;
    for (std::size_t at = begin; at < out.size(); ++at)
        out[at] = static_cast<char>(out[at] + (out[at] >= 'A' && out[at] <= 'Z' ? 'a' - 'A' : 0));
}

} // namespace

LogQuery::Result LogQuery::next(Record& record, std::size_t max_records) {
    ended_ = false;
    log_.look_again(); // what was the end may have grown since
    for (; max_records > 0; --max_records) {
        if (log_.next(record) == LogReader::Result::not_yet) {
            if (log_.has_tail()) return Result::segment_end; // damage: what follows is in the next one
            ended_ = true;
            return Result::nothing;
        }
        if (record.kind == Kind::segment_end) return Result::segment_end;
        count(record);
        if (record.line >= wanted_.until) {
            ended_ = true;
            return Result::nothing;
        }
        if (record.kind != Kind::segment_start && record.line >= wanted_.from && matches(record))
            return Result::line;
    }
    return Result::nothing;
}

void LogQuery::open(std::uint32_t segment, common::Fd log, std::uint64_t offset) {
    if (log_ && log_.find_record()) return; // what seemed to be damage was being written
    segment_ = segment;
    log_ = LogReader{std::move(log), offset};
}

void LogQuery::count(const Record& record) {
    const std::uint64_t until = std::min(record.line, wanted_.until); // what is behind that was not asked for
    if (until > expected_) gap_ = {expected_, until - 1};
    const bool is_mark = record.kind == Kind::segment_start; // which has the number of the next line
    expected_ = std::max(expected_, is_mark ? record.line : record.line + 1);
}

bool LogQuery::matches(const Record& record) {
    if (wanted_.words.empty()) return true;
    line_.clear();
    append_folded(line_, record.name);
    line_ += '\n';
    append_folded(line_, record.text);
    return std::all_of(wanted_.words.begin(), wanted_.words.end(),
                       [&](const std::string& word) { return line_.find(word) != line_.npos; });
}

std::vector<std::string> search_words(std::string_view given) {
    std::vector<std::string> words;
    while (!given.empty()) {
        const std::size_t end = std::min(given.find(' '), given.size());
        if (end > 0) words.push_back(fold_name(given.substr(0, end)));
        given.remove_prefix(std::min(end + 1, given.size()));
    }
    return words;
}

} // namespace chatd
