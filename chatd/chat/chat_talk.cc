// SPDX-License-Identifier: ISC
#include "chatd/chat/chat_talk.hh"

#include "common/errors.hh"
#include "common/poller.hh"
#include "common/socket.hh"
#include "common/text.hh"

#include <algorithm>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>
#include <vector>

using namespace common;
using namespace std::chrono_literals;

namespace chatd {
namespace {

using Clock = std::chrono::steady_clock;

constexpr auto time_to_connect = 10s;         // to one address
constexpr auto time_to_greet = 10s;           // until the server has taken the offer, on a later connection
constexpr unsigned max_early_ends = 5;        // of connections in a row, before the offer was answered
constexpr auto silence_to_ask = 30s;          // then the server is asked whether it is there
constexpr auto silence_of_death = 60s;        // then it is not
constexpr std::size_t piece = 64 * 1024;      // bytes that are read at once
constexpr std::size_t max_unsent = 64 * 1024; // bytes for a server of lines; then nothing more is read for it

class Talk {
public:
    Talk(Connection connection, const Server& server, ChatSession& session, ChatFront& front, bool is_plain)
        : connection_(std::move(connection)),
          server_(server),
          session_(session),
          front_(front),
          is_plain_(is_plain) {}
    int run();

private:
    enum class State { connecting, securing, connected, waiting };

    void watch();
    std::optional<std::chrono::milliseconds> time_left() const;
    void act_on_time();
    void read_input();
    void hear();
    void send();
    void finish_input();
    void tell_return();
    void lose(std::string_view why);
    void end();
    void connect();
    void be_connected();
    void go_on_securing();
    void begin();

    Connection connection_;
    const Server& server_;
    ChatSession& session_;
    ChatFront& front_;
    const bool is_plain_;

