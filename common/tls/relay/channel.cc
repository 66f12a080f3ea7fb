// SPDX-License-Identifier: ISC
#include "common/tls/relay/channel.hh"

#include "common/acknowledgement.hh"
#include "common/errors.hh"
#include "common/socket.hh"
#include "common/text.hh"
#include "common/tls/gnutls/tls_server.hh"
#include "common/unacknowledged.hh"

#include <algorithm>
#include <cerrno>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <system_error>

namespace common {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t record = 16384;     // bytes: the most that one of TLS carries
constexpr std::size_t many = 16 * record; // are read or written together, where files are carried
constexpr unsigned rounds = 32;           // of work, before others have their turn
constexpr unsigned max_renegotiations = 3;
// Bytes of a handshake, or behind it without any data, where the library would collect 16 MB of one message.
constexpr std::size_t max_barren = 65536;
constexpr auto time_for_end = 10s; // for the client to end its side once we have ended ours
// What a client may take for the rest, in all, once its process has gone, which would count it.
constexpr auto time_alone = 5min;
constexpr auto stalls_alone = 4;      // and no more than so many times what one stall may take
constexpr auto time_of_program = 10s; // without advance, where a client program has gone

bool is_again(ssize_t result) { return result == GNUTLS_E_AGAIN || result == GNUTLS_E_INTERRUPTED; }

// What a client has for a session has a pointer of its own (common/tls/gnutls/server_proof.cc).
bool is_servers(gnutls_session_t session) { return gnutls_session_get_ptr(session) == nullptr; }

RelaySecurity security_of(gnutls_session_t session) {
    const std::uint8_t minor = gnutls_protocol_get_version(session) == GNUTLS_TLS1_3 ? 3 : 2;
    const bool is_resumed =
        is_servers(session) ? TlsServer::resumes_control(session) : gnutls_session_is_resumed(session) != 0;
    return {minor, is_resumed};
}

std::string cipher_of(gnutls_session_t session) {
    const std::unique_ptr<char, void (*)(void*)> all{gnutls_session_get_desc(session), gnutls_free};
    return all ? std::string{all.get()}.substr(0, max_tls_text) : std::string{};
}

constexpr int too_much = EMSGSIZE; // came that carries nothing

std::string words_of_break(int error) {
    if (error == too_much) return "more than a handshake takes has come without data";
    if (error == ECONNRESET || error == EPIPE) return "the connection was reset";
    return text("the connection broke: ", std::system_category().message(error));
}

// Why nothing goes on, from what the library has told. broken: an error of the system, or 0.
std::string words_of(ssize_t result, gnutls_session_t session, int broken) {
    const int error = static_cast<int>(result);
    if (broken != 0) return words_of_break(broken);
    if (error != GNUTLS_E_FATAL_ALERT_RECEIVED && error != GNUTLS_E_WARNING_ALERT_RECEIVED)
        return words_of_error(error);
    return text(is_servers(session) ? "the client" : "the server",
                " says: ", words_of_alert(gnutls_alert_get(session)));
}

std::size_t unread_bytes(int socket) {
    int bytes = 0;
    return ::ioctl(socket, FIONREAD, &bytes) == 0 ? static_cast<std::size_t>(bytes) : 0;
}

Interest interest_in(bool reading, bool writing) {
    return static_cast<Interest>((reading ? 1U : 0U) | (writing ? 2U : 0U));
}

} // namespace

Channel::Channel(Loop& loop, GnutlsSession session, const RelayTerms& terms, std::uint32_t number,
                 RelayDirection direction, Ends ends, Callbacks callbacks)
    : loop_(loop),
      terms_(terms),
      number_(number),
      direction_(direction),
      capacity_(number == control_connection ? record : many),
      callbacks_(std::move(callbacks)),
      client_(std::move(ends.client)),
      stream_(std::move(ends.stream)),
      session_(std::move(session)) {
    set_reset_on_close(client_.get()); // however we end, unless all is said
    gnutls_transport_set_ptr(session_.get(), this);
    gnutls_transport_set_pull_function(session_.get(), pull);
    gnutls_transport_set_vec_push_function(session_.get(), push);
    set_interests();
    watch_time();
    if (callbacks_.on_server) work(); // a client begins
}

std::span<char> Channel::Buffer::make_room(std::size_t size) {
    if (!bytes) bytes = std::make_unique_for_overwrite<char[]>(size);
    begin = end = 0;
    return {bytes.get(), size};
}

// --- work ---

