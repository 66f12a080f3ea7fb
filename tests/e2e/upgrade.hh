// SPDX-License-Identifier: ISC
// Upgrades of a daemon under test: it runs from a folder of its own, where another program takes its place as
// a package manager does it, by rename(2); and what shows which of them a process runs.
#pragma once

#include "tests/e2e/daemon.hh"
#include "tests/e2e/files.hh"
#include "tests/e2e/process.hh"

#include <string>
#include <string_view>
#include <sys/types.h>

namespace e2e {

// Of the same length as SUITE_VERSION, and another.
std::string other_version();

class ProgramPlace {
public:
    // Holds a copy of the suite's program of this name, and of its message catalogues. Everybody may execute
    // it.
    explicit ProgramPlace(std::string name);

    // What a Daemon::Setting has as its program.
    const Path& path() const { return path_; }
    Path folder() const { return path_.parent_path(); }
    std::string control_program() const; // ftpctl, chatctl

    // Each puts another file at the path, in one step.
    void put_same() const; // the same bytes
    void put_other_version() const;
    // A shell script that tells another version and likes the configuration, and then does this.
    void put_script(std::string_view commands) const;
    // One that likes no configuration: these are its words, on standard error, and its status is 1.
    void put_refusing(std::string_view words) const;
    void put_not_executable() const; // for root, too
    void put_bytes(std::string_view bytes) const;

private:
    void put(std::string_view bytes, bool is_executable = true) const;
    TempDir folder_;
    Path path_;
    std::string original_; // its bytes
};

// Whether the process executes the very file that stands at the path now (Linux).
bool runs(pid_t pid, const Path& program);

// ftpctl or chatctl upgrade, to its end, and what it says.
Result upgrade(const Daemon& daemon, const ProgramPlace& place, const Words& options = {});
// The same while the test does other things: wait() has the status, out() and err() are complete then.
Process begin_upgrade(const Daemon& daemon, const ProgramPlace& place, const Words& options = {});

// Waits until the main process runs what stands at the path: the trial has begun. Its number.
pid_t wait_for_trial(const Daemon& daemon, const ProgramPlace& place);
// Kills the main process on trial when the keeper has executed the new program, and before that does
// anything: strace(1) holds it meanwhile.
void kill_trial_before_it_stays(const Daemon& daemon, const ProgramPlace& place);
// Waits until the keeper does, too: the upgrade is done.
void wait_until_upgraded(const Daemon& daemon, const ProgramPlace& place);

} // namespace e2e
