// SPDX-License-Identifier: ISC
// One thing that fcp asks of a server: the commands, what follows them, and what becomes of the answers. The
// pipeline (ftpd/fcp/pipeline.hh) has many under way at once and keeps their order; an exchange knows only
// itself. One that has begun may begin anew, on another connection. Run by fcp and fls.
#pragma once

#include "common/cksum.hh"
#include "common/fd.hh"
#include "ftpd/fcp/local_target.hh"
#include "ftpd/fcp/server_link.hh"

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <ctime>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <sys/stat.h>
#include <vector>

namespace ftpd {

class Console;

// What the exchange wants next from the server.
struct Next {
    enum class Kind {
        reply,
        body, // that many raw bytes
        over, // nothing more
        drop, // nothing more, but too much would still come: use another connection
    } kind;
    std::uint64_t bytes = 0;

    static Next reply() { return {Kind::reply}; }
    static Next body(std::uint64_t bytes) { return {Kind::body, bytes}; }
    static Next over() { return {Kind::over}; }
    static Next drop() { return {Kind::drop}; }
};

// What can be sent now, after the commands.
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

    // The commands; none: there is nothing to ask any more. A fault on our side is reported
    // where it belongs, not thrown.
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
        constexpr std::uint64_t slow_disk = 10'000;          // bytes a millisecond
        constexpr std::uint64_t max_time = 24 * 3600 * 1000; // milliseconds, whatever size the server claims
        return std::chrono::milliseconds{std::min(reads_ / slow_disk, max_time)};
    }

private:
    std::vector<std::string> commands_;
    OnReplies on_replies_;
    std::uint64_t reads_;
    std::vector<Reply> replies_;
};

// One file on its way from the server: GET, or REST and GET for what is missing of it.
class GetFile : public Exchange {
public:
    struct Job {
        std::string path;                  // on the server
        std::string shown;                 // HOST:PATH, escaped
        std::optional<std::uint64_t> size; // as the listing said, and the progress expects
        KeptFacts kept;
        // Opens the target when the server has begun to send; may throw std::exception.
        std::function<std::unique_ptr<LocalTarget>(LocalTarget::Start)> open;
        LocalTarget::Start start = LocalTarget::Start::anew;
        std::uint64_t offset = 0; // with Start::resumed: bytes that exist already
        std::string whole;        // "CKSUM SIZE" that all of it must have then
    };
    // on_wrong_beginning: the existing bytes were not the file's beginning, and were removed.
    GetFile(Job job, Console& console, std::function<void()> on_wrong_beginning = {})
        : job_(std::move(job)), console_(console), on_wrong_beginning_(std::move(on_wrong_beginning)) {}

    std::vector<std::string> begin() override;
    Next on_reply(const Reply& reply) override;
    Next on_body(std::string_view bytes) override;
    void on_loss(const std::string& why) override;

private:
    Next start_body(const Reply& reply);
    Next give_up(std::string_view why);
    void complete(const Reply& reply);
    void count(std::uint64_t bytes);

    Job job_;
    Console& console_;
    std::function<void()> on_wrong_beginning_;
    std::unique_ptr<LocalTarget> target_;
    common::Cksum sent_;  // of what the server sends
    common::Cksum whole_; // of that and the existing bytes
    std::uint64_t body_ = 0;
    std::uint64_t counted_ = 0; // bytes that the progress knows of
    bool has_restarted_ = false;
    bool has_body_ = false;
    bool has_failed_ = false;
};

// One file on its way to the server: ALLO, REST where it continues, PUT and the bytes directly after.
class PutFile : public Exchange {
public:
    struct Job {
        std::string local;               // "-": standard input
        bool is_stream = false;          // that, or not a regular file: it has no size
        std::string path;                // on the server
        std::string shown;               // HOST:PATH, escaped
        std::uint64_t expected = 0;      // bytes that the progress was told of
        std::uint64_t offset = 0;        // that are on the server already
        std::function<bool()> is_lost{}; // its folder could not be made, as was reported: say nothing
    };
    // Called when the server has stored it, with what the file was when it was read.
    using OnStored = std::function<void(const struct stat&)>;
    PutFile(Job job, Console& console, OnStored on_stored)
        : job_(std::move(job)), console_(console), on_stored_(std::move(on_stored)) {}

    std::vector<std::string> begin() override;
    Piece next_piece(std::span<char> into) override;
    Next on_reply(const Reply& reply) override;
    void on_loss(const std::string& why) override;
    bool may_not_look_complete() const override { return !size_; }

private:
    void open();
    void count(std::uint64_t bytes);
    void fail(std::string_view name, std::string_view why);
    std::string what_changed() const;

    Job job_;
    Console& console_;
    OnStored on_stored_;
    common::Fd file_;
    struct stat status_ {};
    std::optional<std::uint64_t> size_; // of the body; none: not known
    common::Cksum sum_;
    std::string small_; // the whole body of a small file, read before its length is announced
    std::size_t replies_ = 0;
    std::uint64_t counted_ = 0; // bytes that the progress knows of
    bool has_failed_ = false;
};

// Opens a file to be sent; links are followed. It may wait only for a stream. Throws std::system_error.
common::Fd open_to_read(const std::string& path, bool is_stream = false);

} // namespace ftpd
