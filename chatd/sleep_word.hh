// SPDX-License-Identifier: ISC
// The word that a handler shares with the hub, so that the hub wakes those who sleep, each once, and nobody
// sleeps through a line: whether the handler sleeps, and whether there is news, that is, whether the hub has
// written since the handler last began to look (chatd-protocol(7)). The hub trusts nothing in it: what a
// handler may do with its own word costs nobody but itself.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <span>

namespace chatd {

class SleepWord {
public:
    // At the start of the page, of zeros at first: awake.
    explicit SleepWord(std::span<std::byte> page) : word_(reinterpret_cast<std::uint32_t*>(page.data())) {}

    // Handler: before it reads the logs.
    void begin_to_look() const {
        word().exchange(awake);
        std::atomic_thread_fence(std::memory_order_seq_cst); // before they are read
    }
    // Handler: when it has read them to their ends. False when there is news: then it is to look once more.
    bool fall_asleep() const {
        std::uint32_t found = awake;
        return word().compare_exchange_strong(found, asleep) || found == asleep;
    }
    // Hub: after it has written. True when the handler is to be woken.
    bool tell_news() const { return word().exchange(news) == asleep; }

private:
    enum State : std::uint32_t { awake = 0, asleep = 1, news = 2 };
    std::atomic_ref<std::uint32_t> word() const { return std::atomic_ref<std::uint32_t>{*word_}; }
    std::uint32_t* word_;
};

} // namespace chatd
