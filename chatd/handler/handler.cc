// SPDX-License-Identifier: ISC
#include "chatd/handler/handler.hh"

#include <algorithm>
#include <csignal>
#include <utility>

using namespace common;

namespace chatd {
namespace {

std::chrono::milliseconds time_until(std::chrono::steady_clock::time_point when) {
    const auto left = when - std::chrono::steady_clock::now();
    return std::max(std::chrono::milliseconds{0}, std::chrono::ceil<std::chrono::milliseconds>(left));
}

} // namespace

Handler::Handler(const Parameters& parameters, Fd client, Fd hub, std::span<std::byte> page,
                 const MakeConversation& make_conversation)
    : idle_timeout_(parameters.idle_timeout),
      signals_{SIGTERM, SIGINT},
      poller_(Poller::make(parameters.events)),
      note_(page),
      client_(std::move(client)),
      hub_(std::move(hub), poller_->reports_again()),
      rooms_(client_, hub_, page),
      conversation_(make_conversation({client_, hub_, rooms_})),
      frames_({client_, hub_, rooms_}, *conversation_) {}

int Handler::run() {
    try {
        conversation_->begin();
        poller_->watch(hub_.fd(), Interest::read);
        while (!client_.is_ending() || !client_.is_empty()) {
            bool did_something = read_hub();
            did_something |= hear_of_tls();
            did_something |= conversation_->read();
            did_something |= obey_client();
            did_something |= conversation_->serve();
            did_something |= work();
            did_something |= !conversation_->holds_rooms() && rooms_.follow();
            did_something |= tell_of_wait();
            did_something |= write_client();
            if (is_done())
                conversation_->part(Parting::all_done);
            else if (!did_something)
                wait();
        }
    } catch (const Gone&) {
        // The hub sees the end of our pair and tells the rooms.
    }
    note_tls();
    if (client_.is_ending() && client_.is_empty()) client_.tls().say_whole();
    return 0;
}

// What the relay tells but once, of how TLS began. It is watched until then.
bool Handler::hear_of_tls() {
    ClientTls& tls = client_.tls();
    const bool is_awaited = tls.is_awaited();
    if (has_noted_tls_ || !tls.is_there() || (is_awaited && awaited_relay_ >= 0 && !is_relay_ready_))
        return false;
    if (awaited_relay_ >= 0) poller_->forget(std::exchange(awaited_relay_, -1));
    is_relay_ready_ = false;
    note_tls();
    if (!has_noted_tls_) poller_->watch(awaited_relay_ = tls.fd(), Interest::read);
    return true;
}

void Handler::note_tls() {
    ClientTls& tls = client_.tls();
    if (has_noted_tls_ || !tls.is_there()) return;
    tls.hear();
    if (tls.is_awaited()) return;
    has_noted_tls_ = true;
    note_.post(tls.words());
}

bool Handler::is_done() const {
    return client_.has_ended() && !client_.is_ending() && client_.is_empty() && !conversation_->is_busy() &&
           !conversation_->is_working() && !conversation_->has_more() && rooms_.has_read_all();
}

bool Handler::read_hub() {
    bool any = false;
    for (; std::optional<HubTalk::Heard> heard = hub_.hear(); any = true) {
        switch (heard->kind) {
        case HubTalk::Heard::Kind::frame: frames_.handle(*heard); break;
        case HubTalk::Heard::Kind::waking: rooms_.wake(); break;
        case HubTalk::Heard::Kind::end:
            if (!client_.is_ending()) conversation_->part(Parting::server_ended);
            write_client();
            throw Gone{};
        }
    }
    return any;
}

// One line at a time: the next is looked at when the last one was answered, and what came of it has been
// taken by the client. So answers come in the order of the commands.
bool Handler::obey_client() {
    if (conversation_->is_busy() || client_.is_ending() || !client_.has_room()) return false;
    conversation_->settle(); // nothing waits; with a busy pipe something will again, when that is told
    // First of all: whoever speaks without a pause hears the others, too.
    if (rooms_.ask_for_segments()) return true;
    if (!conversation_->obey_next()) return false;
    if (conversation_->was_asked_for()) last_line_ = std::chrono::steady_clock::now();
    return true;
}

// A slice of it. What is said and typed meanwhile is looked for after each: nobody wakes us, since we do not
// sleep, and nobody tells us of input, since we do not wait.
bool Handler::work() {
    if (!conversation_->is_working()) return false;
    client_.set_ready();
    hub_.set_ready();
    if (!conversation_->holds_rooms()) rooms_.wake();
    return conversation_->work();
}

// The hub may be another one soon, and so long it is silent.
bool Handler::tell_of_wait() {
    const auto& when = hub_.will_tell_of_wait();
    if (!when || time_until(*when).count() > 0 || client_.is_ending()) return false;
    hub_.forget_wait();
    conversation_->tell_of_wait();
    return true;
}

bool Handler::write_client() {
    conversation_->prepare_output();
    const bool was_full = !client_.has_room();
    const bool any = client_.write();
    // Nobody waited for its input; it may be the wish to skip what it is behind with.
    if (was_full && client_.has_room()) client_.set_ready();
    conversation_->note_written();
    if (client_.is_empty()) hub_.acknowledge_told();
    return any;
}

void Handler::wait() {
    // With output left the client wakes us; without, the hub must.
    const bool needs_wake = client_.is_empty() && !conversation_->is_working() && rooms_.is_in_any();
    if (needs_wake && rooms_.has_caught_up() && !rooms_.prepare_to_sleep()) return;
    const bool wants_input = client_.wants_more(conversation_->intake());
    const auto interest = (wants_input ? 1U : 0U) | (client_.is_empty() ? 0U : 2U);
    poller_->watch(client_.fd(), static_cast<Interest>(interest));
    std::optional<std::chrono::milliseconds> at_most = time_left();
    for (const auto& until : {conversation_->waits_until(), hub_.will_tell_of_wait()})
        if (until) at_most = std::min(at_most.value_or(std::chrono::hours{1}), time_until(*until));
    for (const Event& event : poller_->wait(at_most, signals_.while_waiting())) {
        const bool is_client = event.fd == client_.fd();
        if (event.fd == awaited_relay_) {
            is_relay_ready_ = true;
            continue;
        }
        if (is_client && event.hangup && !wants_input) throw Gone{};
        if (!event.readable) continue;
        if (is_client)
            client_.set_ready();
        else
            hub_.set_ready();
    }
    if (hub_.is_waiting()) last_line_ = std::chrono::steady_clock::now(); // not the client is idle
    signals_.take(SIGINT); // the terminal's; the hub acts on it
    if (signals_.take(SIGTERM)) conversation_->part(Parting::asked_to_leave);
    if (time_left() == std::chrono::milliseconds{0}) conversation_->part(Parting::idle, idle_timeout_);
}

std::optional<std::chrono::milliseconds> Handler::time_left() const {
    if (idle_timeout_.count() == 0 || client_.is_ending() || hub_.is_waiting()) return {};
    return time_until(last_line_ + idle_timeout_);
}

} // namespace chatd
