// SPDX-License-Identifier: ISC
// What becomes of the packets that sessions send: lines of the log, of the transfer log (xferlog), and
// announcements of finished uploads in chatd. Run by the parent; a session is believed no more than its
// client, and what clients sent is made harmless here.
#pragma once

#include "common/error_lines.hh"
#include "common/fd.hh"
#include "common/log.hh"
#include "common/loop.hh"
#include "ftpd/frames.hh"
#include "ftpd/parent/xferlog.hh"
#include "ftpd/settings.hh"

#include <cstddef>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <sys/types.h>
#include <vector>

namespace ftpd {

// "bob shared notes.txt (1.2 MB): ftp://192.0.2.7:21/pub/notes.txt", with the whole file's size; server as in
// a URL, empty: the path instead. below: the folder that a client following the link sees as `/'; a file
// outside of it has no link. A client that has not logged in is anonymous.
std::string describe_share(const Transfer& transfer, std::string_view server, std::string_view below = "/");
// Whether path is beneath directory, both absolute and without `.', `..' or doubled slashes.
bool is_beneath(std::string_view path, std::string_view directory);

// Tells chatd of finished uploads (`announce'): one line to its control socket, which shows it in a room.
// Never waits for it: a chatd that is absent or slow costs a line in the log, and no upload anything.
class Announcer {
public:
    static constexpr std::size_t max_at_once = 16; // that have no answer yet
    static constexpr std::chrono::seconds patience{5};

    // Begins a connection to the control socket at this path, which may be another's to open: on_connection
    // gets the socket, or none and why.
    using OnConnection = std::function<void(common::Fd socket, const std::string& why)>;
    using Connect = std::function<void(const std::string& control, OnConnection on_connection)>;

    Announcer(common::Loop& loop, common::Log& log, Connect connect)
        : loop_(loop), log_(log), connect_(std::move(connect)) {}
    ~Announcer();
    Announcer(const Announcer&) = delete;
    Announcer& operator=(const Announcer&) = delete;

    void set_rules(std::vector<Announcement> rules) { rules_ = std::move(rules); }
    // The socket of one is awaited; after that chatd has it, whatever becomes of this process.
    bool is_connecting() const { return connecting_ > 0; }
    // In the room of each rule whose directory the upload went to.
    void announce(const Transfer& transfer, std::string_view server, std::string_view below);

private:
    struct Pending {
        common::Watch socket;
        std::string room;
        std::string answer;
        common::Loop::TimerId deadline;
    };
    void tell(const std::string& room, const std::string& message, common::Fd socket);
    void read_answer(int fd);
    void give_up(int fd, std::string_view why);
    void forget(int fd);
    void warn(std::string_view room, std::string_view why);

    common::Loop& loop_;
    common::Log& log_;
    Connect connect_;
    std::vector<Announcement> rules_;
    std::size_t connecting_ = 0;
    std::map<int, Pending> pending_; // answers, by their socket
};

class Records {
public:
    // xferlog: none if there is to be no transfer log. journal: of its lines; it must outlive this.
    Records(common::Loop& loop, common::Log& log, const Settings& settings, common::Fd xferlog,
            XferlogJournal& journal, Announcer::Connect connect);

    // Whose packets they are.
    struct Source {
        pid_t pid;
        std::string host;   // of the client
        std::string server; // the address that it has connected to, as it stands in a URL; empty: none
        std::string_view role = "session";
    };
    // Reads what waits on a session's pair, a bounded number of packets; errors: its own, of what it writes
    // on its standard error. A packet is taken when it was dealt with: if this process dies before that, the
    // next finds it there. Then a line may stand twice in the daemon's log; in the transfer log it stands
    // once, and in chatd once at the most.
    enum class Read { all, more, ended };
    // Throws common::PeerError for what no session sends.
    Read read(int pair, const Source& source, common::ErrorLines& errors);

    // Announcements are on their way that would be lost with this process.
    bool are_under_way() const { return announcer_.is_connecting(); }

    // After a HUP: other settings, and the transfer log as it is now.
    void reload(const Settings& settings, common::Fd xferlog);

private:
    void record(const LogLine& line, const Source& source);
    void record(const Transfer& transfer, const Source& source);
    void announce(const Transfer& transfer, const Source& source);

    common::Log& log_;
    Announcer announcer_;
    bool links_work_ = false; // anybody who sees a link can fetch its target,
    std::string links_below_; // where that lies in this folder
    XferlogJournal& journal_;
    std::optional<Xferlog> xferlog_;
};

} // namespace ftpd
