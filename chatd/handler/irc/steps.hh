// SPDX-License-Identifier: ISC
// What is left to do of one command of IRC, step by step: a step may ask the hub something, and the next one
// comes after the answer. What a step, or what is done with an answer, adds comes before what was left
// earlier. Run by handlers. Pure.
#pragma once

#include "chatd/handler/conversation.hh"
#include "chatd/protocol.hh"

#include <cstddef>
#include <deque>
#include <functional>
#include <string>
#include <string_view>
#include <utility>

namespace chatd::irc {

// What is done with the hub's answer to what was asked. What is not given is done in the common way.
struct Answers {
    std::function<void(const std::string& words)> accepted{};
    std::function<void(Refusal why)> refused{};
    std::function<void(RoomView& room, const Conversation::Entrance& entrance)> entered{};
    std::function<void(std::string_view row)> row{}; // of a list
    std::function<void()> listed{};                  // it was the last
};

class Steps {
public:
    bool is_empty() const { return all_.empty(); }
    // Something begins that may add steps.
    void begin() { next_ = 0; }
    void add(std::function<void()> step) {
        all_.insert(all_.begin() + static_cast<std::ptrdiff_t>(next_++), std::move(step));
    }
    // Takes the first step; whether there was one.
    bool run() {
        begin();
        if (all_.empty()) return false;
        const std::function<void()> step = std::move(all_.front());
        all_.pop_front();
        step();
        return true;
    }

private:
    std::deque<std::function<void()>> all_;
    std::size_t next_ = 0; // where the next one is put
};

} // namespace chatd::irc
