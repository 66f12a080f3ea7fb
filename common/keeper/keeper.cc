// SPDX-License-Identifier: ISC
#include "common/keeper/keeper.hh"

#include "common/children.hh"
#include "common/errors.hh"
#include "common/far_process.hh"
#include "common/keeper/hand_over.hh"
#include "common/sandbox.hh"
#include "common/socket.hh"
#include "common/subreaper.hh"
#include "common/text.hh"

#include <algorithm>
#include <array>
#include <csignal>
#include <sys/wait.h>
#include <tuple>
#include <unistd.h>
#include <utility>

namespace common {
namespace {

// For how an upgrade went, should the main process that was told die before it has told them: that can take
// as long as a silent one is watched, and a pause.
constexpr std::chrono::minutes askers_wait{1};

const LastingProcess* find(const Plan& plan, std::string_view role) {
    for (const LastingProcess& process : plan.processes)
        if (process.role == role) return &process;
    return nullptr;
}

rlimit descriptor_limits() {
    rlimit limits{};
    checked("ask for the limit of descriptors", {}, [&] { return ::getrlimit(RLIMIT_NOFILE, &limits); });
    return limits;
}

// Others send these two, and the kernel when memory is short.
bool is_own_fault(int status) {
    return !WIFSIGNALED(status) || (WTERMSIG(status) != SIGKILL && WTERMSIG(status) != SIGTERM);
}

// In the child. Nothing of the keeper's is open there but what the process was born with.
int become(const LastingProcess& process, Birth birth) {
    close_other_descriptors(std::array{STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO, birth.keeper.get(),
                                       birth.main.get(), process.executes});
    return process.body(std::move(birth));
}

Holdings hold(const Plan& plan, Log& log, const std::optional<Paper>& paper) {
    return paper ? Holdings{plan, log, *paper} : Holdings{plan, log};
}

// In the child. No signal is let in before it is ready to hear it.
[[noreturn]] void execute_on_trial(const Paper& paper, const Executable& program,
                                   const Invocation& invocation) {
    try {
        execute_with(paper, program, invocation);
    } catch (const std::exception& error) {
        (void)send_packet(paper.pair, pack_keeper_frame({.word = KeeperWord::unable, .text = error.what()}));
        throw;
    }
}

// To that process its end of its pair with another, which stays here for the next one of its role.
void give_end(KeptChild& process, const std::string& role, const KeptChild& other) {
    process.pair.share({.word = KeeperWord::give, .number = other.pid(), .label = role}, other.end());
}

// Of all those that are there for this one.
void give_ends(const Plan& plan, std::map<std::string, KeptChild>& children, const LastingProcess& process) {
    const bool is_main = &process == &plan.processes.front();
    for (const auto& [role, child] : children) {
        const LastingProcess* const other = find(plan, role);
        const bool is_for_main = other == nullptr || other->user.empty();
        if (child.end() && (is_for_main ? is_main : other->user == process.role))
            give_end(children[process.role], role, child);
    }
}

bool other_runs(const std::map<std::string, KeptChild>& children, const KeptChild& main) {
    return std::ranges::any_of(
        children, [&](const auto& child) { return child.second.runs() && &child.second != &main; });
}

// Whom the processes become that serve clients, and have become that are there from before an upgrade.
std::vector<Identity> users_of_children(const Plan& plan, const FormerChildren& former) {
    std::vector<Identity> all = former.users();
    if (plan.children_user && std::ranges::find(all, plan.children_user->uid, &Identity::uid) == all.end())
        all.push_back(*plan.children_user);
    return all;
}

// Of the processes that this one has inherited only helpers, and such as serve clients.
void kill_left(pid_t pid, const std::map<std::string, KeptChild>& kept, const Plan& plan,
               const FormerChildren& former, Killers& killers) {
    const auto is_it = [pid](const auto& child) { return child.second.pid() == pid; };
    if (pid <= 1 || !is_child(pid) || std::ranges::any_of(kept, is_it)) return;
    if (former.pids().contains(pid) || ::geteuid() != 0) return void(::kill(pid, SIGKILL));
    killers.kill(pid, users_of_children(plan, former));
}

// Those that have read what is another by now: others start in their place, which stays so though the plan
// that is coming may be refused.
void let_go_outdated(Plan& plan, const Plan& coming, std::map<std::string, KeptChild>& children,
                     FormerChildren& former, Log& log) {
    for (LastingProcess& now : plan.processes) {
        const LastingProcess* const next = find(coming, now.role);
        if (next == nullptr || now.reads == next->reads) continue;
        now.reads = next->reads;
        KeptChild& child = children[now.role];
        if (!child.runs()) continue;
        log.notice(text(now.role, ' ', child.pid(),
                        " goes on for the clients that it has: ", "another starts with what is there now"));
        former.add(child.let_go());
    }
}

} // namespace

Keeper::Keeper(Duties duties, const DaemonOptions& options, std::vector<ConfigLine> config, Log& log,
               const Invocation& invocation, std::optional<Paper> paper)
    : duties_(std::move(duties)),
      options_(options),
      invocation_(invocation),
      paper_(std::move(paper)),
      config_(std::move(config)),
      log_(log),
      plan_(duties_.make_plan(config_)),
      state_(paper_ ? StateDirectory::adopt(Fd{paper_->lock}, paper_->state)
                    : StateDirectory{plan_.settings.state}),
      signals_{SIGTERM, SIGINT, SIGHUP, SIGUSR1, SIGUSR2, SIGCHLD},
      loop_(Backend::poll),
      born_with_(descriptor_limits()),
      holdings_(hold(plan_, log, paper_)),
      former_(loop_, log),
      killers_(loop_),
      legacy_(raise_descriptor_limit(), log),
      life_(loop_, plan_.life,
            {[this] { tell({.word = KeeperWord::ask_life}); },
             [this](std::chrono::milliseconds silent) {
                 log_.error(text(plan_.processes.front().role, ' ', main().pid(),
                                 " is killed: it gave no sign of life for ",
                                 std::chrono::ceil<std::chrono::seconds>(silent).count(), " s"));
                 was_silent_ = true;
                 main().signal(SIGKILL);
             }}),
      pace_(plan_.pace),
      upgrade_(loop_, invocation_, text(duties_.program, ' ', duties_.version), steps()),
      reloads_({duties_, options_, config_, plan_, holdings_, log_, loop_, invocation_},
               {[this] { return !upgrade_.is_under_way() || upgrade_.is_asking(); },
                [this] { return main().runs() ? &main().pair : nullptr; },
                [this](const Plan& coming) {
                    let_go_outdated(plan_, coming, children_, former_, log_);
                    start_missing();
                },
                [this](Reloads::Coming coming) { put_in_force(std::move(coming)); }}),
      watchdog_(loop_, log_, [this] { return !status_; }) {
    try {
        pid_file_.emplace(plan_.settings.pid_file);
    } catch (const std::exception& error) {
        if (!paper_) throw;
        log_.error(error.what()); // no reason to end a daemon that serves
    }
    become_subreaper();
    loop_.survive([this](const std::exception& error) { log_.error(text("passed over: ", error.what())); });
}

int Keeper::run(Detachment* detachment) {
    detachment_ = detachment;
    if (paper_) {
        take_over(*std::exchange(paper_, std::nullopt));
    } else {
        for (std::size_t i = 1; i < plan_.processes.size(); ++i) start(plan_.processes[i]);
        start(plan_.processes.front());
    }
    watchdog_.begin();
    while (!status_ || other_runs(children_, main()) || !former_.empty()) {
        loop_.run_once(signals_.while_waiting());
        loop_.attempt([this] { heed_signals(); }, nullptr);
        loop_.attempt([this] { take_place(); }, nullptr);
    }
    if (!failure_.empty()) throw std::runtime_error(failure_);
    return *status_;
}

// --- the processes ---

// program: what the process is to be executed from, on trial; else it is this program.
void Keeper::start(const LastingProcess& process, const Executable* program) {
    const bool is_main = &process == &plan_.processes.front();
    auto [ours, theirs] = make_packet_pair();
    Birth birth{std::move(theirs), {}};
    Fd end; // the main process's, of its pair with this one
    if (!is_main) std::tie(end, birth.main) = make_packet_pair();
    const pid_t pid = checked("fork", process.role, [] { return ::fork(); });
    if (pid == 0)
        ::_exit(report_errors(duties_.program, [&] {
            if (program != nullptr)
                execute_on_trial(make_paper(true, birth.keeper.get()), *program, invocation_);
            // The main one is given what was deposited, and raises its limit anyway.
            if (!is_main) ::setrlimit(RLIMIT_NOFILE, &born_with_);
            if (!is_main) legacy_.erase();
            return become(process, std::move(birth));
        }));
    attach(process.role, pid, std::move(ours), std::move(end));
    if (is_main && program != nullptr) return life_.begin(false); // it opens first, and says so
    if (is_main) return begin_main();
    KeptChild& child = children_[process.role];
    give_ends(plan_, children_, process);
    child.pair.send({.word = KeeperWord::begin});
    const bool is_for_main = process.user.empty();
    KeptChild& user = is_for_main ? main() : children_[process.user];
    const bool is_given_all_later = is_for_main && upgrade_.opens();
    if (user.runs() && !is_given_all_later) give_end(user, process.role, child);
}

void Keeper::attach(const std::string& role, pid_t pid, Fd pair, Fd end) {
    children_[role].begin(loop_, pid, std::move(pair), std::move(end),
                          {[this, role](const KeeperFrame& frame, Fd passed) {
                               try {
                                   heed(role, frame, std::move(passed));
                               } catch (const PeerError&) {
                                   throw;
                               } catch (const std::exception& error) { // no fault of the child's
                                   log_.error(text("passed over: ", error.what()));
                               }
                           },
                           [this, role, pid](const std::exception& error) {
                               log_.error(text(role, ' ', pid, " is killed: ", error.what()));
                               children_[role].signal(SIGKILL);
                           },
                           [this] { pass_orphans(); }});
}

// One that was not given all would wait for the rest.
void Keeper::begin_main() {
    if (was_ready_) life_.begin(false);
    try {
        give_all();
    } catch (const std::exception&) {
        pace_.excuse();
        main().signal(SIGKILL);
        throw;
    }
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
        for (const LastingProcess& process : plan_.processes)
            if (const KeptChild& child = children_[process.role]; !child.runs() && !child.will_start)
                start(process);
    } catch (const std::system_error& error) {
        log_.error(text(error.what(), ": trying again"));
        for (const LastingProcess& process : plan_.processes)
            if (!children_[process.role].runs()) start_at(process, Clock::now() + process.pause);
    }
}

