// SPDX-License-Identifier: ISC
#include "tests/e2e/daemon.hh"

#include "tests/e2e/observe.hh"
#include "tests/e2e/proc.hh"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <doctest/doctest.h>
#include <fcntl.h>
#include <signal.h>
#include <sstream>
#include <unistd.h>

namespace e2e {
namespace {

constexpr std::string_view listening = "listening on ";

bool names(const Words& lines, std::string_view directive) {
    return std::ranges::any_of(lines, [&](const std::string& line) {
        return line.starts_with(directive) && line.substr(directive.size()).starts_with(' ');
    });
}

// The harness's own configuration, less what the test configures itself, then the test's.
Words make_lines(const Words& own, const Words& left_out, const std::string& program, const Path& files,
                 const Path& state) {
    const char* const events = std::getenv("SUITE_EVENTS");
    const bool is_ftpd = Path{program}.filename() == "ftpd";
    const std::pair<std::string, std::string> defaults[] = {
        {"listen", "127.0.0.1:0"},
        {"state", state},
        {"root", is_ftpd ? files : Path{}},
        {"keep-partials", is_ftpd ? "0" : ""}, // no sweeper among the children that a test counts
        {"connect-rate", "0"},
        {"max-per-address", "0"},
        {"login-timeout", "0"},
        {"events", events ? events : ""},
    };
    Words lines;
    for (const auto& [directive, value] : defaults)
        if (!value.empty() && !names(own, directive) &&
            std::ranges::find(left_out, directive) == left_out.end())
            lines.push_back(std::string{directive}.append(" ").append(value));
    lines.insert(lines.end(), own.begin(), own.end());
    return lines;
}

// As a careful administrator's: nobody ever sees half of it.
void write_configuration(const Path& path, const Words& lines) {
    const Path fresh = path.native() + ".new";
    std::string all;
    for (const std::string& line : lines) all += line + '\n';
    write_file(fresh, all);
    std::filesystem::permissions(fresh,
                                 std::filesystem::perms::owner_read | std::filesystem::perms::owner_write);
    std::filesystem::rename(fresh, path);
}

Words make_command(const Daemon::Setting& setting, const Words& lines, const Path& file) {
    Words command = setting.wrapper;
    command.push_back(find_program(setting.program));
    command.emplace_back("-d");
    if (setting.in_file) {
        write_configuration(file, lines);
        command.insert(command.end(), {"-f", file});
    } else {
        for (const std::string& line : lines) command.insert(command.end(), {"-o", line});
    }
    command.insert(command.end(), setting.options.begin(), setting.options.end());
    return command;
}

} // namespace

Daemon::Daemon(const Setting& setting)
    : files_(folder_.make_shared("files")),
      state_(folder_.make_shared("home") / "state"),
      program_(setting.program),
      children_fail_(setting.children_fail) {
    const common::Fd input{::open("/dev/null", O_RDONLY | O_CLOEXEC)};
    auto [reading, writing] = make_pipe();
    const Words lines = make_lines(setting.lines, setting.left_out, program_, files_, state_);
    child_.emplace(make_command(setting, lines, folder_ / "daemon.conf"),
                   Child::Setting{.descriptors = {input.get(), writing.get(), writing.get()},
                                  .environment = setting.environment,
                                  .terminal = {}});
    writing.reset(); // so that the log ends when the daemon and its children do
    log_.emplace(std::move(reading), setting.program);
    std::size_t position = 0;
    for (std::size_t i = 0; i < setting.listeners; ++i)
        position = log_->wait_for("\n", log_->wait_for(listening, position));
}

Daemon::~Daemon() {
    try {
        if (!child_->has_ended()) stop();
        if (is_sanitized()) check_children();
    } catch (const Failure& failure) {
        FAIL_CHECK(failure.what());
    }
}

// What the log tells of them. That one was killed or told to end is no fault of its own.
void Daemon::check_children() const {
    constexpr std::array crashes{SIGILL, SIGTRAP, SIGABRT, SIGBUS, SIGFPE, SIGSEGV, SIGSYS};
    std::istringstream lines{log()};
    for (std::string line; std::getline(lines, line);) {
        const auto has = [&](const std::string& words) { return line.find(words) != line.npos; };
        const bool is_report = has("Sanitizer") || has("runtime error: ");
        const bool is_end = has("]: end pid ") || has(" ended: ");
        const bool is_crash = std::ranges::any_of(
            crashes, [&](int signal) { return has("signal " + std::to_string(signal) + " ("); });
        const bool failed = is_end && (is_crash || (has(" exit ") && !has(" exit 0")));
        if (is_report || (failed && !children_fail_)) FAIL_CHECK(line);
    }
}

std::vector<common::Address> Daemon::addresses() const {
    std::vector<common::Address> found;
    std::istringstream lines{log()};
    for (std::string line; std::getline(lines, line);)
        if (const auto at = line.find(listening); at != line.npos) { // ", pid ..." follows what is no log
            const std::string place = line.substr(at + listening.size());
            found.push_back(common::resolve_address(place.substr(0, place.find(", "))).at(0));
        }
    return found;
}

// It is the last that has said where it listens; where its log is elsewhere, the keeper's child that holds a
// listener, too.
pid_t Daemon::main_pid() const {
    const std::string all = log();
    const std::size_t said = all.rfind("]: listening on ");
    if (said != all.npos) return std::stoi(all.substr(all.rfind('[', said) + 1));
    const auto keepers = descriptors_of(pid());
    for (const ProcessStatus& child : children_of(pid()))
        for (const auto& [fd, target] : descriptors_of(child.pid))
            for (const auto& [number, own] : keepers)
                if (fd > STDERR_FILENO && number > STDERR_FILENO && target == own &&
                    own.starts_with("socket:"))
                    return child.pid;
    throw Failure{"no process serves"};
}

void Daemon::configure(const Words& lines) {
    write_configuration(folder_ / "daemon.conf", make_lines(lines, {}, program_, files_, state_));
}

void Daemon::wait_until_idle() const {
    // Each reaped child is a log line, so the log is the event to wait for.
    for (;;) {
        const std::size_t seen = log().size();
        if (children_of(main_pid()).empty()) return;
        log_->wait_for("\n", seen);
    }
}

void Daemon::stop() {
    signal(SIGTERM);
    if (const int status = wait(); status != 0)
        throw Failure{"the daemon ended with status " + std::to_string(status) + ", not 0"};
}

void Daemon::kill() {
    signal(SIGSTOP); // or it would start another
    const pid_t main = main_pid();
    ::kill(main, SIGKILL);
    signal(SIGKILL);
    wait();
    wait_until("the process that served has let go of its sockets", [main] { return !is_alive(main); });
}

} // namespace e2e
