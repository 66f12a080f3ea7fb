// SPDX-License-Identifier: ISC
#include "common/error_lines.hh"

#include "common/errors.hh"
#include "common/text.hh"

#include <unistd.h>

namespace common {

void point_errors_at(int fd) {
    checked("duplicate", "the pair", [&] { return ::dup2(fd, STDERR_FILENO); });
}

bool is_text_byte(char byte) {
    const auto code = static_cast<unsigned char>(byte);
    return (code >= ' ' && code != 0x7f && code < 0xf8) || byte == '\t' || byte == '\r' || byte == '\n';
}

void ErrorLines::add(std::span<const char> bytes, bool is_cut, Log& log, const Source& source) {
    add(bytes, is_cut, [&](const std::string& line) {
        log.write_for(source.role, source.pid, Severity::error, text("standard error: ", line));
    });
}

void ErrorLines::end(Log& log, const Source& source) {
    end([&](const std::string& line) {
        log.write_for(source.role, source.pid, Severity::error, text("standard error: ", line));
    });
}

void ErrorLines::add(std::span<const char> bytes, bool is_cut, const Tell& tell) {
    for (const char byte : bytes) {
        if (is_over_) return;
        if (taken_ >= max_bytes) {
            end(tell);
            is_over_ = true;
            return tell(text("more than ", max_bytes, " bytes: what follows is left out"));
        }
        ++taken_;
        if (byte != '\n') line_ += byte;
        if (byte == '\n' || line_.size() >= max_line) end(tell);
    }
    if (is_cut) end(tell);
}

void ErrorLines::end(const Tell& tell) {
    if (line_.empty()) return;
    taken_ += line_cost;
    tell(escape(line_, 2 * max_line));
    line_.clear();
}

} // namespace common
