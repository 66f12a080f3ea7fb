// SPDX-License-Identifier: ISC
#include "tests/bench/crowd.hh"

#include "common/errors.hh"
#include "common/text.hh"
#include "tests/bench/connection.hh"

#include <algorithm>
#include <sys/timerfd.h>
#include <unistd.h>

namespace bench {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr unsigned window = 1000;       // lines of all speakers on their way at once, in a flood
constexpr milliseconds patience{20000}; // without anything that happens
constexpr milliseconds quiet{200};      // then nobody is being announced any more

std::chrono::microseconds now() {
    return std::chrono::duration_cast<std::chrono::microseconds>(steady_clock::now().time_since_epoch());
}

// Becomes readable at even intervals, from now on.
common::Fd make_ticker(std::chrono::nanoseconds interval) {
    common::Fd timer{common::checked(
        "timerfd", {}, [] { return ::timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK); })};
    const timespec time{interval.count() / 1'000'000'000, interval.count() % 1'000'000'000};
    const itimerspec setting{.it_interval = time, .it_value = time};
    common::checked("timerfd", {}, [&] { return ::timerfd_settime(timer.get(), 0, &setting, nullptr); });
    return timer;
}

} // namespace

Crowd::Crowd(std::uint16_t port, const ChatDialect& dialect, std::string room, Size size, std::string prefix,
             std::optional<std::uint32_t> first_address)
    : dialect_(dialect),
      room_(std::move(room)),
      prefix_(std::move(prefix)),
      size_(size),
      port_(port),
      first_address_(first_address) {
    const unsigned all = size.speakers + size.listeners;
    clients_.resize(all);
    for (unsigned first = 0; first < all; first += dialect.at_the_door)
        enter(first, std::min(first + dialect.at_the_door, all));
    hear_until_quiet();
}

void Crowd::enter(unsigned first, unsigned end) {
    for (unsigned i = first; i < end; ++i) {
        Client& client = clients_[i];
        client.socket = connect_to_port(port_, first_address_ ? *first_address_ + i : INADDR_LOOPBACK);
        common::set_nonblocking(client.socket.get());
        const auto fd = static_cast<std::size_t>(client.socket.get());
        by_descriptor_.resize(std::max(by_descriptor_.size(), fd + 1));
        by_descriptor_[fd] = i;
        if (i < size_.speakers) client.speaker = static_cast<int>(i);
        client.unsent = dialect_.enter(common::text(prefix_, client.speaker < 0 ? 'm' : 's', i), room_);
        poller_->watch(client.socket.get(), common::Interest::read);
        send_more(client);
    }
    for (unsigned entered = 0; entered < end - first;) {
        const bool any = serve(patience, [&](Client& client, std::string_view bytes) {
            if (&client < &clients_[first]) return; // is in already, and hears who else comes
            const bool was_in = client.unfinished.find(dialect_.entered) != std::string::npos;
            client.unfinished.append(bytes);
            if (!was_in && client.unfinished.find(dialect_.entered) != std::string::npos) ++entered;
        });
        if (!any) throw Failure{common::text("only ", first + entered, " of ", clients_.size(), " came in")};
    }
    for (unsigned i = first; i < end; ++i) clients_[i].unfinished = {};
}

void Crowd::hear_until_quiet() {
    while (serve(quiet, [](Client&, std::string_view) {})) {
    }
}

bool Crowd::serve(milliseconds at_most, const Hear& hear) {
    bool any = false;
    for (const common::Event& event : poller_->wait(at_most)) {
        any = true;
        const auto fd = static_cast<std::size_t>(event.fd);
        if (fd >= by_descriptor_.size()) continue; // the ticker
        Client& client = clients_[by_descriptor_[fd]];
        if (event.writable) send_more(client);
        if (!event.readable) continue;
        const common::IoResult got = common::read_some(event.fd, buffer_);
        if (got.state == common::IoState::ended || got.state == common::IoState::vanished)
            throw Failure{"the server has disconnected a client"};
        if (got.bytes > 0) hear(client, {buffer_.data(), got.bytes});
    }
    return any;
}

