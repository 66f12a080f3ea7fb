// SPDX-License-Identifier: ISC
#include "ftpd/fcp/pipeline.hh"

#include "common/errors.hh"
#include "common/text.hh"

#include <algorithm>
#include <iterator>

using namespace common;

namespace ftpd {
namespace {

constexpr std::size_t max_under_way = 128;       // exchanges
constexpr std::size_t few_under_way = 64;        // then more are begun, so that they are sent together
constexpr std::size_t max_queued = 64 * 1024;    // bytes; then more is sent before more is begun
constexpr std::size_t max_at_once = 1024 * 1024; // bytes one way before it is looked at the other
constexpr std::size_t max_lines = 1000;          // of a reply that is not a listing

} // namespace

void Pipeline::run() {
    while (!waiting_.empty() || !under_way_.empty() || !last_.empty()) {
        if (waiting_.empty() && under_way_.empty()) waiting_.swap(last_);
        if (link_ && ends_ && under_way_.empty()) give_up_connection();
        if (!link_) reconnect();
        begin_more();
        if (under_way_.empty()) continue;
        send();
        link_->flush();
        if (body_left_ == 0 || !link_->has_buffered())
            link_->wait(sender_ != nullptr, under_way_.front()->extra_patience());
        receive();
    }
}

void Pipeline::reconnect() {
    link_.emplace(connect_());
    ends_ = false;
    has_answered_ = false;
    lines_.reset();
    body_left_ = 0;
}

void Pipeline::begin_more() {
    if (under_way_.size() > few_under_way && !begins_) return;
    begins_ = true;
    while (!waiting_.empty() && sender_ == nullptr && !ends_ && under_way_.size() < max_under_way &&
           link_->queued() < max_queued) {
        std::unique_ptr<Exchange> exchange = std::move(waiting_.front());
        waiting_.pop_front();
        const std::vector<std::string> commands = exchange->begin();
        if (commands.empty()) continue;
        if (exchange->may_not_look_complete()) link_->guard_unfinished();
        for (const std::string& command : commands) link_->say(command);
        under_way_.push_back(std::move(exchange));
        sender_ = under_way_.back().get();
        send();
    }
    begins_ = under_way_.size() < max_under_way;
}

void Pipeline::send() {
    for (std::size_t sent = 0; sent < max_at_once && link_->queued() < max_queued;) {
        if (sender_ == nullptr) return;
        const Piece piece = sender_->next_piece(buffer_);
        link_->queue({buffer_.data(), piece.bytes});
        sent += piece.bytes;
        if (link_->queued() >= max_queued) link_->flush();
        if (piece.state == Piece::State::some) continue;
        sender_ = nullptr;
        ends_ = piece.state != Piece::State::none;
        if (ends_) link_->end_output();
    }
}

void Pipeline::receive() {
    for (std::size_t rounds = 0; rounds < max_at_once / buffer_.size(); ++rounds)
        if (!receive_some()) return;
}

// One read, and all that comes of it; false when there is nothing to read, or no connection any more.
bool Pipeline::receive_some() {
    if (!link_ || under_way_.empty()) return false;
    IoState state = IoState::done;
    if (body_left_ > 0) {
        const auto wanted = static_cast<std::size_t>(std::min<std::uint64_t>(body_left_, buffer_.size()));
        const IoResult got = link_->read_body(std::span{buffer_}.first(wanted));
        state = got.state;
        body_left_ -= got.bytes;
        if (state == IoState::done) follow(under_way_.front()->on_body({buffer_.data(), got.bytes}));
    } else {
        state = link_->fill();
    }
    while (link_ && body_left_ == 0 && !under_way_.empty()) {
        const std::optional<std::string> line = link_->next_line();
        if (!line) break;
        take_line(*line);
    }
    if (!link_ || state == IoState::done) return link_.has_value();
    if (state != IoState::would_block) lose_connection();
    return false;
}

void Pipeline::take_line(std::string_view line) {
    if (!lines_) {
        ReplyLine first = parse_reply_line(line);
        Reply reply{first.code, std::move(first.text)};
        if (first.is_last) return take_reply(reply);
        lines_ = std::move(reply);
        line_count_ = 0;
        return;
    }
    const std::string end = text(lines_->code, ' ');
    if (line.substr(0, end.size()) == end) {
        const Reply reply = *std::exchange(lines_, {});
        return take_reply(reply);
    }
    if (under_way_.front()->wants_lines()) return under_way_.front()->on_line(line);
    if (++line_count_ > max_lines) throw PeerError("the server's answer does not end");
    lines_->text.append("\n").append(line);
}

void Pipeline::take_reply(const Reply& reply) {
    if (reply.code == 421) throw PeerError(words_of(reply));
    has_answered_ = true;
    follow(under_way_.front()->on_reply(reply));
}

void Pipeline::follow(const Next& next) {
    switch (next.kind) {
    case Next::Kind::reply: return;
    case Next::Kind::body:
        // An empty one has been there already.
        if (next.bytes > 0) body_left_ = next.bytes;
        return;
    case Next::Kind::over:
    case Next::Kind::drop: break;
    }
    // The server waits for the rest of a body that it has refused.
    const bool is_cut = next.kind == Next::Kind::drop || sender_ == under_way_.front().get();
    under_way_.pop_front();
    if (is_cut) give_up_connection();
}

void Pipeline::give_up_connection() {
    waiting_.insert(waiting_.begin(), std::make_move_iterator(under_way_.begin()),
                    std::make_move_iterator(under_way_.end()));
    under_way_.clear();
    sender_ = nullptr;
    link_.reset();
}

void Pipeline::lose_connection() {
    const std::string why = link_->why_ended();
    if (!has_answered_) throw PeerError(why);
    const std::unique_ptr<Exchange> front = std::move(under_way_.front());
    under_way_.pop_front();
    give_up_connection();
    front->on_loss(why);
}

} // namespace ftpd
