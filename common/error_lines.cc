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
    if (taken_ > max_bytes) return; // it was told
    for (const char byte : bytes) {
        if (++taken_ > max_bytes) {
            end(log, source);
            return log.write_for(
                source.role, source.pid, Severity::error,
                text("standard error: more than ", max_bytes, " bytes: what follows is left out"));
        }
        if (byte != '\n') line_ += byte;
        if (byte == '\n' || line_.size() >= max_line) put(log, source);
    }
    if (is_cut) end(log, source);
}

void ErrorLines::end(Log& log, const Source& source) {
    if (!line_.empty()) put(log, source);
}

void ErrorLines::put(Log& log, const Source& source) {
    log.write_for(source.role, source.pid, Severity::error,
                  text("standard error: ", escape(line_, 2 * max_line)));
    line_.clear();
}

} // namespace common
