// SPDX-License-Identifier: ISC
#include "ftpd/parent/inetd.hh"

#include "common/authd/authd_link.hh"
#include "common/children.hh"
#include "common/daemon.hh"
#include "common/errors.hh"
#include "common/loop.hh"
#include "common/sandbox.hh"
#include "common/signals.hh"
#include "common/socket.hh"
#include "common/status_pages.hh"
#include "common/text.hh"
#include "ftpd/confinement.hh"
#include "ftpd/parent/records.hh"
#include "ftpd/session/session.hh"

#include <array>
#include <climits>
#include <functional>
#include <optional>
#include <string>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <tuple>
#include <unistd.h>
#include <utility>

using namespace common;

namespace ftpd {
namespace {

int option_of(int socket, int option) {
    int value = 0;
    socklen_t size = sizeof value;
    return ::getsockopt(socket, SOL_SOCKET, option, &value, &size) == 0 ? value : -1;
}

// Throws UserError for a socket that is not a connection.
bool is_connection(int fd) {
    const int type = option_of(fd, SO_TYPE);
    if (type == -1) return false;
    if (type != SOCK_STREAM || option_of(fd, SO_ACCEPTCONN) == 1)
        throw UserError("standard input must be one client's connection: tell inetd `stream' and `nowait'");
    return true;
}

struct Ends {
    Address client, server;
};
// Of the connection; no value when the client is gone already.
std::optional<Ends> look_at_ends(int socket) {
    try {
        return Ends{peer_address(socket), local_address(socket)};
    } catch (const std::system_error&) {
        return {};
    }
}

std::pair<Fd, Fd> make_stream_pair() {
    std::array<int, 2> ends{};
    checked("create a socket pair", {}, [&] { return ::socketpair(AF_UNIX, SOCK_STREAM, 0, ends.data()); });
    std::pair<Fd, Fd> pair{Fd{ends[0]}, Fd{ends[1]}};
    for (const int fd : ends) {
        set_close_on_exec(fd);
        set_nonblocking(fd);
    }
    return pair;
}

// Carries bytes one way through a process, from a descriptor of any kind to another, until the end of one of
// them. Needs a loop over poll(2), which knows regular files.
class Relay {
public:
    // from and to: borrowed, each used by this relay alone. Neither needs to be non-blocking: a ready
    // descriptor takes or gives PIPE_BUF bytes without a wait. on_end: called once, after the last byte was
    // passed on or could not be.
    Relay(Loop& loop, int from, int to, std::function<void()> on_end)
        : loop_(loop), from_(from), on_end_(std::move(on_end)) {
        watch_source();
        sink_ = Watch{loop_, to, Interest::none, [this](const Event& event) {
                          if (event.hangup && waiting_.empty()) return end(); // nobody reads any more
                          pass_on();
                      }};
    }
    Relay(const Relay&) = delete;
    Relay& operator=(const Relay&) = delete;

private:
    // Not while something waits for room: a source that has ended says so again and again.
    void watch_source() {
        source_ = Watch{loop_, from_, Interest::read, [this](const Event&) { take(); }};
    }
    void take();
    void pass_on();
    void end();

    Loop& loop_;
    int from_;
    std::function<void()> on_end_;
    std::string waiting_; // for room
    Watch source_;
    Watch sink_;
};

void Relay::take() {
    std::array<char, PIPE_BUF> buffer{};
    const IoResult got = read_some(from_, buffer);
    if (got.state == IoState::would_block) return;
    if (got.state != IoState::done) return end();
    waiting_.assign(buffer.data(), got.bytes);
    source_.reset();
    sink_.change(Interest::write);
}

void Relay::pass_on() {
    if (waiting_.empty()) return;
    const IoResult wrote = write_some(sink_.fd(), waiting_);
    if (wrote.state == IoState::vanished) return end();
    waiting_.erase(0, wrote.bytes);
    if (!waiting_.empty()) return;
    sink_.change(Interest::none);
    watch_source();
}

void Relay::end() {
    source_.reset();
    sink_.reset();
    std::exchange(on_end_, nullptr)();
}

// Standard input and output, when they are not the client's socket itself, and the session's other end.
class Bridge {
public:
    Bridge(Loop& loop, Fd session)
        : session_(std::move(session)),
          session_again_(duplicate(session_.get())),
          input_(std::in_place, loop, STDIN_FILENO, session_.get(),
                 [this] { ::shutdown(session_.get(), SHUT_WR); }),
          output_(std::in_place, loop, session_again_.get(), STDOUT_FILENO, [this] { over_ = true; }) {}

