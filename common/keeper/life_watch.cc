// SPDX-License-Identifier: ISC
#include "common/keeper/life_watch.hh"

#include <utility>

namespace common {

void LifeWatch::begin(bool is_ready) {
    end();
    watches_ = true;
    asks_ = is_ready;
    silent_ = 0;
    next_ = loop_.at(Clock::now() + limits_.turn, [this] { take_turn(); });
}

void LifeWatch::tell_ready() {
    if (!watches_) return begin(true);
    asks_ = true;
    silent_ = 0;
}

void LifeWatch::end() {
    if (std::exchange(watches_, false)) loop_.cancel(next_);
}

void LifeWatch::take_turn() {
    const int most = asks_ ? limits_.silence : limits_.start;
    if (++silent_ > most) {
        watches_ = false;
        return callbacks_.on_silence(most * limits_.turn);
    }
    next_ = loop_.at(Clock::now() + limits_.turn, [this] { take_turn(); });
    if (asks_) callbacks_.ask();
}

} // namespace common
