// SPDX-License-Identifier: ISC
// One client's session, in a process of its own: what it remembers between commands, and its loop. The verbs
// (ftpd/session/verbs.hh) work on it. While a transfer runs, ABOR, STAT and NOOP are answered at once; all
// else waits its turn. Trusts nothing the client sends.
#pragma once

#include "common/authd/login.hh"
#include "ftpd/access.hh"
#include "ftpd/frames.hh"
#include "ftpd/session/body.hh"
#include "ftpd/session/connection.hh"
#include "ftpd/session/data_channel.hh"
#include "ftpd/session/listing.hh"
#include "ftpd/session/tree.hh"
#include "ftpd/session/upload.hh"
#include "ftpd/settings.hh"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace ftpd {

struct Command;
struct SessionParts;
struct Verb;
enum class Login;

enum class Type { ascii, binary };

class Session {
public:
    Session(const Settings& settings, SessionParts&& parts);

    // Serves the client until either side ends; the exit status. first_note: a detail for the log, or
    // nothing.
    int run(std::string_view first_note);

    // What the verbs work with.
    const Settings& settings;
    Connection control;
    Tree tree;
    DataChannel data;
    Status status;
    common::Login passwords; // asks authd

    // What they remember; all of it is as in the beginning after REIN.
    struct Memory {
        std::optional<Rights> login;     // once logged in
        std::optional<Limits> limits;    // of this login, where it has its own
        std::optional<std::string> user; // of USER, waiting for PASS
        std::string cwd = "/";
        Type type = Type::ascii;                // RFC 959, section 5.1
        std::uint64_t restart = 0;              // of REST, for the next transfer only
        std::optional<std::uint64_t> announced; // of ALLO, for the next upload only
        std::optional<Body> body;               // of a PUT or WRITE under way
        std::optional<std::string> renamed;     // of RNFR, for the very next command: a path
        Facts facts = Facts{}.set();            // of OPTS MLST
        bool extended_only = false;             // after EPSV ALL (RFC 2428, section 4)
    };
    Memory memory;
    bool over = false; // after QUIT
    // Who has been shut in a home, or as nobody() in the folder of those without an account; nobody else can
    // log in on this connection.
    std::string only_user;

    // Where argument leads; throws Refusal (553) for a reserved name.
    std::string resolve(std::string_view argument) const;
    // What the client may do now: its login's rights, or anonymous ones where no login is needed.
    Rights rights() const { return memory.login ? *memory.login : settings.anonymous; }
    // What its transfers may cost.
    const Limits& limits() const { return memory.limits ? *memory.limits : settings.limits; }
    // How it may upload. Throws Refusal (552) when ALLO has announced more behind offset than a file may
    // have.
    Upload::Policy upload_policy(std::uint64_t offset, Replace replace) const;
    // Throws Refusal (530, 550) unless the client is logged in, where that is needed, and has the right. Who
    // needs no login goes on as nobody.
    void require(Login login, Right right, std::string_view verb);
    // From now on the folder home is the whole tree, and can only be read unless may_write: for good. Throws
    // std::system_error when it cannot be entered.
    void confine(std::string_view home, bool may_write);
    // The client goes on without an account: shut in anonymous-root, where that is not the whole tree. Throws
    // Refusal (530) when it cannot be, also for who has logged in as somebody else.
    void enter_as_nobody();
    // A path of the session's tree as one of the served folder: they differ for who has a home in it.
    std::string path_from_root(std::string_view path) const;
    void log(common::Severity severity, std::string_view line);
    // A reply with words for a person behind it, who has shown to be one by a bare LF or telnet's options.
    void reply(int code, std::string_view text, std::string_view hint);
    // Does one command, or says why not; SITE hands its verbs on to it.
    void run_verb(const Verb& verb, const std::string& argument);

private:
    void serve();
    void greet();
    std::string understand(const common::Line& line);
    void execute(const common::Line& line);
    bool attend(const common::Line& line);
    void refuse_unknown(const Command& command);
    void refuse(const Refusal& refusal, const Command& command);
    void check(const Verb& verb, const std::string& argument);
    void answer(const Refusal& refusal, const Verb& verb);
    std::optional<Body> body_behind(const Verb& verb) const;
    void discard_lines(const Refusal& refusal);
    void say_farewell(SessionOver::Reason reason);
    void log_denied(const Refusal& refusal, const Verb& verb);

    std::string home_ = "/";  // of the user, in the served folder
    std::string system_user_; // that this process runs as
    unsigned unknown_before_login_ = 0;
};

} // namespace ftpd
