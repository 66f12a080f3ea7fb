// SPDX-License-Identifier: ISC
// One file on its way from the server: GET, or REST and GET for what is missing of it. Run by fcp.
#pragma once

#include "ftpd/fcp/copy_report.hh"
#include "ftpd/fcp/exchange.hh"
#include "ftpd/fcp/local_target.hh"

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

namespace ftpd {

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
        std::uint64_t offset = 0; // with Start::resumed: bytes that are there already
        std::string whole;        // "CKSUM SIZE" that all of it must have then
    };
    // on_wrong_beginning: what was there was not the file's beginning; nothing is left of it.
    GetFile(Job job, CopyReport& report, std::function<void()> on_wrong_beginning = {})
        : job_(std::move(job)), report_(report), on_wrong_beginning_(std::move(on_wrong_beginning)) {}

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
    CopyReport& report_;
    std::function<void()> on_wrong_beginning_;
    std::unique_ptr<LocalTarget> target_;
    common::Cksum sent_;  // of what the server sends
    common::Cksum whole_; // of that and what was there
    std::uint64_t body_ = 0;
    std::uint64_t counted_ = 0; // bytes that the progress knows of
    bool has_restarted_ = false;
    bool has_body_ = false;
    bool has_failed_ = false;
};

} // namespace ftpd
