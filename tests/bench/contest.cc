// SPDX-License-Identifier: ISC
#include "tests/bench/contest.hh"

#include "common/text.hh"

#include <atomic>
#include <exception>
#include <iostream>
#include <latch>
#include <mutex>
#include <set>
#include <thread>

namespace bench {

namespace {

// False if it failed.
bool measure(Samples& samples, std::string_view row, const Contender& contender, bool counts) {
    try {
        const double value = contender.measure();
        if (counts) samples.add(row, contender.subject, value);
        samples.save();
        return true;
    } catch (const std::exception& error) {
        samples.note(row, contender.subject, common::escape(error.what(), 200));
        samples.save();
        std::cerr << "  " << row << ", " << contender.subject << ": " << error.what() << '\n';
        return false;
    }
}

} // namespace

void hold_contest(Samples& samples, std::string_view row, const std::vector<Contender>& contenders,
                  int rounds) {
    std::cerr << "  " << row << std::flush;
    for (const Contender& contender : contenders) samples.note(row, contender.subject, ""); // their order
    std::set<std::string_view> out_of_it;
    for (int round = 0; round <= rounds; ++round) {
        for (const Contender& contender : contenders)
            if (!out_of_it.contains(contender.subject) && !measure(samples, row, contender, round > 0))
                out_of_it.insert(contender.subject);
        std::cerr << '.' << std::flush;
    }
    std::cerr << '\n';
}

void measure_once(Samples& samples, std::string_view row, const std::vector<Contender>& contenders) {
    std::cerr << "  " << row << '\n';
    for (const Contender& contender : contenders) measure(samples, row, contender, true);
}

double rate_of_clients(unsigned clients, std::chrono::milliseconds duration,
                       const std::function<Step(unsigned client)>& make_client) {
    using Clock = std::chrono::steady_clock;
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
