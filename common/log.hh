// SPDX-License-Identifier: ISC
// The daemons' log: one line at a time, `ROLE[PID]: TEXT', on standard error, to syslog(3) or in a file. It
// never waits: a line that nobody takes now is dropped and counted. Code that logs bytes from a peer escapes
// them first (common/text.hh); what could still forge or hide a line is escaped here.
#pragma once

#include "common/fd.hh"
#include "common/syslog_socket.hh"

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace common {

enum class Severity { error, warning, notice, detail };
// Their words in the `log-level' directive.
inline constexpr std::array<std::string_view, 4> severity_words{"error", "warning", "notice", "detail"};

// A line for the log, from code that has no Log.
struct Note {
    Severity severity{};
    std::string text;
};

class Log {
public:
    enum class Target { standard_error, syslog, file };
    struct Place {
        Place(Target where, std::string path = {}) : target(where), file(std::move(path)) {}
        // What the `log' directive says: "stderr", "syslog", or the path of a file; empty: standard error in
        // the foreground, else syslog.
        static Place of(const std::string& word, bool foreground);

        Target target;
        std::string file; // of the target file
    };

    // program names the daemon to syslog; role leads each line; what is less than least is left out. A file
    // is made with mode 0640, or appended to. Throws std::system_error when it cannot be opened. opened: that
    // file, or the terminal that standard error is, if somebody else has opened it.
    Log(std::string program, std::string role, Place place, Severity least, Fd opened = {});
    Log(const Log&) = delete; // lines that were lost are counted once
    Log& operator=(const Log&) = delete;

    void set_least(Severity least) { least_ = least; }
    bool shows(Severity severity) const { return severity <= least_; }

    // Where it goes, in words: "stderr", "syslog" or the file's path.
    std::string place() const;
    Target target() const { return place_.target; }
    // Why nothing that is logged will be heard, with the remedy; no value when it may be.
    std::optional<std::string> explain_silence();
    // Opens the file again, which may have been renamed. One that cannot be opened is told in the log, and
    // the old one stays.
    void reopen();
    // The file, or its own descriptor of the terminal, for a process that may not open it; -1: none. And what
    // that does when the file was opened again.
    int file() const { return file_.get(); }
    void take(Fd file);
    // Lines that could not be written: on a full disk, or since whoever reads them does not. The next that
    // can be is preceded by one that tells how many are missing.
    std::uint64_t lost() const { return lost_; }

    void write(Severity severity, std::string_view text);
    // The same for a line of another process of this daemon.
    void write_for(std::string_view role, long pid, Severity severity, std::string_view text);

    // A notice that no log-level leaves out: what the person who started the daemon has to know.
    void always(std::string_view text);

    void error(std::string_view text) { write(Severity::error, text); }
    void warning(std::string_view text) { write(Severity::warning, text); }
    void notice(std::string_view text) { write(Severity::notice, text); }
    void detail(std::string_view text) { write(Severity::detail, text); }

private:
    void put(std::string_view role, long pid, Severity severity, std::string_view text);
    void put_line(std::string line);
    void put_syslog(Severity severity, std::string_view line);
    std::string tell_of_lost() const;
    std::size_t write_at_once(std::string_view bytes) const;

    std::string role_;
    Place place_;
    SyslogSocket syslog_;
    Fd file_; // or the terminal that standard error is
    bool error_is_socket_ = false;
    Severity least_;
    std::uint64_t lost_ = 0;
    std::uint64_t untold_ = 0; // of those
    bool is_torn_ = false;     // the last line has no end
};

} // namespace common
