// SPDX-License-Identifier: ISC
// What the parent knows of itself and leaves to the next one, should it die: on a page that the keeper keeps
// with those of the sessions, but that no session sees. Each word is right at any moment.
#pragma once

#include "common/loop.hh"
#include "ftpd/parent/overview.hh"
#include "ftpd/parent/xferlog.hh"

#include <cstddef>
#include <cstdint>
#include <span>

namespace ftpd {

struct Books {
    Totals totals;            // but for sessions that run
    std::int64_t started = 0; // ticks of the steady clock; 0: nothing stands here yet
    XferlogJournal journal;

    // On a page of zeros these are those of a first parent.
    static Books& on(std::span<std::byte> page) {
        static_assert(sizeof(Books) <= 1024);
        Books& books = *reinterpret_cast<Books*>(page.data());
        if (books.started == 0) books.started = common::Clock::now().time_since_epoch().count();
        return books;
    }
    common::Clock::duration uptime() const {
        return common::Clock::now().time_since_epoch() - common::Clock::duration{started};
    }
};

} // namespace ftpd
