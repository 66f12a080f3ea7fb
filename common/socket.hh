// SPDX-License-Identifier: ISC
// Making sockets: listeners, connections, pairs between processes, and packets that may carry a descriptor.
// Every socket made here is close-on-exec and non-blocking.
#pragma once

#include "common/address.hh"
#include "common/fd.hh"

#include <chrono>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace common {

// Bound and listening. An IPv6 listener takes IPv6 only; a path whose socket nobody serves any more is
// replaced, one that is served is not (UserError). mode: of a path's socket file. Throws
// std::system_error "listen on 127.0.0.1:2121: Address already in use". Changes umask(2) for a moment: not
// beside other threads that make files.
Fd listen_on(const Address& address, mode_t mode = 0666);
// The same on a port of IPv4 or IPv6; no value when it is in use, which costs a caller who tries several
// less than catching that.
std::optional<Fd> listen_if_free(const Address& address);

// Whether a service manager passed some to this process.
bool has_inherited_listeners();

struct InheritedListener {
    Fd fd;
    std::string name; // that the service manager gives it; empty: none
};
// The listening sockets a service manager passed (LISTEN_PID, LISTEN_FDS, LISTEN_FDNAMES; sd_listen_fds(3));
// the variables are removed. None if they are not for this process.
std::vector<InheritedListener> take_inherited_listeners();

struct Accepted {
    Fd socket;
    Address peer;
    std::string listener{}; // which one, by the name that its owner has for it
};
// The next client; no value when none waits. Throws std::system_error for a lack of descriptors or memory:
// the caller pauses.
std::optional<Accepted> accept_from(const Fd& listener);

// Starts connecting; ends when the socket becomes writable, then connect_error(fd) is 0 or the errno.
Fd start_connect(const Address& to, const Address* from = nullptr);
int connect_error(int fd);
// Connects to the first of the addresses that answers; one deadline for all of them.
// Throws std::system_error. For client programs: it blocks.
Fd connect_to(std::span<const Address> addresses, std::chrono::steady_clock::time_point deadline);

Address local_address(int fd);
Address peer_address(int fd);

void set_keepalive(int fd); // SO_KEEPALIVE: finds the dead where no time-out runs
// TCP_NODELAY, and SO_OOBINLINE (a telnet Synch must not eat a byte); nothing for a path's socket.
void set_no_delay(int fd);
void set_urgent_inline(int fd);
// The next close resets the connection (SO_LINGER 0), so that a cut transfer never looks like a complete one;
// or does not, again.
void set_reset_on_close(int fd, bool resets = true);

// Two ends between a parent and a child that keep the bounds of packets and tell when the other side ended.
std::pair<Fd, Fd> make_packet_pair();

// Sends one packet, never an empty one (it would read as the end), with passed and second as SCM_RIGHTS when
// they are >= 0. State: done, would_block, or vanished.
IoState send_packet(int fd, std::span<const char> packet, int passed = -1, int second = -1);

struct Received {
    IoState state;
    std::size_t bytes = 0;
    Fd passed{};
    Fd second{};
    bool is_cut = false;            // it was longer than the buffer
    bool lacks_descriptors = false; // for those that it brought this process had no room
};
// What is no fault of the peer's. A packet for whose descriptors there is no room here brings none.
enum class Tolerated { nothing, longer, lack_of_descriptors };
// One packet into the buffer. Throws PeerError when it was longer than the buffer or carried more descriptors
// than max_passed (at most 2), unless that is tolerated; surplus descriptors are closed.
Received receive_packet(int fd, std::span<char> into, std::size_t max_passed = 1,
                        Tolerated tolerated = Tolerated::nothing);

} // namespace common
