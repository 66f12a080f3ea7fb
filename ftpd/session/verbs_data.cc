// SPDX-License-Identifier: ISC
// Verbs that prepare a data connection (RFC 959, RFC 2428), and ABOR when none is used. Run by the session.
#include "ftpd/session/verbs.hh"

#include "common/text.hh"
#include "ftpd/session/refusal.hh"
#include "ftpd/session/session.hh"

#include <sys/socket.h>

using namespace common;

namespace ftpd {
namespace {

void check_not_extended_only(const Session& s, std::string_view verb) {
    if (s.memory.extended_only) throw Refusal{503, text(verb, " is off since EPSV ALL.")};
}

void check_over_network(const Session& s) {
    if (s.data.client_family() != AF_INET && s.data.client_family() != AF_INET6)
        throw Refusal{425, "There are no data connections over this socket: use LS, GET and PUT."};
}

} // namespace

void do_pasv(Session& s, const std::string&) {
    check_not_extended_only(s, "PASV");
    if (s.data.client_family() != AF_INET) throw Refusal{425, "PASV is for IPv4: use EPSV."};
    const Address told = s.data.listen_passive(DataChannel::Told::address);
    s.control.reply(227, text("Entering Passive Mode (", format_pasv(told), ")."));
}

void do_epsv(Session& s, const std::string& argument) {
    check_over_network(s);
    if (equal_ignoring_case(argument, "ALL")) {
        s.memory.extended_only = true;
        return s.control.reply(200, "Only EPSV from now on.");
    }
    const std::string_view own = s.data.client_family() == AF_INET ? "1" : "2"; // of RFC 2428, section 2
    if (!argument.empty() && argument != "1" && argument != "2")
        throw Refusal{501, "EPSV takes 1, 2 or ALL."};
    if (!argument.empty() && argument != own)
        throw Refusal{522, text("Network protocol not supported, use (", own, ").")};
    const Address address = s.data.listen_passive(DataChannel::Told::port);
    s.control.reply(229, text("Entering Extended Passive Mode (|||", address.port(), "|)."));
}

void do_port(Session& s, const std::string& argument) {
    check_not_extended_only(s, "PORT");
    check_over_network(s);
    s.data.set_active(parse_port_argument(argument));
    s.control.reply(200, "Data will go there.");
}

void do_eprt(Session& s, const std::string& argument) {
    check_not_extended_only(s, "EPRT");
    check_over_network(s);
    s.data.set_active(parse_eprt_argument(argument));
    s.control.reply(200, "Data will go there.");
}

// Where a transfer runs, the session ends it before this is called (ftpd/session/session.cc).
void do_abor(Session& s, const std::string&) {
    s.data.reset();
    s.control.reply(226, "There is no transfer to break off.");
}

} // namespace ftpd
