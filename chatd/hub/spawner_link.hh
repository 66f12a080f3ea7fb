// SPDX-License-Identifier: ISC
// The hub's end of the spawner, which the keeper starts, and again when it dies, and after an upgrade: hands
// it clients, and hears how their handlers ended. It may be of another version than the hub. Run by the hub.
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
        std::function<void()> on_ready; // is_ready says something else now
        // Of its handlers that are there, after list: some at a time.
        struct Handler {
            std::uint64_t client;
            pid_t pid;
        };
        std::function<void(std::span<const Handler> some, bool is_last)> on_handlers{};
        std::function<void(std::uint16_t version)> on_version{}; // it has said which one it is of
    };

    // end: called when it has broken the protocol, and is to be ended. kill: one of before, which hangs.
    explicit SpawnerLink(std::function<void()> end, std::function<void(pid_t)> kill = nullptr);

    // The first frame for a spawner of that version, and for its handlers to come.
    using MakeConfigure = std::function<std::string(std::uint16_t version)>;
    // From now on loop serves it. make_configure: called for it and for each that follows it, which get the
    // pages, too.
    void attach(common::Loop& loop, common::Log& log, MakeConfigure make_configure, int pages,
                Callbacks callbacks);

    // The pair with one that the keeper has started. One that is there is told to let go first; when it has,
    // on_lost tells. version: as an earlier hub has heard from it; 0: it says so itself.
    void adopt(common::Fd pair, pid_t pid, std::uint16_t version = 0);

    // The same for one that an earlier hub had: to whoever is at the other end of this.
    static void tell_to_let_go(const common::Fd& pair);

    // Of the one that was handed over last; -1: none was.
    pid_t pid() const { return process_.pid(); }
    std::uint16_t version() const { return version_; } // 0: it has not said so yet
    // Something in the first frame is another now.
    void configure();
    // Whether a spawner has ever said that it runs, to this hub or one before it: this program can be
    // executed.
    bool was_ready() const { return was_ready_; }
    // Whether a client can be handed over now; else on_ready tells when.
    bool is_ready() const { return process_.runs() && version_ != 0 && !next_ && process_.waiting() == 0; }
    void spawn(std::uint64_t client, std::size_t page, Front front, common::Fd socket, common::Fd pair);
    void signal(std::uint64_t client, int signal);
    // Asks it which handlers are there: on_handlers. For a hub that follows another, at its start; if this
    // spawner has died since, on_lost tells.
    void list();
    // Tells it to end, and waits for it: its handlers end with their pairs, and it kills who does not.
    void stop();
    // It goes on with another hub.
    void leave() { process_.leave(); }

private:
    void take_next();
    void send_configure();
    void hear_version(std::span<const char> packet);
    void know_version(std::uint16_t version);
    void handle(std::span<const char> packet);
    void take_handlers(std::span<const char> packet);

    // Another one, which waits until the one of now has let go.
    struct Next {
        common::Fd pair;
        pid_t pid;
        std::uint16_t version;
    };

    common::Loop* loop_ = nullptr;
    std::function<void(pid_t)> kill_;
    common::HelperProcess process_;
    MakeConfigure make_configure_;
    std::uint16_t version_ = 0; // of the one of now
    std::optional<Next> next_;
    common::Loop::TimerId take_next_{};
    int pages_ = -1;
    Callbacks callbacks_;
    bool was_ready_ = false;
};

} // namespace chatd