void Keeper::give_all() {
    main().pair.make_room(config_.size() * packets_for_line);
    // Not a duplicate, which would take the lock with it when it is closed.
    main().pair.send({.word = KeeperWord::give, .label = std::string{label_of_state}}, {},
                     state_.lock().get());
    // What one on trial has opened itself takes the place of what is here.
    holdings_.give_all(main().pair, [this](std::string_view label) {
        return upgrade_.kept().contains(label) || upgrade_.is_left_out(label);
    });
    for (const auto& [label, fd] : upgrade_.kept()) give(main().pair, label, fd.get());
    give_ends(plan_, children_, plan_.processes.front());
    legacy_.give_deposits(main().pair);
    std::int64_t beginning = 0;
    if (main_failed_) beginning |= Beginning::predecessor_failed;
    if (upgrade_.is_on_trial()) beginning |= Beginning::on_trial;
    if (stay_is_due_ && !upgrade_.is_on_trial()) beginning |= Beginning::stay_is_due;
    if (upgrade_.is_on_trial() && upgrade_.is_by_force()) beginning |= Beginning::by_force;
    tell({.word = KeeperWord::begin, .flag = was_ready_, .number = beginning});
    if (!upgrade_.is_under_way() && Clock::now() < told_until_) tell(told_);
    pass_orphans();
}

