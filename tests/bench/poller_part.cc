// SPDX-License-Identifier: ISC
// What a wake-up costs under each backend of common/poller, by the number of descriptors that are watched
// while one of them becomes readable.
#include "common/errors.hh"
#include "common/poller.hh"
#include "common/socket.hh"
#include "common/text.hh"
#include "tests/bench/connection.hh"
#include "tests/bench/contest.hh"
#include "tests/bench/parts.hh"

#include <array>
#include <chrono>
#include <sys/select.h>
#include <sys/socket.h>

namespace bench {
namespace {

using common::Fd;

constexpr std::array<unsigned, 7> numbers{10, 30, 100, 300, 900, 3000, 10'000};
constexpr unsigned most_of_select = 900; // below FD_SETSIZE, with what else is open

// A socket that nothing will ever come to.
Fd make_idle() {
    return Fd{common::checked("socket", {}, [] { return ::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0); })};
}

double microseconds_of_wake_up(common::Backend backend, unsigned descriptors,
                               std::chrono::milliseconds duration) {
    const auto poller = common::Poller::make(backend);
    const auto [near, far] = common::make_packet_pair();
    std::vector<Fd> idle;
    for (unsigned i = 1; i < descriptors; ++i) idle.push_back(make_idle());
    for (const Fd& fd : idle) poller->watch(fd.get(), common::Interest::read);
    poller->watch(near.get(), common::Interest::read);

    std::array<char, 16> packet{};
    const auto start = std::chrono::steady_clock::now();
    std::chrono::duration<double, std::micro> passed{};
    double wakes = 0;
    for (; passed < duration; passed = std::chrono::steady_clock::now() - start, ++wakes) {
        common::write_some(far.get(), "x");
        const auto events = poller->wait({});
        if (events.size() != 1 || events[0].fd != near.get()) throw Failure{"another descriptor is ready"};
        common::read_some(near.get(), packet);
    }
    return passed.count() / wakes;
}

} // namespace

void measure_poller(const Setting& setting, Samples& samples) {
    using common::Backend;
    constexpr std::pair<std::string_view, Backend> backends[] = {{"poller-select", Backend::select},
                                                                 {"poller-poll", Backend::poll},
                                                                 {"poller-epoll", Backend::epoll},
                                                                 {"poller-epoll-edge", Backend::epoll_edge}};
    const auto duration = setting.duration / 20;
    std::vector<Contender> contenders;
    for (const auto& [row, backend] : backends)
        for (const unsigned number : numbers)
            if (setting.wants(row) && (backend != Backend::select || number <= most_of_select))
                contenders.push_back({row, std::to_string(number), [number, duration, backend = backend] {
                                          return microseconds_of_wake_up(backend, number, duration);
                                      }});
    hold_contest(samples, contenders, setting.rounds, Work::of_ours);
}

} // namespace bench
