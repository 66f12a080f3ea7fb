// SPDX-License-Identifier: ISC
// The hub's end of the spawner, which the keeper starts, and again when it dies: hands it clients, and hears
// how their handlers ended. Run by the hub.
#pragma once

#include "chatd/protocol.hh"
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

class SpawnerLink {
public:
    struct Callbacks {
        std::function<void(std::uint64_t client, pid_t pid)> on_spawned; // -1: could not fork
        std::function<void(std::uint64_t client, int status)> on_ended;  // of waitpid(2)
        std::function<void()> on_lost;  // the spawner died: its handlers are now orphans
        std::function<void()> on_ready; // it takes clients again
    };

    // end: called when it has broken the protocol, and is to be ended.
    explicit SpawnerLink(std::function<void()> end);

    // From now on loop serves it. configure: the first frame for it and for each that follows it, with pages.
    void attach(common::Loop& loop, common::Log& log, std::string configure, int pages, Callbacks callbacks);

    // The pair with one that the keeper has started.
    void adopt(common::Fd pair, pid_t pid) { process_.adopt(std::move(pair), pid); }

    // Another first frame, for the handlers to come.
    void configure(std::string frame);
    // Whether a spawner has ever said that it runs, to this hub or one before it: this program can be
    // executed.
    bool was_ready() const { return was_ready_; }
    void take_as_ready() { was_ready_ = true; }
    // Whether a client can be handed over now; else on_ready tells when.
    bool is_ready() const { return process_.runs() && process_.waiting() == 0; }
    void spawn(std::uint64_t client, std::size_t page, common::Fd socket, common::Fd pair);
    void signal(std::uint64_t client, int signal);
    // Tells it to end, and waits for it: its handlers end with their pairs, and it kills who does not.
    void stop();

private:
    void send_configure();
    void handle(std::span<const char> packet);

    common::HelperProcess process_;
    std::string configure_;
    int pages_ = -1;
    Callbacks callbacks_;
    bool was_ready_ = false;
};

} // namespace chatd