// --- an upgrade ---

Upgrade::Callbacks Keeper::steps() {
    return {.main_runs = [this] { return was_ready_ && main().runs(); },
            .why_not = [this]() -> std::string_view {
                if (stopping_) return "the daemon stops";
                if (legacy_.lacks_descriptors())
                    return "there are too few descriptors for what is handed over: raise the limit "
                           "(RLIMIT_NOFILE) and start the daemon anew";
                return {};
            },
            .hand_over =
                [this] {
                    life_.end();
                    told_until_ = {}; // who asks now is not to hear of an upgrade before
                    tell({.word = KeeperWord::hand_over});
                },
            .kill_main = [this] { main().signal(SIGKILL); },
            .start_new = [this](const Executable& program) { start(plan_.processes.front(), &program); },
            .start_old = [this] { start_missing(); },
            .begin = [this] { begin_main(); },
            .tell =
                [this](const std::string& line, bool is_over, bool has_failed) {
                    log_.write(has_failed ? Severity::error : Severity::notice, text("upgrade: ", line));
                    const KeeperFrame frame{.word = KeeperWord::upgrade_told,
                                            .flag = is_over,
                                            .number = has_failed ? 1 : 0,
                                            .text = line.substr(0, max_keeper_text)};
                    if (main().runs()) tell(frame);
                    if (!is_over) return;
                    told_ = frame;
                    told_until_ = Clock::now() + askers_wait;
                    reloads_.go_on();
                }};
}

