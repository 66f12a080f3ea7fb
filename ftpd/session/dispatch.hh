// SPDX-License-Identifier: ISC
// From a line of the client to the verb that it names: taken apart, checked against the verb table, run, and
// answered when it is refused. While a transfer runs, ABOR, STAT and NOOP are answered at once; all else
// waits its turn. What was meant as a body is never taken for commands, whatever becomes of its verb. Run by
// the session; trusts nothing the client sends.
#pragma once

#include <string>

namespace common {
struct Line;
}

namespace ftpd {

class Session;
struct Verb;

// One command; whatever is wrong with it is answered here. Throws SessionOver for what no FTP client sends.
void execute(Session& session, const common::Line& line);
// Whether QUIT is among the commands that wait, behind none that moves a file, aborts or brings a body: then
// the client was done with all before it, whatever has become of its connection (RFC 959, section 4.1.1).
bool has_said_quit(const Session& session);
// Does one verb, or says why not; SITE hands its verbs on to it.
void run_verb(Session& session, const Verb& verb, const std::string& argument);

} // namespace ftpd
