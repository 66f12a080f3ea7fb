// SPDX-License-Identifier: ISC
#include "chatd/spawner/spawner.hh"

#include "common/error_lines.hh"
#include "common/errors.hh"
#include "common/sandbox.hh"
#include "common/shared_memory.hh"
#include "common/signals.hh"

#include <algorithm>
#include <array>
#include <csignal>
#include <cstdio>
#include <exception>
#include <poll.h>
#include <unistd.h>

using namespace common;

namespace chatd {
namespace {

constexpr std::chrono::milliseconds last_words_time{2000}; // for the hub to take each of them

Front front_named(std::string_view name) {
    const auto found = std::find(front_names.begin(), front_names.end(), name);
    if (found == front_names.end()) throw PeerError("a client is to be spoken to in an unknown way");
    return static_cast<Front>(found - front_names.begin());
}

} // namespace

Spawner::Spawner(Fd hub, const std::string& program_folder, RunHandler run_handler)
    : hub_(std::move(hub)), run_(run_handler), loop_(best_backend()), catalogues_(program_folder) {
    set_close_on_exec(hub_.get());
    set_nonblocking(hub_.get());
}

int Spawner::run() {
    // For the handlers: what is inherited costs none of them anything.
    forbid_new_privileges();
    deny_calls(DeniedCalls::also_sockets);
    // A terminal's INT goes to every process of the daemon; it is for the hub to act on.
    Signals signals{SIGCHLD, SIGINT, SIGHUP, SIGUSR1, SIGUSR2};
    // There is nobody else to charge.
    loop_.survive([](const std::exception& error) {
        std::fprintf(stderr, "spawner: passed over: %s\n", error.what());
    });
    watch_hub();
    tell(ReadyFrame::make({}, protocol_version));
    while (!over_) {
        loop_.run_once(signals.while_waiting());
        for (const int signal : {SIGINT, SIGHUP, SIGUSR1, SIGUSR2}) signals.take(signal);
        if (signals.take(SIGCHLD)) loop_.attempt([this] { reap(Signals::last_child()); }, nullptr);
    }
    if (lets_go_)
        tell_rest();
    else
        end_handlers();
    return has_failed_ ? 1 : 0;
}

// Another spawner is there, and these handlers are nobody's from now on. The hub hears of each that was
// forked.
void Spawner::tell_rest() {
    const auto tell = [this] {
        for (flush(); !untold_.empty(); flush()) {
            pollfd room{hub_.get(), POLLOUT, 0};
            if (::poll(&room, 1, static_cast<int>(last_words_time.count())) != 1) return;
        }
    };
    loop_.attempt(tell, [](const std::exception&) {}); // then the hub has gone as well
}

// They see the hub's end on their own pairs. Who does not end then holds a client, and logs of rooms.
void Spawner::end_handlers() {
    const auto on_end = [](const Ended& ended) {
        if (ended.status != 0) // nobody else would hear of it
            std::fprintf(stderr, "spawner: handler %ld ended: %s\n", static_cast<long>(ended.pid),
                         describe_status(ended.status).c_str());
    };
    for (std::size_t before = 0; handlers_.size() != before;) { // many on a busy machine take their time
        before = handlers_.size();
        handlers_.wait_for_all(Clock::now() + handlers_time, on_end);
    }
    if (handlers_.size() == 0) return;
    std::fprintf(stderr, "spawner: handlers killed, since they did not end: %zu\n", handlers_.size());
    handlers_.signal_all(SIGKILL);
    handlers_.wait_for_all(Clock::now() + handlers_time, [](const Ended&) {});
}

void Spawner::watch_hub() {
    loop_.watch(
        hub_.get(), Interest::read,
        [this](const Event&) {
            read_packets(); // first: the hub's end is read, whatever it takes
            if (!over_ && !untold_.empty()) flush();
            patience_.succeed();
        },
        [this](const std::exception& error) { pause_hub(error); });
}

// Nothing of a call that failed was taken or sent.
void Spawner::pause_hub(const std::exception& error) {
    const auto time = patience_.fail(Clock::now());
    if (!time || dynamic_cast<const PeerError*>(&error) != nullptr) {
        std::fprintf(stderr, "spawner: %s\n", error.what());
        over_ = has_failed_ = true;
        return;
    }
    loop_.change(hub_.get(), Interest::none);
    loop_.at(Clock::now() + *time,
             [this] { loop_.change(hub_.get(), untold_.empty() ? Interest::read : Interest::both); });
}

// The one that is known to have ended is reaped at once. To look for others, of whom the same signal may have
// told, the system walks along all handlers: milliseconds among thousands, in which nobody new could be let
// in. So that has a small part of the time.
void Spawner::reap(pid_t one) {
    handlers_.reap_one(one, [this](const Ended& ended) { tell_end(ended); });
    if (!std::exchange(will_reap_all_, true)) loop_.at(next_reaping_, [this] { reap_all(); });
}

void Spawner::reap_all() {
    constexpr int part = 20;
    will_reap_all_ = false;
    const auto began = Clock::now();
    handlers_.reap([this](const Ended& ended) { tell_end(ended); });
    const auto ended = Clock::now();
    next_reaping_ = ended + (ended - began) * part;
}

void Spawner::tell_end(const Ended& ended) {
    by_number_.erase(ended.child.number);
    tell(EndedFrame::make({}, ended.child.number, ended.status));
}

void Spawner::read_packets() {
    for (int budget = 64; !over_; --budget) {
        if (budget == 0) return loop_.again(hub_.get());
        Received got = receive_packet(hub_.get(), packet_, 2, Tolerated::lack_of_descriptors);
        if (got.state == IoState::would_block) return;
        if (got.state == IoState::vanished) fail_with(ECONNRESET, "receive a packet"); // its end follows
        if (got.state != IoState::done) {
            over_ = true;
            return;
        }
        const auto packet = std::span{packet_}.first(got.bytes);
        handle(packet, std::move(got));
    }
}

void Spawner::handle(std::span<const char> packet, Received got) {
    switch (message_of(packet)) {
    case Message::configure:
        // They are the same at each reload.
        if (got.lacks_descriptors && !pages_) throw PeerError("no descriptor is left for the shared pages");
        return configure(packet, std::move(got.passed));
    case Message::spawn: return spawn(packet, std::move(got));
    case Message::kill: return kill(packet);
    case Message::list: return list(packet);
    case Message::let_go:
        LetGoFrame::read(packet);
        over_ = lets_go_ = true;
        return;
    default: throw PeerError("the hub sent a frame that is not for the spawner");
    }
}

void Spawner::configure(std::span<const char> packet, Fd pages) {
    const auto [fields, user] = ConfigureFrame::read(packet);
    const auto [version, backend, idle, drop, uid, gid, language, lines] = fields;
    if (!speaks_with(version)) throw PeerError("the running hub is of another version: restart chatd");
    events_ = static_cast<Backend>(backend);
    idle_timeout_ = std::chrono::seconds{idle};
    if (drop != 0) identity_ = Identity{uid, gid, user};
    language_ = static_cast<Language>(language);
    lines_at_once_ = lines;
    if (pages) pages_ = std::move(pages);
}

void Spawner::spawn(std::span<const char> packet, Received got) {
    const auto [fields, name] = SpawnFrame::read(packet);
    const auto [number, page] = fields;
    const Front front = front_named(name);
    Child child;
    child.role = "handler";
    child.number = number;
    const std::size_t own_page = page;
    std::optional<pid_t> pid;
    if (got.passed && got.second)
        pid = handlers_.spawn(std::move(child), [&] {
            return become_handler(std::move(got.passed), std::move(got.second), own_page, front);
        });
    if (pid) by_number_[number] = *pid;
    tell(SpawnedFrame::make({}, number, static_cast<std::int64_t>(pid.value_or(-1))));
}

void Spawner::kill(std::span<const char> packet) {
    const auto [number, signal] = KillFrame::read(packet).first;
    const auto found = by_number_.find(number);
    if (found != by_number_.end()) handlers_.signal(found->second, signal);
}

// In order with what it was told of each: a client that is not in the list has no handler.
void Spawner::list(std::span<const char> packet) {
    ListFrame::read(packet);
    std::string rows;
    for (const auto& [client, pid] : by_number_) {
        if (rows.size() + HandlerRow::size > max_listing)
            tell(HandlersFrame::make(std::exchange(rows, {}), std::uint8_t{1}));
        const auto row = HandlerRow::pack(client, std::int64_t{pid});
        rows.append(row.data(), row.size());
    }
    tell(HandlersFrame::make(rows, std::uint8_t{0}));
}

// What cannot be sent now is tried again as what comes from the hub is.
void Spawner::tell(std::string packet) {
    untold_.push_back(std::move(packet));
    loop_.attempt([this] { flush(); }, [this](const std::exception& error) { pause_hub(error); });
}

void Spawner::flush() {
    while (!untold_.empty()) {
        const IoState state = send_packet(hub_.get(), untold_.front());
        if (state == IoState::vanished) fail_with(EPIPE, "send a packet"); // its end is read next
        if (state != IoState::done) break;
        untold_.pop_front();
    }
    loop_.change(hub_.get(), untold_.empty() ? Interest::read : Interest::both);
}

// In the child: keeps what is the handler's, shuts itself in, and serves.
int Spawner::become_handler(Fd client, Fd pair, std::size_t page, Front front) {
    const std::span<std::byte> own_page = map_shared_pages(pages_.get(), page, 1);
    std::fill(own_page.begin(), own_page.end(), std::byte{}); // its predecessor's
    const std::array keep{STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO, client.get(), pair.get()};
    close_other_descriptors(keep);
    point_errors_at(pair.get());
    for (Fd* const fd : {&client, &pair}) // low numbers, whatever they were here
        *fd = duplicate(fd->get());
    set_nonblocking(pair.get());
    if (identity_) become(*identity_);
    forbid_new_privileges();
    restrict_files(-1, TreeAccess::none);
    limit_resources({});
    return run_({events_, idle_timeout_, language_, lines_at_once_, front, catalogues_, std::move(client),
                 std::move(pair), own_page});
}

} // namespace chatd
