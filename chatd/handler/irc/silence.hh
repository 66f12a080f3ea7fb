// SPDX-License-Identifier: ISC
// When a silent client of IRC is asked whether it is there, and when it is taken for gone: TCP's keepalive
// finds dead machines, but not a client that hangs, nor a middlebox that forgets. Run by handlers. Pure.
#pragma once

#include <chrono>

namespace chatd::irc {

class Silence {
public:
    using Clock = std::chrono::steady_clock;
    static constexpr std::chrono::seconds until_asked{120}; // shorter than most NATs remember
    static constexpr std::chrono::seconds until_gone{120};  // after that

    explicit Silence(Clock::time_point now) : heard_(now) {}

    // It has sent something.
    void hear(Clock::time_point now) {
        heard_ = now;
        is_asked_ = false;
    }
    enum class Verdict { quiet, ask, gone };
    // ask: once, when it is time.
    Verdict look(Clock::time_point now) {
        if (now < next()) return Verdict::quiet;
        if (is_asked_) return Verdict::gone;
        is_asked_ = true;
        asked_ = now;
        return Verdict::ask;
    }
    // When to look next.
    Clock::time_point next() const { return is_asked_ ? asked_ + until_gone : heard_ + until_asked; }

private:
    Clock::time_point heard_;
    Clock::time_point asked_{};
    bool is_asked_ = false;
};

} // namespace chatd::irc
