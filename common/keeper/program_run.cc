// SPDX-License-Identifier: ISC
#include "common/keeper/program_run.hh"

#include "common/children.hh"
#include "common/error_lines.hh"
#include "common/errors.hh"
#include "common/sandbox.hh"
#include "common/signals.hh"
#include "common/socket.hh"
#include "common/text.hh"

#include <algorithm>
#include <array>
#include <csignal>
#include <sys/wait.h>
#include <unistd.h>
#include <utility>

namespace common {
namespace {

// Whoever has put it there a moment ago may not have let go of it yet.
constexpr std::chrono::seconds busy{1};

std::string on_one_line(std::string_view all) {
    std::string line;
    for (const char one : all) line += one == '\n' ? std::string{"; "} : std::string{one};
    return keep_to_one_line(line);
}

} // namespace

void ProgramRun::begin(std::shared_ptr<const Executable> program, std::vector<std::string> arguments,
                       OnResult on_result) {
    program_ = std::move(program);
    output_.clear();
    status_.reset();
    was_late_ = false;
    std::array<int, 2> ends{};
    checked("create a pipe", {}, [&] { return ::pipe(ends.data()); });
    Fd ours{ends[0]}, theirs{ends[1]};
    set_close_on_exec(ours.get());
    set_nonblocking(ours.get());
    pid_ = checked("fork", {}, [] { return ::fork(); });
    if (pid_ == 0)
        ::_exit(report_errors(program_->path(), [&]() -> int {
            for (const int fd : {STDOUT_FILENO, STDERR_FILENO})
                checked("duplicate", {}, [&] { return ::dup2(theirs.get(), fd); });
            invocation_.go_back(); // by a descriptor
            close_other_descriptors(std::array{STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO, program_->fd()});
            Signals::let_all_in();
            program_->execute(arguments, busy);
        }));
    on_result_ = std::move(on_result);
    theirs.reset();
    said_ = Watch{loop_, std::move(ours), Interest::read, [this](const Event&) { read(); },
                  [this](const std::exception&) {
                      said_.reset();
                      go_on();
                  }};
    limit_ = loop_.at(Clock::now() + limit, [this] {
        was_late_ = true;
        ::kill(pid_, SIGKILL);
    });
}

// False: there may be more. Whoever writes without an end has only its share of a round.
bool ProgramRun::read_all() {
    static std::array<char, 4096> bytes;
    for (int budget = 16;; --budget) {
        if (budget == 0) return said_.again(), false;
        const IoResult got = read_some(said_.fd(), bytes);
        if (got.state == IoState::would_block) return false;
        if (got.state != IoState::done) return true;
        output_.append(bytes.data(), std::min(got.bytes, max_words - std::min(max_words, output_.size())));
    }
}

void ProgramRun::read() {
    if (!read_all()) return;
    said_.reset();
    go_on();
}

bool ProgramRun::on_child_end(pid_t pid, int status) {
    if (pid != pid_) return false;
    pid_ = -1;
    loop_.cancel(limit_);
    status_ = status;
    if (said_) read_all(); // a child of its own may hold the pipe: what that says is not waited for
    said_.reset();
    if (on_result_) go_on(); // else it was stopped
    return true;
}

// Once it has ended, and all that it said is read.
void ProgramRun::go_on() {
    if (!status_ || said_) return;
    while (output_.ends_with('\n')) output_.pop_back();
    const Result result{output_, why_not(*std::exchange(status_, std::nullopt))};
    program_.reset();
    std::exchange(on_result_, nullptr)(result);
}

// What it has said; and how it ended, unless it has said so itself.
std::optional<std::string> ProgramRun::why_not(int status) const {
    if (was_late_) return text("no answer within ", limit.count(), " s");
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0) return {};
    const std::string said = on_one_line(output_);
    if (said.empty()) return describe_status(status);
    return WIFEXITED(status) ? said : text(said, ", ", describe_status(status));
}

void ProgramRun::stop() {
    loop_.cancel(limit_);
    said_.reset();
    if (pid_ != -1) ::kill(pid_, SIGKILL);
    on_result_ = nullptr;
    program_.reset();
}

} // namespace common
