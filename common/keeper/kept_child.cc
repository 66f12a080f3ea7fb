// SPDX-License-Identifier: ISC
#include "common/keeper/kept_child.hh"

#include "common/errors.hh"
#include "common/socket.hh"

#include <array>
#include <csignal>
#include <exception>
#include <utility>

namespace common {
namespace {

constexpr int packets_at_once = 64; // of one child in one round

} // namespace

void KeptChild::begin(Loop& loop, pid_t pid, Fd pair, Fd end, OnFrame on_frame,
                      std::function<void(const std::exception&)> on_fault) {
    pid_ = pid;
    end_ = std::move(end);
    unsent_.clear();
    on_frame_ = std::move(on_frame);
    on_fault_ = std::move(on_fault);
    started_ = Clock::now();
    pair_ = Watch{loop, std::move(pair), Interest::read,
                  [this](const Event& event) {
                      if (event.writable) flush();
                      read();
                  },
                  [this](const std::exception& error) {
                      on_fault_(error);
                      pair_.reset(); // SIGCHLD follows
                  }};
}

void KeptChild::finish() {
    try {
        read();
    } catch (const std::exception& error) {
        on_fault_(error);
    }
    pid_ = -1;
    pair_.reset();
    end_.reset();
}

void KeptChild::signal(int number) const {
    if (runs()) ::kill(pid_, number);
}

void KeptChild::send(const KeeperFrame& frame, Fd fd, int borrowed) {
    unsent_.push_back({pack_keeper_frame(frame), std::move(fd), borrowed});
    flush();
}

void KeptChild::flush() {
    if (!pair_) return;
    while (!unsent_.empty()) {
        const Unsent& next = unsent_.front();
        const IoState state = send_packet(pair_.fd(), next.packet, next.fd ? next.fd.get() : next.borrowed);
        if (state == IoState::vanished) return; // SIGCHLD follows
        if (state != IoState::done) break;
        unsent_.pop_front();
    }
    pair_.change(unsent_.empty() ? Interest::read : Interest::both);
}

void KeptChild::read() {
    static std::array<char, max_keeper_packet> packet; // not on the stack, which every child inherits
    for (int budget = packets_at_once; pair_; --budget) {
        if (budget == 0) return pair_.again();
        Received got = receive_packet(pair_.fd(), packet);
        if (got.state == IoState::would_block) return;
        if (got.state != IoState::done) return pair_.reset(); // SIGCHLD follows
        on_frame_(unpack_keeper_frame(std::span{packet}.first(got.bytes)), std::move(got.passed));
    }
}

} // namespace common
