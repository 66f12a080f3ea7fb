// SPDX-License-Identifier: ISC
// Handlers whose clients have left, until they are known to have ended. They hear why, and the end of their
// pair, when that rests on something: the lines that tell of it are in the logs, and the keeper knows it.
// Their pairs stay, for what they write on standard error. Who takes its time is killed. Run by the hub.
#pragma once

#include "chatd/hub/marks.hh"
#include "common/error_lines.hh"
#include "common/fd.hh"
#include "common/log.hh"
#include "common/loop.hh"

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <sys/types.h>
#include <vector>

namespace chatd {

class LeavingHandlers {
public:
    // kill: by the client's number; false: nobody can. loop and log must outlive this.
    LeavingHandlers(common::Loop& loop, common::Log& log, std::function<bool(ClientNumber)> kill)
        : loop_(loop), log_(log), kill_(std::move(kill)) {}
    LeavingHandlers(const LeavingHandlers&) = delete;
    LeavingHandlers& operator=(const LeavingHandlers&) = delete;

    // It is to hear the end of its pair, and before it the farewell, a frame, or nothing; ours stays open, so
    // that the log has what it writes until its own end. pair: none if that is at its end.
    void begin(ClientNumber client, pid_t pid, common::ErrorLines errors, common::Fd pair,
               std::string farewell);
    // Those that have begun hear it now.
    void tell();
    // It has ended: what it wrote last goes into the log. Nothing for one that is not here.
    void end(ClientNumber client);
    pid_t pid_of(ClientNumber client) const; // -1: it is not here, or not known
    // One of them; no value: there is none.
    std::optional<ClientNumber> any() const;

private:
    struct Handler {
        common::Fd socket;  // our end of its pair,
        common::Watch pair; // as long as it may bring something
        common::ErrorLines errors;
        pid_t pid;
        std::string farewell;
        common::Loop::TimerId kill_at{};
    };
    void tell(Handler& handler);
    void be_patient(ClientNumber client, Handler& handler);
    bool read_errors(Handler& handler);
    void kill_late(ClientNumber client);

    common::Loop& loop_;
    common::Log& log_;
    std::function<bool(ClientNumber)> kill_;
    std::map<ClientNumber, Handler> handlers_;
    std::vector<ClientNumber> untold_;
};

} // namespace chatd
