// SPDX-License-Identifier: ISC
// The memory that outlives the parent, since the keeper keeps a descriptor of it: the status pages, and the
// first few, which are the parent's own and which no session sees. Run by the parent.
#pragma once

#include "common/keeper/keeper_link.hh"
#include "common/log.hh"
#include "common/loop.hh"
#include "common/status_pages.hh"
#include "ftpd/parent/overview.hh"
#include "ftpd/parent/xferlog.hh"
#include "ftpd/settings.hh"

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

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

    // So many at the beginning are the parent's own; they are taken.
    static std::size_t own_pages();
    common::StatusPages& all() { return pages_; }
    const common::StatusPages& all() const { return pages_; }
    Books& books() { return *books_; }
    const Books& books() const { return *books_; }

    // Whether the session of this page is one of those that there are. What the keeper has of another has
    // only not been taken back yet: to say so here costs no packet.
    bool is_live(std::size_t page) const { return live_[page] != std::byte{}; }
    void set_live(std::size_t page, bool is_live) { live_[page] = std::byte{is_live}; }
    // As StatusPages has it, for a session's page of a parent before.
    bool is_sessions(std::size_t page) const { return page >= own_pages() && page < pages_.size(); }
    void take_those(std::vector<std::size_t> pages);

private:
    common::StatusPages pages_;
    Books* books_;
    std::span<std::byte> live_; // by page
};

} // namespace ftpd
