// SPDX-License-Identifier: ISC
// Verbs about who the client is, and its coming and going. Run by the session.
#include "ftpd/session/verbs.hh"

#include "common/authd/password.hh"
#include "common/authd/user_file.hh"
#include "common/errors.hh"
#include "common/text.hh"
#include "ftpd/session/refusal.hh"
#include "ftpd/session/session.hh"

#include <sys/stat.h>
#include <utility>

using namespace common;

namespace ftpd {
namespace {

bool is_anonymous(std::string_view name) {
    return equal_ignoring_case(name, "anonymous") || equal_ignoring_case(name, "ftp");
}

// Asks authd, and waits with an open ear for the client.
Verdict ask_authd(Session& s, const std::string& name, const std::string& password) {
    constexpr std::chrono::seconds patience{60}; // many others may be before us
    if (name.size() > max_user_name || password.size() > max_password)
        return ask_authd(s, {}, {}); // can only be wrong, and costs as much
    s.passwords.ask(LoginKind::user, name, password);
    const auto deadline = Clock::now() + patience;
    for (;;) {
        if (std::optional<Verdict> verdict = s.passwords.take_verdict()) return *verdict;
        if (s.control.wait_for(s.passwords.fd(), Interest::read, deadline)) continue;
        s.control.forget(s.passwords.fd());
        s.passwords.give_up();
        return {};
    }
}

[[noreturn]] void close_for_failures(Session& s) {
    s.control.say_last(421, "Too many failed logins: closing.");
    throw SessionOver{SessionOver::Reason::protocol, "too many failed logins: closing"};
}

void enter_as_user(Session& s, const Verdict& user) {
    const Rights rights = parse_rights(user.rights);
    if (s.only_user.empty()) {
        try {
            s.confine(user.home, rights.may_write());
        } catch (const std::system_error& error) {
            s.log(Severity::warning,
                  text("no home for ", user.name, ": ", escape(user.home), ": ", error.code().message()));
            throw Refusal{530, "Your folder is not there: tell the administrator."};
        }
    }
    s.only_user = user.name;
    s.memory.cwd = Session::Memory{}.cwd;
    s.memory.login = rights;
    s.memory.limits = parse_limits(user.limits, s.settings.limits);
    s.status.set_user(user.name);
    s.log(Severity::notice, text("login ", user.name));
    s.reply(230, "Welcome.", "LS lists what is here; ? shows more.");
}

void log_in(Session& s, const std::string& name, const std::string& password) {
    if (!s.only_user.empty() && s.only_user != name)
        throw Refusal{530, "This connection had another login: connect again."};
    const Verdict verdict = ask_authd(s, name, password);
    switch (verdict.kind) {
    case Verdict::Kind::accepted: return enter_as_user(s, verdict);
    case Verdict::Kind::refused: s.control.reply(530, "Login incorrect."); break;
    case Verdict::Kind::held_off:
        s.control.reply(530, text("Too many failed logins from your address: wait ", verdict.wait.count(),
                                  " seconds, then try again."));
        break;
    case Verdict::Kind::unavailable:
        if (s.settings.users.empty()) throw Refusal{530, "Login incorrect."};
        throw Refusal{530, "The password could not be checked: connect again in a moment."};
    }
    if (verdict.tries_left == 0) close_for_failures(s);
}

} // namespace

void do_user(Session& s, const std::string& name) {
    s.memory.login.reset();
    s.memory.user = name;
    s.status.set_user("-");
    // The same words for every name: whether one exists is nobody's business.
    s.reply(331, is_anonymous(name) ? "Any password will do." : "Password, please.",
            is_anonymous(name) ? "Type PASS and anything behind it." : "Type PASS and the password.");
}

void do_pass(Session& s, const std::string& password) {
    if (s.memory.login) return s.control.reply(202, "You are logged in already.");
    if (!s.memory.user) throw Refusal{503, "Send USER first."};
    const std::string name = *std::exchange(s.memory.user, {});
    const bool welcome = is_anonymous(name) && !s.settings.anonymous.empty() &&
                         (s.only_user.empty() || is_anonymous(s.only_user));
    if (!welcome) return log_in(s, name, password);
    s.enter_as_nobody();
    s.memory.cwd = Session::Memory{}.cwd;
    s.memory.login = s.settings.anonymous;
    s.status.set_user("anonymous");
    s.log(Severity::notice, "login anonymous");
    s.reply(230, "Welcome.", "LS lists what is here; ? shows more.");
}

void do_acct(Session& s, const std::string&) {
    s.control.reply(202, "No account is needed: USER and PASS are enough.");
}

void do_rein(Session& s, const std::string&) {
    s.memory = {};
    s.data.reset();
    s.status.set_user("-");
    ::umask(s.settings.umask);
    s.control.reply(220, "All is as in the beginning: log in again.");
}

void do_quit(Session& s, const std::string&) {
    s.control.reply(221, "Goodbye.");
    s.over = true;
}

} // namespace ftpd
