// SPDX-License-Identifier: ISC
#include "chatd/hub/background_save.hh"

#include "common/children.hh"
#include "common/errors.hh"
#include "common/fd.hh"
#include "common/sandbox.hh"
#include "common/text.hh"
#include "common/whole_file.hh"

#include <algorithm>
#include <array>
#include <optional>
#include <poll.h>
#include <sys/wait.h>
#include <system_error>
#include <unistd.h>
#include <utility>

using namespace common;

namespace chatd {
namespace {

constexpr std::chrono::seconds shortest_pause{1}, longest_pause{60}; // between the beginnings of two
constexpr std::chrono::milliseconds reap_pause{10};
constexpr std::string_view saved = "+"; // the child's words when all went well
constexpr std::size_t max_words = 1024; // bytes

} // namespace

BackgroundSave::BackgroundSave(Loop& loop, Log& log, std::string path, std::string what,
                               std::function<std::string()> content)
    : loop_(loop),
      log_(log),
      path_(std::move(path)),
      what_(std::move(what)),
      content_(std::move(content)),
      pause_(shortest_pause) {}

BackgroundSave::~BackgroundSave() {
    loop_.cancel(next_);
    if (child_ > 0) retry([&] { return ::waitpid(child_, nullptr, 0); });
}

std::uint64_t BackgroundSave::note_change() {
    is_changed_ = true;
    if (child_ < 0 && !waits_) begin_at(std::max(Clock::now(), begun_ + pause_));
    return ++changes_;
}

void BackgroundSave::begin_at(Clock::time_point when) {
    waits_ = true;
    next_ = loop_.at(when, [this] {
        waits_ = false;
        begin();
    });
}

void BackgroundSave::begin() {
    begun_ = Clock::now();
    changes_in_save_ = changes_;
    is_changed_ = false;
    heard_.clear();
    try {
        std::array<int, 2> ends{};
        checked("create a pipe", {}, [&] { return ::pipe(ends.data()); });
        Fd reading{ends[0]};
        const Fd writing{ends[1]};
        set_close_on_exec(reading.get());
        set_close_on_exec(writing.get());
        set_nonblocking(reading.get());
        words_ = Watch{loop_, std::move(reading), Interest::read, [this](const Event&) { hear(); }};
        const std::optional<pid_t> pid =
            Children{}.spawn({.role = "save"}, [&, told = writing.get()] { return save(told); });
        if (!pid) fail_with(EAGAIN, "fork");
        child_ = *pid;
    } catch (const std::runtime_error& error) {
        words_.reset();
        end(error.what());
    }
}

// In the child, which holds none of the hub's descriptors meanwhile.
int BackgroundSave::save(int told) const {
    close_other_descriptors(std::array{STDERR_FILENO, told});
    hide_memory();
    std::string words{saved};
    try {
        replace_file(path_, content_());
    } catch (const std::exception& error) {
        words = error.what();
    }
    write_some(told, std::string_view{words}.substr(0, max_words));
    return words == saved ? 0 : 1;
}

void BackgroundSave::hear() {
    std::array<char, max_words> piece{};
    for (;;) {
        const IoResult got = read_some(words_.fd(), piece);
        if (got.state == IoState::would_block) return;
        if (got.state != IoState::done) break;
        heard_.append(piece.data(), got.bytes);
    }
    words_.reset();
    end(heard_ == saved ? "" : heard_.empty() ? "the process that should do it has died" : heard_);
    reap();
}

void BackgroundSave::end(const std::string& why_not) {
    if (why_not.empty()) {
        pause_ = shortest_pause;
        on_saved_(changes_in_save_);
    } else {
        log_.error(text(what_, " are not saved: ", why_not));
        is_changed_ = true;
        pause_ = std::min(2 * pause_, longest_pause);
    }
    if (child_ < 0 && is_changed_) begin_at(begun_ + pause_);
}

// It is about to end, or somebody who collects every child has it already.
void BackgroundSave::reap() {
    if (retry([&] { return ::waitpid(child_, nullptr, WNOHANG); }) == 0) {
        next_ = loop_.at(Clock::now() + reap_pause, [this] { reap(); });
        return;
    }
    child_ = -1;
    if (is_changed_) begin_at(std::max(Clock::now(), begun_ + pause_));
}

void BackgroundSave::finish() {
    loop_.cancel(next_);
    waits_ = false;
    while (words_) {
        pollfd end{words_.fd(), POLLIN, 0};
        retry([&] { return ::poll(&end, 1, -1); });
        hear();
        loop_.cancel(next_);
        waits_ = false;
    }
    if (child_ > 0) retry([&] { return ::waitpid(child_, nullptr, 0); });
    child_ = -1;
    if (!std::exchange(is_changed_, false)) return;
    try {
        replace_file(path_, content_());
    } catch (const std::system_error& error) {
        log_.error(text(what_, " are not saved: ", error.what()));
    }
}

} // namespace chatd
