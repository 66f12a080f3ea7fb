// SPDX-License-Identifier: ISC
// What the keeper has of the sessions, with which the next parent goes on: a record and the parent's end of
// the pair for each, by the session's page. Run by the parent, which believes little of what it finds there:
// whatever killed the one before may have been at it.
#pragma once

#include "common/fd.hh"
#include "common/keeper/keeper_link.hh"
#include "common/log.hh"
#include "common/loop.hh"
#include "ftpd/parent/kept_pages.hh"
#include "ftpd/parent/session_record.hh"

#include <map>
#include <string>
#include <string_view>
#include <sys/types.h>
#include <vector>

namespace ftpd {

inline constexpr std::string_view label_of_session = "session "; // and its page, in the keeper's box

class SessionBox {
public:
    // All must outlive this.
    SessionBox(common::KeeperLink& keeper, common::Loop& loop, common::Log& log, KeptPages& pages);
    SessionBox(const SessionBox&) = delete;
    SessionBox& operator=(const SessionBox&) = delete;

    struct Left {
        SessionRecord record;
        common::Fd pair;
    };
    // Those of the parent before that have not ended, by their pids. What no parent leaves is let go.
    std::map<pid_t, Left> open(std::vector<common::KeeperLink::Left> left);

    // In place of what there is of this session. pair: is borrowed; -1: stays as it is.
    void put(const SessionRecord& record, int pair = -1);
    // What there is of those that have ended.
    void take_back_later();

private:
    void take_back();

    common::KeeperLink& keeper_;
    common::Loop& loop_;
    common::Log& log_;
    KeptPages& pages_;
    std::vector<bool> filled_; // by page
    bool will_take_back_ = false;
};

// The sessions among those left that speak a version of the frames which this parent does not know, as a
// reason not to serve: some clients by their address and port, the number of the others, and what can be
// done. Empty: there are none.
std::string describe_strangers(const std::vector<common::KeeperLink::Left>& left, const KeptPages& pages);

} // namespace ftpd
