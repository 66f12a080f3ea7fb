// SPDX-License-Identifier: ISC
// What becomes of the packets that sessions send: lines of the log and of the transfer log, and the
// announcements of finished uploads. Run by the parent; a session is believed no more than its client.
#pragma once

#include "common/log.hh"
#include "common/loop.hh"
#include "ftpd/frames.hh"
#include "ftpd/parent/announcer.hh"
#include "ftpd/parent/xferlog.hh"
#include "ftpd/settings.hh"

#include <optional>
#include <string>
#include <sys/types.h>

namespace ftpd {

class Records {
public:
    // Throws std::system_error when the transfer log cannot be opened.
    Records(common::Loop& loop, common::Log& log, const Settings& settings);

    // Whose packets they are.
    struct Source {
        pid_t pid;
        std::string host;   // of the client
        std::string server; // the address that it has connected to, as it stands in a URL; empty: none
        std::string_view role = "session";
    };
    // Reads what waits on a session's pair, a bounded number of packets.
    enum class Read { all, more, ended };
    // Throws common::PeerError for what no session sends.
    Read read(int pair, const Source& source);

    // After a HUP: other settings, and the transfer log of that name now. Throws as the constructor.
    void reload(const Settings& settings);

private:
    void record(const LogLine& line, const Source& source);
    void record(const Transfer& transfer, const Source& source);

    common::Log& log_;
    Announcer announcer_;
    bool links_work_ = false; // whoever sees a link can fetch what it leads to,
    std::string links_below_; // where that lies in this folder
    std::optional<Xferlog> xferlog_;
};

} // namespace ftpd
