// SPDX-License-Identifier: ISC
#include "common/keeper/former_children.hh"

#include "common/text.hh"

#include <csignal>
#include <utility>

namespace common {

void FormerChildren::take_over(const std::vector<pid_t>& pids, std::vector<Identity> users,
                               std::chrono::seconds limit) {
    users_ = std::move(users);
    pids_.insert(pids.begin(), pids.end());
    loop_.at(Clock::now() + limit, [this, limit] {
        for (const pid_t pid : pids_)
            log_.warning(text("process ", pid, " of the version before is killed: it did not end within ",
                              limit.count(), " s of the upgrade"));
        kill_all(pids_);
    });
}

void FormerChildren::kill() const {
    kill_all(pids_);
    kill_all(lasting_);
}

void FormerChildren::kill_all(const std::set<pid_t>& pids) {
    for (const pid_t pid : pids) ::kill(pid, SIGKILL);
}

} // namespace common
