// SPDX-License-Identifier: ISC
#include "common/keeper/upgrade.hh"

#include "common/errors.hh"
#include "common/keeper/keeper_link.hh"
#include "common/keeper/listeners.hh"
#include "common/text.hh"

#include <utility>

namespace common {
namespace {

constexpr std::size_t most_opened = 65'536; // descriptors, and lines of a configuration

} // namespace

void Upgrade::begin(bool by_force) {
    if (is_under_way()) return;
    if (const std::string_view why = callbacks_.why_not(); !why.empty()) return end(std::string{why}, true);
    by_force_ = by_force;
    try {
        program_ = std::make_shared<const Executable>(path_);
        check_.begin(program_, [this](const ProgramCheck::Result& result) { on_checked(result); });
        step_ = Step::is_checked;
    } catch (const std::exception& error) {
        end(error.what(), true);
    }
}

void Upgrade::on_checked(const ProgramCheck::Result& result) {
    if (result.refusal) return end(*result.refusal, true);
    const std::string_view name = std::string_view{version_}.substr(0, version_.find(' '));
    if (!result.version.starts_with(text(name, ' ')))
        return end(text(path_, " is not ", name, ": with -V it says '", result.version, "'"), true);
    if (!callbacks_.main_runs()) return end("the main process has just ended: try again in a moment", true);
    new_version_ = result.version;
    callbacks_.tell(text(version_, " runs, ", new_version_, " stands at ", path_), false, false);
    step_ = Step::hands_over;
    callbacks_.hand_over();
    limit_ = loop_.at(Clock::now() + to_hand_over, [this] { callbacks_.kill_main(); });
}

bool Upgrade::on_main_end(const std::string& how) {
    if (step_ == Step::hands_over) {
        loop_.cancel(limit_);
        step_ = Step::opens;
        try {
            callbacks_.start_new(*program_);
        } catch (const std::exception& error) {
            fail(error.what());
        }
        return true;
    }
    if (!is_on_trial() && step_ != Step::lived && step_ != Step::fails) return false;
    fail(unable_.empty() ? how : unable_);
    return true;
}

// The old one goes on: now, or as soon as the new one has ended.
void Upgrade::fail(const std::string& why) {
    loop_.cancel(limit_);
    if (callbacks_.main_runs()) {
        unable_ = why;
        step_ = Step::fails; // nothing that it says counts any more
        return callbacks_.kill_main();
    }
    const std::string line = text(new_version_, " cannot go on: ", why, "; ", version_, " stays");
    forget();
    step_ = Step::none; // it is on no trial
    callbacks_.start_old();
    end(line, true);
}

void Upgrade::on_ready() {
    if (step_ != Step::starts) return;
    step_ = Step::serves;
    callbacks_.tell(text(new_version_, " serves, and stays if it lives for ", trial.count(), " s"), false,
                    false);
    limit_ = loop_.at(Clock::now() + trial, [this] { step_ = Step::lived; });
}

bool Upgrade::heed(const KeeperFrame& frame, Fd passed) {
    if (frame.word == KeeperWord::handed_over) return step_ == Step::hands_over;
    if (frame.word == KeeperWord::unable) {
        if (!is_on_trial()) return false;
        unable_ = frame.text;
        return true;
    }
    if (step_ != Step::opens ||
        kept_.size() + left_out_.size() + config_.size() + users_.size() >= most_opened)
        return false;
    switch (frame.word) {
    case KeeperWord::keep:
        if (!passed) throw PeerError("no descriptor is free for " + frame.label);
        (frame.flag ? wanted_ : kept_)[frame.label] = std::move(passed);
        return true;
    case KeeperWord::leave_out: left_out_.insert(frame.label); return true;
    case KeeperWord::line: config_.push_back(line_of(frame)); return true;
    case KeeperWord::user: users_.push_back(user_of(frame)); return true;
    case KeeperWord::opened_all:
        step_ = Step::starts;
        callbacks_.begin();
        return true;
    default: return false;
    }
}

int Upgrade::find_wanted(std::string_view wanted) const {
    const auto found = wanted_.find(wanted);
    return found == wanted_.end() ? -1 : found->second.get();
}

void Upgrade::forget() {
    for (const auto& [label, fd] : kept_)
        if (label == label_of_control || label.starts_with(label_of_listener) ||
            label.starts_with(label_of_group_socket))
            remove_socket_file(fd.get());
    kept_.clear();
    wanted_.clear();
    left_out_.clear();
    config_.clear();
    users_.clear();
    unable_.clear();
}

void Upgrade::end(const std::string& line, bool has_failed) {
    forget();
    step_ = Step::none;
    program_.reset();
    callbacks_.tell(line, true, has_failed);
}

void Upgrade::stop() {
    loop_.cancel(limit_);
    check_.stop();
    if (step_ == Step::is_checked) step_ = Step::none;
}

} // namespace common
