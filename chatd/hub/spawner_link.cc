// SPDX-License-Identifier: ISC
#include "chatd/hub/spawner_link.hh"

#include "common/daemon.hh"
#include "common/errors.hh"
#include "common/sandbox.hh"
#include "common/socket.hh"
#include "common/text.hh"

#include <algorithm>
#include <array>
#include <csignal>
#include <cstdlib>
#include <fcntl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

using namespace common;

namespace chatd {

// Of a name without a slash, PATH tells which one is executed.
std::string folder_of_program(const std::string& program) {
    const std::size_t slash = program.rfind('/');
    if (slash != program.npos) return program.substr(0, slash);
    const char* const path = ::getenv("PATH");
    for (const std::string_view folder : split(path == nullptr ? "" : path, ':'))
        if (::access(text(folder, '/', program).c_str(), X_OK) == 0) return std::string{folder};
    return {};
}

namespace {

constexpr std::chrono::seconds restart_pause{1}; // between starts of a spawner that dies at once

// In the child: nothing of the hub's memory is left behind the exec, and only the pair stays open.
int become_spawner(const std::string& program, bool may_complain, const Fd& pair) {
    std::string name{spawner_name};
    std::string folder = folder_of_program(program);
    const std::array<char*, 3> arguments{name.data(), folder.data(), nullptr};
    if (pair.get() == spawner_fd)
        checked("keep open", "the pair", [&] { return ::fcntl(spawner_fd, F_SETFD, 0); });
    else
        checked("duplicate", "the pair", [&] { return ::dup2(pair.get(), spawner_fd); });
    // Whoever started chatd may have left more open, and passed listeners that the hub takes only later.
    close_other_descriptors(std::array{STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO, spawner_fd});
    discard_standard_input_and_output();
    if (!may_complain) checked("duplicate", "/dev/null", [] { return ::dup2(STDIN_FILENO, STDERR_FILENO); });
    sigset_t none;
    ::sigemptyset(&none);
    ::sigprocmask(SIG_SETMASK, &none, nullptr);
    ::execvp(program.c_str(), arguments.data());
    fail("execute", program);
}

} // namespace

SpawnerLink::SpawnerLink(std::string program, bool may_complain)
    : program_(std::move(program)), may_complain_(may_complain) {
    if (!start()) fail_with(EAGAIN, "fork", "the spawner");
}

// False when there is no process to be had now.
bool SpawnerLink::start() {
    auto [ours, theirs] = make_packet_pair();
    Child child;
    child.role = spawner_name;
    started_ = Clock::now();
    const auto body = [this, &pair = theirs] { return become_spawner(program_, may_complain_, pair); };
    if (!children_.spawn(std::move(child), body)) return false;
    pair_ = std::move(ours);
    return true;
}

void SpawnerLink::attach(Loop& loop, Log& log, std::string configure, int pages, Callbacks callbacks) {
    loop_ = &loop;
    log_ = &log;
    configure_ = std::move(configure);
    pages_ = pages;
    callbacks_ = std::move(callbacks);
    connect();
    // It was started before our priority was known.
    if (pid() > 0) ::setpriority(PRIO_PROCESS, static_cast<id_t>(pid()), ::getpriority(PRIO_PROCESS, 0));
}

void SpawnerLink::connect() {
    loop_->watch(pair_.get(), Interest::read, [this](const Event& event) {
        if (event.writable) flush();
        if (event.writable && is_ready()) callbacks_.on_ready();
        if (pair_) read_packets();
    });
    send_configure();
}

void SpawnerLink::configure(std::string frame) {
    configure_ = std::move(frame);
    if (pair_) send_configure();
}

void SpawnerLink::send_configure() { send({configure_, duplicate(pages_, "the pages"), {}}); }

void SpawnerLink::spawn(std::uint64_t client, std::size_t page, Fd socket, Fd pair) {
    send(
        {SpawnFrame::make({}, client, static_cast<std::uint32_t>(page)), std::move(socket), std::move(pair)});
}

void SpawnerLink::signal(std::uint64_t client, int number) {
    if (pair_) send({KillFrame::make({}, client, static_cast<std::uint8_t>(number)), {}, {}});
}

void SpawnerLink::send(Unsent packet) {
    unsent_.push_back(std::move(packet));
    flush();
}

void SpawnerLink::flush() {
    while (!unsent_.empty()) {
        const Unsent& next = unsent_.front();
        const IoState state = send_packet(pair_.get(), next.packet, next.first.get(), next.second.get());
        if (state == IoState::vanished) return; // reading tells, too, and acts on it
        if (state != IoState::done) break;
        unsent_.pop_front();
    }
    loop_->change(pair_.get(), unsent_.empty() ? Interest::read : Interest::both);
}

void SpawnerLink::read_packets() {
    std::array<char, max_frame> packet; // not filled: most packets are short
    for (int budget = 64;; --budget) {
        if (budget == 0) return loop_->again(pair_.get());
        try {
            const Received got = receive_packet(pair_.get(), packet);
            if (got.state == IoState::would_block) return;
            if (got.state != IoState::done) return lose();
            handle(std::span{packet}.first(got.bytes));
        } catch (const PeerError& error) {
            log_->error(text("the spawner is killed: ", error.what()));
            children_.signal_all(SIGKILL);
            return lose();
        }
        if (!pair_) return; // a callback has stopped it
    }
}

void SpawnerLink::handle(std::span<const char> packet) {
    switch (message_of(packet)) {
    case Message::spawned: {
        const auto [client, pid] = SpawnedFrame::read(packet).first;
        return callbacks_.on_spawned(client, static_cast<pid_t>(pid));
    }
    case Message::ended: {
        const auto [client, status] = EndedFrame::read(packet).first;
        return callbacks_.on_ended(client, status);
    }
    case Message::ready:
        if (std::get<0>(ReadyFrame::read(packet).first) != protocol_version)
            throw PeerError("it is of another version: restart chatd");
        was_ready_ = true;
        return;
    default: throw PeerError("the spawner sent a frame that is not for the hub");
    }
}

// Its end: SIGCHLD says how, and starts another.
void SpawnerLink::lose() {
    if (!pair_) return;
    loop_->forget(pair_.get());
    pair_.reset();
    unsent_.clear();
    if (!stopping_ && was_ready_) callbacks_.on_lost();
}

void SpawnerLink::reap(const Children::OnOther& on_other) {
    const auto on_end = [this](Ended ended) {
        lose();
        if (stopping_) return;
        if (!was_ready_)
            throw std::runtime_error(
                text("the spawner has ended at its start: ", describe_status(ended.status)));
        log_->warning(
            text("spawner ", ended.pid, " ended: ", describe_status(ended.status), "; starting another"));
        start_again();
    };
    children_.reap(on_end, on_other);
}

void SpawnerLink::start_again() {
    if (stopping_) return;
    const auto earliest = started_ + restart_pause;
    if (Clock::now() < earliest || !start()) {
        loop_->at(std::max(earliest, Clock::now() + restart_pause), [this] { start_again(); });
        return;
    }
    connect();
    callbacks_.on_ready();
}

void SpawnerLink::stop(const Children::OnOther& on_other) {
    stopping_ = true;
    if (pair_) {
        if (loop_ != nullptr) loop_->forget(pair_.get());
        pair_.reset();
    }
    constexpr std::chrono::seconds patience{3};
    const auto on_end = [](const Ended&) {};
    children_.wait_for_all(Clock::now() + patience, on_end, on_other);
    if (children_.size() == 0) return;
    if (log_ != nullptr)
        log_->error(text("the spawner is killed: it did not end within ", patience.count(), " s"));
    children_.signal_all(SIGKILL);
    children_.wait_for_all(Clock::now() + patience, on_end, on_other);
}

} // namespace chatd
