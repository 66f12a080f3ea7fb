// SPDX-License-Identifier: ISC
// Handlers whose clients have left, until they are known to have ended: their pairs, on which they have heard
// the end, for what they write on standard error. Who takes its time is killed. Run by the hub.
#pragma once

#include "chatd/hub/marks.hh"
#include "common/error_lines.hh"
#include "common/fd.hh"
#include "common/log.hh"
#include "common/loop.hh"

#include <functional>
#include <map>
#include <optional>
#include <sys/types.h>

namespace chatd {

class LeavingHandlers {
public:
    // kill: by the client's number; false: nobody can. loop and log must outlive this.
    LeavingHandlers(common::Loop& loop, common::Log& log, std::function<bool(ClientNumber)> kill)
        : loop_(loop), log_(log), kill_(std::move(kill)) {}
    LeavingHandlers(const LeavingHandlers&) = delete;
    LeavingHandlers& operator=(const LeavingHandlers&) = delete;

    // It hears the end of its pair now; ours stays open, so that the log has what it writes until its own
    // end. pair: none if that is at its end.
    void begin(ClientNumber client, pid_t pid, common::ErrorLines errors, common::Fd pair);
    // It has ended: what it wrote last goes into the log. Nothing for one that is not here.
    void end(ClientNumber client);
    pid_t pid_of(ClientNumber client) const; // -1: it is not here, or not known
    // One of them; no value: there is none.
    std::optional<ClientNumber> any() const;

private:
    struct Handler {
        common::Watch pair;
        common::ErrorLines errors;
        pid_t pid;
        common::Loop::TimerId kill_at;
    };
    bool read_errors(Handler& handler);
    void kill_late(ClientNumber client);

    common::Loop& loop_;
    common::Log& log_;
    std::function<bool(ClientNumber)> kill_;
    std::map<ClientNumber, Handler> handlers_;
};

} // namespace chatd
