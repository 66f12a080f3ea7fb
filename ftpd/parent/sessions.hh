// SPDX-License-Identifier: ISC
// The sessions that there are: their processes, the parent's ends of their pairs and their status pages. Run
// by the parent, which trusts nothing that a session posts or sends. Where it dies or hands over, the next
// one goes on with them.
#pragma once

#include "common/children.hh"
#include "common/error_lines.hh"
#include "common/fd.hh"
#include "common/keeper/keeper_link.hh"
#include "common/keeper/serving_word.hh"
#include "common/log.hh"
#include "common/loop.hh"
#include "ftpd/parent/kept_pages.hh"
#include "ftpd/parent/overview.hh"
#include "ftpd/parent/records.hh"
#include "ftpd/parent/session_box.hh"
#include "ftpd/parent/session_record.hh"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <sys/types.h>
#include <vector>

namespace ftpd {

class Sessions {
public:
    struct Callbacks {
        // One has ended, how; there may be room for another.
        std::function<void(const std::string& who, common::Severity severity)> on_end;
        // The keeper has what it was to be given: clients can be let in again.
        std::function<void()> on_kept;
    };
    // What all of them have in common; it must outlive them.
    struct Parts {
        common::KeeperLink& keeper;
        common::Loop& loop;
        common::Log& log;
        KeptPages& pages;
        Records& records;
    };

    Sessions(Parts parts, const std::string& state, Callbacks callbacks);
    Sessions(const Sessions&) = delete;
    Sessions& operator=(const Sessions&) = delete;

    // Those that the parent before has left. first: the pid of the one that is heard before all others; 0:
    // none.
    void take_over(std::vector<common::KeeperLink::Left> left, pid_t first);
    // Another parent follows: what one of them has begun to write on its standard error goes into the log.
    void hand_over();

    // Forks a session; session: all of it but the pid. ours: of its pair. body runs in the child. The client
    // is greeted when the keeper knows of the session. No value when no process can be forked.
    std::optional<pid_t> start(SessionRecord session, common::Fd ours, const std::function<int()>& body);
    // In the child: what is the parent's alone.
    void let_go() { serving_.let_go(); }

    std::size_t size() const { return sessions_.size(); }
    std::size_t count_from(const std::string& network) const { return children_.count_from(network); }
    // The keeper has all that there is to know of them; until then no further client can be let in.
    bool are_kept() const { return parts_.keeper.has_deposited_all(); }
    std::vector<SessionView> view() const;

    // Tells those of a pid, an address or a user to end, and kills those that do not. How many they are.
    std::size_t kick(const std::string& whom);
    // Lets those go whose clients have come by a listener that is none any more, when the command under way
    // is done. How many they are.
    std::size_t dismiss(const std::function<bool(const std::string& listener)>& is_there);
    // An order; a session that cannot be told is left to a signal.
    void tell_all(std::string_view order) const;
    void signal_all(int signal) const { children_.signal_all(signal); }

    // After SIGCHLD; and for one that a parent before has forked, when it has ended.
    void reap();
    void end_orphan(pid_t pid, int status);
    // After has_deposited_all() was false.
    void on_deposited();

private:
    struct Session {
        SessionRecord record;
        common::Watch pair{}; // our end; the keeper has a copy of it
        common::ErrorLines errors{};
        common::Loop::TimerId kill_at{}; // once it was told to end
        // Of one that a parent before has forked. Once its pair has ended, its end is told, or it is given
        // up.
        bool is_adopted = false;
        bool was_seen = false; // its end of the pair was there
        common::Fd process{};
        common::Loop::TimerId lost_at{};
    };

    void adopt(Session& session, common::Fd pair);
    common::Watch watch(common::Fd pair, const std::function<pid_t()>& pid);
    void greet(pid_t pid);
    void read_packets(pid_t pid);
    Records::Read read_packets_of(Session& session);
    void hear_last_words(Session& session);
    void punish(pid_t pid, std::string_view why);
    void reach(pid_t pid, int signal);
    void kill_later(Session& session, common::Clock::time_point when);
    void await_end(Session& session);
    // status: none if nobody has seen its end.
    void end(pid_t pid, std::optional<int> status);

    Parts parts_;
    Callbacks callbacks_;
    common::ServingWord serving_;
    common::Children children_; // their processes
    std::map<pid_t, Session> sessions_;
    SessionBox box_;
    std::vector<pid_t> ungreeted_; // until the keeper knows of them
};

} // namespace ftpd
