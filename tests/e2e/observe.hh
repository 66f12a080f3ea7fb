// SPDX-License-Identifier: ISC
// What tests of ftpd as a daemon look at from outside: the session that serves a client, how it ended, what
// ftpctl tells; and running the daemon as an ordinary user.
#pragma once

#include "common/poller.hh"
#include "tests/e2e/ftp_client.hh"
#include "tests/e2e/harness.hh"

#include <functional>

namespace e2e {

// EPSV, then RETR, LIST, ...: what comes is to be read from the connection that it returns, 226 from client.
Connection begin_transfer(FtpClient& client, std::string_view command);

// All that comes in answer to a line, whatever it is: one reply, or two with a body or data between them. A
// 150 to GET has its body here; answer_over_data makes a data connection first and sends upload over it.
std::string answer_to(FtpClient& client, const std::string& line);
std::string answer_over_data(FtpClient& client, const std::string& line, std::string_view upload = {});
std::string answer_to_put(FtpClient& client, const std::string& line, std::string_view upload);

// The process that serves this client, from the daemon's log.
pid_t session_of(const Daemon& daemon, const Connection& client);
// Kills nothing: waits until the log tells that the session has ended, and returns how ("exit 0").
std::string wait_for_end_of(const Daemon& daemon, pid_t session);

// An answer of ftpctl, which must succeed.
std::string ask(const Daemon& daemon, const Words& verb);
// The number behind a name of `ftpctl stats'.
std::uint64_t stat_of(const Daemon& daemon, const std::string& name);

// A file that is too large for the buffers of a connection, and costs no disk: whoever does not read it to
// its end keeps a transfer going.
void make_endless_file(const Path& path);

// Repeats holds until it is true; throws Failure at the deadline. For what the kernel announces to nobody.
void wait_until(const std::string& what, const std::function<bool()>& holds);

// The backend that the daemon under test uses.
common::Backend backend();
// True for a build without anything that only Linux has.
bool is_posix_build();
// True under the sanitizers, which hold on to freed memory and need descriptors of their own.
bool is_sanitized();
bool is_root();

// A setting in which the daemon runs as an ordinary user of its own, whom no other test uses, with a copy of
// the program that the user can reach; the setting of nothing special unless root runs the tests. place must
// outlive the daemon.
Daemon::Setting as_ordinary_user(const TempDir& place, Words lines, const std::string& name = "ftpd");

} // namespace e2e
