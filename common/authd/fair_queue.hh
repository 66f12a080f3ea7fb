// SPDX-License-Identifier: ISC
// A queue for each key, and the keys take turns: who has a hundred things waiting delays another's one by one
// thing at the most. Logic without descriptors; used by authd, where the keys are clients' addresses.
#pragma once

#include <cstddef>
#include <deque>
#include <map>
#include <optional>
#include <utility>

namespace common {

template <class Key, class Item>
class FairQueue {
public:
    void push(const Key& key, Item item) {
        std::deque<Item>& queue = waiting_[key];
        if (queue.empty()) turns_.push_back(key);
        queue.push_back(std::move(item));
    }

    // The oldest of the key whose turn it is; no value when nothing waits.
    std::optional<Item> pop() {
        if (turns_.empty()) return {};
        const auto found = waiting_.find(turns_.front());
        turns_.pop_front();
        std::optional<Item> item{std::move(found->second.front())};
        found->second.pop_front();
        if (found->second.empty())
            waiting_.erase(found);
        else
            turns_.push_back(found->first);
        return item;
    }

    bool empty() const { return turns_.empty(); }

private:
    std::map<Key, std::deque<Item>> waiting_; // no empty queue in it
    std::deque<Key> turns_;                   // each of its keys once
};

} // namespace common
