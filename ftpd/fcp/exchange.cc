// SPDX-License-Identifier: ISC
#include "ftpd/fcp/exchange.hh"

#include "common/errors.hh"
#include "common/text.hh"
#include "ftpd/fcp/console.hh"

#include <algorithm>
#include <exception>
#include <fcntl.h>
#include <unistd.h>

using namespace common;

namespace ftpd {
namespace {

constexpr std::uint64_t max_unused = 1024 * 1024; // bytes of a body that are read for nothing

constexpr std::uint64_t max_small = 64 * 1024; // bytes

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
    if (!job_.size) console_.progress().expect(body_);
    job_.size = job_.size.value_or(body_);
    console_.progress().name(job_.path);
    try {
        target_ = job_.open(job_.start);
        whole_ = target_->beginning();
        if (whole_.size() != job_.offset) throw UserError("it keeps changing on the server");
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
    console_.progress().add(bytes);
}

// The file is lost, the connection is not, unless too much would have to be read for nothing.
Next GetFile::give_up(std::string_view why) {
    has_failed_ = true;
    target_.reset();
    console_.fail(job_.shown, why);
    const std::uint64_t expected = job_.size.value_or(0);
    console_.progress().forgo(expected - std::min(expected, counted_));
    return body_ - sent_.size() > max_unused ? Next::drop() : Next::reply();
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

std::vector<std::string> PutFile::begin() {
    sum_ = {};
    small_.clear();
    replies_ = 0;
    has_failed_ = false;
    if (job_.is_lost && job_.is_lost()) return {};
    if (job_.is_stream && counted_ > 0) {
        fail(job_.shown, "the connection was lost, and what was read of it cannot be read again: "
                         "send it once more");
        return {};
    }
    try {
        open();
    } catch (const std::exception& error) {
        fail({}, error.what());
        return {};
    }
    console_.progress().name(job_.path);
    if (counted_ == 0) count(job_.offset); // and not again on another connection
    std::vector<std::string> commands;
    if (job_.offset > 0) commands.push_back(text("REST ", job_.offset));
    if (size_) commands.push_back(text("ALLO ", *size_));
    commands.push_back("PUT " + job_.path);
    return commands;
}

// Most files that change meanwhile are small ones: these are read first, and what was read is what is sent.
void PutFile::open() {
    const bool is_input = job_.local == "-";
    file_ = is_input ? Fd{checked("open", job_.local, [] { return ::dup(STDIN_FILENO); })}
                     : open_to_read(job_.local, job_.is_stream);
    checked("look at", job_.local, [&] { return ::fstat(file_.get(), &status_); });
    size_.reset();
    if (job_.is_stream) return;
    if (!S_ISREG(status_.st_mode)) throw UserError(text(escape(job_.local), " is no longer a regular file"));
    if (job_.offset > 0)
        checked("seek in", job_.local,
                [&] { return ::lseek(file_.get(), static_cast<off_t>(job_.offset), SEEK_SET); });
    const auto whole = static_cast<std::uint64_t>(status_.st_size);
    size_ = whole - std::min(whole, job_.offset);
    if (*size_ > max_small) return;
    small_.resize(static_cast<std::size_t>(*size_));
    std::size_t filled = 0;
    while (filled < small_.size()) {
        const auto got = checked("read", job_.local, [&] {
            return ::read(file_.get(), small_.data() + filled, small_.size() - filled);
        });
        if (got == 0) break;
        filled += static_cast<std::size_t>(got);
    }
    small_.resize(filled);
    size_ = filled;
    file_.reset();
}

Piece PutFile::next_piece(std::span<char> into) {
    using State = Piece::State;
    if (size_ && sum_.size() == *size_) return {State::none};
    std::size_t got = 0;
    if (!file_) {
        got = small_.copy(into.data(), into.size());
    } else {
        if (size_)
            into = into.first(
                static_cast<std::size_t>(std::min<std::uint64_t>(*size_ - sum_.size(), into.size())));
        try {
            got = static_cast<std::size_t>(
                checked("read", job_.local, [&] { return ::read(file_.get(), into.data(), into.size()); }));
        } catch (const std::system_error& error) {
            fail(job_.shown, error.what());
            return {State::broken};
        }
        if (got == 0 && !size_) return {State::end};
        if (got == 0) {
            struct stat now {};
            ::fstat(file_.get(), &now);
            fail(job_.shown, text("the file has shrunk from ", status_.st_size, " to ", now.st_size,
                                  " bytes while it was sent: nothing was stored"));
            return {State::broken};
        }
    }
    sum_.add({into.data(), got});
    count(got);
    return {State::some, got};
}

void PutFile::count(std::uint64_t bytes) {
    counted_ += bytes;
    console_.progress().add(bytes);
}

Next PutFile::on_reply(const Reply& reply) {
    const std::size_t before = (job_.offset > 0 ? 1U : 0U) + (size_ ? 1U : 0U); // REST and ALLO
    const bool is_last = ++replies_ > before + 1;
    if (replies_ <= before) {
        // What follows is a body all the same, for a server that understood ALLO alone.
        if (reply.code != 350 && reply.code != 200 && reply.code != 202) throw PeerError(words_of(reply));
        return Next::reply();
    }
    if (!is_last && reply.code == 150) return Next::reply();
    if (!has_failed_ && reply.code != 226) fail(job_.shown, words_of(reply));
    if (reply.code != 226) return size_ ? Next::over() : Next::drop();
    const std::string ours = sum_.shown();
    if (reply.text.substr(0, ours.size() + 1) != ours + ' ')
        fail(job_.shown, text("damaged on the way: its checksum and size are ", ours,
                              " here, but the server says ", escape(reply.text)));
    else if (const std::string change = what_changed(); !change.empty())
        fail(job_.shown, change);
    else if (!has_failed_)
        on_stored_(status_);
    return Next::over();
}

std::string PutFile::what_changed() const {
    struct stat now {};
    if (!file_ || !size_ || ::fstat(file_.get(), &now) != 0) return {};
    const bool same = now.st_size == status_.st_size && now.st_mtim.tv_sec == status_.st_mtim.tv_sec &&
                      now.st_mtim.tv_nsec == status_.st_mtim.tv_nsec;
    return same ? ""
                : "the file was changed while it was sent: what is stored may be a mixture of old and new";
}

void PutFile::fail(std::string_view name, std::string_view why) {
    has_failed_ = true;
    if (job_.is_lost && job_.is_lost()) return;
    if (name.empty())
        console_.fail(why);
    else
        console_.fail(name, why);
    console_.progress().forgo(job_.expected - std::min(job_.expected, counted_));
}

void PutFile::on_loss(const std::string& why) {
    if (!has_failed_) fail(job_.shown, why);
}

Fd open_to_read(const std::string& path, bool is_stream) {
    const int flags = O_RDONLY | O_NOCTTY | O_CLOEXEC | (is_stream ? 0 : O_NONBLOCK);
    return Fd{checked("open", path, [&] { return ::open(path.c_str(), flags); })};
}

} // namespace ftpd