// What the library reads with: a head and a body for each record, of what was read together.
ssize_t Channel::pull(gnutls_transport_ptr_t own, void* into, std::size_t most) {
    Channel& channel = *static_cast<Channel*>(own);
    Buffer& in = channel.in_;
    if (in.is_empty()) {
        const std::span<char> room = in.make_room(channel.capacity_);
        const ssize_t got = retry([&] { return ::recv(channel.client_.get(), room.data(), room.size(), 0); });
        if (got < 0 && errno != EAGAIN && errno != EWOULDBLOCK) channel.broken_ = errno;
        // The library would send nothing more, and many clients end so, and still wait for answers.
        if (got == 0 && channel.state_ == State::open && channel.broken_ == 0) {
            channel.has_bare_end_ = true;
            errno = EAGAIN;
            return -1;
        }
        if (got <= 0) return got;
        in.end = static_cast<std::size_t>(got);
    }
    const std::string_view next = in.rest().substr(0, most);
    const std::size_t size = next.copy(static_cast<char*>(into), most);
    channel.edge_.pass(next);
    in.begin += size;
    channel.barren_bytes_ += size;
    if (channel.barren_bytes_ <= max_barren) return static_cast<ssize_t>(size);
    channel.broken_ = errno = too_much;
    return -1;
}

// And what it writes with. Whoever meets a reset takes the word of it: reading then finds an end like any
// other.
ssize_t Channel::push(gnutls_transport_ptr_t own, const giovec_t* pieces, int count) {
    Channel& channel = *static_cast<Channel*>(own);
    const bool was_blocked = channel.is_blocked();
    const ssize_t sent = channel.out_.send(channel.client_.get(), {pieces, static_cast<std::size_t>(count)},
                                           channel.down_.rest().size() > record);
    if (sent < 0) channel.broken_ = errno;
    // The client's time begins when it stops taking; that of a handshake goes on.
    if (channel.is_blocked() && !was_blocked && channel.state_ == State::open) channel.advance();
    return sent;
}

void Channel::work() {
    if (state_ == State::handshake && is_blocked() && !flush()) return set_interests();
    const bool has_begun = state_ == State::open || state_ == State::over;
    if (!has_begun && !shake_hands()) return set_interests();
    // Whichever way there was nothing to do will be told of by the loop.
    bool up = true, down = true;
    for (unsigned left = rounds; state_ == State::open && (up || down) && left > 0; --left) {
        up = up && carry_up();
        if (state_ == State::open && (down || owes_end())) down = carry_down();
    }
    const bool moved = state_ == State::open && (up || down);
    const bool is_empty = down_.is_empty() && up_.is_empty();
    if (state_ == State::open && down_ended_ && is_empty && !owes_end() && (up_ended_ || !is_end_sent_))
        finish(!is_end_sent_);
    set_interests(moved);
    if (moved && client_watch_) client_watch_.again(); // others have their turn
}

bool Channel::shake_hands() {
    const int result = state_ == State::handshake ? gnutls_handshake(session_.get()) : 0;
    if (is_again(result) || result == GNUTLS_E_WARNING_ALERT_RECEIVED) {
        // GnuTLS sends the end of its handshake in two pieces, and lftp holds the second back until then.
        acknowledge_at_once(client_.get());
        return false;
    }
    if (result < 0) {
        const std::string why = words_of(result, session_.get(), broken_);
        const bool went = means_vanished(broken_) || result == GNUTLS_E_PREMATURE_TERMINATION;
        gnutls_alert_send_appropriate(session_.get(), result); // one try
        end_up(went && callbacks_.on_server ? RelayEnd::gone : RelayEnd::cut, text("no handshake: ", why));
        fail_down(text("no handshake: ", why));
        finish(false); // the client is to see the alert
        return false;
    }
    if (callbacks_.on_server && !is_right_) {
        if (std::exchange(state_, State::doubtful) == State::handshake) callbacks_.on_server(session_.get());
        return false;
    }
    state_ = State::open;
    barren_bytes_ = 0;
    advance();
    callbacks_.tell(
        {TlsWord::secured, number_, pack_security(security_of(session_.get())), cipher_of(session_.get())});
    // At once: a client that has to wait for it before its next command would lose time.
    if (number_ == control_connection) send_ticket();
    return true;
}

