// SPDX-License-Identifier: ISC
// Whether an upload that was answered with 226 is final. In stream mode the end of the data is the end of the
// file, but a client that is killed ends its data connection, too, moments before its control connection. So
// the old file is gone for good, and the transfer log, the counters and the announcement know of the new one,
// only once the client can have read its 226: when a command comes that was not there already, or when its
// system has acknowledged the 226 and its connection is not reset. Until then nothing waits; only a session
// whose client has ended waits for that. Run by the session; trusts nothing the client sends.
#pragma once

#include "ftpd/frames.hh"
#include "ftpd/session/client_socket.hh"
#include "ftpd/session/refusal.hh"
#include "ftpd/session/replacement.hh"

#include <cstddef>
#include <optional>

namespace ftpd {

class Session;

class Settlement {
public:
    explicit Settlement(Session& session) : session_(session) {}

    // Seldom: ask before calling what follows for each command.
    bool is_open() const { return open_.has_value(); }

    // An upload is in its place, and 226 is said now; the one before must have been settled. transfer: what
    // is to be told of it. The commands that are waiting now tell nothing of it.
    void begin(Replacement replacement, Transfer transfer);
    // The next command is taken: the client knows, unless that was waiting before the 226.
    void heed_command();
    // The client knows: the new file stays. Nothing if none is open.
    void settle();

    // Waits for the next command, its line's end aside, or the end of the input, as long as one is open. If
    // the client says nothing for two seconds, and has acknowledged the 226, it is settled. Returns at the
    // deadline at the latest. Throws SessionOver.
    void await_command(ClientSocket::Deadline deadline);
    // The client has ended its input, and the session ends: waits for the acknowledgement, for 5 seconds at
    // most, without which the upload is taken back. Throws SessionOver.
    void await_acknowledgement();
    // The daemon stops, and the session ends before the next command: waits for a command, two seconds of
    // silence behind the acknowledgement, or the end of the input; for 5 seconds at most, without which the
    // upload is taken back. Throws SessionOver.
    void await_sign_of_life();
    // The session is over for this reason: a client that is gone, and had not said QUIT, has its upload taken
    // back.
    void conclude(SessionOver::Reason reason);

private:
    struct Open {
        Replacement replacement;
        Transfer transfer;
        std::size_t early_lines; // that were sent before the 226, and are not taken yet
    };
    void take_back();

    Session& session_;
    std::optional<Open> open_;
};

} // namespace ftpd