    std::unique_ptr<Poller> poller_ = Poller::make(Backend::poll); // two descriptors, of which one may block
    std::vector<char> buffer_ = std::vector<char>(piece);
    State state_ = State::connected;
    std::string unsent_;
    Clock::time_point heard_ = Clock::now(); // the server
    Clock::time_point next_ = {};            // time of the next attempt, or of the end of this one
    std::optional<Clock::time_point> gap_;   // since when it is not inside
    std::size_t address_ = 0;                // to be tried
    RetryPauses pauses_{static_cast<unsigned>(::getpid())};
    bool was_asked_ = false; // whether it is there
    bool was_inside_ = false;
    bool input_ended_ = false;
    bool half_closed_ = false;
    bool ended_ = false;
};

int Talk::run() {
    session_.resize(front_.size());
    while (!ended_) {
        watch();
        for (const Event& event : poller_->wait(time_left(), front_.while_waiting())) {
            if (event.fd == STDIN_FILENO)
                read_input();
            else if (state_ == State::connecting)
                be_connected();
            else if (state_ == State::securing)
                go_on_securing();
            else if (state_ == State::connected) {
                if (event.writable) send();
                if (event.readable && state_ == State::connected) hear();
            }
        }
        if (const int signal = front_.obey_signals()) return signal;
        if (front_.take_returned()) session_.resize(session_.window()); // the same again: it draws anew
        if (front_.take_resized()) session_.resize(front_.size());
        if (!ended_) act_on_time();
    }
    return 0;
}

void Talk::watch() {
    if (state_ == State::connected) unsent_ += session_.take_output();
    if (state_ == State::connecting)
        poller_->watch(connection_.get(), Interest::write);
    else if (state_ == State::securing)
        poller_->watch(connection_.relay(), Interest::read);
    else if (state_ == State::connected)
        poller_->watch(connection_.get(), unsent_.empty() ? Interest::read : Interest::both);
    if (!input_ended_ && (!is_plain_ || session_.backlog().has_room()))
        poller_->watch(STDIN_FILENO, Interest::read);
    else
        poller_->forget(STDIN_FILENO);
}

std::optional<std::chrono::milliseconds> Talk::time_left() const {
    auto until = next_;
    if (state_ == State::connected) {
        until = heard_ + (was_asked_ ? silence_of_death : silence_to_ask);
        if (!session_.is_understood()) until = std::min(until, next_);
    }
    return std::max(std::chrono::milliseconds::zero(),
                    std::chrono::ceil<std::chrono::milliseconds>(until - Clock::now()));
}

void Talk::act_on_time() {
    const auto now = Clock::now();
    if (state_ == State::waiting && now >= next_) return connect();
    if ((state_ == State::connecting || state_ == State::securing) && now >= next_) return lose("no answer");
    if (state_ != State::connected) return;
    if (!session_.is_understood() && now >= next_) return lose("no answer");
    if (now - heard_ >= silence_of_death && was_asked_) return lose("no answer");
    if (now - heard_ >= silence_to_ask && !was_asked_) {
        session_.ask_whether_there();
        was_asked_ = true;
        heard_ =
            std::max(heard_, now - silence_to_ask); // also after a night asleep it has its time to answer
    }
}

void Talk::read_input() {
    const IoResult got = read_some(STDIN_FILENO, buffer_);
    if (got.state == IoState::would_block) return;
    const bool is_end = got.state != IoState::done;
    const std::string keys = is_end ? front_.end_input() : front_.take_input({buffer_.data(), got.bytes});
    if (!keys.empty() && !session_.type(keys)) front_.ring();
    if (!is_end) return;
    input_ended_ = true;
    if (is_plain_) return session_.end_input(), finish_input();
    ended_ = true; // the terminal is gone
}

void Talk::hear() {
    const IoResult got = connection_.read(buffer_);
    if (got.state == IoState::would_block) return;
    if (got.state != IoState::done) return end();
    heard_ = Clock::now();
    was_asked_ = false;
    const std::string said = session_.hear({buffer_.data(), got.bytes});
    tell_return();
    front_.show(said, got.bytes < buffer_.size());
    if (session_.was_refused()) return lose("this is another server now");
    if (!session_.kept_out().empty()) return lose(session_.kept_out());
    finish_input();
}

void Talk::tell_return() {
    if (session_.is_inside()) {
        was_inside_ = true;
        gap_.reset();
        pauses_.start_over();
    }
    switch (session_.take_return()) {
    case ChatSession::Return::none: return;
    case ChatSession::Return::resumed: return front_.tell("connected again", ChatFront::Notice::lasting);
    case ChatSession::Return::joined_again:
        return front_.tell("connected again, as a newcomer: the server had lost our place",
                           ChatFront::Notice::lasting);
    }
}

// Nothing more comes out of the pipe, and all of it is dealt with: the server is told that this is the end.
void Talk::finish_input() {
    if (!is_plain_ || !input_ended_ || half_closed_ || !session_.is_inside() ||
        !session_.backlog().is_empty())
        return;
    half_closed_ = true;
    connection_.half_close();
}

void Talk::send() {
    if (unsent_.empty()) return;
    const IoResult wrote = connection_.send(unsent_);
    unsent_.erase(0, wrote.bytes);
    // When it has vanished, what the server had said before can still be read; its end comes after.
    if (wrote.state == IoState::vanished) unsent_.clear();
}

// The connection has ended: as it should, or it is lost. A person who was not inside yet has nothing to take
// up again; a pipe has.
void Talk::end() {
    if (half_closed_ || session_.end() == End::for_good) {
        ended_ = true;
        if (!is_plain_ || session_.backlog().is_empty()) return;
        throw PeerError(
            text("the server has ended it, and ", session_.backlog().size(), " bytes were not accepted"));
    }
    const bool is_stopping = session_.end() == End::come_again;
    if (!was_inside_ && !is_plain_ && !is_stopping) throw PeerError("the server has closed the connection");
    lose(is_stopping ? "the server has stopped" : "the connection is lost");
}

void Talk::lose(std::string_view why) {
    const auto now = Clock::now();
    const int watched = state_ == State::securing ? connection_.relay() : connection_.get();
    if (watched >= 0) poller_->forget(watched);
    connection_.reset();
    unsent_.clear();
    session_.lose();
    if (!gap_) gap_ = now;
    if (is_plain_ && now - *gap_ >= max_gap)
        throw PeerError(text(why, ", and ", session_.backlog().size(), " bytes were not accepted"));
    const auto pause = pauses_.next();
    state_ = State::waiting;
    next_ = now + pause;
    front_.tell(text(why, "; trying again in ", std::chrono::ceil<std::chrono::seconds>(pause).count(),
                     " s (^C to stop)"),
                ChatFront::Notice::passing);
}

void Talk::connect() {
    try {
        connection_ = Connection{start_connect(server_.addresses[address_++ % server_.addresses.size()])};
    } catch (const std::system_error& error) {
        return lose(error.code().message());
    }
    state_ = State::connecting;
    next_ = Clock::now() + time_to_connect;
}

void Talk::be_connected() {
    if (const int error = connect_error(connection_.get()))
        return lose(std::system_category().message(error));
    set_no_delay(connection_.get());
    set_keepalive(connection_.get());
    next_ = Clock::now() + time_to_greet;
    if (server_.tls == nullptr) return begin();
    poller_->forget(connection_.get());
    try {
        connection_.begin_tls(*server_.tls);
    } catch (const std::system_error& error) {
        return lose(error.code().message());
    }
    state_ = State::securing;
}

// Throws when it is not the right server any more.
void Talk::go_on_securing() {
    poller_->forget(connection_.relay()); // it may end
    try {
        if (!connection_.go_on(*server_.tls)) return;
    } catch (const TlsFailure&) {
        return lose("no TLS with it");
    }
    begin();
}

void Talk::begin() {
    state_ = State::connected;
    heard_ = Clock::now();
    next_ = heard_ + time_to_greet;
    was_asked_ = false;
    address_ = 0;
    session_.begin();
}

// With a server that speaks lines of text.
class LineTalk {
public:
    LineTalk(Connection connection, ChatFront& front) : connection_(std::move(connection)), front_(front) {}

