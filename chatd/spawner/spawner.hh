// SPDX-License-Identifier: ISC
// The spawner: forks the handlers, reaps them, and tells the hub how each ended. It is chatd executed anew
// before the hub reads its configuration, so it holds no code of a room and no descriptor but its own; what
// it forks is as innocent. Trusts the hub. What goes wrong for one client is told to the hub as a handler
// that could not be forked; with the hub itself it is tried again, and if that fails for 10 s, the spawner
// ends. At its end no handler is left, unless another spawner follows it after an upgrade: then it lets them
// go.
#pragma once

#include "chatd/phrases.hh"
#include "chatd/protocol.hh"
#include "common/children.hh"
#include "common/loop.hh"
#include "common/privileges.hh"
#include "common/socket.hh"

#include <deque>
#include <map>
#include <optional>
#include <span>
#include <string>

namespace chatd {

// What a process that was forked for a client has, as main.cc gives it to a handler.
struct HandlerParts {
    common::Backend events;
    std::chrono::seconds idle_timeout; // 0: none
    Language language;
    std::uint32_t lines_at_once; // that may go to the hub together; 0: no limit
    Front front;
    const Catalogues& catalogues;
    common::Fd client, pair;
    std::span<std::byte> page; // its own
};
using RunHandler = int (*)(HandlerParts parts); // returns the exit status

class Spawner {
public:
    // program_folder: where the catalogues of a program that is not installed are; empty: not known.
    Spawner(common::Fd hub, const std::string& program_folder, RunHandler run_handler);
    // Serves the hub until it ends, and then sees to it that the handlers do; or until it is told to let go.
    int run();

private:
    void watch_hub();
    void read_packets();
    void handle(std::span<const char> packet, common::Received got);
    void pause_hub(const std::exception& error);
    void configure(std::span<const char> packet, common::Fd pages);
    void spawn(std::span<const char> packet, common::Received got);
    void kill(std::span<const char> packet);
    void list(std::span<const char> packet);
    void reap(pid_t one);
    void reap_all();
    void tell_end(const common::Ended& ended);
    void tell_rest();
    void end_handlers();
    void tell(std::string packet);
    void flush();
    int become_handler(common::Fd client, common::Fd pair, std::size_t page, Front front);

    common::Fd hub_;
    RunHandler run_;
    common::Fd pages_;
    common::Loop loop_;
    common::Children handlers_;
    std::map<std::uint64_t, pid_t> by_number_;
    std::deque<std::string>
        untold_; // packets that the pair had no room for; at most two for each handler, and lists
    std::chrono::seconds idle_timeout_{}; // 0: none
    Catalogues catalogues_;               // opened here, since a handler can open no file
    std::optional<common::Identity> identity_;
    common::Clock::time_point next_reaping_;
    std::vector<char> packet_ =
        std::vector<char>(max_frame); // not on the stack, which every handler inherits
    common::Backend events_ = common::Backend::poll;
    Language language_{};
    std::uint32_t lines_at_once_ = 0;
    common::Patience patience_; // with the hub's pair
    bool will_reap_all_ = false;
    bool over_ = false;
    bool lets_go_ = false; // of its handlers
    bool has_failed_ = false;
};

} // namespace chatd
