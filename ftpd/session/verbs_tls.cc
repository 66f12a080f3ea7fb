// SPDX-License-Identifier: ISC
// Verbs that put the session's connections under TLS (RFC 4217). What speaks TLS is a process beside this
// one: the session hands it the client's socket and goes on over a stream. Run by the session.
#include "ftpd/session/verbs.hh"

#include "common/text.hh"
#include "ftpd/command.hh"
#include "ftpd/session/refusal.hh"
#include "ftpd/session/session.hh"
#include "ftpd/settings.hh"

#include <system_error>

using namespace common;

namespace ftpd {
namespace {

void check_offered(const Session& s, std::string_view verb) {
    if (!offers_tls(s)) throw Refusal{502, text(verb, " is not offered here: HELP lists what is.")};
}

void check_begun(const Session& s, std::string_view verb) {
    check_offered(s, verb);
    if (!s.has_tls()) throw Refusal{503, "Send AUTH TLS first."};
}

// Without a time to log in there still is one for a handshake.
RelayTerms terms_of(const Settings& settings) {
    RelayTerms terms{.least_minor = settings.tls.least_minor, .stall_limit = settings.stall_timeout};
    if (settings.login_timeout.count() > 0) terms.handshake_limit = settings.login_timeout;
    return terms;
}

template <class Begin>
void have_relay(const Begin& begin) {
    try {
        begin();
    } catch (const std::system_error&) { // the client's socket is gone with it
        throw SessionOver{SessionOver::Reason::client_gone, "no relay can be had for TLS: closing"};
    }
}

} // namespace

void begin_with_tls(Session& s) {
    have_relay([&] { s.client.begin_with_tls(s.relay, terms_of(s.settings)); });
    s.memory.has_protected_buffer = true;
    s.data.set_private(true);
}

bool is_about_tls(const Verb& verb) {
    return verb.run == do_auth || verb.run == do_pbsz || verb.run == do_prot || verb.run == do_ccc;
}

void require_tls(const Session& s, LoginNeed login, bool uses_data) {
    if (s.settings.tls_policy != TlsPolicy::required) return;
    if (!s.has_tls() && login != LoginNeed::not_needed)
        throw Refusal{530, "This server wants TLS: send AUTH TLS first."};
    if (uses_data && !s.data.is_private())
        throw Refusal{522, "This server wants TLS for data, too: send PBSZ 0 and PROT P first."};
}

bool offers_tls(const Session& s) { return s.settings.tls_policy != TlsPolicy::off && s.has_tlsd; }

void do_auth(Session& s, const std::string& argument) {
    check_offered(s, "AUTH");
    if (s.has_tls()) throw Refusal{503, "This connection is under TLS already."};
    const std::string wanted = to_upper(without_trailing_blanks(argument));
    if (wanted != "TLS" && wanted != "TLS-C" && wanted != "SSL")
        throw Refusal{504, "The only mechanism is TLS: AUTH TLS."};
    if (!s.relay.is_ready()) throw Refusal{431, "TLS cannot begin now: connect again in a moment."};
    s.settlement.settle();
    have_relay([&] {
        s.client.begin_tls("234 TLS begins with your next byte.\r\n", s.relay, terms_of(s.settings));
    });
    s.forget_all(); // the client begins anew
    s.data.reset();
    s.status.set_user(nobody_yet);
}

void do_pbsz(Session& s, const std::string& argument) {
    check_begun(s, "PBSZ");
    if (!parse_number<std::uint32_t>(without_trailing_blanks(argument)))
        throw Refusal{501, "PBSZ takes a number: TLS needs no buffer, so PBSZ 0."};
    s.memory.has_protected_buffer = true;
    s.control.reply(200, "PBSZ=0");
}

void do_prot(Session& s, const std::string& argument) {
    check_begun(s, "PROT");
    if (!s.memory.has_protected_buffer) throw Refusal{503, "Send PBSZ 0 first."};
    const std::string level = to_upper(without_trailing_blanks(argument));
    if (level == "S" || level == "E")
        throw Refusal{536, "TLS protects everything or nothing: PROT P or PROT C."};
    if (level != "P" && level != "C") throw Refusal{504, "The levels are P (private) and C (clear)."};
    if (level == "C" && s.settings.tls_policy == TlsPolicy::required)
        throw Refusal{522, "This server wants TLS for data, too: PROT P."};
    s.data.set_private(level == "P");
    s.control.reply(200, level == "P" ? "Data connections are private." : "Data connections are clear.");
}

void do_ccc(Session& s, const std::string&) {
    check_begun(s, "CCC");
    throw Refusal{533, "The control connection stays under TLS."};
}

} // namespace ftpd
