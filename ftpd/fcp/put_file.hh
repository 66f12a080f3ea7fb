// SPDX-License-Identifier: ISC
// One file on its way to the server: ALLO, REST where it continues, PUT and the bytes right behind. Run by
// fcp.
#pragma once

#include "common/cksum.hh"
#include "common/fd.hh"
#include "ftpd/fcp/copy_report.hh"
#include "ftpd/fcp/exchange.hh"

#include <cstdint>
#include <ctime>
#include <functional>
#include <optional>
#include <string>
#include <sys/stat.h>

namespace ftpd {

class PutFile : public Exchange {
public:
    struct Job {
        std::string local;               // "-": standard input
        bool is_stream = false;          // that, or what is no regular file: it has no size
        std::string path;                // on the server
        std::string shown;               // HOST:PATH, escaped
        std::uint64_t expected = 0;      // bytes that the progress was told of
        std::uint64_t offset = 0;        // that are on the server already
        std::function<bool()> is_lost{}; // its folder could not be made, which was told: no word of it
    };
    // Called when the server has stored it, with what the file was when it was read.
    using OnStored = std::function<void(const struct stat&)>;
    PutFile(Job job, CopyReport& report, OnStored on_stored)
        : job_(std::move(job)), report_(report), on_stored_(std::move(on_stored)) {}

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
    CopyReport& report_;
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
