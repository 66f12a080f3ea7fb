// SPDX-License-Identifier: ISC
#include "common/keeper/watchdog.hh"

#include "common/daemon.hh"
#include "common/text.hh"

#include <cstdint>
#include <cstdlib>
#include <optional>
#include <string_view>
#include <sys/types.h>
#include <unistd.h>

namespace common {
namespace {

constexpr std::int64_t least = 1000, most = std::int64_t{365} * 24 * 3600 * 1'000'000; // microseconds

std::optional<std::string_view> variable(const char* name) {
    const char* const value = std::getenv(name);
    if (value == nullptr) return {};
    return value;
}

} // namespace

void Watchdog::begin() {
    const auto time = variable("WATCHDOG_USEC");
    if (!time) return;
    if (const auto pid = variable("WATCHDOG_PID")) {
        const auto number = parse_number<pid_t>(*pid, 1);
        if (!number)
            return log_.warning(text("WATCHDOG_PID='", escape(*pid, 32), "' is no process: no watchdog"));
        if (*number != ::getpid()) return;
    }
    const auto microseconds = parse_number(*time, least, most);
    if (!microseconds)
        return log_.warning(text("WATCHDOG_USEC='", escape(*time, 32), "' is no number of microseconds from ",
                                 least, " to ", most, ": no watchdog"));
    turn_ = std::chrono::microseconds{*microseconds / 2};
    take_turn();
}

// The next turn first: whatever goes wrong in this one, it comes.
void Watchdog::take_turn() {
    next_ = loop_.at(Clock::now() + turn_, [this] { take_turn(); });
    if (is_alive_()) notify_service_manager("WATCHDOG=1");
}

} // namespace common
