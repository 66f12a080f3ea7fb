// SPDX-License-Identifier: ISC
// A handler's talk with the hub: at most one request is on its way, and everything else that the hub says may
// come at any time. Run by handlers, which trust the hub.
#pragma once

#include "chatd/handler/client_socket.hh"
#include "chatd/protocol.hh"
#include "common/fd.hh"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace chatd {

// What the hub was asked, as long as it has not answered.
struct HubRequest {
    Message what{};
    std::string about{};    // an argument, for the answer's words
    std::uint32_t room = 0; // that the answer is about
    // What is done when it is accepted, with the hub's words.
    std::function<void(const HubRequest& request, const std::string& words)> accepted{};
    std::uint32_t answers = 1; // that are to come
    bool is_lookups = false;   // the answer is for a lookup of the conversation, not for its rooms
    std::string packet{};      // as it was sent: for a hub that follows the one that was asked
};

class HubTalk {
public:
    using Clock = std::chrono::steady_clock;
    static constexpr std::chrono::seconds patience{3}; // with a hub that answers at once
    static constexpr std::size_t max_tellers = 64;     // whose last private message is known

    // reports_again: whether the poller reports what is left unread once more.
    HubTalk(common::Fd hub, bool reports_again) : hub_(std::move(hub)), reports_again_(reports_again) {}

    int fd() const { return hub_.get(); }

    // packet: of a frame's make; it gets its serial here. Throws Gone when the hub is.
    void ask(std::string packet, HubRequest request);
    // The same for what is not answered.
    void tell(const std::string& packet);
    // No value while nothing is asked.
    const std::optional<HubRequest>& request() const { return request_; }
    bool is_waiting() const { return request_.has_value(); }
    // To a hub that follows another, and has this number: the room that the client is in, how many of its
    // bytes were dealt with, and whether a request is unanswered, which follows: once more.
    void say_here(std::uint32_t hub, std::uint32_t room, std::uint64_t dealt_with);
    void repeat_request();
    // What it speaks; until it has said so itself, what this handler does.
    std::uint16_t hubs_version() const { return hubs_version_; }
    void note_hubs_version(std::uint16_t version) { hubs_version_ = version; }
    // Of the request that is not answered; while nothing is asked, of the next one.
    std::uint32_t unanswered_serial() const { return request_ ? serial_of(request_->packet) : next_serial_; }
    // When the client is to be told that it waits for what a hub answers at once. No value: it does not
    // wait for that, or knows.
    const std::optional<Clock::time_point>& will_tell_of_wait() const { return will_tell_of_wait_; }
    void forget_wait() { will_tell_of_wait_.reset(); } // it is told now, or why it waits
    // One more answer has come: to this request. Nothing is asked any more when it was the last.
    HubRequest take_answer();
    // The request is answered by so many frames more.
    void expect(const HubRequest& request, std::uint32_t answers);

    struct Heard {
        enum class Kind { frame, waking, end } kind = Kind::frame;
        std::span<const char> packet{}; // until the next call
        common::Fd passed{};
    };
    // The next packet; no value while there is none.
    std::optional<Heard> hear();
    void set_ready() { is_ready_ = true; }

    // For chat(1): the hub knows of so many bytes of the client, and is told of more before each request:
    // how many were dealt with, count_with tells.
    void count_with(std::function<std::uint64_t()> dealt_with) { dealt_with_ = std::move(dealt_with); }
    void announce_from(std::uint64_t bytes) { announced_ = bytes; }
    bool announces() const { return announced_.has_value(); }

    // A private message has come, and counts as taken once the client's socket has taken all that waited.
    // serial: of its sender's request, 0: none. False: it came before, from a hub that is gone.
    bool take_told(std::uint64_t from, std::uint32_t serial);
    void acknowledge_told();

private:
    void announce();

    common::Fd hub_;
    bool reports_again_;
    std::uint16_t hubs_version_ = protocol_version;
    bool is_ready_ = true; // what the last wait said, until a read has found nothing
    std::optional<HubRequest> request_;
    std::function<std::uint64_t()> dealt_with_;
    std::optional<std::uint64_t> announced_; // no value: nothing is counted
    std::uint32_t next_serial_ = 1;
    std::optional<Clock::time_point> will_tell_of_wait_;
    std::uint32_t untaken_ = 0;
    struct Teller {
        std::uint64_t client;
        std::uint32_t last_serial;
    };
    std::vector<Teller> tellers_; // who told this client something; the last one is the last
    // Not on the stack, and not filled: a page more for each of thousands.
    std::unique_ptr<char[]> packet_ = std::make_unique_for_overwrite<char[]>(max_frame);
};

} // namespace chatd