void Crowd::say(Client& speaker, std::uint64_t lines, std::chrono::microseconds due) {
    for (std::uint64_t i = 0; i < lines; ++i)
        speaker.unsent +=
            dialect_.say(write_spoken({static_cast<unsigned>(speaker.speaker), speaker.said++, due}), room_);
    send_more(speaker);
}

void Crowd::send_more(Client& client) {
    const common::IoResult sent = common::write_some(client.socket.get(), client.unsent);
    if (sent.state == common::IoState::vanished) throw Failure{"the server has disconnected a client"};
    client.unsent.erase(0, sent.bytes);
    const auto wanted = client.unsent.empty() ? common::Interest::read : common::Interest::both;
    if (poller_->interest_in(client.socket.get()) != wanted) poller_->watch(client.socket.get(), wanted);
}

double Crowd::flood(milliseconds duration, std::uint64_t lines) {
    const std::span speakers = std::span{clients_}.first(size_.speakers);
    std::uint64_t said = 0, heard = 0;
    const auto start = steady_clock::now();
    for (bool speaking = true;;) {
        speaking = speaking && said < lines && steady_clock::now() - start < duration;
        if (!speaking && heard >= said * size_.listeners) break; // else it would wait for what never comes
        const std::uint64_t on_their_way = said - heard / size_.listeners;
        const std::uint64_t wanted =
            std::min(window - std::min<std::uint64_t>(window, on_their_way), lines - said);
        if (speaking && (wanted >= window / 4 || wanted == lines - said)) {
            const std::uint64_t end = said + wanted, share = (wanted + size_.speakers - 1) / size_.speakers;
            for (Client& speaker : speakers) {
                const std::uint64_t now_said = std::min(share, end - said);
                say(speaker, now_said, {});
                said += now_said;
            }
        }
        const bool any = serve(patience, [&](Client& client, std::string_view bytes) {
            if (client.speaker >= 0) return;
            heard += count_lines(bytes);
            if (&client == &clients_.back() && dialect_.keeps_lines_whole) witness_.hear(bytes);
        });
        if (!any)
            throw Failure{common::text("lines were lost: ", heard, " of ", said * size_.listeners, " heard")};
    }
    return static_cast<double>(heard) / std::chrono::duration<double>(steady_clock::now() - start).count();
}

std::vector<double> Crowd::offer(double deliveries_a_second, milliseconds duration) {
    const std::chrono::nanoseconds interval{static_cast<long>(1e9 * size_.listeners / deliveries_a_second)};
    const auto total = static_cast<std::uint64_t>(duration / interval);
    const common::Fd ticker = make_ticker(interval);
    poller_->watch(ticker.get(), common::Interest::read);
    const auto start = now();
    std::vector<double> delays;
    std::uint64_t said = 0;
    const std::size_t wanted = total * size_.listeners;
    delays.reserve(wanted);
    while (delays.size() < wanted) {
        std::uint64_t ticks = 0;
        if (said < total && ::read(ticker.get(), &ticks, sizeof ticks) != sizeof ticks) ticks = 0;
        for (; ticks > 0 && said < total; --ticks) {
            ++said; // the first is due after one interval
            const auto due = start + std::chrono::duration_cast<std::chrono::microseconds>(interval * said);
            say(clients_[said % size_.speakers], 1, due);
        }
        if (said == total) poller_->forget(ticker.get());
        const bool any = serve(patience, [&](Client& client, std::string_view bytes) {
            if (client.speaker >= 0) return;
            const auto heard = now();
            client.unfinished.append(bytes);
            std::size_t from = 0;
            for (std::size_t end = 0; (end = client.unfinished.find('\n', from)) != std::string::npos;
                 from = end + 1)
                if (const auto spoken =
                        read_spoken(std::string_view{client.unfinished}.substr(from, end - from)))
                    delays.push_back(static_cast<double>((heard - spoken->due).count()) / 1000);
            client.unfinished.erase(0, from);
        });
        if (!any) throw Failure{common::text("lines were lost: ", delays.size(), " of ", wanted, " heard")};
    }
    return delays;
}

} // namespace bench
