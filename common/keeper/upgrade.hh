// SPDX-License-Identifier: ISC
// An upgrade to the program that stands at the daemon's path now, step by step: it is asked whether it could
// start; the main process hands over; the new one is on trial in its place; if it lives, the keeper executes
// the same file in its own place, and if not, the old one goes on. Run by the keeper; what each step is, the
// keeper knows (common/keeper/keeper.cc).
#pragma once

#include "common/fd.hh"
#include "common/keeper/executable.hh"
#include "common/keeper/keeper_frames.hh"
#include "common/keeper/program_check.hh"
#include "common/loop.hh"
#include "common/privileges.hh"
#include "common/text.hh"

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <sys/types.h>
#include <vector>

namespace common {

class Upgrade {
public:
    static constexpr std::chrono::seconds trial{5}; // that a new main process has to live, once it serves
    static constexpr std::chrono::seconds to_hand_over{10}; // for the old one; then it is killed

    struct Callbacks {
        std::function<bool()> main_runs;
        std::function<std::string_view()> why_not; // what is in the way of one now; empty: nothing
        std::function<void()> hand_over;           // the main process is asked to
        std::function<void()> kill_main;
        std::function<void(const Executable& program)> start_new; // on trial
        std::function<void()> start_old;
        std::function<void()> begin; // the new one has opened all: it is given what there is
        // To whoever has asked, and to the log.
        std::function<void(const std::string& line, bool is_over, bool has_failed)> tell;
    };

    // loop and invocation must outlive this. version: of the program that runs, "chatd 1.2".
    Upgrade(Loop& loop, const Invocation& invocation, std::string version, Callbacks callbacks)
        : loop_(loop),
          version_(std::move(version)),
          check_(loop, invocation),
          callbacks_(std::move(callbacks)),
          path_(invocation.path()) {}
    Upgrade(const Upgrade&) = delete;
    Upgrade& operator=(const Upgrade&) = delete;
    ~Upgrade() {
        stop();
        forget();
    }

    // If one is under way already, this is that.
    void begin(bool by_force);
    bool is_under_way() const { return step_ != Step::none; }
    // Nothing has changed so far: the program is only asked.
    bool is_asking() const { return step_ == Step::is_checked; }
    // A main process is there that opens what it wants, and has not begun.
    bool opens() const { return step_ == Step::opens; }
    bool is_on_trial() const {
        return step_ == Step::opens || step_ == Step::starts || step_ == Step::serves;
    }
    bool is_by_force() const { return by_force_; }
    // The daemon ends: a program is asked nothing more; who is on trial ends like any other.
    void stop();

    // A child has ended that is not one of the daemon's processes; false: nor one of this.
    bool on_child_end(pid_t pid, int status) { return check_.on_child_end(pid, status); }
    // The main process has ended. True: this has started the next one.
    bool on_main_end(const std::string& how);
    void on_ready();

    // What the process on trial says before it begins (KeeperWord); false: that is not for now.
    bool heed(const KeeperFrame& frame, Fd passed);
    // What it has opened in place of the keeper's, and, to be given when it asks for it, by role and label;
    // -1: nothing. If it fails, the files of its sockets are removed.
    using Opened = std::map<std::string, Fd, std::less<>>;
    const Opened& kept() const { return kept_; }
    int find_wanted(std::string_view wanted) const;
    bool is_left_out(std::string_view label) const { return left_out_.contains(label); }
    std::vector<std::string> left_out() const { return {left_out_.begin(), left_out_.end()}; }
    const std::vector<ConfigLine>& config() const { return config_; } // as it has read it
    const std::vector<Identity>& users() const { return users_; }     // whom it has looked up

    // It has lived for long enough: the keeper is to execute this in its own place now, and to say fail if it
    // cannot. nullptr: nothing is to be done.
    const Executable* wants_place() const { return step_ == Step::lived ? program_.get() : nullptr; }
    void fail(const std::string& why);
    // In the keeper that was executed in the place of one of this version.
    void succeed(const std::string& before) {
        end(text(version_, " goes on in the place of ", before), false);
    }

private:
    enum class Step { none, is_checked, hands_over, opens, starts, serves, lived, fails };

    void on_checked(const ProgramCheck::Result& result);
    void forget();
    void end(const std::string& line, bool has_failed);

    Loop& loop_;
    std::string version_, new_version_;
    ProgramCheck check_;
    Callbacks callbacks_;
    std::string path_;
    Step step_ = Step::none;
    bool by_force_ = false;
    std::shared_ptr<const Executable> program_;
    Loop::TimerId limit_{};
    std::string unable_; // why the process on trial cannot serve
    Opened kept_, wanted_;
    std::set<std::string, std::less<>> left_out_;
    std::vector<ConfigLine> config_;
    std::vector<Identity> users_;
};

} // namespace common
