// SPDX-License-Identifier: ISC
// The keeper's end of a link, as a test plays it.
#pragma once

#include "common/errors.hh"
#include "common/keeper/keeper_link.hh"
#include "common/socket.hh"

#include <array>
#include <cstdint>
#include <deque>
#include <doctest/doctest.h>
#include <fcntl.h>
#include <optional>
#include <string>
#include <tuple>
#include <vector>

class TestKeeper {
public:
    // Has given the lock of a state directory, for which any file will do, what more there is, and what a
    // predecessor has left, if there was one, and the sum of Beginning; then begun.
    using Left = std::vector<common::KeeperLink::Left>;
    explicit TestKeeper(const std::string& lock, std::vector<common::Given> more = {},
                        std::optional<Left> left = {},
                        std::int64_t beginning = common::Beginning::predecessor_failed) {
        common::Fd theirs;
        std::tie(ours_, theirs) = common::make_packet_pair();
        give(common::label_of_state, common::Fd{::open(lock.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600)});
        for (common::Given& given : more) give(given.label, std::move(given.fd), given.pid);
        const bool follows = left.has_value();
        if (!left) left.emplace();
        for (common::KeeperLink::Left& one : *left)
            tell({.word = common::KeeperWord::left, .label = one.label, .text = one.bytes}, one.fd.get());
        tell({.word = common::KeeperWord::begin, .flag = follows, .number = beginning});
        link_.emplace(std::move(theirs));
    }

    common::KeeperLink& link() { return *link_; }

    void give(std::string_view label, common::Fd fd, pid_t pid = -1, bool is_answer = false) {
        tell(
            {.word = common::KeeperWord::give, .flag = is_answer, .number = pid, .label = std::string{label}},
            fd.get());
    }
    void tell(const common::KeeperFrame& frame, int fd = -1) {
        REQUIRE(common::send_packet(ours_.get(), common::pack_keeper_frame(frame), fd) ==
                common::IoState::done);
    }
    // What the child has said; none when it has said nothing more.
    std::optional<common::KeeperFrame> heard() {
        std::vector<char> packet(common::max_keeper_packet);
        common::Received got = common::receive_packet(ours_.get(), packet);
        if (got.state != common::IoState::done) return {};
        held = std::move(got.passed);
        return common::unpack_keeper_frame(std::span{packet}.first(got.bytes));
    }
    void end() { ours_.reset(); }

    common::Fd held; // what came with the last packet

private:
    common::Fd ours_;
    std::optional<common::KeeperLink> link_;
};
