// SPDX-License-Identifier: ISC
#include "common/service.hh"

#include "common/daemon.hh"
#include "common/errors.hh"
#include "common/state.hh"
#include "common/text.hh"

#include <csignal>
#include <utility>

namespace common {

namespace {

constexpr std::string_view label_of_asker = "asker "; // a connection to the control socket, for an upgrade

} // namespace

Service::Service(KeeperLink& keeper, const DaemonSettings& settings, Log& log)
    : keeper_(keeper),
      settings_(settings),
      log_(log),
      state_lock_(keeper.take(label_of_state).fd),
      // Those that a terminal or a service manager sends to every process of the daemon are the keeper's.
      signals_{SIGTERM, SIGINT, SIGHUP, SIGUSR1, SIGUSR2, SIGCHLD},
      loop_(settings.events) {
    StateDirectory::claim(state_lock_, settings.state);
    loop_.survive([this](const std::exception& error) { log_.error(text("passed over: ", error.what())); });
}

void Service::open(Duties duties) {
    duties_ = std::move(duties);
    std::vector<ControlVerb> verbs = std::exchange(duties_.verbs, {});
    verbs.push_back({"reload", "", "read the configuration again, as SIGHUP does",
                     [this](Words) { return ask_for_reload(); }});
    verbs.push_back({"upgrade", "[-f]", "go on with the program that stands at this one's path now",
                     [this](Words words) { return ask_for_upgrade(words); }});
    verbs.push_back({"shutdown", "[MESSAGE]", "stop, with a message to the clients",
                     [this](Words words) { return shut_down(unquote(words[0])), ControlAnswer{}; }, true});
    control_.emplace(loop_, keeper_.take(label_of_control).fd, std::move(verbs));
    take_over_upgrade();
    keeper_.attach(loop_, callbacks());
}

KeeperLink::Callbacks Service::callbacks() {
    return {.on_given = [this](Given given) { take(std::move(given)); },
            .on_taken_back = [this](const std::string& label) { duties_.on_taken_back(label); },
            .on_signal = [this](int signal) { on_signal(signal); },
            .on_config = [this](bool asked, const std::vector<ConfigLine>& lines,
                                const std::vector<Note>& told) { take_config(asked, lines, told); },
            .on_refusal = [this](bool asked, const std::string& why) { end_reload(asked, why, {}); },
            .on_lost =
                [this] {
                    log_.error("the keeper has ended");
                    has_keeper_ = false;
                    stopping_ = true;
                },
            .on_deposited = duties_.on_deposited,
            .on_orphan_end = duties_.on_orphan_end,
            .on_hand_over = [this] { hands_over_ = true; },
            .on_upgrade_word = [this](const auto& word) { tell_upgrade(word); },
            .on_stay =
                [this] {
                    attempt([this] { take_over_silent(); });
                    if (duties_.on_stay) duties_.on_stay();
                }};
}

void Service::tell_ready(std::string_view places, bool foreground) {
    if (!foreground) discard_standard_descriptors(log_.target() == Log::Target::standard_error);
    keeper_.tell_ready(std::string{places});
}

void Service::wait(bool may_wait) {
    try {
        loop_.run_once(signals_.while_waiting(), may_wait);
    } catch (const std::exception& error) {
        log_.error(text("cannot go on: ", error.what()));
        throw;
    }
}

void Service::heed_signals() {
    if (signals_.take(SIGCHLD)) attempt([this] { duties_.on_child_end(); });
    for (const int signal : {SIGTERM, SIGINT, SIGHUP, SIGUSR1, SIGUSR2}) signals_.take(signal);
}

void Service::on_signal(int signal) {
    if (signal == SIGUSR1) return report_status();
    if (signal == SIGTERM || signal == SIGINT) stopping_ = true;
}

void Service::take(Given given) {
    if (given.label == label_of_log) return log_.take(std::move(given.fd));
    duties_.on_given(std::move(given));
}

void Service::report_status() {
    for (const std::string& line : duties_.status()) log_.notice(line);
}

// The keeper reads it, which may take a while: a name of a listener may have to be looked up.
ControlAnswer Service::ask_for_reload() {
    if (reloads_.size() >= max_reloads)
        throw UserError("the configuration is being read again for others: try again in a moment");
    auto outcome = std::make_shared<Outcome>();
    reloads_.push_back(outcome);
    keeper_.ask_for_reload();
    return answer_of(outcome);
}

ControlAnswer Service::answer_of(const std::shared_ptr<Outcome>& outcome) {
    ControlAnswer answer;
    answer.more = [outcome]() -> std::optional<std::string> {
        if (!outcome->told.empty()) {
            std::string line = std::move(outcome->told.front());
            outcome->told.pop_front();
            return line;
        }
        if (outcome->failure) throw UserError(*outcome->failure);
        return {};
    };
    answer.has_ended = [outcome] { return outcome->is_known && outcome->told.empty(); };
    return answer;
}

ControlAnswer Service::ask_for_upgrade(Words words) {
    if (words.size() > 1 || (!words.empty() && words[0] != "-f"))
        throw UserError("upgrade takes -f, or nothing");
    auto outcome = std::make_shared<Outcome>();
    upgrades_.push_back(outcome);
    keeper_.ask_for_upgrade(!words.empty());
    ControlAnswer answer = answer_of(outcome);
    answer.is_moved = true;
    return answer;
}

// Whoever has asked the process before for it is answered by this one, and so is who was about to ask
// anything.
void Service::take_over_upgrade() {
    for (KeeperLink::Left& asker : keeper_.take_left(label_of_asker)) {
        if (!asker.fd) continue;
        const std::string label = asker.label;
        auto moved = ControlServer::Moved::unpack(asker.bytes, std::move(asker.fd));
        if (!moved.awaits_answer) {
            silent_.emplace_back(label, std::move(moved));
            continue;
        }
        upgrades_.push_back(std::make_shared<Outcome>());
        ControlAnswer answer = answer_of(upgrades_.back());
        answer.is_moved = true;
        askers_.push_back(label);
        control_->adopt(std::move(moved), std::move(answer));
    }
    if (!keeper_.is_on_trial()) take_over_silent();
}

// On trial they are not heard: another process would not know of it. What they say from now on would be said
// twice if they were given to another.
void Service::take_over_silent() {
    for (auto& [label, moved] : std::exchange(silent_, {})) {
        control_->adopt(std::move(moved));
        keeper_.withdraw(label);
    }
}

void Service::tell_upgrade(const KeeperLink::Callbacks::UpgradeWord& word) {
    for (const std::shared_ptr<Outcome>& outcome : upgrades_) {
        if (word.has_failed)
            outcome->failure = word.line;
        else if (!word.line.empty())
            outcome->told.push_back(word.line);
        outcome->is_known = word.is_over;
    }
    control_->continue_answers();
    if (!word.is_over) return;
    upgrades_.clear();
    for (const std::string& label : std::exchange(askers_, {})) keeper_.withdraw(label);
}

void Service::end_hand_over() {
    for (const std::string& label : std::exchange(askers_, {})) keeper_.withdraw(label);
    std::size_t asker = 0;
    for (const ControlServer::Moved& moved : control_->take_moved())
        if (const std::optional<std::string> packed = moved.pack())
            keeper_.deposit(text(label_of_asker, ++asker), *packed, moved.socket.get());
    log_.notice("handing over");
    keeper_.tell_handed_over();
}

void Service::take_config(bool asked, Lines lines, const std::vector<Note>& notes) {
    std::vector<std::string> told;
    try {
        told = duties_.apply(lines);
    } catch (const std::exception& error) {
        keeper_.tell_applied(false);
        return end_reload(asked, error.what(), {});
    }
    keeper_.tell_applied(true);
    for (const Note& note : notes) {
        told.push_back(note.text);
        log_.write(note.severity, note.text);
    }
    log_.notice(duties_.reloaded);
    log_.set_least(settings_.log_level);
    end_reload(asked, {}, std::move(told));
}

// Whoever sends a signal sees no answer but the log.
void Service::end_reload(bool asked, std::optional<std::string> failure, std::vector<std::string> told) {
    if (!asked) {
        if (failure) log_.error(text("configuration not read again, the old one stays: ", *failure));
        return;
    }
    if (reloads_.empty()) return;
    Outcome& outcome = *reloads_.front();
    outcome = {true, std::move(failure), {told.begin(), told.end()}};
    reloads_.pop_front();
    control_->continue_answers();
}

void Service::shut_down(const std::string& words) {
    std::string safe = duties_.make_safe(words);
    if (safe.size() > duties_.max_farewell)
        throw UserError(text("the message is too long: ", duties_.max_farewell, " bytes at most"));
    farewell_ = std::move(safe);
    log_.notice("shutdown by administrator");
    stopping_ = true;
}

void Service::begin_stop(std::size_t clients, std::chrono::seconds within) {
    log_.notice(text("stopping, clients ", clients));
    keeper_.tell_stopping(within);
}

void Service::end_stop() {
    keeper_.hold(control_->close());
    log_.notice("stopped");
}

} // namespace common
