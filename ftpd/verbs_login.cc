// SPDX-License-Identifier: ISC
// Verbs about who the client is, and its coming and going. Run by the session.
#include "ftpd/verbs.hh"

#include "common/text.hh"
#include "ftpd/refusal.hh"
#include "ftpd/session.hh"

#include <sys/stat.h>
#include <utility>

using namespace common;

namespace ftpd {
namespace {

bool is_anonymous(std::string_view name) {
    return equal_ignoring_case(name, "anonymous") || equal_ignoring_case(name, "ftp");
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

void do_pass(Session& s, const std::string&) {
    if (s.memory.login) return s.control.reply(202, "You are logged in already.");
    if (!s.memory.user) throw Refusal{503, "Send USER first."};
    const bool welcome = is_anonymous(*std::exchange(s.memory.user, {})) && !s.settings.anonymous.empty();
    if (!welcome) throw Refusal{530, "Login incorrect."};
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