    // Until the server ends it, or a signal: that one, else 0. Throws PeerError when the connection breaks.
    int run() {
        while (!server_has_ended_) {
            watch();
            for (const Event& event : poller_->wait({}, front_.while_waiting())) {
                if (event.fd != connection_.get())
                    read_input();
                else {
                    if (event.writable) send();
                    if (event.readable) hear();
                }
            }
            if (const int signal = front_.obey_signals()) return signal;
        }
        if (is_broken_) throw PeerError("the connection to the server is lost");
        return 0;
    }

    // Whether it was the server that ended it, and not our side first.
    bool was_cut() const { return !input_has_ended_; }

private:
    void watch() {
        if (input_has_ended_ && unsent_.empty() && !std::exchange(is_half_closed_, true))
            connection_.half_close();
        poller_->watch(connection_.get(), unsent_.empty() ? Interest::read : Interest::both);
        if (input_has_ended_ || unsent_.size() >= max_unsent)
            poller_->forget(STDIN_FILENO);
        else
            poller_->watch(STDIN_FILENO, Interest::read);
    }

    void read_input() {
        const IoResult got = read_some(STDIN_FILENO, buffer_);
        if (got.state == IoState::would_block) return;
        const bool is_end = got.state != IoState::done;
        const std::string words =
            is_end ? front_.end_input() : front_.take_input({buffer_.data(), got.bytes});
        if (!is_broken_) unsent_ += words;
        input_has_ended_ = is_end || front_.has_ended();
        send();
    }

    void send() {
        if (unsent_.empty()) return;
        const IoResult wrote = connection_.send(unsent_);
        unsent_.erase(0, wrote.bytes);
        if (wrote.state != IoState::vanished) return;
        // What the server had said before it went can still be read.
        is_broken_ = true;
        unsent_.clear();
    }

