// SPDX-License-Identifier: ISC
// Whether a process still does anything: it is asked now and then, and everything that it says is a sign of
// life. Run by the keeper, over its main process.
#pragma once

#include "common/loop.hh"

#include <chrono>
#include <functional>

namespace common {

class LifeWatch {
public:
    // Counted in turns, not by the clock: what is silent because the machine or this process was stopped,
    // too, is not to blame for it.
    struct Limits {
        std::chrono::milliseconds turn{2400}; // between two questions
        // Turns in which it says nothing: before it serves, and then. A loop that cannot wait ends by itself
        // before that, and says why.
        int start = 12, silence = 5;
    };
    // on_silence: it has said nothing for so long; the watch is over.
    struct Callbacks {
        std::function<void()> ask;
        std::function<void(std::chrono::milliseconds silent)> on_silence;
    };

    // loop must outlive this.
    LifeWatch(Loop& loop, Limits limits, Callbacks callbacks)
        : loop_(loop), limits_(limits), callbacks_(std::move(callbacks)) {}
    LifeWatch(const LifeWatch&) = delete;
    LifeWatch& operator=(const LifeWatch&) = delete;
    ~LifeWatch() { end(); }

    void begin(bool is_ready); // another one has started
    void tell_ready();         // it serves: from now on it is asked
    void hear() { silent_ = 0; }
    bool waits() const { return silent_ > 0; } // for an answer, or for what it says first
    void end();                                // it has ended, or is told to

private:
    void take_turn();

    Loop& loop_;
    Limits limits_;
    Callbacks callbacks_;
    Loop::TimerId next_{};
    bool watches_ = false;
    bool asks_ = false;
    int silent_ = 0; // turns
};

} // namespace common
