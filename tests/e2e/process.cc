// SPDX-License-Identifier: ISC
#include "tests/e2e/process.hh"

#include "common/errors.hh"
#include "tests/e2e/files.hh"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>

extern char** environ; // NOLINT(readability-redundant-declaration): POSIX has no header declare it

namespace e2e {

using common::checked;
using common::Fd;

std::string find_program(const std::string& name) {
    const char* const folder = std::getenv("SUITE_BIN");
    const std::string ours = std::string{folder ? folder : "."} + "/" + name;
    return name.find('/') == name.npos && ::access(ours.c_str(), X_OK) == 0 ? ours : name;
}

std::pair<Fd, Fd> make_pipe() {
    std::array<int, 2> ends{};
    checked("pipe", {}, [&] { return ::pipe(ends.data()); });
    for (const int end : ends) common::set_close_on_exec(end);
    return {Fd{ends[0]}, Fd{ends[1]}};
}

namespace {

// Signals are for the test's own thread alone.
template <class Body>
std::thread start_thread(Body body) {
    sigset_t all, before;
    ::sigfillset(&all);
    ::pthread_sigmask(SIG_SETMASK, &all, &before);
    std::thread thread{std::move(body)};
    ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
    return thread;
}

} // namespace

// --- Collector -----------------------------------------------------------------------------------------

Collector::Collector(Fd from, std::string prefix) : from_(std::move(from)), prefix_(std::move(prefix)) {
    std::tie(stop_reading_, stop_writing_) = make_pipe();
    common::set_nonblocking(from_.get());
    thread_ = start_thread([this] { collect(); });
}

Collector::~Collector() { finish(); }

void Collector::finish() {
    stop_writing_.reset();
    if (thread_.joinable()) thread_.join();
}

void Collector::collect() {
    std::vector<char> buffer(64 * 1024);
    for (bool stopping = false;;) {
        std::array<pollfd, 2> watched{{{from_.get(), POLLIN, 0}, {stop_reading_.get(), POLLIN, 0}}};
        if (::poll(watched.data(), watched.size(), stopping ? 0 : -1) == -1) continue; // EINTR
        if (watched[1].revents != 0) stopping = true;
        const std::lock_guard lock{
            mutex_}; // before it reads: what is read is in the text, or still in the pipe
        const ssize_t got = common::retry([&] { return ::read(from_.get(), buffer.data(), buffer.size()); });
        if (got > 0) {
            const std::string_view bytes{buffer.data(), static_cast<std::size_t>(got)};
            echo(bytes);
            text_ += bytes;
            changed_.notify_all();
        } else if (stopping || got == 0 || (errno != EAGAIN && errno != EWOULDBLOCK)) {
            break; // a terminal whose other side is closed says EIO
        }
    }
    const std::lock_guard lock{mutex_};
    ended_ = true;
    changed_.notify_all();
}

void Collector::echo(std::string_view bytes) {
    if (prefix_.empty()) return;
    unfinished_line_ += bytes;
    std::string lines;
    for (std::size_t end; (end = unfinished_line_.find('\n')) != std::string::npos;) {
        lines.append(prefix_).append("| ").append(unfinished_line_, 0, end + 1);
        unfinished_line_.erase(0, end + 1);
    }
    if (!lines.empty()) common::write_some(STDOUT_FILENO, lines); // at once: the test may crash
}

std::string Collector::text() const {
    std::unique_lock lock{mutex_};
    int waiting = 0; // bytes
    if (!ended_ && ::ioctl(from_.get(), FIONREAD, &waiting) == 0) {
        const std::size_t written = text_.size() + static_cast<std::size_t>(waiting);
        changed_.wait_for(lock, patience, [&] { return text_.size() >= written || ended_; });
    }
    return text_;
}

std::size_t Collector::wait_for(std::string_view text, std::size_t from, Seconds limit) const {
    std::unique_lock lock{mutex_};
    std::size_t found = std::string::npos;
    const auto is_there = [&] { return (found = text_.find(text, from)) != std::string::npos; };
    changed_.wait_for(lock, limit, [&] { return is_there() || ended_; });
    if (found == std::string::npos)
        throw Failure{(prefix_.empty() ? "output" : prefix_) +
                      (ended_ ? ": ended without `" : ": waited for `") + std::string{text} +
                      "', but had: " + text_.substr(std::min(from, text_.size()))};
    return found + text.size();
}

// --- Child ---------------------------------------------------------------------------------------------

namespace {

std::vector<char*> as_pointers(Words& words) {
    std::vector<char*> pointers;
    for (std::string& word : words) pointers.push_back(word.data());
    pointers.push_back(nullptr);
    return pointers;
}

// Ours, in which the added ones (NAME=VALUE) come instead of those of the same name.
Words make_environment(const Words& added) {
    Words all = added;
    for (char** entry = environ; *entry; ++entry) {
        const std::string_view name =
            std::string_view{*entry}.substr(0, std::string_view{*entry}.find('=') + 1);
        if (std::ranges::none_of(added, [&](const std::string& word) { return word.starts_with(name); }))
            all.emplace_back(*entry);
    }
    return all;
}

pid_t spawn(const Words& command, const Child::Setting& setting) {
    posix_spawn_file_actions_t actions;
    ::posix_spawn_file_actions_init(&actions);
    std::vector<Fd> sources; // above all targets, so that none is overwritten before its turn
    for (const int fd : setting.descriptors) {
        sources.emplace_back(checked("fcntl", {}, [&] { return ::fcntl(fd, F_DUPFD_CLOEXEC, 64); }));
        ::posix_spawn_file_actions_adddup2(&actions, sources.back().get(),
                                           static_cast<int>(sources.size()) - 1);
    }
    posix_spawnattr_t attributes;
    ::posix_spawnattr_init(&attributes);
    sigset_t none, all; // the child starts with no signal blocked and none ignored
    ::sigemptyset(&none);
    ::sigfillset(&all);
    ::posix_spawnattr_setsigmask(&attributes, &none);
    ::posix_spawnattr_setsigdefault(&attributes, &all);
    short flags = POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF;
    if (!setting.terminal.empty()) {
        flags |= POSIX_SPAWN_SETSID; // then the terminal opened first becomes the session's own
        ::posix_spawn_file_actions_addopen(&actions, 0, setting.terminal.c_str(), O_RDWR, 0);
        ::posix_spawn_file_actions_adddup2(&actions, 0, 1);
        ::posix_spawn_file_actions_adddup2(&actions, 0, 2);
    }
    ::posix_spawnattr_setflags(&attributes, flags);
    Words words = command, environment = make_environment(setting.environment);
    words.at(0) =
        find_program(words.at(0)); // a chatd looks for its own path there where nobody else tells it
    pid_t pid = -1;
    const int error = ::posix_spawnp(&pid, words.front().c_str(), &actions, &attributes,
                                     as_pointers(words).data(), as_pointers(environment).data());
    ::posix_spawnattr_destroy(&attributes);
    ::posix_spawn_file_actions_destroy(&actions);
    if (error != 0) common::fail_with(error, "start", command[0]);
    return pid;
}

} // namespace

Child::Child(const Words& command, const Setting& setting)
    : name_(command.at(0)), pid_(spawn(command, setting)) {
    thread_ = start_thread([this] {
        siginfo_t info{};
        common::retry([&] { return ::waitid(P_PID, static_cast<id_t>(pid_), &info, WEXITED | WNOWAIT); });
        const std::lock_guard lock{mutex_}; // from here on nobody signals what is about to be another's pid
        int status = 0;
        common::retry([&] { return ::waitpid(pid_, &status, 0); });
        status_ = WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
        changed_.notify_all();
    });
}

Child::~Child() {
    signal(SIGKILL);
    thread_.join();
}

void Child::signal(int number) {
    const std::lock_guard lock{mutex_};
    if (!status_) ::kill(pid_, number);
}

int Child::wait(Seconds limit) {
    std::unique_lock lock{mutex_};
    if (!changed_.wait_for(lock, limit, [&] { return status_.has_value(); }))
        throw Failure{name_ + "[" + std::to_string(pid_) + "] does not end"};
    return *status_;
}

bool Child::has_ended() const {
    const std::lock_guard lock{mutex_};
    return status_.has_value();
}

// --- Process -------------------------------------------------------------------------------------------

Process::Process(const Words& command, Fd input, const Words& environment) {
    Fd in_reading = std::move(input);
    if (!in_reading) std::tie(in_reading, input_) = make_pipe();
    auto [out_reading, out_writing] = make_pipe();
    auto [err_reading, err_writing] = make_pipe();
    child_.emplace(command,
                   Child::Setting{.descriptors = {in_reading.get(), out_writing.get(), err_writing.get()},
                                  .environment = environment,
                                  .terminal = {}});
    out_.emplace(std::move(out_reading));
    err_.emplace(std::move(err_reading), command[0]);
}

void Process::write(std::string_view text) {
    ::signal(SIGPIPE, SIG_IGN); // say it as a Failure
    while (!text.empty()) {
        const auto written = common::write_some(input_.get(), text);
        if (written.state != common::IoState::done)
            throw Failure{"the program has closed its standard input"};
        text.remove_prefix(written.bytes);
    }
}

int Process::wait(Seconds limit) {
    const int status = child_->wait(limit);
    out_->finish();
    err_->finish();
    return status;
}

Result run_client(const Words& command, std::string_view input, Seconds limit) {
    Process process{command, make_unlinked_file(input)};
    const int status = process.wait(limit);
    return {status, process.out().text(), process.err().text()};
}

} // namespace e2e
