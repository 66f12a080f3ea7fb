// SPDX-License-Identifier: ISC
#include "common/keeper/holdings.hh"

#include "common/errors.hh"
#include "common/keeper/hand_over.hh"
#include "common/socket.hh"
#include "common/tls/tls_process.hh"

#include <algorithm>
#include <chrono>
#include <exception>
#include <unistd.h>
#include <utility>

namespace common {
namespace {

std::map<std::string, Fd> open_all(const Plan& plan) {
    std::map<std::string, Fd> opened;
    for (const auto& [label, open_it] : plan.opened) opened.emplace(label, open_it());
    return opened;
}

// The file of a control socket that nobody has closed: its daemon was killed, or its file would have gone.
std::chrono::milliseconds limit_for(const std::string& control) {
    return ::access(control.c_str(), F_OK) == 0 ? left_over : std::chrono::milliseconds{};
}

Fd open_control(const Plan& plan) {
    if (plan.owner) hand_over(plan.settings.state, *plan.owner);
    return listen_for_control(plan.settings.control, plan.owner);
}

Fd take_control(const Paper& paper) {
    Fd old{paper.control_socket};
    if (paper.new_control < 0) return old;
    ::unlink(paper.control.c_str());
    return Fd{paper.new_control};
}

std::vector<Listeners::Listener> take_listeners(const Paper& paper) {
    std::vector<Listeners::Listener> all;
    for (const Paper::Labelled& one : paper.listeners) all.push_back({one.label, Fd{one.fd}});
    return all;
}

bool has_tls(const Plan& plan) {
    return std::ranges::find(plan.processes, label_of_tlsd, &LastingProcess::role) != plan.processes.end();
}

} // namespace

void give(KeeperPair& child, std::string_view label, int fd) {
    if (fd >= 0) child.send({.word = KeeperWord::give, .label = std::string{label}}, duplicate(fd));
}

Holdings::ControlSocket::~ControlSocket() {
    if (fd) ::unlink(path.c_str());
}

Holdings::Holdings(const Plan& plan, Log& log) : Holdings{plan, log, limit_for(plan.settings.control)} {}

Holdings::Holdings(const Plan& plan, Log& log, std::chrono::milliseconds limit)
    : log_(log), control_{open_control(plan), plan.settings.control} {
    listeners_.choose_spoken(plan.settings.listen, has_tls(plan));
    listeners_.open(plan.settings.listen, nullptr, limit);
    group_sockets_.open(plan.group_sockets, plan.owner, nullptr, {}, limit);
    opened_ = open_all(plan);
}

Holdings::Holdings(const Plan& plan, Log& log, const Paper& paper)
    : log_(log),
      control_{take_control(paper), plan.settings.control},
      listeners_{take_listeners(paper), paper.inherited, Listeners::Files::are_ours} {
    listeners_.leave_out(paper.left_out);
    for (const Paper::Labelled& one : paper.opened) {
        Fd fd{one.fd};
        if (one.label.starts_with(label_of_group_socket))
            group_sockets_.adopt(one.label, std::move(fd));
        else if (plan.opened.contains(one.label))
            opened_[one.label] = std::move(fd);
    }
    group_sockets_.leave_out(paper.left_out);
    std::vector<Note> told;
    group_sockets_.open(plan.group_sockets, plan.owner, &told, {}); // their groups may be others now
    for (const Note& note : told) log_.write(note.severity, note.text);
}

void Holdings::give_all(KeeperPair& child,
                        const std::function<bool(std::string_view label)>& is_other) const {
    const auto give_own = [&](std::string_view label, int fd) {
        if (!is_other(label)) give(child, label, fd);
    };
    give_own(label_of_control, control_.fd.get());
    give_own(label_of_log, log_.file());
    for (const Listeners::Listener& one : listeners_.all()) give_own(one.label, one.fd.get());
    for (const GroupSockets::Socket& one : group_sockets_.all()) give_own(one.label, one.fd.get());
    for (const auto& [label, fd] : opened_) give_own(label, fd.get());
}

void Holdings::open(const Plan& plan, KeeperPair* child, std::vector<Note>& told) {
    opened_ = open_all(plan);
    open_listeners(plan, child, told);
    if (child == nullptr) return;
    for (const auto& [label, fd] : opened_) give(*child, label, fd.get());
}

void Holdings::open_listeners(const Plan& plan, KeeperPair* child, std::vector<Note>& told) {
    const auto on_new = [child](const auto& one) {
        if (child != nullptr) give(*child, one.label, one.fd.get());
    };
    const auto on_gone = [child](const std::string& label) {
        if (child != nullptr) child->send({.word = KeeperWord::take_back, .label = label});
    };
    listeners_.tell_changes(on_new, on_gone);
    listeners_.open(plan.settings.listen, &told);
    group_sockets_.open(plan.group_sockets, plan.owner, &told, {on_new, on_gone});
}

void Holdings::reopen_log(KeeperPair* child) {
    log_.reopen();
    if (child != nullptr) give(*child, label_of_log, log_.file());
}

void Holdings::write(Paper& paper) const {
    paper.control = control_.path;
    paper.control_socket = control_.fd.get();
    paper.inherited = listeners_.are_inherited();
    for (const Listeners::Listener& one : listeners_.all())
        paper.listeners.push_back({one.label, one.fd.get()});
    for (const GroupSockets::Socket& one : group_sockets_.all())
        paper.opened.push_back({one.label, one.fd.get()});
}

} // namespace common