// From the client to its process. Whether it got on.
bool Channel::carry_up() {
    if (!up_.is_empty()) {
        const IoResult wrote = send_some(stream_.get(), up_.rest());
        if (wrote.state == IoState::vanished) { // nobody wants it
            up_ = {};
            return true;
        }
        if (wrote.state != IoState::done) return false;
        up_.begin += wrote.bytes;
        return true;
    }
    if (up_ended_) return false;
    ssize_t got = 0;
    if (held_)
        got = *std::exchange(held_, std::nullopt);
    else
        for (const std::span<char> room = up_.make_room(capacity_); room.size() - up_.end >= record;) {
            got = gnutls_record_recv(session_.get(), room.data() + up_.end, record);
            if (got <= 0) break;
            barren_bytes_ = 0;
            up_.end += static_cast<std::size_t>(got);
        }
    if (!up_.is_empty()) {
        if (has_process_ && !is_end_sent_) advance(); // else nobody waits for that
        if (got <= 0 && !is_again(got)) held_ = got;  // what came before goes up first
        return true;
    }
    if (is_again(got) && !has_bare_end_) return !in_.is_empty(); // that was a ticket, or the like
    if (is_again(got)) {
        // Whoever trusts bare ends trusts that no client stops within a record.
        if (edge_.is_between())
            end_up(RelayEnd::bare, "it ended without TLS's own end (close_notify)");
        else
            end_up(RelayEnd::cut, "it ended within a record");
        return true;
    }
    if (got == 0) {
        end_up(RelayEnd::clean, {});
        return true;
    }
    if (got == GNUTLS_E_REHANDSHAKE && ++renegotiations_ <= max_renegotiations) {
        gnutls_alert_send(session_.get(), GNUTLS_AL_WARNING, GNUTLS_A_NO_RENEGOTIATION);
        return true;
    }
    if (got != GNUTLS_E_REHANDSHAKE && gnutls_error_is_fatal(static_cast<int>(got)) == 0) return true;
    break_off(words_of(got, session_.get(), broken_));
    return false;
}

// From the process to its client. Whether it got on.
bool Channel::carry_down() {
    if (is_blocked()) return flush();
    if (!down_.is_empty()) {
        const std::string_view rest = down_.rest();
        const ssize_t sent = gnutls_record_send(session_.get(), rest.data(), rest.size());
        if (sent < 0) {
            break_off(words_of(sent, session_.get(), broken_));
            return false;
        }
        down_.begin += static_cast<std::size_t>(sent);
        advance();
        return true;
    }
    if (owes_end()) return send_end();
    if (down_ended_) return false;
    const IoResult got = read_some(stream_.get(), down_.make_room(capacity_));
    if (got.state == IoState::would_block) return false;
    if (got.state == IoState::done) {
        down_.end = got.bytes;
        if (number_ == control_connection) callbacks_.hear_process(); // a ticket goes before PASV's reply
        return true;
    }
    end_stream();
    return true;
}

// Whether the client takes what is made for it, all of it.
bool Channel::flush() {
    const IoState state = out_.flush(client_.get());
    if (state == IoState::done) advance();
    if (state == IoState::vanished) break_off(words_of_break(ECONNRESET));
    return state == IoState::done && !is_blocked();
}

void Channel::end_stream() {
    down_ended_ = true;
    callbacks_.hear_process();
    advance();
}

// TLS's own end, where that is the truth: of what is whole; and in answer to the client's, where only the
// client's bytes matter: many wait for it.
bool Channel::owes_end() const {
    if (is_end_sent_ || !down_.is_empty()) return false;
    return (is_whole_ && down_ended_) || (direction_ == RelayDirection::from_client && is_up_whole_);
}

bool Channel::send_end() {
    if (const int result = is_end_made_ ? 0 : gnutls_bye(session_.get(), GNUTLS_SHUT_WR); result < 0) {
        break_off(words_of(result, session_.get(), broken_));
        return false;
    }
    is_end_made_ = true;
    if (is_blocked()) return true; // then this comes again
    is_end_sent_ = true;
    advance();
    set_reset_on_close(client_.get(), false);
    ::shutdown(client_.get(), SHUT_WR);
    callbacks_.tell({TlsWord::sent, number_, 0, {}});
    return true;
}

// --- ends ---

// What the client has sent before goes up first.
void Channel::end_up(RelayEnd how, std::string_view why) {
    if (std::exchange(up_ended_, true)) return;
    is_up_whole_ = how == RelayEnd::clean;
    advance();
    callbacks_.tell(
        {TlsWord::ended, number_, static_cast<std::uint32_t>(how), std::string{why.substr(0, max_tls_text)}});
    ::shutdown(stream_.get(), SHUT_WR);
}

// The connection is of no more use.
void Channel::break_off(std::string_view why) {
    if (state_ == State::over) return;
    end_up(RelayEnd::cut, why);
    fail_down(why);
    finish(true);
}

void Channel::fail_down(std::string_view why) {
    if (!is_end_sent_) callbacks_.tell({TlsWord::sent, number_, 1, std::string{why.substr(0, max_tls_text)}});
}