    // Nothing more will come out.
    bool over() const { return over_; }
    // The session sees that its client is gone.
    void close() {
        input_.reset();
        output_.reset();
        session_.reset();
        session_again_.reset();
    }

private:
    Fd session_, session_again_; // one for each way: a loop watches a descriptor for one
    std::optional<Relay> input_, output_;
    bool over_ = false;
};

} // namespace

int serve_standard_input(const Settings& settings, Log& log) {
    const std::optional<Identity> identity = find_identity(settings);
    // The last two are for daemons, and may be sent to all of their name.
    Signals signals{SIGTERM, SIGINT, SIGCHLD, SIGUSR1, SIGUSR2};
    Loop loop{Backend::poll};
    StatusPages pages{1};
    const std::size_t page = pages.take().value();

    const bool direct = is_connection(STDIN_FILENO);
    const std::optional<Ends> ends = direct ? look_at_ends(STDIN_FILENO) : Ends{};
    if (!ends) {
        log.notice("the client is gone already");
        return 0;
    }
    std::optional<AuthdLink> authd;
    if (!settings.users.empty())
        authd.emplace(loop, log, authd_settings(settings), [&] { pages.keep_none(); });
    Fd client, other_end, pair, sessions_pair, sessions_authd;
    if (direct)
        client = duplicate(STDIN_FILENO);
    else
        std::tie(client, other_end) = make_stream_pair();
    set_nonblocking(client.get());
    std::tie(pair, sessions_pair) = make_packet_pair();
    if (authd) sessions_authd = authd->open_client(ends->client);
    if (direct) discard_standard_input_and_output();

    forbid_new_privileges();
    deny_calls(DeniedCalls::usual);
    if (send_packet(pair.get(), pack_frame(Begin{})) != IoState::done)
        throw UserError("a session cannot be told to begin: try again later");
    Children sessions;
    const std::optional<pid_t> pid = sessions.spawn({.role = "session"}, [&]() -> int {
        discard_standard_input_and_output();
        run_session_process(
            settings, identity,
            {std::move(client), std::move(sessions_pair), {}, std::move(sessions_authd), pages.page(page)});
    });
    if (!pid) throw UserError("no process can be forked: try again later");
    log.notice(text("serve ", direct ? ends->client.shown() : "standard input", " pid ", *pid));
    client.reset();
    sessions_pair.reset();
    sessions_authd.reset();

    Fd xferlog;
    if (!settings.xferlog.empty()) xferlog = Xferlog::open(settings.xferlog);
    const auto connect = [](const std::string& control, const Announcer::OnConnection& on_connection) {
        try {
            on_connection(start_connect(Address::of_path(control)), {});
        } catch (const std::exception& error) {
            on_connection({}, error.what());
        }
    };
    XferlogJournal journal; // nobody follows
    Records records{loop, log, settings, std::move(xferlog), journal, connect};
    const Records::Source source{*pid, ends->client.host(),
                                 direct && ends->server.family() != AF_UNIX ? ends->server.shown() : ""};
    ErrorLines errors;
    Watch packets;
    packets = Watch{loop, std::move(pair), Interest::read, [&](const Event&) {
                        const Records::Read read = records.read(packets.fd(), source, errors);
                        if (read == Records::Read::more) packets.again();
                        if (read == Records::Read::ended) packets.reset();
                    }};
    std::optional<Bridge> bridge;
    if (!direct) bridge.emplace(loop, std::move(other_end));
    std::optional<int> status;
    while (!status || (bridge && !bridge->over())) {
        loop.run_once(signals.while_waiting());
        if (bridge && bridge->over()) bridge->close();
        if (signals.take(SIGTERM) || signals.take(SIGINT)) sessions.signal_all(SIGTERM);
        if (signals.take(SIGCHLD))
            sessions.reap([&](const Ended& ended) { status = ended.status; },
                          [&](pid_t other, int how) {
                              if (authd) authd->on_child_end(other, how);
                          });
    }
    if (authd) {
        authd->stop();
        authd->wait();
    }
    while (packets && records.read(packets.fd(), source, errors) == Records::Read::more) {
    } // its last words
    errors.end(log, {source.role, *pid});
    log.notice(text("end pid ", *pid, ' ', describe_status(*status)));
    return WIFEXITED(*status) ? WEXITSTATUS(*status) : 1;
}

} // namespace ftpd
