// SPDX-License-Identifier: ISC
#include "chatd/handler/handler.hh"

#include "common/text.hh"

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

Handler::Handler(const Parameters& parameters, const Catalogues& catalogues, Fd client, Fd hub,
                 std::span<std::byte> page)
    : idle_timeout_(parameters.idle_timeout),
      signals_{SIGTERM, SIGINT},
      poller_(Poller::make(parameters.events)),
      note_(page),
      talk_(std::move(client), catalogues, parameters.language, std::move(hub), poller_->reports_again(),
            page) {
    talk_.typing.limit_lines(parameters.lines_at_once);
}

int Handler::run() {
    try {
        talk_.registration.ask_for_name();
        poller_->watch(talk_.hub.fd(), Interest::read);
        while (!talk_.output.is_ending() || !talk_.output.is_empty()) {
            bool did_something = read_hub();
            did_something |= hear_of_tls();
            did_something |= talk_.input.read();
            did_something |= talk_.input.change_dialect();
            did_something |= obey_client();
            did_something |= serve_terminal();
            did_something |= look_up();
            did_something |= !talk_.lookup.holds_rooms() && talk_.rooms.follow();
            did_something |= tell_of_wait();
            did_something |= write_client();
            if (is_done())
                talk_.output.finish();
            else if (!did_something)
                wait();
        }
    } catch (const Gone&) {
        // The hub sees the end of our pair and tells the rooms.
    }
    note_tls();
    if (talk_.output.is_ending() && talk_.output.is_empty()) talk_.output.tls().say_whole();
    return 0;
}

// What the relay tells but once, of how TLS began. It is watched until then.
bool Handler::hear_of_tls() {
    ClientTls& tls = talk_.output.tls();
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
    ClientTls& tls = talk_.output.tls();
    if (has_noted_tls_ || !tls.is_there()) return;
    tls.hear();
    if (tls.is_awaited()) return;
    has_noted_tls_ = true;
    note_.post(tls.words());
}

bool Handler::is_done() const {
    return talk_.input.has_ended() && !talk_.output.is_ending() && talk_.output.is_empty() &&
           !talk_.is_busy() && !talk_.lookup.is_running() && !talk_.input.has_lines() &&
           talk_.rooms.has_read_all();
}

bool Handler::read_hub() {
    bool any = false;
    for (; std::optional<HubTalk::Heard> heard = talk_.hub.hear(); any = true) {
        switch (heard->kind) {
        case HubTalk::Heard::Kind::frame: talk_.handle(*heard); break;
        case HubTalk::Heard::Kind::waking: talk_.rooms.wake(); break;
        case HubTalk::Heard::Kind::end:
            if (!talk_.output.is_ending())
                talk_.output.finish(talk_.output.display().line(Phrase::server_ended), End::come_again);
            write_client();
            throw Gone{};
        }
    }
    return any;
}

// One line at a time: the next is looked at when the last one was answered, and what came of it has been
// taken by the client. So answers come in the order of the commands.
bool Handler::obey_client() {
    if (talk_.is_busy() || talk_.output.is_ending() || !talk_.output.has_room()) return false;
    talk_.input.settle_count(); // nothing waits; with a busy pipe something will again, when that is told
    // First of all: whoever speaks without a pause hears the others, too.
    if (talk_.rooms.ask_for_segments()) return true;
    const std::optional<Line> line = talk_.input.next_line();
    if (!line) return false;
    last_line_ = std::chrono::steady_clock::now();
    talk_.typing.obey(*line);
    return true;
}

// What the client's terminal wants beside lines.
bool Handler::serve_terminal() {
    TelnetDialect* const telnet = talk_.output.telnet();
    if (telnet == nullptr || talk_.output.is_ending()) return false;
    using Wanted = TelnetRequest::Kind;
    bool any = false;
    for (; std::optional<TelnetRequest> request = telnet->next_request(); any = true) {
        switch (request->kind) {
        case Wanted::completion: talk_.completer.begin(std::move(request->words)); break;
        case Wanted::sign_of_life: talk_.output.say(Phrase::here); break;
        case Wanted::session: talk_.registration.begin_session(request->words); break;
        }
    }
    return (!talk_.is_busy() && talk_.completer.ask()) || any;
}

// A slice of what is looked up. What is said and typed meanwhile is looked for after each: nobody wakes us,
// since we do not sleep, and nobody tells us of input, since we do not wait.
bool Handler::look_up() {
    if (!talk_.lookup.is_running()) return false;
    talk_.input.set_ready();
    talk_.hub.set_ready();
    if (!talk_.lookup.holds_rooms()) talk_.rooms.wake();
    return talk_.lookup.go_on();
}

// The hub may be another one soon, and so long it is silent.
bool Handler::tell_of_wait() {
    const auto& when = talk_.hub.will_tell_of_wait();
    if (!when || time_until(*when).count() > 0 || talk_.output.is_ending()) return false;
    talk_.hub.forget_wait();
    talk_.output.say(Phrase::hub_is_slow);
    return true;
}

bool Handler::write_client() {
    talk_.output.lay();
    talk_.option.tell_progress();
    const bool was_full = !talk_.output.has_room();
    const bool any = talk_.output.write();
    // Nobody waited for its input; it may be the wish to skip what it is behind with.
    if (was_full && talk_.output.has_room()) talk_.input.set_ready();
    talk_.option.note_written();
    if (talk_.output.is_empty()) talk_.hub.acknowledge_told();
    return any;
}

void Handler::wait() {
    ClientOutput& output = talk_.output;
    // With output left the client wakes us; without, the hub must.
    const bool needs_wake = output.is_empty() && !talk_.lookup.is_running() && talk_.rooms.is_in_any();
    if (needs_wake && talk_.rooms.has_caught_up() && !talk_.rooms.prepare_to_sleep()) return;
    const bool wants_input = talk_.input.wants_more();
    const auto interest = (wants_input ? 1U : 0U) | (output.is_empty() ? 0U : 2U);
    poller_->watch(output.fd(), static_cast<Interest>(interest));
    std::optional<std::chrono::milliseconds> at_most = time_left();
    for (const auto& until : {output.dialect().waits_until(), talk_.hub.will_tell_of_wait()})
        if (until) at_most = std::min(at_most.value_or(std::chrono::hours{1}), time_until(*until));
    for (const Event& event : poller_->wait(at_most, signals_.while_waiting())) {
        const bool is_client = event.fd == output.fd();
        if (event.fd == awaited_relay_) {
            is_relay_ready_ = true;
            continue;
        }
        if (is_client && event.hangup && !talk_.input.wants_more()) throw Gone{};
        if (!event.readable) continue;
        if (is_client)
            talk_.input.set_ready();
        else
            talk_.hub.set_ready();
    }
    if (talk_.hub.is_waiting()) last_line_ = std::chrono::steady_clock::now(); // not the client is idle
    signals_.take(SIGINT); // the terminal's; the hub acts on it
    if (signals_.take(SIGTERM)) output.finish(output.display().line(Phrase::asked_to_leave));
    if (time_left() == std::chrono::milliseconds{0})
        output.finish(output.display().line(Phrase::idle, text(idle_timeout_.count())));
}

std::optional<std::chrono::milliseconds> Handler::time_left() const {
    if (idle_timeout_.count() == 0 || talk_.output.is_ending() || talk_.hub.is_waiting()) return {};
    return time_until(last_line_ + idle_timeout_);
}

} // namespace chatd
