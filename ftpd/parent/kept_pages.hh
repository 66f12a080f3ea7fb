// SPDX-License-Identifier: ISC
// The memory that outlives the parent, since the keeper keeps a descriptor of it: the status pages, and a
// page of the parent's own, that no session sees. Run by the parent.
#pragma once

#include "common/keeper/keeper_link.hh"
#include "common/log.hh"
#include "common/loop.hh"
#include "common/status_pages.hh"
#include "ftpd/parent/overview.hh"
#include "ftpd/parent/xferlog.hh"
#include "ftpd/settings.hh"

#include <cstdint>

namespace ftpd {

// What the parent knows of itself and leaves to the next one, should it die. Each word is right at any
// moment.
struct Books {
    Totals totals;            // but for sessions that run
    std::int64_t started = 0; // ticks of the steady clock; 0: nothing stands here yet
    XferlogJournal journal;

    common::Clock::duration uptime() const {
        return common::Clock::now().time_since_epoch() - common::Clock::duration{started};
    }
};

class KeptPages {
public:
    // Those of the parent before, and more if there can be more clients now; or new ones, as many as there
    // can ever be clients, or as the limit of a file's size lets be, of which log is told. The keeper gets
    // what is new. Throws std::system_error, and std::runtime_error for what no parent leaves.
    KeptPages(common::KeeperLink& keeper, const Settings& settings, common::Log& log);

    // Page 0 is taken: it is the parent's own.
    common::StatusPages& all() { return pages_; }
    const common::StatusPages& all() const { return pages_; }
    Books& books() { return *books_; }
    const Books& books() const { return *books_; }

private:
    common::StatusPages pages_;
    Books* books_;
};

} // namespace ftpd
