// SPDX-License-Identifier: ISC
// The makers of the four ways to wait, for poller.cc alone; everybody else calls Poller::make.
#pragma once

#include "common/poller.hh"

namespace common {

std::unique_ptr<Poller> make_select_poller();
std::unique_ptr<Poller> make_poll_poller();

// nullptr where this build or this kernel has no epoll; other failures throw std::system_error.
std::unique_ptr<Poller> make_epoll_poller(bool edge_triggered);

} // namespace common
