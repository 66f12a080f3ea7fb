// SPDX-License-Identifier: ISC
// One client's session, in a process of its own: how it becomes one, what it has and remembers between
// commands, and its loop. Commands come to the verbs through ftpd/session/dispatch.hh, and these
// (ftpd/session/verbs.hh) work on the session. Trusts nothing the client sends.
#pragma once

#include "common/authd/login.hh"
#include "common/fd.hh"
#include "common/log.hh"
#include "common/tls/relay_link.hh"
#include "ftpd/access.hh"
#include "ftpd/frames.hh"
#include "ftpd/session/body.hh"
#include "ftpd/session/client_socket.hh"
#include "ftpd/session/connection.hh"
#include "ftpd/session/data_channel.hh"
#include "ftpd/session/listing.hh"
#include "ftpd/session/parent_link.hh"
#include "ftpd/session/settlement.hh"
#include "ftpd/session/tree.hh"
#include "ftpd/settings.hh"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace common {
struct Identity;
}

namespace ftpd {

enum class LoginNeed;
struct SessionOver;

// What a session is given by its parent.
struct SessionParts {
    common::Fd client, pair;
    common::Fd root;  // of the tree, where only root can open it; else none
    common::Fd authd; // its end of a pair with authd; none: nobody has a password
    std::span<std::byte> page;
    std::string user{};           // that the session runs as, for the log
    common::Fd tlsd{};            // its end of a pair with tlsd; none: there is no TLS
    bool begins_with_tls = false; // the client came where nothing else is spoken
};

class Session {
public:
    Session(const Settings& settings, SessionParts&& parts);

    // Serves the client until either side ends; the exit status. first_note: a detail for the log, or
    // nothing.
    int run(std::string_view first_note);

    // What the verbs work with.
    const Settings& settings;
    ParentLink parent;
    common::RelayLink relay; // once TLS has begun; before that tlsd is there
    ClientSocket client;
    Connection control;
    Tree tree;
    DataChannel data;
    Status status;
    common::Login passwords; // asks authd
    Settlement settlement{*this};

    // What they remember; REIN resets all of it.
    struct Memory {
        std::optional<Rights> login;     // once logged in
        std::optional<Limits> limits;    // of this login, where it has its own
        std::optional<std::string> user; // of USER, waiting for PASS
        std::string cwd = "/";
        TransferType type{}; // RFC 959, section 5.1, wants ascii
        bool has_chosen_type = false;
        std::uint64_t restart = 0;              // of REST, for the next transfer only
        std::optional<std::uint64_t> announced; // of ALLO, for the next upload only
        std::optional<Body> body;               // of a PUT or WRITE under way
        std::optional<std::string> renamed;     // of RNFR, for the very next command: a path
        Facts facts = Facts{}.set();            // of OPTS MLST
        std::vector<FileId> stored;             // the files that the client may date, newest last
        std::vector<FileId> made;               // the folders, likewise
        bool extended_only = false;             // after EPSV ALL (RFC 2428, section 4)
        bool has_protected_buffer = false;      // after PBSZ, without which there is no PROT (RFC 4217)
    };
    Memory memory;
    bool sends_body = false; // in band: what is not yet whole
    const bool has_tlsd;     // TLS can be had, or could
    const bool begins_with_tls;
    bool over = false; // after QUIT
    // Whether it has logged in or done something in band: it is no longer one of those that only connect.
    bool has_come_in = false;
    unsigned unknown_before_login = 0;
    // The user whose home this process is confined to, or nobody() in the folder of clients without an
    // account; no other user can log in on this connection.
    std::string only_user;

    bool has_tls() const { return relay.has_begun(); }
    // Puts all that they remember back to the beginning.
    void forget_all();
    // What REST and ALLO have said holds no longer.
    void forget_announcements();
    // Where argument leads; throws Refusal (553) for a reserved name.
    std::string resolve(std::string_view argument) const;
    // What the client may do now: its login's rights, or anonymous ones where no login is needed.
    Rights rights() const;
    // What its transfers may cost.
    const Limits& limits() const;
    // Whether the client may know which names there are: not in a drop box, where it knows of its own files.
    bool sees_names() const { return rights().has(Right::list) || rights().has(Right::read); }
    bool has_stored(const FileId& file) const; // on this connection
    // Throws Refusal (530, 550) unless the client is logged in, where that is needed, and has the right.
    // A client that needs no login goes on as nobody.
    void require(LoginNeed login, Right right, std::string_view verb);
    // Throws Refusal (550) unless the client may set the times and mode of the file at path: of any, or of
    // one that it has stored, or made, on this connection.
    void require_to_change(std::string_view path) const;
    void remember_stored(const FileId& file);
    void remember_made(const FileId& folder);
    // From now on it has login-timeout to come in; what it does in band meanwhile has its own time.
    void begin_login_time();
    void come_in();
    // From now on the folder home is the whole tree, and can only be read unless may_write: for good. Throws
    // std::system_error when it cannot be entered.
    void confine(std::string_view home, bool may_write);
    // The client goes on without an account: shut in anonymous-root, where that is not the whole tree. Throws
    // Refusal (530) when it cannot be, also if it has logged in as somebody else.
    void enter_as_nobody();
    // A path of the session's tree as one of the served folder: they differ for a user with a home in it.
    std::string path_from_root(std::string_view path) const;
    void log(common::Severity severity, std::string_view line);
    // What the administrator can mend with chown: the verb about argument, which the system denied to our
    // user.
    void log_denied(std::string_view verb, std::string_view argument);

private:
    void serve();
    void greet();
    void note_tls();
    void end_tls(bool is_whole);
    void say_farewell(const SessionOver& end);

    std::string home_ = "/";  // of the user, in the served folder
    std::string system_user_; // that this process runs as
    bool has_noted_tls_ = false;
};

// In the child: closes every descriptor but 0 to 2 and these, opens the served folder by its path, so that
// one that was replaced or mounted meanwhile is found (as parts have it only where this process and the user
// may not open it), shuts itself in that tree as far as user and system allow, and serves the client to its
// end. Where the folder cannot be opened, the client and the log are told why. identity: the user to become;
// none: stay the user that runs it.
[[noreturn]] void run_session_process(const Settings& settings,
                                      const std::optional<common::Identity>& identity, SessionParts parts);

} // namespace ftpd
