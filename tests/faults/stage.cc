// SPDX-License-Identifier: ISC
#include "tests/faults/stage.hh"

#include "common/text.hh"
#include "tests/e2e/observe.hh"
#include "tests/e2e/proc.hh"
#include "tests/e2e/roles.hh"

#include <signal.h>

namespace faults {

using namespace e2e;
using common::text;

void Stage::start(const Daemon::Setting& setting, std::string_view parent) {
    parent_ = parent;
    daemon_.emplace(setting);
}

pid_t Stage::process(std::string_view name) const {
    pid_t found = -1;
    wait_until(text("there is a process ", name), [&] { return (found = find_process(name)) != -1; });
    return found;
}

pid_t Stage::find_process(std::string_view name) const {
    if (name == "keeper") return daemon_->pid();
    if (name == parent_) return daemon_->main_pid();
    pid_t found = -1;
    bool has_spawner = parent_ != "hub"; // one that is not executed yet looks like authd
    for (const pid_t child : others_of(*daemon_)) {
        const bool is_spawner = command_line_of(child).starts_with("chatd-spawner");
        if (name == (is_spawner ? "spawner" : "authd")) found = child;
        has_spawner |= is_spawner;
    }
    return has_spawner ? found : -1;
}

void Stage::kill_process(std::string_view name) {
    const pid_t pid = process(name);
    ::kill(pid, SIGKILL);
    wait_in_scene(text("another ", name, " runs"), [&] {
        const pid_t now = find_process(name);
        return now != -1 && now != pid;
    });
}

void Stage::lose(std::string_view who, unsigned may_lose) {
    if (++lost_ > may_lose) throw Failure{text(who, " was disconnected")};
}

void Stage::wait_for_log(const std::string& words, std::size_t from) {
    wait_in_scene(text("in the log: ", words),
                  [&] { return daemon_->log().find(words, from) != std::string::npos; });
}

void Stage::wait_in_scene(const std::string& what, const std::function<bool()>& holds) const {
    const auto deadline = std::chrono::steady_clock::now() + scene_limit_;
    wait_until(what, [&] {
        if (holds()) return true;
        if (std::chrono::steady_clock::now() > deadline) throw Failure{text("it is not so: ", what)};
        return false;
    });
}

pid_t Stage::child_for(const Connection& client) {
    const std::string words = text("accept ", client.local().shown(), " pid ");
    wait_for_log(words);
    const std::string log = daemon_->log();
    return std::stoi(log.substr(log.find(words) + words.size()));
}

void Stage::ask(const Words& question) {
    Words command = question;
    command.insert(command.begin() + 1, {"-s", daemon_->state() / "control"});
    const Result result = run_client(command, {}, scene_limit_);
    if (result.status != 0) throw Failure{result.err};
}

} // namespace faults
