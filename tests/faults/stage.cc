// SPDX-License-Identifier: ISC
#include "tests/faults/stage.hh"

#include "common/text.hh"
#include "tests/e2e/observe.hh"
#include "tests/e2e/proc.hh"

namespace faults {

using namespace e2e;
using common::text;

void Stage::start(const Daemon::Setting& setting, std::string_view parent) {
    daemon_.emplace(setting);
    const std::string log = daemon_->log();
    const auto at = log.find(text(parent, '['));
    if (at == log.npos) throw Failure{text("no line of the ", parent, " in the log")};
    const pid_t main = std::stoi(log.substr(at + parent.size() + 1));
    processes_.emplace_back(parent, main);
    if (daemon_->pid() != main) processes_.emplace_back("keeper", daemon_->pid());
    for (const ProcessStatus& process : below(daemon_->pid()))
        if (process.pid != main)
            processes_.emplace_back(
                command_line_of(process.pid).starts_with("chatd-spawner") ? "spawner" : "authd", process.pid);
}

pid_t Stage::process(std::string_view name) const {
    for (const auto& [known, pid] : processes_)
        if (known == name) return pid;
    throw Failure{text("there is no process ", name)};
}

void Stage::lose(std::string_view who, unsigned may_lose) {
    if (++lost_ > may_lose) throw Failure{text(who, " was disconnected")};
}

void Stage::wait_for_log(const std::string& words, std::size_t from) {
    const auto deadline = std::chrono::steady_clock::now() + scene_limit;
    wait_until("the log has it", [&] {
        if (std::chrono::steady_clock::now() > deadline) throw Failure{text("not in the log: ", words)};
        return daemon_->log().find(words, from) != std::string::npos;
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
    const Result result = run_client(command, {}, scene_limit);
    if (result.status != 0) throw Failure{result.err};
}

} // namespace faults
