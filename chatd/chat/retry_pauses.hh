// SPDX-License-Identifier: ISC
// How long to wait before a connection is tried again: longer each time, and not the same for all the clients
// of a server that has just started again. Run by chat; without a clock.
#pragma once

#include <algorithm>
#include <chrono>
#include <random>

namespace chatd {

class RetryPauses {
public:
    static constexpr std::chrono::milliseconds first{500}, longest{30'000};

    explicit RetryPauses(unsigned seed) : random_(seed) {}

    // From half of the present pause to the whole; the next will be twice as long.
    std::chrono::milliseconds next() {
        const auto most = static_cast<int>(pause_.count());
        pause_ = std::min(2 * pause_, longest);
        return std::chrono::milliseconds{std::uniform_int_distribution{most / 2, most}(random_)};
    }
    void start_over() { pause_ = first; }

private:
    std::minstd_rand random_;
    std::chrono::milliseconds pause_ = first;
};

} // namespace chatd
