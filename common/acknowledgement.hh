// SPDX-License-Identifier: ISC
// When a TCP connection acknowledges what came, where the system lets a program choose (Linux, tcp(7)).
#pragma once

namespace common {

// All that came, once it is read, is acknowledged at once, and so is what comes until we write again. Else
// that waits for 40 ms where we answer nothing, and with it a client that sends no small packet before the
// last is acknowledged (Nagle). Nothing where the system decides, and for a socket that is not TCP's.
void acknowledge_at_once(int socket);

} // namespace common
