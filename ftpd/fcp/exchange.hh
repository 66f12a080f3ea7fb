// SPDX-License-Identifier: ISC
// One thing that fcp asks of a server: the commands, what follows them, and what becomes of the answers. The
// pipeline (ftpd/fcp/pipeline.hh) has many under way at once and keeps their order; an exchange knows only
// itself. One that has begun may begin anew, on another connection.
#pragma once

#include "ftpd/fcp/server_link.hh"

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace ftpd {

// What the exchange wants next from the server.
struct Next {
    enum class Kind {
        reply,
        body, // that many raw bytes
        over, // nothing more
        drop, // nothing more, and what would still have to come is too much: another connection
    } kind;
    std::uint64_t bytes = 0;

    static Next reply() { return {Kind::reply}; }
    static Next body(std::uint64_t bytes) { return {Kind::body, bytes}; }
    static Next over() { return {Kind::over}; }
    static Next drop() { return {Kind::drop}; }
};

// What there is to send behind the commands, now.
struct Piece {
    enum class State {
        some,   // bytes of it
        none,   // the body is complete, or there is none
        end,    // complete, and its end is that of all output: it had no announced length
        broken, // it cannot be completed, and only the end of all output is left to say so
    } state;
    std::size_t bytes = 0;
};

class Exchange {
public:
    Exchange() = default;
    Exchange(const Exchange&) = delete;
    Exchange& operator=(const Exchange&) = delete;
    virtual ~Exchange() = default;

    // The commands; none: there is nothing to ask any more. Whatever is wrong on our side is told to whom it
    // concerns, and nothing thrown.
    virtual std::vector<std::string> begin() = 0;
    virtual Next on_reply(const Reply& reply) = 0;
    // Lines of a reply before its last, if the exchange wants them one by one; else they are in its text.
    virtual bool wants_lines() const { return false; }
    virtual void on_line(std::string_view) {}
    virtual Next on_body(std::string_view) { return Next::over(); }
    virtual Piece next_piece(std::span<char>) { return {Piece::State::none}; }
    // The connection broke while this was the one that was answered.
    virtual void on_loss(const std::string& why) = 0;
    // What it sends has no announced length: an end of the connection that is not meant must not look like
    // one.
    virtual bool may_not_look_complete() const { return false; }
    // How much longer than usual the server may be silent: it reads a whole file, say.
    virtual std::chrono::milliseconds extra_patience() const { return {}; }
};

// Commands of one reply each; on_reply gets them in their order and says nothing more than that.
class Ask : public Exchange {
public:
    using OnReplies = std::function<void(const std::vector<Reply>&)>;
    // reads: bytes of a file that the server must read before it answers.
    Ask(std::vector<std::string> commands, OnReplies on_replies, std::uint64_t reads = 0)
        : commands_(std::move(commands)), on_replies_(std::move(on_replies)), reads_(reads) {}

    std::vector<std::string> begin() override {
        replies_.clear();
        return commands_;
    }
    Next on_reply(const Reply& reply) override {
        replies_.push_back(reply);
        if (replies_.size() < commands_.size()) return Next::reply();
        on_replies_(replies_);
        return Next::over();
    }
    void on_loss(const std::string& why) override {
        on_replies_(std::vector<Reply>(commands_.size(), Reply{421, why}));
    }
    std::chrono::milliseconds extra_patience() const override {
        constexpr std::uint64_t slow_disk = 10'000;         // bytes a millisecond
        constexpr std::uint64_t longest = 24 * 3600 * 1000; // milliseconds, whatever size the server claims
        return std::chrono::milliseconds{std::min(reads_ / slow_disk, longest)};
    }

private:
    std::vector<std::string> commands_;
    OnReplies on_replies_;
    std::uint64_t reads_;
    std::vector<Reply> replies_;
};

} // namespace ftpd
