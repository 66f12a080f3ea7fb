// SPDX-License-Identifier: ISC
#include "tests/bench/contest.hh"

#include "common/text.hh"

#include <atomic>
#include <exception>
#include <iostream>
#include <latch>
#include <mutex>
#include <set>
#include <sys/resource.h>
#include <thread>

namespace bench {

namespace {

using Clock = std::chrono::steady_clock;
constexpr double nearly_all_of_a_core = 0.9;

rusage usage() {
    rusage used{};
    ::getrusage(RUSAGE_SELF, &used);
    return used;
}

// Seconds of our processor time for each second since then.
double busy_since(const rusage& before, Clock::time_point start) {
    const auto seconds = [](const timeval& time) {
        return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
    };
    const rusage now = usage();
    const double used =
        seconds(now.ru_utime) + seconds(now.ru_stime) - seconds(before.ru_utime) - seconds(before.ru_stime);
    return used / std::chrono::duration<double>(Clock::now() - start).count();
}

// False if it failed.
bool measure(Samples& samples, const Contender& contender, bool counts, bool is_rate) {
    const auto& [row, subject, work] = contender;
    try {
        const rusage before = usage();
        const auto start = Clock::now();
        const double value = work();
        if (counts) samples.add(row, subject, value);
        if (is_rate && busy_since(before, start) > nearly_all_of_a_core)
            samples.note(row, subject, "the generator was busy all the time: it may have been the limit");
        samples.save();
        return true;
    } catch (const std::exception& error) {
        samples.note(row, subject, common::escape(error.what(), 200));
        samples.save();
        std::cerr << "  " << row << ", " << subject << ": " << error.what() << '\n';
        return false;
    }
}

// Notes say in which order the table has them, and on the terminal what is being done.
void announce(Samples& samples, const std::vector<Contender>& contenders) {
    std::set<std::string_view> rows;
    for (const auto& [row, subject, work] : contenders) {
        samples.note(row, subject, "");
        if (rows.insert(row).second) std::cerr << "  " << row;
    }
    std::cerr << std::flush;
}

} // namespace

void hold_contest(Samples& samples, const std::vector<Contender>& contenders, int rounds, Work work) {
    announce(samples, contenders);
    std::set<const Contender*> out_of_it;
    for (int round = 0; round <= rounds; ++round) {
        for (const Contender& contender : contenders)
            if (!out_of_it.contains(&contender) &&
                !measure(samples, contender, round > 0, work == Work::of_servers))
                out_of_it.insert(&contender);
        std::cerr << '.' << std::flush;
    }
    std::cerr << '\n';
}

void measure_once(Samples& samples, const std::vector<Contender>& contenders) {
    announce(samples, contenders);
    for (const Contender& contender : contenders) measure(samples, contender, true, false);
    std::cerr << '\n';
}

double rate_of_clients(unsigned clients, std::chrono::milliseconds duration,
                       const std::function<Step(unsigned client)>& make_client) {
    std::atomic<std::size_t> done = 0;
    std::exception_ptr fault;
    std::mutex mutex;
    std::latch ready{clients + 1};
    Clock::time_point started, ended; // before the latch, and under the mutex

    const auto run = [&](unsigned number) {
        bool waited = false;
        try {
            const Step step = make_client(number);
            ready.arrive_and_wait();
            waited = true;
            const auto until = Clock::now() + duration;
            std::size_t count = 0;
            do count += step();
            while (Clock::now() < until);
            done += count;
            const std::lock_guard lock{mutex};
            ended = std::max(ended, Clock::now());
        } catch (...) {
            if (!waited) ready.count_down();
            const std::lock_guard lock{mutex};
            fault = std::current_exception();
        }
    };
    {
        std::vector<std::jthread> threads;
        for (unsigned number = 0; number < clients; ++number) threads.emplace_back(run, number);
        ready.arrive_and_wait();
        started = Clock::now();
    }
    if (fault) std::rethrow_exception(fault);
    return static_cast<double>(done) / std::chrono::duration<double>(ended - started).count();
}

} // namespace bench
