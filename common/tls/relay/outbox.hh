// SPDX-License-Identifier: ISC
// What TLS has made for a client and the socket has not taken yet. The library is told that all of it is
// sent: it cannot read while it waits to write, without confusing one with the other. Run by the relay.
#pragma once

#include "common/fd.hh"
#include "common/socket.hh"

#include <cstddef>
#include <span>
#include <sys/types.h>
#include <sys/uio.h>
#include <vector>

namespace common {

class Outbox {
public:
    bool is_empty() const { return begin_ == bytes_.size(); }
    // To the socket as far as that takes it, behind what is here; the rest is kept. has_more: more follows at
    // once. All bytes of the pieces, or -1 with errno where the connection is gone.
    ssize_t send(int socket, std::span<const iovec> pieces, bool has_more);
    // Of what is here, as much as the socket takes. State: done when that was anything, would_block, or
    // vanished.
    IoState flush(int socket);

private:
    std::vector<char> bytes_; // none, most of the time
    std::size_t begin_ = 0;
};

} // namespace common