Paper Keeper::make_paper(bool is_for_trial, int pair) {
    Paper paper{.program_version = text(duties_.program, ' ', duties_.version),
                .state = state_.path(),
                .pid_file = plan_.settings.pid_file,
                .owner = plan_.owner ? plan_.owner->name : "",
                .pair = pair,
                .priority = invocation_.priority()};
    holdings_.write(paper);
    if (is_for_trial) return paper;
    for (const auto& [label, fd] : upgrade_.kept()) {
        if (label == label_of_control)
            paper.new_control = fd.get();
        else
            (label.starts_with(label_of_listener) ? paper.listeners : paper.opened)
                .push_back({label, fd.get()});
    }
    paper.left_out = upgrade_.left_out();
    paper.users = upgrade_.users();
    paper.children_users = users_of_children(plan_, former_);
    paper.main = main().pid();
    paper.lock = state_.lock().get();
    paper.born_with = static_cast<std::int64_t>(born_with_.rlim_cur);
    paper.config = upgrade_.config();
    legacy_.write(paper.deposits, paper.orphans);
    paper.children.assign(former_.pids().begin(), former_.pids().end());
    paper.lasting.assign(former_.lasting().begin(), former_.lasting().end());
    for (const auto& [role, child] : children_) {
        if (!child.runs() || &child == &main()) continue;
        const LastingProcess* const process = find(plan_, role);
        const bool is_lasting = process != nullptr && process->outlives_upgrade;
        (is_lasting ? paper.lasting : paper.children).push_back(child.pid());
    }
    reloads_.write(paper);
    return paper;
}

// Nothing may be under way, and nothing be left to be sent: the next keeper would not know of it. And a main
// process that is silent has not shown that it lives.
void Keeper::take_place() {
    const Executable* const program = upgrade_.wants_place();
    if (program == nullptr || !main().runs() || stopping_) return;
    const bool is_quiet =
        !life_.waits() && !reloads_.is_under_way() && std::ranges::all_of(children_, [](const auto& child) {
            return !child.second.runs() || child.second.pair.has_sent_all();
        });
    if (!is_quiet) {
        loop_.at(Clock::now() + std::chrono::milliseconds{100}, [] {}); // for another look
        return;
    }
    for (const LastingProcess& process : plan_.processes)
        if (process.ends_by_itself) children_[process.role].signal(SIGKILL);
    try {
        execute_with(make_paper(false, main().pair.fd()), *program, invocation_);
    } catch (const std::exception& error) {
        Detachment::leave_folder(options_.foreground); // again
        upgrade_.fail(error.what());
    }
}

// The main process lets go of the other processes of the keeper before when it is given those that follow.
void Keeper::take_over(Paper paper) {
    const Fd program{paper.program}; // own_program has a duplicate
    born_with_.rlim_cur = static_cast<rlim_t>(paper.born_with);
    if (paper.pid_file != plan_.settings.pid_file) ::unlink(paper.pid_file.c_str());
    legacy_.read(paper.deposits, paper.orphans);
    former_.take_over(paper.children, std::move(paper.children_users), plan_.time_alone);
    for (const pid_t pid : paper.lasting) former_.add(pid);
    was_ready_ = true;
    attach(plan_.processes.front().role, paper.main, Fd{paper.pair}, {});
    life_.begin(true);
    pace_.tell_ready(Clock::now());
    stay_is_due_ = true;
    tell({.word = KeeperWord::stay});
    start_missing();
    upgrade_.succeed(paper.program_version);
    reap(); // what has ended meanwhile
    reloads_.take_over(paper);
}

