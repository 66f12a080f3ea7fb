// SPDX-License-Identifier: ISC
#include "common/log.hh"

#include "common/errors.hh"
#include "common/text.hh"

#include <syslog.h>
#include <unistd.h>

namespace common {
namespace {

int syslog_priority(Severity severity) {
    switch (severity) {
    case Severity::error: return LOG_ERR;
    case Severity::warning: return LOG_WARNING;
    case Severity::notice: return LOG_NOTICE;
    default: return LOG_DEBUG;
    }
}

} // namespace

Log::Log(std::string program, std::string role, Target target, Severity least)
    : program_(std::move(program)), role_(std::move(role)), target_(target), least_(least) {
    if (target_ == Target::syslog) ::openlog(program_.c_str(), LOG_NDELAY, LOG_DAEMON);
}

Log::~Log() {
    if (target_ == Target::syslog) ::closelog();
}

void Log::write(Severity severity, std::string_view line) { write_for(role_, ::getpid(), severity, line); }

void Log::write_for(std::string_view role, long pid, Severity severity, std::string_view line) {
    if (!shows(severity)) return;
    const std::string whole = text(role, '[', pid, "]: ", keep_to_one_line(line));
    if (target_ == Target::syslog) {
        ::syslog(syslog_priority(severity), "%s", whole.c_str());
        return;
    }
    // One write a line, so that lines of several processes never mix. A log that cannot be written is no
    // reason to stop serving.
    const std::string with_end = whole + '\n';
    (void)retry([&] { return ::write(STDERR_FILENO, with_end.data(), with_end.size()); });
}

} // namespace common
