// SPDX-License-Identifier: ISC
// Carries bytes one way through a process, from a descriptor of any kind to another, until the end of one of
// them. Run by ftpd -i; needs a loop over poll(2), which knows regular files.
#pragma once

#include "common/loop.hh"

#include <climits>
#include <functional>
#include <string>

namespace ftpd {

class Relay {
public:
    // from and to: borrowed, each used by this relay alone. Neither needs to be non-blocking: a ready
    // descriptor takes or gives PIPE_BUF bytes without a wait. on_end: called once, after the last byte was
    // passed on or could not be.
    Relay(common::Loop& loop, int from, int to, std::function<void()> on_end);
    ~Relay();
    Relay(const Relay&) = delete;
    Relay& operator=(const Relay&) = delete;

private:
    void watch_source();
    void take();
    void pass_on();
    void end();

    common::Loop& loop_;
    int from_;
    int to_;
    std::function<void()> on_end_;
    std::string waiting_; // for room
    bool ended_ = false;
};

} // namespace ftpd
