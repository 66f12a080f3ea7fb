// SPDX-License-Identifier: ISC
#include "common/keeper/keeper.hh"

#include "common/errors.hh"
#include "common/keeper/hand_over.hh"
#include "common/sandbox.hh"
#include "common/socket.hh"
#include "common/text.hh"

#include <algorithm>
#include <array>
#include <csignal>
#include <sys/wait.h>
#include <syslog.h>
#include <unistd.h>
#include <utility>

namespace common {
namespace {

constexpr std::chrono::seconds patience{15};          // for the other processes to end by themselves
constexpr std::chrono::milliseconds main_pause{1000}; // between two starts of a main process that dies at once
constexpr int packets_at_once = 64;                  // of one child in one round

} // namespace

Keeper::Keeper(Duties duties, const DaemonOptions& options, std::vector<ConfigLine> config, Log& log)
    : duties_(std::move(duties)),
      options_(options),
      config_(std::move(config)),
      log_(log),
      plan_(duties_.make_plan(config_)),
      state_(plan_.settings.state),
      pid_file_(plan_.settings.pid_file),
      signals_{SIGTERM, SIGINT, SIGHUP, SIGUSR1, SIGCHLD},
      loop_(Backend::poll) {
    control_ = listen_on(Address::of_path(plan_.settings.control), 0600);
    if (plan_.owner) hand_over(plan_.settings.state, plan_.settings.control, *plan_.owner);
    for (Fd& fd : take_inherited_listeners())
        listeners_.push_back(
            {text(label_of_inherited, local_address(fd.get()).shown(), ' ', fd.get()), std::move(fd)});
    inherited_ = !listeners_.empty();
    open_listeners(plan_.settings, nullptr);
    opened_ = open(plan_);
}

Keeper::~Keeper() {
    for (const Listener& listener : listeners_) close_listener(listener.fd);
    if (control_) ::unlink(plan_.settings.control.c_str());
}

int Keeper::run(Detachment* detachment) {
    detachment_ = detachment;
    start_all();
    while (!status_ || others_run()) {
        loop_.run_once(signals_.while_waiting());
        heed_signals();
    }
    if (!failure_.empty()) throw std::runtime_error(failure_);
    return *status_;
}

// --- what is open ---

std::map<std::string, Fd> Keeper::open(const Plan& plan) const {
    std::map<std::string, Fd> opened;
    for (const auto& [label, open_it] : plan.opened) opened.emplace(label, open_it());
    return opened;
}

// Those that are wanted and not there; those that are there and not wanted are closed. told: takes what cannot
// be done, at a reload; at a start it is thrown.
void Keeper::open_listeners(const DaemonSettings& settings, std::vector<Note>* told) {
    if (inherited_) return;
    std::vector<Listener> wanted;
    const auto listen = [&](const Address& address) {
        std::string label = text(label_of_listener, address.shown());
        const auto has = [&](const Listener& one) { return one.label == label; };
        while (std::any_of(wanted.begin(), wanted.end(), has)) label += '+'; // port 0 may be given twice
        const auto there = std::find_if(listeners_.begin(), listeners_.end(), has);
        const bool is_new = there == listeners_.end();
        wanted.push_back({label, is_new ? listen_on(address) : std::move(there->fd)});
        if (is_new && serves())
            send(main(), {.word = KeeperWord::give, .label = label}, duplicate(wanted.back().fd.get()));
    };
    for (const std::string& place : settings.listen) {
        try {
            for (const Address& address : resolve_address(place)) listen(address);
        } catch (const std::exception& error) {
            if (told == nullptr) throw;
            told->push_back({Severity::error, error.what()});
        }
    }
    for (const Listener& left : listeners_) {
        if (!left.fd) continue;
        close_listener(left.fd);
        if (serves()) send(main(), {.word = KeeperWord::take_back, .label = left.label});
    }
    listeners_ = std::move(wanted);
}

void Keeper::close_listener(const Fd& listener) const {
    const std::string path = local_address(listener.get()).path();
    if (!path.empty() && !inherited_) ::unlink(path.c_str());
}

// --- the processes ---

void Keeper::start_all() {
    for (std::size_t i = 1; i < plan_.processes.size(); ++i) start(plan_.processes[i]);
    start(plan_.processes.front());
    give_all();
}

void Keeper::start(const LastingProcess& process) {
    Child& child = children_[process.role];
    const bool is_main = &process == &plan_.processes.front();
    child.role = process.role;
    child.started = Clock::now();
    child.unsent.clear();
    auto [ours, theirs] = make_packet_pair();
    Birth birth{std::move(theirs), {}};
    if (!is_main) std::tie(child.end, birth.main) = make_packet_pair();
    switch (child.pid = checked("fork", process.role, [] { return ::fork(); })) {
    case 0: ::_exit(report_errors(duties_.program, [&] { return become(process, std::move(birth)); }));
    default: break;
    }
    child.pair = Watch{loop_, std::move(ours), Interest::read, [this, &child](const Event& event) {
                           if (event.writable) flush(child);
                           read(child);
                       }};
    if (is_main) return;
    send(child, {.word = KeeperWord::begin});
    if (serves())
        send(main(), {.word = KeeperWord::give, .number = child.pid, .label = child.role},
             std::move(child.end));
}

void Keeper::start_at(const LastingProcess& process, Clock::time_point when) {
    if (std::exchange(children_[process.role].will_start, true)) return;
    loop_.at(when, [this, role = process.role] {
        children_[role].will_start = false;
        start_missing();
    });
}

// What should run, does not, and waits for no moment of its own.
void Keeper::start_missing() {
    if (status_ || stopping_) return;
    try {
        if (!serves()) return others_run() || main().will_start ? void() : start_all();
        for (const LastingProcess& process : plan_.processes)
            if (const Child& child = children_[process.role]; child.pid == -1 && !child.will_start)
                start(process);
    } catch (const std::system_error& error) {
        log_.error(text(error.what(), ": trying again"));
        for (const LastingProcess& process : plan_.processes)
            if (children_[process.role].pid == -1) start_at(process, Clock::now() + process.pause);
    }
}

// In the child. Nothing of the keeper's is open there but what the process was born with.
int Keeper::become(const LastingProcess& process, Birth birth) const {
    ::closelog();
    close_other_descriptors(std::array{STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO, birth.keeper.get(),
                                       birth.main.get()});
    return process.body(std::move(birth));
}

void Keeper::give_all() {
    const auto give = [this](std::string_view label, int fd) {
        if (fd >= 0) send(main(), {.word = KeeperWord::give, .label = std::string{label}}, duplicate(fd));
    };
    give(label_of_state, state_.lock().get());
    give(label_of_control, control_.get());
    give(label_of_log, log_.file());
    for (const Listener& listener : listeners_) give(listener.label, listener.fd.get());
    for (const auto& [label, fd] : opened_) give(label, fd.get());
    for (auto& [role, child] : children_)
        if (child.end)
            send(main(), {.word = KeeperWord::give, .number = child.pid, .label = role}, std::move(child.end));
    send(main(), {.word = KeeperWord::begin});
}

// The main process first: the others end because that has.
void Keeper::reap() {
    std::deque<std::pair<pid_t, int>> ended;
    reap_children([&](pid_t pid, int status) {
        if (pid == main().pid)
            ended.emplace_front(pid, status);
        else
            ended.emplace_back(pid, status);
    });
    for (const auto& [pid, status] : ended)
        for (auto& [role, child] : children_)
            if (child.pid == pid) {
                on_end(child, status);
                break;
            }
}

void Keeper::on_end(Child& child, int status) {
    const pid_t pid = child.pid;
    read(child); // its last words
    child.pair.reset();
    child.end.reset();
    child.pid = -1;
    if (&child == &main())
        on_main_end(pid, status);
    else
        on_other_end(child, pid, status);
}

void Keeper::on_main_end(pid_t pid, int status) {
    const bool is_orderly = WIFEXITED(status) && WEXITSTATUS(status) == 0;
    if (is_orderly || stopping_ || !was_ready_) {
        status_ = is_orderly ? 0 : 1;
        if (WIFSIGNALED(status) && failure_.empty()) log_.error(text(main().role, ' ', pid, " ended: ", describe_status(status)));
    } else {
        log_.error(text(main().role, ' ', pid, " ended: ", describe_status(status), "; starting all again"));
        coming_.clear();
        start_at(plan_.processes.front(), std::max(Clock::now(), main().started + main_pause));
    }
    end_others();
}

void Keeper::on_other_end(Child& child, pid_t pid, int status) {
    if (status_ || stopping_) return;
    if (!serves()) return start_missing();
    const auto process = std::find_if(plan_.processes.begin(), plan_.processes.end(),
                                      [&](const LastingProcess& one) { return one.role == child.role; });
    if (process == plan_.processes.end()) return; // the configuration wants it no more
    const bool is_done = process->ends_by_itself && status == 0;
    if (!was_ready_ && !is_done) {
        failure_ = text("the ", child.role, " has ended at its start: ", describe_status(status));
        ::kill(main().pid, SIGKILL); // it serves nobody yet
        return;
    }
    if (!is_done)
        log_.warning(text(child.role, ' ', pid, " ended: ", describe_status(status), "; starting another"));
    start_at(*process, std::max(Clock::now(), child.started + process->pause));
}

// Their pairs with the main process have ended, too. Who has work to do that nobody waits for is not asked.
void Keeper::end_others() {
    for (auto& [role, child] : children_) {
        child.pair.reset();
        const auto process = std::find_if(plan_.processes.begin(), plan_.processes.end(),
                                          [&](const LastingProcess& one) { return one.role == child.role; });
        const bool may_be_killed = process != plan_.processes.end() && process->ends_by_itself;
        if (child.pid != -1 && may_be_killed) ::kill(child.pid, SIGKILL);
    }
    if (!others_run()) return;
    loop_.at(Clock::now() + patience, [this] {
        if (!serves())
            for (const auto& [role, child] : children_)
                if (child.pid != -1) ::kill(child.pid, SIGKILL);
    });
}

bool Keeper::others_run() const {
    return std::any_of(children_.begin(), children_.end(), [&](const auto& child) {
        return child.second.pid != -1 && child.first != plan_.processes.front().role;
    });
}

// --- words ---

void Keeper::send(Child& child, const KeeperFrame& frame, Fd fd) {
    child.unsent.push_back({pack_keeper_frame(frame), std::move(fd)});
    flush(child);
}

void Keeper::flush(Child& child) {
    if (!child.pair) return;
    while (!child.unsent.empty()) {
        const Child::Unsent& next = child.unsent.front();
        const IoState state = send_packet(child.pair.fd(), next.packet, next.fd.get());
        if (state == IoState::vanished) return; // SIGCHLD follows
        if (state != IoState::done) break;
        child.unsent.pop_front();
    }
    child.pair.change(child.unsent.empty() ? Interest::read : Interest::both);
}

void Keeper::read(Child& child) {
    static std::array<char, max_keeper_packet> packet; // not on the stack, which every child inherits
    for (int budget = packets_at_once; child.pair; --budget) {
        if (budget == 0) return child.pair.again();
        try {
            Received got = receive_packet(child.pair.fd(), packet);
            if (got.state == IoState::would_block) return;
            if (got.state != IoState::done) return child.pair.reset(); // SIGCHLD follows
            heed(child, unpack_keeper_frame(std::span{packet}.first(got.bytes)), std::move(got.passed));
        } catch (const PeerError& error) {
            log_.error(text(child.role, ' ', child.pid, " is killed: ", error.what()));
            ::kill(child.pid, SIGKILL);
            return child.pair.reset();
        }
    }
}

void Keeper::heed(Child& child, const KeeperFrame& frame, Fd passed) {
    if (frame.word == KeeperWord::want) return answer(child, frame.label);
    if (&child == &main()) {
        switch (frame.word) {
        case KeeperWord::reload: return reload(true);
        case KeeperWord::ready: return on_ready(frame.text);
        case KeeperWord::applied: return on_applied(frame.flag);
        case KeeperWord::stopping: return on_stopping(std::chrono::seconds{frame.number});
        case KeeperWord::hold: return held_.push_back(std::move(passed));
        case KeeperWord::end: {
            const auto other = children_.find(frame.label);
            if (other != children_.end() && other->second.pid != -1) ::kill(other->second.pid, SIGKILL);
            return;
        }
        default: break;
        }
    }
    throw PeerError("it sent a packet that is not for the keeper");
}

void Keeper::answer(Child& child, const std::string& label) {
    const auto known = plan_.on_request.find(text(child.role, ' ', label));
    try {
        if (known == plan_.on_request.end()) throw PeerError("it wants what is not meant for it");
        Fd fd = known->second();
        send(child, {.word = KeeperWord::give, .flag = true, .label = label}, std::move(fd));
    } catch (const PeerError&) {
        throw;
    } catch (const std::exception& error) {
        send(child, {.word = KeeperWord::cannot, .label = label, .text = error.what()});
    }
}

void Keeper::on_ready(const std::string& places) {
    if (std::exchange(was_ready_, true)) return;
    notify_service_manager("READY=1");
    tell_ready(detachment_, log_, {duties_.program, places, plan_.settings.control});
}

void Keeper::on_applied(bool in_force) {
    if (coming_.empty()) throw PeerError("it tells of a configuration that it was not given");
    Coming coming = std::move(coming_.front());
    coming_.pop_front();
    if (!in_force) return;
    config_ = std::move(coming.config);
    plan_ = std::move(coming.plan);
    log_.set_least(plan_.settings.log_level);
    start_missing();
}

void Keeper::on_stopping(std::chrono::seconds within) {
    notify_service_manager("STOPPING=1");
    if (within.count() > 0)
        notify_service_manager(text("EXTEND_TIMEOUT_USEC=", std::chrono::microseconds{within}.count()));
    if (std::exchange(stopping_, true) && listeners_.empty()) return;
    for (const Listener& listener : listeners_) close_listener(listener.fd);
    listeners_.clear();
}

// --- signals ---

void Keeper::heed_signals() {
    if (signals_.take(SIGCHLD)) reap();
    if (signals_.take(SIGHUP)) reload(false);
    for (const int signal : {SIGUSR1, SIGTERM, SIGINT}) {
        if (!signals_.take(signal)) continue;
        if (signal != SIGUSR1) stopping_ = true;
        if (serves())
            send(main(), {.word = KeeperWord::signal, .number = signal});
        else if (stopping_)
            status_ = 0;
    }
}

void Keeper::reload(bool asked) {
    try {
        read_again(asked);
    } catch (const std::exception& error) {
        if (serves()) return send(main(), {.word = KeeperWord::refuse, .flag = asked, .text = error.what()});
        log_.error(text("configuration not read again, the old one stays: ", error.what()));
    }
}

void Keeper::read_again(bool asked) {
    log_.reopen();
    if (serves() && log_.file() >= 0)
        send(main(), {.word = KeeperWord::give, .label = std::string{label_of_log}}, duplicate(log_.file()));
    std::vector<std::string> ignored;
    const std::vector<ConfigLine> given = read_config(options_.file, options_.lines);
    Coming coming{duties_.merge(config_, given, ignored), {}};
    coming.plan = duties_.make_plan(coming.config);
    opened_ = open(coming.plan);
    std::vector<Note> told;
    for (const std::string& name : ignored)
        told.push_back({Severity::warning, text("a change of '", name, "' waits for the next start")});
    open_listeners(coming.plan.settings, &told);
    if (!serves()) {
        coming_.push_back(std::move(coming));
        return on_applied(true);
    }
    for (const auto& [label, fd] : opened_)
        send(main(), {.word = KeeperWord::give, .label = label}, duplicate(fd.get()));
    for (const ConfigLine& line : coming.config) send(main(), frame_of(line));
    for (const Note& note : told)
        send(main(), {.word = KeeperWord::told, .number = static_cast<int>(note.severity), .text = note.text});
    send(main(), {.word = KeeperWord::apply, .flag = asked});
    coming_.push_back(std::move(coming));
}

} // namespace common