    void hear() {
        const IoResult got = connection_.read(buffer_);
        if (got.state == IoState::done)
            return front_.show({buffer_.data(), got.bytes}, got.bytes < buffer_.size());
        if (got.state == IoState::would_block) return;
        server_has_ended_ = true;
        is_broken_ |= got.state == IoState::vanished;
    }

    Connection connection_;
    ChatFront& front_;
    std::unique_ptr<Poller> poller_ = Poller::make(Backend::poll); // two descriptors, of which one may block
    std::vector<char> buffer_ = std::vector<char>(piece);
    std::string unsent_;
    bool input_has_ended_ = false;
    bool is_half_closed_ = false;
    bool server_has_ended_ = false;
    bool is_broken_ = false;
};

enum class Offered {
    answered,
    ended,
    nothing
}; // answered: or let be; nothing: there is no connection any more

Offered offer(Connection& connection, ChatSession& session) {
    session.begin();
    auto until = Clock::now() + time_to_speak;
    const auto poller = Poller::make(Backend::poll);
    std::string unsent = session.take_output();
    std::vector<char> buffer(piece);
    while (!session.is_understood() && !session.was_refused()) {
        const auto left = std::chrono::ceil<std::chrono::milliseconds>(until - Clock::now());
        if (left <= left.zero()) break;
        poller->watch(connection.get(), unsent.empty() ? Interest::read : Interest::both);
        for (const Event& event : poller->wait(left)) {
            if (event.writable) unsent.erase(0, connection.send(unsent).bytes);
            if (!event.readable) continue;
            const IoResult got = connection.read(buffer);
            if (got.state == IoState::vanished) return Offered::nothing;
            if (got.state == IoState::ended) return Offered::ended;
            until = std::min(until, Clock::now() + time_to_answer); // from its first words on
            session.hear({buffer.data(), got.bytes});
        }
    }
    return Offered::answered;
}

} // namespace

Connection connect_to_server(const Server& server, std::chrono::milliseconds patience) {
    Connection connection{connect_to(server.addresses, Clock::now() + patience)};
    set_no_delay(connection.get());
    set_keepalive(connection.get());
    if (server.tls != nullptr) connection.secure(*server.tls, patience);
    return connection;
}

Connection make_offer(Connection connection, const Server& server, ChatSession& session, bool is_plain) {
    RetryPauses pauses{static_cast<unsigned>(::getpid())};
    const auto since = Clock::now();
    std::string no_tls;
    for (unsigned ends = 0;;) {
        const Offered offered = connection ? offer(connection, session) : Offered::nothing;
        if (offered == Offered::answered || (offered == Offered::ended && !is_plain)) return connection;
        if (!is_plain) throw PeerError("the connection to the server is lost");
        ends = connection || !no_tls.empty() ? ends + 1 : 0; // else nobody listens: it is being started again
        if (ends == max_early_ends || Clock::now() - since >= max_gap) {
            if (!no_tls.empty()) throw PeerError(no_tls);
            const std::string said = session.take_greeting();
            throw PeerError(
                text("the server has closed the connection", said.empty() ? "" : ": ",
                     escape(std::string_view{said}.substr(0, said.find_last_not_of("\r\n") + 1))));
        }
        ::poll(nullptr, 0, static_cast<int>(pauses.next().count()));
        no_tls.clear();
        try {
            connection = connect_to_server(server, time_to_connect);
        } catch (const std::system_error&) {
            connection.reset();
        } catch (const TlsFailure& failure) {
            connection.reset();
            no_tls = failure.what();
        }
    }
}

int talk(Connection connection, const Server& server, ChatSession& session, ChatFront& front, bool is_plain) {
    return Talk{std::move(connection), server, session, front, is_plain}.run();
}

LinesTalked talk_in_lines(Connection connection, ChatFront& front, std::string_view greeting) {
    if (!greeting.empty()) front.show(greeting, true);
    LineTalk talk{std::move(connection), front};
    const int signal = talk.run();
    return {signal, talk.was_cut()};
}

} // namespace chatd
