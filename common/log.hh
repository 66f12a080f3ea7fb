// SPDX-License-Identifier: ISC
// The daemons' log: one line at a time, `ROLE[PID]: TEXT', on standard error (-d) or to syslog(3). Whoever
// logs bytes from a peer escapes them first (common/text.hh); what could still forge or hide a line is
// escaped here.
#pragma once

#include <array>
#include <string>
#include <string_view>

namespace common {

enum class Severity { error, warning, notice, detail };
// Their words in the `log-level' directive.
inline constexpr std::array<std::string_view, 4> severity_words{"error", "warning", "notice", "detail"};

// A line for it, from where there is none.
struct Note {
    Severity severity{};
    std::string text;
};

class Log {
public:
    enum class Target { standard_error, syslog };

    // program names the daemon to syslog; role leads each line; what is less than least is left out. One Log
    // at a time may have the target syslog.
    Log(std::string program, std::string role, Target target, Severity least);
    ~Log();
    Log(const Log&) = delete; // openlog(3) keeps a pointer into it
    Log& operator=(const Log&) = delete;

    void set_least(Severity least) { least_ = least; }
    bool shows(Severity severity) const { return severity <= least_; }

    void write(Severity severity, std::string_view text);
    // The same for a line of another process of this daemon.
    void write_for(std::string_view role, long pid, Severity severity, std::string_view text);

    void error(std::string_view text) { write(Severity::error, text); }
    void warning(std::string_view text) { write(Severity::warning, text); }
    void notice(std::string_view text) { write(Severity::notice, text); }
    void detail(std::string_view text) { write(Severity::detail, text); }

private:
    std::string program_;
    std::string role_;
    Target target_;
    Severity least_;
};

} // namespace common