// The main process first: the ends of its children are for the one that follows it.
void Keeper::reap() {
    std::vector<std::pair<pid_t, int>> ended;
    reap_children([&](pid_t pid, int status) {
        ended.emplace(pid == main().pid() ? ended.begin() : ended.end(), pid, status);
    });
    main().pair.hear_rest(); // it may have said first that it serves, or that it stops
    const auto on_end = [&](pid_t pid, int status) {
        const auto found = std::find_if(children_.begin(), children_.end(),
                                        [&](const auto& child) { return child.second.pid() == pid; });
        if (found == children_.end()) {
            if (killers_.note_end(pid)) return;
            former_.note_end(pid);
            if (!upgrade_.on_child_end(pid, status) && !reloads_.on_child_end(pid, status))
                legacy_.add({pid, status});
            return;
        }
        const bool is_main = &found->second == &main();
        found->second.finish();
        if (is_main) return on_main_end(pid, status);
        on_other_end(found->first, pid, status);
    };
    // Whatever goes wrong with one, the others have ended, too.
    for (const std::pair<pid_t, int>& one : ended)
        loop_.attempt([&] { on_end(one.first, one.second); }, nullptr);
    pass_orphans();
}

void Keeper::on_main_end(pid_t pid, int status) {
    life_.end();
    const std::string& role = plan_.processes.front().role;
    const bool is_orderly = WIFEXITED(status) && WEXITSTATUS(status) == 0;
    main_failed_ = std::exchange(was_silent_, false) || (!is_orderly && is_own_fault(status));
    const std::string how = text(role, ' ', pid, " ended: ", describe_status(status));
    if (!stopping_ && upgrade_.is_under_way()) {
        if (!upgrade_.is_asking()) reloads_.on_main_end();
        if (upgrade_.on_main_end(describe_status(status))) {
            pace_ = RestartPace{plan_.pace}; // whoever is next has not served yet
            return;
        }
    }
    if (is_orderly || stopping_ || !was_ready_ || !failure_.empty()) {
        upgrade_.stop();
        status_ = is_orderly ? 0 : 1;
        if (WIFSIGNALED(status) && failure_.empty()) log_.error(how);
        return end_others();
    }
    const auto pause = pace_.die(Clock::now(), describe_status(status));
    if (!pause) {
        log_.error(how);
        log_.error(
            text("no other ", role, " is started: each of the last ended too early: ", pace_.early_ends()));
        status_ = 1;
        return end_others();
    }
    log_.error(text(how, "; starting another"));
    start_at(plan_.processes.front(), Clock::now() + *pause);
    reloads_.on_main_end();
}

void Keeper::on_other_end(const std::string& role, pid_t pid, int status) {
    if (status_ || stopping_) return;
    const LastingProcess* const process = find(plan_, role);
    if (process == nullptr) return; // the configuration wants it no more
    const bool is_done = process->ends_by_itself && status == 0;
    if (!was_ready_ && process->is_needed) {
        failure_ = text("the ", role, " has ended at its start: ", describe_status(status));
        return main().signal(SIGKILL); // it serves nobody yet
    }
    if (!is_done)
        log_.warning(text(role, ' ', pid, " ended: ", describe_status(status), "; starting another"));
    start_at(*process, std::max(Clock::now(), children_[role].started() + process->pause));
}

// For good: they see the ends of their pairs with the main process, as those do whose pairs were deposited.
// Who has work to do that nobody waits for is not asked.
void Keeper::end_others() {
    legacy_.clear();
    for (auto& [role, child] : children_) {
        const LastingProcess* const process = find(plan_, role);
        child.pair.close();
        child.drop_end();
        if (process != nullptr && process->ends_by_itself) child.signal(SIGKILL);
    }
    if (!other_runs(children_, main()) && former_.empty()) return;
    loop_.at(Clock::now() + plan_.patience, [this] {
        if (main().runs()) return;
        for (const auto& [role, child] : children_) child.signal(SIGKILL);
        former_.kill();
    });
}

// --- words ---

