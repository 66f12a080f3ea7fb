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
    for (const char byte : bytes) {
        if (is_over_) return;
        if (taken_ >= max_bytes) {
            end(log, source);
            is_over_ = true;
            return log.write_for(
                source.role, source.pid, Severity::error,
                text("standard error: more than ", max_bytes, " bytes: what follows is left out"));
        }
        ++taken_;
        if (byte != '\n') line_ += byte;
        if (byte == '\n' || line_.size() >= max_line) end(log, source);
    }
    if (is_cut) end(log, source);
}

void ErrorLines::end(Log& log, const Source& source) {
    if (line_.empty()) return;
    taken_ += line_cost;
    log.write_for(source.role, source.pid, Severity::error,
                  text("standard error: ", escape(line_, 2 * max_line)));
    line_.clear();
}

} // namespace common
