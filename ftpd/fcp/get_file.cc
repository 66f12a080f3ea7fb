// SPDX-License-Identifier: ISC
#include "ftpd/fcp/get_file.hh"

#include "common/errors.hh"
#include "common/text.hh"

#include <algorithm>
#include <exception>

using namespace common;

namespace ftpd {
namespace {

constexpr std::uint64_t most_unused = 1024 * 1024; // bytes of a body that are read for nothing

} // namespace

std::vector<std::string> GetFile::begin() {
    target_.reset();
    sent_ = whole_ = {};
    counted_ = 0;
    has_restarted_ = job_.offset == 0;
    has_body_ = has_failed_ = false;
    std::vector<std::string> commands;
    if (!has_restarted_) commands.push_back(text("REST ", job_.offset));
    commands.push_back("GET " + job_.path);
    return commands;
}

Next GetFile::on_reply(const Reply& reply) {
    if (!has_restarted_) {
        has_restarted_ = true;
        if (reply.code != 350) throw PeerError(words_of(reply));
        return Next::reply();
    }
    if (!has_body_ && reply.code == 150) return start_body(reply);
    if (reply.code != (has_body_ ? 226 : 150)) return give_up(words_of(reply)), Next::over();
    if (!has_failed_) complete(reply);
    return Next::over();
}

Next GetFile::start_body(const Reply& reply) {
    const auto bytes = parse_number<std::uint64_t>(reply.text.substr(0, reply.text.find(' ')));
    if (!bytes)
        throw PeerError(
            text(job_.shown, ": the server did not say how many bytes follow: ", escape(reply.text)));
    has_body_ = true;
    body_ = *bytes;
    if (!job_.size) report_.progress().expect(body_);
    job_.size = job_.size.value_or(body_);
    report_.progress().name(job_.path);
    try {
        target_ = job_.open(job_.start);
        whole_ = target_->beginning();
        if (whole_.size() != job_.offset) throw UserError("what is there of it changes meanwhile");
    } catch (const std::exception& error) {
        const Next next = give_up(error.what());
        return next.kind == Next::Kind::drop ? next : Next::body(body_);
    }
    count(job_.offset);
    return Next::body(body_);
}

Next GetFile::on_body(std::string_view bytes) {
    if (has_failed_) {
        sent_.add(bytes);
        return Next::reply();
    }
    sent_.add(bytes);
    if (!job_.whole.empty()) whole_.add(bytes);
    count(bytes.size());
    try {
        target_->write(bytes);
    } catch (const std::system_error& error) {
        return give_up(error.what());
    }
    return Next::reply();
}

void GetFile::count(std::uint64_t bytes) {
    counted_ += bytes;
    report_.progress().add(bytes);
}

// The file is lost, the connection is not, unless too much would have to be read for nothing.
Next GetFile::give_up(std::string_view why) {
    has_failed_ = true;
    target_.reset();
    report_.fail(job_.shown, why);
    const std::uint64_t expected = job_.size.value_or(0);
    report_.progress().forgo(expected - std::min(expected, counted_));
    return body_ - sent_.size() > most_unused ? Next::drop() : Next::reply();
}

void GetFile::complete(const Reply& reply) {
    const std::string ours = sent_.shown();
    if (reply.text.substr(0, ours.size() + 1) != ours + ' ') {
        if (target_) target_->discard();
        give_up(text("damaged on the way: its checksum and size are ", ours, " here, but the server says ",
                     escape(reply.text)));
        return;
    }
    if (!job_.whole.empty() && whole_.shown() != job_.whole) {
        target_->discard();
        target_.reset();
        return on_wrong_beginning_();
    }
    try {
        target_->complete(job_.kept);
        target_.reset();
    } catch (const std::system_error& error) {
        give_up(error.what());
    }
}

void GetFile::on_loss(const std::string& why) {
    if (has_failed_) return;
    const bool is_short = has_body_ && sent_.size() < body_;
    give_up(is_short
                ? text("the server broke off: ", body_ - sent_.size(), " of ", body_, " bytes are missing")
                : why);
}

} // namespace ftpd
