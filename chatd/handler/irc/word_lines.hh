// SPDX-License-Identifier: ISC
// Words in as many lines of one kind as they need, each as full as it can be: NAMES and the like. Run by
// handlers. Pure.
#pragma once

#include "chatd/handler/irc/replies.hh"
#include "chatd/handler/irc/server_line.hh"

#include <string>
#include <string_view>
#include <utility>

namespace chatd::irc {

class WordLines {
public:
    // head: what stands before the words in each line.
    WordLines(Replies& replies, ServerLine head) : replies_(replies), head_(std::move(head)) {}

    void add(std::string_view word) {
        if (!words_.empty() && words_.size() + 1 + word.size() > head_.room()) flush();
        words_.append(words_.empty() ? "" : " ").append(word);
    }
    // The last line, if it has a word.
    void end() {
        if (!words_.empty()) flush();
    }
    // The same, but there is one line at least.
    void end_with_one() {
        if (!words_.empty() || !has_any_) flush();
    }

private:
    void flush() {
        ServerLine line = head_;
        replies_.answer(line.text(std::exchange(words_, {})));
        has_any_ = true;
    }

    Replies& replies_;
    ServerLine head_;
    std::string words_;
    bool has_any_ = false;
};

} // namespace chatd::irc
