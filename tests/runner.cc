// SPDX-License-Identifier: ISC
#include "tests/runner.hh"

#include "common/errors.hh"
#include "common/text.hh"
#include "tests/e2e/files.hh"
#include "tests/e2e/proc.hh"

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <fcntl.h>
#include <iostream>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#ifdef __linux__
#include <sys/prctl.h>
#endif

namespace tests {
namespace {

using namespace std::chrono_literals;
using common::checked;

constexpr auto settle_time = 60s; // for what a job started to end after it
constexpr int passed_status = 42; // not 0: a job whose code under test calls exit(0) has not passed
constexpr int skipped_status = 43;
constexpr std::size_t max_shown =
    64 * 1024; // bytes of a failing job's output; the file in logs keeps all of it
constexpr std::size_t slowest_shown = 5;
constexpr std::ptrdiff_t cause_lines = 6;

// Empty: it passed.
std::string describe(int wait_status) {
    if (WIFSIGNALED(wait_status)) return std::string{"ended by "} + ::strsignal(WTERMSIG(wait_status));
    switch (const int status = WEXITSTATUS(wait_status)) {
    case passed_status:
    case skipped_status: return "";
    case 1: return "failed";
    default: return "ended early with exit status " + std::to_string(status);
    }
}

// Gone is also a group of zombies: we, or init, reap them soon.
bool is_group_alive(pid_t group) {
    if (::kill(-group, 0) == -1) return false;
    if (!e2e::have_proc()) return true;
    return std::ranges::any_of(e2e::all_processes(), [&](const e2e::ProcessStatus& process) {
        return process.group == group && process.state != 'Z';
    });
}

std::string name_group(pid_t group) {
    std::string names;
    for (const auto& process : e2e::all_processes())
        if (process.group == group) names += " " + process.name + "[" + std::to_string(process.pid) + "]";
    return names;
}

std::string read_all(int file) {
    std::string all;
    std::vector<char> buffer(4096);
    ::lseek(file, 0, SEEK_SET);
    for (common::IoResult got; (got = common::read_some(file, buffer)).bytes > 0;)
        all.append(buffer.data(), got.bytes);
    return all;
}

// What doctest says of the first check that did not hold; nothing: none did.
std::vector<std::string> find_cause(const std::vector<std::string>& output) {
    const auto says_so = [](const std::string& line) { return line.find("ERROR: ") != line.npos; };
    const auto first = std::ranges::find_if(output, says_so);
    const auto end = std::find(first, output.end(), "");
    return {first, first + std::min(cause_lines, end - first)};
}

void erase_progress() {
    if (::isatty(STDOUT_FILENO)) std::printf("\r\033[K");
}

} // namespace

Runner::Runner(Manner manner, std::filesystem::path logs) : manner_(manner), logs_(std::move(logs)) {
    ::sigemptyset(&signals_);
    for (const int signal : {SIGCHLD, SIGINT, SIGTERM, SIGHUP}) ::sigaddset(&signals_, signal);
    ::sigprocmask(SIG_BLOCK, &signals_, &old_mask_);
#ifdef __linux__
    ::prctl(PR_SET_CHILD_SUBREAPER, 1); // orphans of a job come to us: their end is seen, and they are reaped
#endif
}

Runner::~Runner() {
    for (const Run& run : running_) ::kill(-run.pid, SIGKILL);
    const auto deadline = Clock::now() + settle_time; // nobody makes files any more in what is removed next
    while (!running_.empty() && Clock::now() < deadline) {
        reap();
        running_.remove_if([](const Run& run) { return run.ended && !is_group_alive(run.pid); });
        constexpr timespec moment{.tv_sec = 0, .tv_nsec = 10'000'000};
        if (!running_.empty()) ::sigtimedwait(&signals_, nullptr, &moment);
    }
}

bool Runner::run_all() {
    std::stable_partition(waiting_.begin(), waiting_.end(), [](const Run& run) { return run.job.early; });
    while (!waiting_.empty() || !running_.empty()) {
        while (may_start()) {
            start(std::move(waiting_.front()));
            waiting_.pop_front();
        }
        show_progress();
        if (!wait_for_signal()) return false;
        reap();
        for (auto run = running_.begin(); run != running_.end();) {
            enforce_deadline(*run);
            const bool over = run->ended && !is_group_alive(run->pid);
            if (over) finish(*run);
            run = over ? running_.erase(run) : std::next(run);
        }
    }
    erase_progress();
    kill_strays();
    return true;
}

bool Runner::may_start() {
    if (waiting_.empty()) return false;
    return running_.size() < manner_.at_once || (running_.size() < manner_.at_most && idle_.has_room());
}

void Runner::start(Run run) {
    std::cout.flush();
    std::fflush(nullptr); // or the child would write it again
    run.output = e2e::make_unlinked_file();
    run.place = places_.make(++started_);
    run.started = Clock::now();
    run.deadline = run.started + run.job.time_limit;
    run.pid = checked("fork", run.job.title, [] { return ::fork(); });
    if (run.pid == 0) run_body(run);
    ::setpgid(run.pid, run.pid); // the child does it too: whoever comes first
    running_.push_back(std::move(run));
}

void Runner::run_body(const Run& run) {
    ::setpgid(0, 0);
    ::sigprocmask(SIG_SETMASK, &old_mask_, nullptr);
    common::Fd input{::open("/dev/null", O_RDONLY)};
    ::dup2(input.get(), STDIN_FILENO);
    input.reset();
    ::dup2(run.output.get(), STDOUT_FILENO);
    ::dup2(run.output.get(), STDERR_FILENO);
    std::cout << std::unitbuf; // in order with what the harness and the sanitizers write
    running_.clear();          // closes the other jobs' files; not ours to kill
    std::exit(common::report_errors("run-tests", [&] { // what is thrown must not come to our destructor
        move_to(run.place);
        switch (run.job.body()) {
        case Outcome::passed: return passed_status;
        case Outcome::skipped: return skipped_status;
        case Outcome::failed: break;
        }
        return 1;
    }));
}

// Waits for a child's end, the next deadline or a look whether there is room for more. False: a person or the
// system wants us to stop.
bool Runner::wait_for_signal() {
    auto next = Clock::time_point::max();
    for (const Run& run : running_) next = std::min(next, run.deadline);
    if (!waiting_.empty() && running_.size() < manner_.at_most)
        next = std::min(next, Clock::now() + Idle::span);
    const auto left = std::max<std::chrono::nanoseconds>(next - Clock::now(), 1ms).count();
    const timespec timeout{left / 1'000'000'000, left % 1'000'000'000};
    const int signal = ::sigtimedwait(&signals_, nullptr, &timeout);
    return signal == -1 || signal == SIGCHLD;
}

void Runner::reap() {
    int wait_status = 0;
    for (pid_t pid = 0; (pid = ::waitpid(-1, &wait_status, WNOHANG)) > 0;) {
        const auto run = std::ranges::find(running_, pid, &Run::pid);
        if (run == running_.end()) continue; // an orphan
        run->ended = true;
        run->seconds = std::chrono::duration<double>(Clock::now() - run->started).count();
        run->deadline = Clock::now() + settle_time;
        if (run->fault.empty()) run->fault = describe(wait_status);
        run->skipped = WIFEXITED(wait_status) && WEXITSTATUS(wait_status) == skipped_status;
    }
}

// Kills a job that takes too long, and processes that outlive theirs.
void Runner::enforce_deadline(Run& run) {
    if (Clock::now() < run.deadline) return;
    if (!run.ended)
        run.fault = "took too long";
    else if (is_group_alive(run.pid))
        run.fault += (run.fault.empty() ? "" : ", and ") + ("left processes behind:" + name_group(run.pid));
    ::kill(-run.pid, SIGKILL);
    run.deadline = Clock::now() + settle_time;
}

void Runner::finish(Run& run) {
    ++(!run.fault.empty() ? failed_ : run.skipped ? skipped_ : passed_);
    if (!run.fault.empty()) {
        erase_progress();
        std::printf("FAILED: %s: %s (%.1f s)\n", run.job.title.c_str(), run.fault.c_str(), run.seconds);
        failures_.push_back({run.job.title + ": " + run.fault, find_cause(show_output(run))});
    } else if (manner_.verbose && run.skipped) {
        const auto lines = common::split_lines(read_all(run.output.get()));
        std::printf("skipped      %s: %s\n", run.job.title.c_str(),
                    lines.empty() ? "" : lines.back().c_str());
    } else if (manner_.verbose) {
        std::printf("ok %6.2f s  %s\n", run.seconds, run.job.title.c_str());
    }
    std::fflush(stdout);
    run.output.reset();
    e2e::remove_tree(run.place);
    finished_.push_back(std::move(run));
}

std::vector<std::string> Runner::show_output(const Run& run) {
    std::string name = run.job.title.substr(0, 150);
    const auto is_odd = [](unsigned char c) { return !std::isalnum(c); };
    std::ranges::replace_if(name, is_odd, '-');
    const auto path = logs_ / (name + ".log");
    std::error_code none; // the folder may be somebody else's
    std::filesystem::create_directories(logs_, none);
    const common::Fd copy{::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666)};
    const int output = run.output.get();
    ::lseek(output, 0, SEEK_SET);
    std::vector<char> buffer(64 * 1024);
    std::string last;
    std::uintmax_t before = 0;
    for (common::IoResult got; (got = common::read_some(output, buffer)).bytes > 0;) {
        const std::string_view bytes{buffer.data(), got.bytes};
        if (copy) common::write_some(copy.get(), bytes);
        last += bytes;
        const std::size_t excess = last.size() - std::min(last.size(), max_shown);
        before += excess;
        last.erase(0, excess);
    }
    if (before > 0) std::printf("  (its first %ju bytes are only in the file)\n", before);
    std::vector<std::string> lines = common::split_lines(last);
    for (std::string& line : lines) {
        line = common::keep_to_one_line(line);
        std::printf("%s\n", line.c_str());
    }
    if (copy)
        std::printf("  (the whole of it: %s)\n", path.c_str());
    else
        std::printf("  (not kept: %s cannot be written)\n", path.c_str());
    return lines;
}

// Daemons that left their job's process group, and so were not found when it ended.
void Runner::kill_strays() {
    for (const auto& process : e2e::children_of(::getpid())) {
        if (process.state == 'Z') continue;
        failures_.push_back({process.name + "[" + std::to_string(process.pid) + "] outlived all tests", {}});
        ::kill(process.pid, SIGKILL);
        ++failed_;
    }
}

void Runner::show_progress() const {
    if (manner_.verbose || !::isatty(STDOUT_FILENO)) return;
    const auto done = finished_.size();
    std::printf("\r%zu of %zu ", done, done + running_.size() + waiting_.size());
    std::fflush(stdout);
}

void Runner::print_failures() const {
    for (const auto& [title, cause] : failures_) {
        std::printf("failed: %s\n", title.c_str());
        for (const std::string& line : cause) std::printf("failed:   %s\n", line.c_str());
    }
}

void Runner::print_slowest() {
    std::ranges::sort(finished_, std::greater{}, &Run::seconds);
    for (std::size_t i = 0; i < std::min(slowest_shown, finished_.size()); ++i)
        std::printf("slow %5.1f s  %s\n", finished_[i].seconds, finished_[i].job.title.c_str());
}

} // namespace tests