void Keeper::heed(const std::string& role, const KeeperFrame& frame, Fd passed) {
    if (role == plan_.processes.front().role) life_.hear();
    if (frame.word == KeeperWord::want) return answer(role, frame.label);
    if (role != plan_.processes.front().role) throw PeerError("it says what the main process alone may");
    switch (frame.word) {
    case KeeperWord::reload: return reloads_.ask(true);
    case KeeperWord::upgrade: return upgrade_.begin(frame.flag);
    case KeeperWord::ready: return on_ready(frame.text);
    case KeeperWord::applied: return reloads_.on_applied(frame.flag);
    case KeeperWord::stopping: return on_stopping(frame.number);
    case KeeperWord::deposit:
        main().pair.rest();
        if (!stops_) legacy_.deposit(frame, std::move(passed)); // else nobody follows
        return;
    case KeeperWord::withdraw: return legacy_.withdraw(frame);
    case KeeperWord::alive: return;
    case KeeperWord::stayed: stay_is_due_ = false; return;
    case KeeperWord::hold:
        if (!stops_ || held_.size() >= max_held) throw PeerError("it wants more held than there can be");
        if (passed) held_.push_back(std::move(passed));
        return;
    case KeeperWord::end:
        if (frame.label.empty())
            return kill_left(static_cast<pid_t>(frame.number), children_, plan_, former_, killers_);
        if (const auto other = children_.find(frame.label);
            other != children_.end() && other->second.pid() == frame.number)
            other->second.signal(SIGKILL);
        return;
    default:
        if (!upgrade_.heed(frame, std::move(passed)))
            throw PeerError("it sent a packet that is not for the keeper");
    }
}

void Keeper::answer(const std::string& role, const std::string& label) {
    const std::string wanted = text(role, ' ', label);
    const auto known = plan_.on_request.find(wanted);
    if (known == plan_.on_request.end() && !upgrade_.is_on_trial())
        throw PeerError("it wants what is not meant for it");
    Fd opened;
    std::string why;
    try {
        if (const int kept = upgrade_.find_wanted(wanted); kept >= 0)
            opened = duplicate(kept);
        else if (known == plan_.on_request.end())
            throw UserError("not before the new version stays");
        else
            opened = known->second();
    } catch (const std::exception& error) {
        why = error.what();
    }
    const KeeperWord word = opened ? KeeperWord::give : KeeperWord::cannot;
    children_[role].pair.send({.word = word, .flag = true, .label = label, .text = why}, std::move(opened));
}

void Keeper::on_ready(const std::string& places) {
    if (!stopping_) life_.tell_ready();
    pace_.tell_ready(Clock::now());
    upgrade_.on_ready();
    if (std::exchange(was_ready_, true)) return;
    notify_service_manager("READY=1");
    tell_ready(detachment_, log_, {duties_.program, places, plan_.settings.control});
}

void Keeper::put_in_force(Reloads::Coming coming) {
    config_ = std::move(coming.config);
    plan_ = std::move(coming.plan);
    log_.set_least(plan_.settings.log_level);
    for (auto& [role, child] : children_)
        if (find(plan_, role) == nullptr) child.drop_end(); // the main process lets go of it, too
    start_missing();
}

void Keeper::on_stopping(std::int64_t seconds) {
    const std::chrono::seconds within{seconds};
    if (stops_ || within.count() < 0 || within > max_stop_time)
        throw PeerError("it does not stop as it should");
    stopping_ = stops_ = true;
    upgrade_.stop();
    holdings_.close_listeners();
    legacy_.clear();
    for (auto& [role, child] : children_) child.drop_end();
    notify_service_manager("STOPPING=1");
    if (within.count() > 0)
        notify_service_manager(text("EXTEND_TIMEOUT_USEC=", std::chrono::microseconds{within}.count()));
    expect_end(within);
}

// The main process was told to end.
void Keeper::expect_end(std::chrono::seconds within) {
    life_.end();
    loop_.cancel(main_limit_);
    const std::chrono::seconds limit = within + plan_.patience;
    main_limit_ = loop_.at(Clock::now() + limit, [this, limit] {
        if (!main().runs()) return;
        log_.error(text(plan_.processes.front().role, ' ', main().pid(), " is killed: it did not end within ",
                        limit.count(), " s"));
        main().signal(SIGKILL);
    });
}

// --- signals ---

void Keeper::heed_signals() {
    if (signals_.take(SIGCHLD)) reap();
    if (signals_.take(SIGHUP)) reloads_.ask(false);
    if (was_ready_ && main().runs() && signals_.take(SIGUSR2)) upgrade_.begin(false);
    for (const int signal : {SIGUSR1, SIGTERM, SIGINT}) {
        if (!signals_.take(signal)) continue;
        const bool is_first = signal != SIGUSR1 && !std::exchange(stopping_, true);
        if (is_first) upgrade_.stop();
        if (!main().runs()) {
            if (stopping_ && !status_.has_value()) status_ = 0, end_others();
            continue;
        }
        tell({.word = KeeperWord::signal, .number = signal});
        if (is_first) expect_end({});
    }
}

} // namespace common
