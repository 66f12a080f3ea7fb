// SPDX-License-Identifier: ISC
// The served folder, where neither the parent nor its sessions' user may open it: the keeper does, once for
// all sessions. Elsewhere each session opens it itself, and nothing here holds it. Run by the parent.
#pragma once

#include "common/fd.hh"
#include "common/keeper/keeper_link.hh"
#include "common/privileges.hh"

#include <optional>
#include <string_view>
#include <utility>

namespace ftpd {

struct Settings;

inline constexpr std::string_view label_of_root = "root"; // of what the parent may want of its keeper

class ServedRoot {
public:
    // keeper must outlive this.
    explicit ServedRoot(common::KeeperLink& keeper) : keeper_(keeper) {}
    ServedRoot(const ServedRoot&) = delete;
    ServedRoot& operator=(const ServedRoot&) = delete;

    // Sees whether sessions that become this user find the folder, and else asks the keeper.
    void look(const Settings& settings, const std::optional<common::Identity>& identity);
    // The keeper was asked, and has not answered.
    bool is_awaited() const { return is_awaited_; }
    // Before a session: one that was removed may be there again.
    void renew_if_removed();
    // After a reload.
    void renew();
    // For a session, in its process; none where it opens the folder itself.
    common::Fd take() { return std::move(fd_); }

private:
    void ask();

    common::KeeperLink& keeper_;
    common::Fd fd_;
    bool is_awaited_ = false;
};

} // namespace ftpd
