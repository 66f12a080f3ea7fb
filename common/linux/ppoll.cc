// SPDX-License-Identifier: ISC
#include "common/ppoll.hh"

#include <ctime>

namespace common {

int poll_with_mask(std::span<pollfd> fds, int timeout_ms, const sigset_t* mask) {
    const timespec timeout{timeout_ms / 1000, timeout_ms % 1000 * 1'000'000L};
    return ::ppoll(fds.data(), fds.size(), timeout_ms < 0 ? nullptr : &timeout, mask);
}

void wake_poll() {} // ppoll changes the mask and sleeps in one step

} // namespace common
