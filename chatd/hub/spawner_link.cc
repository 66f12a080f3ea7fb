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
    : program_(std::move(program)),
      process_({.role = "spawner",
                .called = "the spawner",
                .max_packet = max_frame,
                .body = [this, may_complain](
                            const Fd& pair) { return become_spawner(program_, may_complain, pair); },
                .on_packet = [this](std::span<const char> packet) { handle(packet); },
                .on_restart =
                    [this] {
                        send_configure();
                        callbacks_.on_ready();
                    },
                .on_sent = [this] { callbacks_.on_ready(); },
                .on_lost =
                    [this] {
                        process_.drop_waiting(); // on_lost finds their clients
                        if (was_ready_) callbacks_.on_lost();
                    },
                .patience = 12 * handlers_time}) {
    if (!process_.start()) fail_with(EAGAIN, "fork", "the spawner");
}

void SpawnerLink::attach(Loop& loop, Log& log, std::string configure, int pages, Callbacks callbacks) {
    configure_ = std::move(configure);
    pages_ = pages;
    callbacks_ = std::move(callbacks);
    process_.attach(loop, log);
    send_configure();
    // It was started before our priority was known.
    ::setpriority(PRIO_PROCESS, static_cast<id_t>(process_.pid()), ::getpriority(PRIO_PROCESS, 0));
}

void SpawnerLink::configure(std::string frame) {
    configure_ = std::move(frame);
    if (process_.runs()) send_configure();
}

void SpawnerLink::send_configure() { process_.send(configure_, duplicate(pages_, "the pages")); }

void SpawnerLink::spawn(std::uint64_t client, std::size_t page, Fd socket, Fd pair) {
    process_.send(SpawnFrame::make({}, client, static_cast<std::uint32_t>(page)), std::move(socket),
                  std::move(pair));
}

void SpawnerLink::signal(std::uint64_t client, int number) {
    if (process_.runs()) process_.send(KillFrame::make({}, client, static_cast<std::uint8_t>(number)));
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

void SpawnerLink::reap(const Children::OnOther& on_other) {
    reap_children([&](pid_t pid, int status) {
        if (pid == process_.pid() && !was_ready_ && !stopping_) {
            failure_ = text("the spawner has ended at its start: ", describe_status(status));
            return;
        }
        if (!process_.end(pid, status)) on_other(pid, status);
    });
}

void SpawnerLink::stop(const Children::OnOther& on_other) {
    stopping_ = true;
    process_.stop();
    process_.wait(on_other);
}

} // namespace chatd
