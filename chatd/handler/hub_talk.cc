// SPDX-License-Identifier: ISC
#include "chatd/handler/hub_talk.hh"

#include "common/socket.hh"

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

using namespace common;

namespace chatd {
namespace {

// Others may be up to authd.
bool is_answered_at_once(Message request) {
    constexpr std::array slow{Message::name,  Message::login, Message::authenticate,
                              Message::enter, Message::nick,  Message::oper};
    return std::find(slow.begin(), slow.end(), request) == slow.end();
}

} // namespace

void HubTalk::ask(std::string packet, HubRequest request) {
    announce();
    set_serial(packet, next_serial_);
    next_serial_ += serials_of(packet);
    request.packet = std::move(packet);
    will_tell_of_wait_.reset();
    if (is_answered_at_once(request.what)) will_tell_of_wait_ = Clock::now() + patience;
    request_ = std::move(request);
    tell(request_->packet); // one request is on its way at most, so there is room for it
}

void HubTalk::tell(const std::string& packet) {
    if (send_packet(hub_.get(), packet) != IoState::done) throw Gone{};
}

// The hub is to know what its next answer deals with.
void HubTalk::announce() {
    if (!announced_ || announced_ == dealt_with_()) return;
    announced_ = dealt_with_();
    tell(CountedFrame::make({}, *announced_));
}

void HubTalk::say_here(std::uint32_t hub, std::uint32_t room, std::uint64_t dealt_with) {
    tell(HereFrame::make({}, hub, room, dealt_with, request_ ? serial_of(request_->packet) : 0));
}

void HubTalk::repeat_request() {
    if (!request_) return;
    if (announced_) tell(CountedFrame::make({}, *announced_));
    tell(request_->packet);
}

HubRequest HubTalk::take_answer() {
    will_tell_of_wait_.reset();
    if (!request_) return {};
    if (request_->answers > 1) {
        --request_->answers;
        return *request_;
    }
    HubRequest request = *std::move(request_);
    request_.reset();
    return request;
}

void HubTalk::expect(const HubRequest& request, std::uint32_t answers) {
    if (answers == 0) return;
    request_ = request;
    request_->answers = answers;
}

std::optional<HubTalk::Heard> HubTalk::hear() {
    while (is_ready_) {
        Received got = receive_packet(hub_.get(), {packet_.get(), max_frame});
        if (got.state == IoState::vanished) continue; // its last words may be queued after the reset
        is_ready_ = got.state != IoState::would_block;
        if (!is_ready_) break;
        if (got.state != IoState::done) return Heard{Heard::Kind::end};
        if (std::string_view{packet_.get(), got.bytes} != wake)
            return Heard{Heard::Kind::frame, {packet_.get(), got.bytes}, std::move(got.passed)};
        is_ready_ = !reports_again_; // mostly nothing follows a wake
        return Heard{Heard::Kind::waking};
    }
    return {};
}

bool HubTalk::take_told(std::uint64_t from, std::uint32_t serial) {
    ++untaken_;
    if (serial == 0) return true;
    const auto known =
        std::find_if(tellers_.begin(), tellers_.end(), [&](const Teller& one) { return one.client == from; });
    if (known != tellers_.end() && serial <= known->last_serial) return false;
    if (known != tellers_.end())
        tellers_.erase(known);
    else if (tellers_.size() == max_tellers)
        tellers_.erase(tellers_.begin());
    tellers_.push_back({from, serial});
    return true;
}

void HubTalk::acknowledge_told() {
    if (untaken_ == 0) return;
    if (send_packet(hub_.get(), TookFrame::make({}, untaken_)) == IoState::done) untaken_ = 0;
}

} // namespace chatd
