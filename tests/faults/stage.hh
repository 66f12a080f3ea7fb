// SPDX-License-Identifier: ISC
// A daemon, clients that sit in it, and scenes that another client plays there. After a scene, in which calls
// of one process may have failed, all but that client must have what was promised to them.
#pragma once

#include "tests/e2e/daemon.hh"
#include "tests/e2e/wire.hh"

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace faults {

// How long those who must be served wait for one event.
inline constexpr e2e::Seconds served_limit{30};

class Stage {
public:
    virtual ~Stage() = default;
    Stage(const Stage&) = delete;
    Stage& operator=(const Stage&) = delete;

    struct Scene {
        std::function<void()> prepare; // before a call fails; must succeed
        std::function<void()> act;     // meanwhile; may throw Failure
        unsigned may_lose = 0;         // how many of those who sit there it disconnects by itself
    };
    virtual Scene scene(std::string_view name) = 0;

    // Throws Failure unless those who sit there go on as if nothing had happened, a newcomer is served,
    // nobody else is left, and what was acknowledged is there, whole. may_lose: how many of those who sit
    // there may have been disconnected, by the scene or since a call failed that was about them; then the
    // stage is over.
    virtual void verify(unsigned may_lose) = 0;
    // The same of what only the end shows, and the daemon's end.
    virtual void close() = 0;

    e2e::Daemon& daemon() { return *daemon_; }
    // The one that runs now under the name that suite(7) gives to it; waits for one that is started again.
    pid_t process(std::string_view name) const;
    // How long whoever plays a scene waits for one event. What fails is often never answered, so it is short
    // where much is to fail.
    void wait_in_scenes(e2e::Seconds limit) { scene_limit_ = limit; }

protected:
    Stage() = default;
    // parent: how its lines in the log begin. Nobody may be connected yet.
    void start(const e2e::Daemon::Setting& setting, std::string_view parent);
    // One of those who sit there is no longer connected.
    void lose(std::string_view who, unsigned may_lose);
    e2e::Seconds scene_limit() const { return scene_limit_; }
    // These wait as long as whoever plays a scene does.
    void wait_for_log(const std::string& words, std::size_t from = 0);
    void kill_process(std::string_view name);       // until another runs
    pid_t child_for(const e2e::Connection& client); // who serves it
    void ask(const e2e::Words& command);            // chatctl, ftpctl; throws Failure unless it is done

private:
    pid_t find_process(std::string_view name) const; // -1: it does not run
    void wait_in_scene(const std::string& what, const std::function<bool()>& holds) const;

    unsigned lost_ = 0;
    e2e::Seconds scene_limit_ = served_limit;
    std::string parent_;
    std::optional<e2e::Daemon> daemon_;
};

std::unique_ptr<Stage> make_chatd_stage();
std::unique_ptr<Stage> make_ftpd_stage();

} // namespace faults
