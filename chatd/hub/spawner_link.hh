// SPDX-License-Identifier: ISC
// The hub's end of the spawner: starts it (and starts it again when it dies), hands it clients, and hears how
// their handlers ended. Run by the hub.
#pragma once

#include "chatd/protocol.hh"
#include "common/children.hh"
#include "common/fd.hh"
#include "common/helper_process.hh"
#include "common/log.hh"
#include "common/loop.hh"

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>

namespace chatd {

// The folder of a program that is executed by this name; empty when it is not found.
std::string folder_of_program(const std::string& program);

class SpawnerLink {
public:
    struct Callbacks {
        std::function<void(std::uint64_t client, pid_t pid)> on_spawned; // -1: could not fork
        std::function<void(std::uint64_t client, int status)> on_ended;  // of waitpid(2)
        std::function<void()> on_lost;  // the spawner died: its handlers are now orphans
        std::function<void()> on_ready; // it takes clients again
    };

    // Forks and executes program (this one) as the spawner. To be called before anything secret is read. Its
    // standard input and output are /dev/null, and so is standard error unless it may complain there.
    SpawnerLink(std::string program, bool may_complain);

    // From now on loop serves it. configure: the first frame for it and for each that follows it, with pages.
    void attach(common::Loop& loop, common::Log& log, std::string configure, int pages, Callbacks callbacks);

    // Another first frame, for the handlers to come.
    void configure(std::string frame);
    // Whether a spawner has ever said that it runs: this program can be executed.
    bool was_ready() const { return was_ready_; }
    // Why none ever will: the first one has ended before it was ready.
    const std::optional<std::string>& failure() const { return failure_; }
    // Whether a client can be handed over now; else on_ready tells when.
    bool is_ready() const { return process_.runs() && process_.waiting() == 0; }
    void spawn(std::uint64_t client, std::size_t page, common::Fd socket, common::Fd pair);
    void signal(std::uint64_t client, int signal);
    // After SIGCHLD. on_other: as Children::reap has it.
    void reap(const common::Children::OnOther& on_other);
    // Tells it to end and waits for it; on_other hears of those that end meanwhile, as above. Handlers end
    // with their pairs.
    void stop(const common::Children::OnOther& on_other);

    const std::string& program() const { return program_; }

private:
    void send_configure();
    void handle(std::span<const char> packet);

    std::string program_;
    common::HelperProcess process_;
    std::string configure_;
    int pages_ = -1;
    Callbacks callbacks_;
    bool was_ready_ = false;
    std::optional<std::string> failure_;
    bool stopping_ = false;
};

} // namespace chatd
