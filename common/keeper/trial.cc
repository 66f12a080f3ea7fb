// SPDX-License-Identifier: ISC
#include "common/keeper/trial.hh"

#include "common/errors.hh"
#include "common/keeper/group_sockets.hh"
#include "common/keeper/hand_over.hh"
#include "common/keeper/keeper_link.hh"
#include "common/keeper/keeper_pair.hh"
#include "common/keeper/listeners.hh"
#include "common/sandbox.hh"
#include "common/text.hh"

#include <array>
#include <unistd.h>
#include <utility>

namespace common {
namespace {

constexpr std::chrono::seconds patience{10}; // with a keeper that does not read

void refuse_changes(const Paper& paper, const Plan& plan) {
    if (plan.settings.state != paper.state)
        throw UserError(text("`state' is ", plan.settings.state, " now, and ", paper.state,
                             " in the daemon that runs: that takes a stop and a start"));
    if ((plan.owner ? plan.owner->name : "") != paper.owner)
        throw UserError("the user of the main process is another now: that takes a stop and a start");
}

class Opener {
public:
    explicit Opener(int pair) {
        pair_.open(Fd{pair}, [](const KeeperFrame&, const Fd&) {});
    }

    void open(const Paper& paper, const Prepared& prepared) {
        const Plan& plan = prepared.plan;
        refuse_changes(paper, plan);
        for (const ConfigLine& line : prepared.config) pair_.send(frame_of(line));
        for (const Identity& user : plan.users) pair_.send(frame_of(user));
        std::vector<Listeners::Listener> there;
        for (const Paper::Labelled& one : paper.listeners) there.push_back({one.label, Fd{one.fd}});
        Listeners listeners{std::move(there), paper.inherited, Listeners::Files::are_anothers};
        listeners.tell_changes([this](const Listeners::Listener& one) { keep(one.label, one.fd.get()); },
                               [this](const std::string& label) {
                                   pair_.send({.word = KeeperWord::leave_out, .label = label});
                               });
        listeners.open(plan.settings.listen, nullptr);
        GroupSockets group_sockets;
        group_sockets.leave_files();
        for (const Paper::Labelled& one : paper.opened)
            if (one.label.starts_with(label_of_group_socket)) group_sockets.adopt(one.label, Fd{one.fd});
        group_sockets.open(plan.group_sockets, plan.owner, nullptr,
                           {[this](const auto& one) { keep(one.label, one.fd.get()); },
                            [this](const std::string& label) {
                                pair_.send({.word = KeeperWord::leave_out, .label = label});
                            }});
        if (plan.settings.control != paper.control)
            keep(label_of_control, listen_for_control(plan.settings.control, plan.owner).get());
        keep(label_of_log, prepared.log);
        for (const auto& [label, open] : plan.opened) keep(label, open().get());
        for (const std::string& wanted : plan.opened_for_trial)
            keep(wanted, plan.on_request.at(wanted)().get(), true);
        pair_.send({.word = KeeperWord::opened_all});
        finish();
    }
    void tell_unable(std::string_view why) {
        pair_.send({.word = KeeperWord::unable, .text = std::string{why.substr(0, max_keeper_text)}});
        finish();
    }
    Fd release() { return pair_.release(); }

private:
    void keep(std::string_view label, int fd, bool on_request = false) {
        if (fd < 0) return; // it is none here: a terminal, a log that is not a file
        pair_.send({.word = KeeperWord::keep, .flag = on_request, .label = std::string{label}},
                   duplicate(fd));
    }
    void finish() {
        if (!pair_.wait(Clock::now() + patience, false)) throw PeerError("the keeper takes nothing");
    }

    KeeperPair pair_;
};

} // namespace

int run_on_trial(const Paper& paper, const std::function<Prepared()>& prepare) {
    Opener opener{paper.pair};
    Prepared prepared;
    try {
        prepared = prepare();
        opener.open(paper, prepared);
    } catch (const std::exception& error) {
        opener.tell_unable(error.what());
        throw;
    }
    Birth birth{opener.release(), {}};
    close_other_descriptors(std::array{STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO, birth.keeper.get()});
    return prepared.plan.processes.front().body(std::move(birth));
}

} // namespace common