// Where its end has been sent, the client has all, and ends its side in its own time.
void Channel::reset() {
    if (state_ != State::over && !is_end_sent_) finish(true);
}

void Channel::lose_process() {
    has_process_ = false;
    lost_process_ = Clock::now();
    if (state_ == State::over) return;
    if (is_whole_ && state_ == State::open) {
        advance();
        return set_interests();
    }
    finish(!is_end_sent_);
}

bool Channel::end_if_sent() {
    if (state_ != State::open || !is_end_sent_ || !down_ended_) return false;
    finish(false);
    return true;
}

// resets: the client is to see that it was not all.
void Channel::finish(bool resets) {
    state_ = State::over;
    client_watch_.reset();
    stream_watch_.reset();
    loop_.cancel(timer_);
    set_reset_on_close(client_.get(), resets);
    session_.reset();
    client_.reset();
    stream_.reset();
}

// --- waiting ---

// moved: there is more to do, without anything else having to happen.
void Channel::set_interests(bool moved) {
    if (state_ == State::over) return;
    const auto wait_for = [this](Watch& watch, const Fd& fd, Interest interest) {
        if (interest == Interest::none) return watch.reset(); // else an end would be told again and again
        if (watch) return watch.change(interest);
        watch = Watch{loop_, fd.get(), interest, [this](const Event&) { work(); },
                      [this](const std::exception& error) { break_off(error.what()); }};
    };
    if (state_ == State::handshake) {
        wait_for(client_watch_, client_, interest_in(!is_blocked(), is_blocked()));
        return wait_for(stream_watch_, stream_, Interest::none);
    }
    if (state_ == State::doubtful) {
        wait_for(client_watch_, client_, Interest::none);
        return wait_for(stream_watch_, stream_, Interest::none);
    }
    if (number_ == control_connection) { // it is idle most of the time
        if (up_.is_empty()) up_ = {};
        if (down_.is_empty()) down_ = {};
        if (in_.is_empty()) in_ = {};
    }
    wait_for(client_watch_, client_, interest_in(!up_ended_ && up_.is_empty(), is_blocked() || moved));
    wait_for(stream_watch_, stream_, interest_in(!down_ended_ && down_.is_empty(), !up_.is_empty()));
    watch_time();
}

// How long it may stay as it is; none: for ever.
std::optional<Clock::duration> Channel::time_limit() const {
    if (state_ == State::over || state_ == State::doubtful) return {};
    if (state_ == State::handshake) return terms_.handshake_limit;
    const bool program_waits = callbacks_.on_server && has_process_; // and knows for how long
    if (is_end_sent_ && !up_ended_ && !program_waits) return time_for_end;
    if (!has_process_ && callbacks_.on_server) return time_of_program;
    if (!has_process_) {
        const auto in_all = std::min<Clock::duration>(time_alone, stalls_alone * terms_.stall_limit);
        return std::min<Clock::duration>(terms_.stall_limit, lost_process_ + in_all - last_advance_);
    }
    if (is_blocked()) return terms_.stall_limit;
    return {};
}

void Channel::watch_time() {
    const std::optional<Clock::duration> limit = time_limit();
    if (!limit) return;
    const Clock::time_point latest = last_advance_ + *limit;
    if (timer_.serial != 0 && timer_.when <= latest) return; // it will look again
    loop_.cancel(timer_);
    timer_ = loop_.at(latest, [this] {
        timer_ = {};
        const std::optional<Clock::duration> allowed = time_limit();
        if (!allowed) return;
        if (Clock::now() < last_advance_ + *allowed) return watch_time();
        if (is_end_sent_) return end_up(RelayEnd::cut, "it did not end its side"), finish(false);
        break_off(state_ == State::handshake ? "no handshake in time" : "the client takes nothing");
    });
}

// --- the control connection ---

// Where there is no room the client goes without.
void Channel::send_ticket() {
    if (state_ != State::open || is_end_made_ || is_blocked()) return;
    if (gnutls_protocol_get_version(session_.get()) != GNUTLS_TLS1_3) return;
    gnutls_session_ticket_send(session_.get(), 1, 0);
    if (is_blocked()) set_interests();
}

std::optional<bool> Channel::is_acknowledged() const {
    if (state_ == State::over || connect_error(client_.get()) != 0) return {};
    if (state_ != State::open || !down_.is_empty() || is_blocked() || unread_bytes(stream_.get()) > 0)
        return false;
    return unacknowledged_bytes(client_.get()).value_or(0) == 0;
}

} // namespace common
