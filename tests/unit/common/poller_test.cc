// SPDX-License-Identifier: ISC
#include "tests/skip.hh"
#include "tests/unit/common/each_backend.hh"

#include <fcntl.h>
#include <map>
#include <set>
#include <sys/resource.h>
#include <vector>

using namespace common;
using namespace waiting;

namespace {

// The events of one wait as a copy.
std::vector<Event> wait_for(Poller& poller, std::chrono::milliseconds at_most) {
    const auto events = poller.wait(at_most);
    return {events.begin(), events.end()};
}

// Lets descriptors beyond FD_SETSIZE be opened; false where the hard limit forbids it.
bool allow_descriptors(rlim_t wanted) {
    rlimit limit{};
    REQUIRE(::getrlimit(RLIMIT_NOFILE, &limit) == 0);
    if (limit.rlim_cur >= wanted) return true;
    limit.rlim_cur = wanted;
    return limit.rlim_max >= wanted && ::setrlimit(RLIMIT_NOFILE, &limit) == 0;
}

} // namespace

TEST_SUITE("unit") {
    TEST_CASE("poller: the word of each backend names it and any other word is refused with the known ones") {
        for (const Backend backend : {Backend::select, Backend::poll, Backend::epoll, Backend::epoll_edge})
            CHECK(parse_backend(backend_name(backend)) == backend);
        CHECK_THROWS_WITH_AS(parse_backend("kqueue"),
                             "`kqueue' is not a way to wait: use select, poll, epoll or epoll-edge",
                             UserError);
    }

    TEST_CASE("poller: the best backend can be made and is epoll wherever epoll can be made") {
        Backend expected = Backend::epoll;
        try {
            Poller::make(Backend::epoll);
        } catch (const UserError& error) {
            CHECK(std::string_view{error.what()}.find("events poll'") != std::string_view::npos);
            expected = Backend::poll;
        }
        CHECK(best_backend() == expected);
        CHECK(Poller::make(best_backend()));
    }

    TEST_CASE("poller: a descriptor is readable when bytes have come and not before") {
        each_backend([](Backend backend) {
            Pair pair;
            const auto poller = Poller::make(backend);
            poller->watch(pair.near.get(), Interest::read);
            CHECK(poller->wait(no_wait).empty());
            send_text(pair.far, "hello");
            const auto events = wait_for(*poller, deadline);
            REQUIRE(events.size() == 1);
            CHECK(events[0].fd == pair.near.get());
            CHECK(events[0].readable);
            CHECK_FALSE(events[0].writable);
            CHECK_FALSE(events[0].hangup);
            CHECK(poller->wait(no_wait).empty() != poller->reports_again()); // nothing was read
            CHECK(drain(pair.near.get()) == 5);
            CHECK(poller->wait(no_wait).empty());
        });
    }

    TEST_CASE("poller: a descriptor is writable when there is room and not while it is full") {
        each_backend([](Backend backend) {
            Pair pair;
            const auto poller = Poller::make(backend);
            fill(pair.near.get());
            poller->watch(pair.near.get(), Interest::write);
            CHECK(poller->wait(no_wait).empty());
            drain(pair.far.get());
            const auto events = wait_for(*poller, deadline);
            REQUIRE(events.size() == 1);
            CHECK(events[0].writable);
            CHECK_FALSE(events[0].readable);
        });
    }

    TEST_CASE("poller: room and bytes of one descriptor come as one event") {
        each_backend([](Backend backend) {
            Pair pair;
            const auto poller = Poller::make(backend);
            poller->watch(pair.near.get(), Interest::both);
            send_text(pair.far, "x");
            const auto events = wait_for(*poller, deadline);
            REQUIRE(events.size() == 1);
            CHECK(events[0].readable);
            CHECK(events[0].writable);
        });
    }

    TEST_CASE("poller: the end of input is readable and no hangup while the other direction lives") {
        each_backend([](Backend backend) {
            Pair pair;
            const auto poller = Poller::make(backend);
            poller->watch(pair.near.get(), Interest::read);
            REQUIRE(::shutdown(pair.far.get(), SHUT_WR) == 0);
            const auto events = wait_for(*poller, deadline);
            REQUIRE(events.size() == 1);
            CHECK(events[0].readable);
            CHECK_FALSE(events[0].hangup);
            std::array<char, 1> byte{};
            CHECK(read_some(pair.near.get(), byte).state == IoState::ended);
        });
    }

    TEST_CASE("poller: a dead connection is a hangup that is readable for whoever reads") {
        each_backend([](Backend backend) {
            Pair pair;
            const auto poller = Poller::make(backend);
            poller->watch(pair.near.get(), Interest::read);
            send_text(pair.far, "last words");
            pair.far.reset();
            const auto events = wait_for(*poller, deadline);
            REQUIRE(events.size() == 1);
            CHECK(events[0].readable);
            CHECK_FALSE(events[0].writable);
            CHECK(events[0].hangup == (backend != Backend::select));
            CHECK(drain(pair.near.get()) == 10);
        });
    }

    TEST_CASE("poller: a dead connection is reported even when nothing was wanted of it unless by select") {
        each_backend([](Backend backend) {
            Pair pair;
            const auto poller = Poller::make(backend);
            poller->watch(pair.near.get(), Interest::none);
            send_text(pair.far, "unwanted");
            CHECK(poller->wait(no_wait).empty());
            pair.far.reset();
            const auto events = wait_for(*poller, backend == Backend::select ? no_wait : deadline);
            if (backend == Backend::select) {
                CHECK(events.empty());
                return;
            }
            REQUIRE(events.size() == 1);
            CHECK(events[0].hangup);
            CHECK_FALSE(events[0].readable);
            CHECK_FALSE(events[0].writable);
            poller->forget(pair.near.get());
            CHECK(poller->wait(no_wait).empty());
        });
    }

    TEST_CASE("poller: a pipe without a reader is writable for whoever writes so that the write tells") {
        each_backend([](Backend backend) {
            Pipe pipe;
            const auto poller = Poller::make(backend);
            fill(pipe.writer.get());
            poller->watch(pipe.writer.get(), Interest::write);
            CHECK(poller->wait(no_wait).empty());
            pipe.reader.reset();
            const auto events = wait_for(*poller, deadline);
            REQUIRE(events.size() == 1);
            CHECK(events[0].writable);
            CHECK(events[0].hangup == (backend != Backend::select));
        });
    }

    TEST_CASE("poller: a change of interest reports what is ready now once more also edge-triggered") {
        each_backend([](Backend backend) {
            Pair pair;
            const auto poller = Poller::make(backend);
            poller->watch(pair.near.get(), Interest::read);
            send_text(pair.far, "left unread");
            REQUIRE(poller->wait(deadline).size() == 1);
            CHECK(poller->wait(no_wait).empty() == (backend == Backend::epoll_edge));
            for (const Interest interest : {Interest::read, Interest::both, Interest::read}) {
                poller->watch(pair.near.get(), interest);
                const auto events = wait_for(*poller, no_wait);
                REQUIRE(events.size() == 1);
                CHECK(events[0].readable);
                CHECK(events[0].writable == (interest == Interest::both));
            }
            poller->watch(pair.near.get(), Interest::none);
            CHECK(poller->wait(no_wait).empty());
        });
    }

    TEST_CASE("poller: a descriptor on the ready list is reported once and at once for its whole interest") {
        each_backend([](Backend backend) {
            Pair busy, quiet;
            const auto poller = Poller::make(backend);
            poller->watch(quiet.near.get(), Interest::read);
            poller->watch(busy.near.get(), Interest::both);
            fill(busy.near.get());
            poller->wait(no_wait); // takes the first edge
            poller->again(busy.near.get());
            poller->again(busy.near.get());
            send_text(quiet.far, "x");
            const auto events = wait_for(*poller, std::chrono::hours{1});
            REQUIRE(events.size() == 2);
            CHECK(events[0].fd == quiet.near.get()); // who has waited comes before who had its share
            CHECK(events[1].fd == busy.near.get());
            CHECK(events[1].readable);
            CHECK(events[1].writable);
            CHECK(drain(quiet.near.get()) == 1);
            CHECK(poller->wait(no_wait).empty());
        });
    }

    TEST_CASE("poller: the ready list and a real event of one descriptor make one event") {
        each_backend([](Backend backend) {
            Pair pair;
            const auto poller = Poller::make(backend);
            fill(pair.near.get());
            poller->watch(pair.near.get(), Interest::both);
            send_text(pair.far, "x");
            poller->again(pair.near.get());
            const auto events = wait_for(*poller, deadline);
            REQUIRE(events.size() == 1);
            CHECK(events[0].readable);
            CHECK(events[0].writable);
        });
    }

    TEST_CASE("poller: the ready list holds nothing that is forgotten or unwatched or wanted for nothing") {
        each_backend([](Backend backend) {
            Pair pair;
            const int fd = pair.near.get();
            const auto poller = Poller::make(backend);
            poller->again(fd);
            poller->watch(fd, Interest::read);
            CHECK(poller->wait(no_wait).empty());
            poller->again(fd);
            poller->forget(fd);
            poller->watch(fd, Interest::read);
            CHECK(poller->wait(no_wait).empty());
            poller->again(fd);
            poller->watch(fd, Interest::none);
            CHECK(poller->wait(no_wait).empty());
        });
    }

    TEST_CASE("poller: readers with a budget for each round lose no byte and starve nobody") {
        each_backend([](Backend backend) {
            std::vector<Pair> pairs(5);
            std::map<int, std::size_t> sent, received;
            const auto poller = Poller::make(backend);
            for (const Pair& pair : pairs) poller->watch(pair.near.get(), Interest::read);
            for (std::size_t i = 0; i < pairs.size(); ++i)
                sent[pairs[i].near.get()] = i == 0 ? fill(pairs[0].far.get()) : 0;
            std::size_t rounds = 0;
            while (received != sent || rounds < pairs.size()) {
                if (rounds >= 1 && rounds < pairs.size()) { // the others speak while the first floods
                    send_text(pairs[rounds].far, "hello");
                    sent[pairs[rounds].near.get()] = 5;
                }
                const auto events = wait_for(*poller, deadline);
                REQUIRE_FALSE(events.empty());
                for (const Event& event : events) {
                    std::array<char, 100> share{}; // the budget
                    const auto got = read_some(event.fd, share);
                    received[event.fd] += got.bytes;
                    if (got.state == IoState::done) poller->again(event.fd);
                }
                if (rounds >= 1 && rounds < pairs.size()) CHECK(received[pairs[rounds].near.get()] == 5);
                ++rounds;
            }
            CHECK(rounds > pairs.size());
        });
    }

    TEST_CASE("poller: a forgotten number that is closed and opened again is a new descriptor") {
        each_backend([](Backend backend) {
            Pair pair;
            const int number = pair.near.get();
            const auto poller = Poller::make(backend);
            poller->watch(number, Interest::read);
            poller->forget(number);
            poller->forget(number);
            pair.near.reset();
            Pair next;
            REQUIRE(::dup2(next.near.get(), number) == number);
            pair.near.reset(number);
            send_text(next.far, "x");
            CHECK(poller->wait(no_wait).empty());
            poller->watch(number, Interest::read);
            CHECK(poller->interest_in(number) == Interest::read);
            CHECK(poller->wait(deadline).size() == 1);
        });
    }

    TEST_CASE("poller: forgetting some of many leaves the others watched") {
        each_backend([](Backend backend) {
            std::vector<Pair> pairs(300);
            const auto poller = Poller::make(backend);
            for (const Pair& pair : pairs) poller->watch(pair.near.get(), Interest::read);
            for (std::size_t i = 0; i < pairs.size(); i += 3) poller->forget(pairs[i].near.get());
            poller->forget(pairs.back().near.get());
            std::set<int> expected, found;
            for (std::size_t i = 0; i + 1 < pairs.size(); ++i)
                if (i % 3 != 0) expected.insert(pairs[i].near.get());
            for (const Pair& pair : pairs) send_text(pair.far, "x");
            while (found.size() < expected.size()) {
                const auto events = wait_for(*poller, deadline);
                REQUIRE_FALSE(events.empty());
                for (const Event& event : events) {
                    found.insert(event.fd);
                    drain(event.fd);
                }
            }
            CHECK(found == expected);
            CHECK(poller->wait(no_wait).empty());
        });
    }

    TEST_CASE("poller: a regular file and the null device are always ready and disturb nobody") {
        each_backend([](Backend backend) {
            const std::unique_ptr<std::FILE, int (*)(std::FILE*)> file{std::tmpfile(), std::fclose};
            REQUIRE(file);
            const Fd null{::open("/dev/null", O_RDONLY | O_CLOEXEC)};
            REQUIRE(null);
            Pair pair;
            const auto poller = Poller::make(backend);
            poller->watch(pair.near.get(), Interest::read);
            poller->watch(::fileno(file.get()), Interest::both);
            poller->watch(null.get(), Interest::read);
            send_text(pair.far, "x");
            for (int round = 0; round < 2; ++round) {
                const auto events = wait_for(*poller, std::chrono::hours{1});
                CHECK(events.size() == (backend == Backend::epoll_edge && round == 1 ? 2 : 3));
            }
            CHECK(drain(pair.near.get()) == 1);
            poller->watch(null.get(), Interest::none);
            const auto events = wait_for(*poller, std::chrono::hours{1});
            REQUIRE(events.size() == 1);
            CHECK(events[0].writable);
            poller->forget(::fileno(file.get()));
            CHECK(poller->wait(no_wait).empty());
        });
    }

    TEST_CASE("poller: a wait ends at its time-out and not before") {
        each_backend([](Backend backend) {
            Pair pair;
            const auto poller = Poller::make(backend);
            poller->watch(pair.near.get(), Interest::read);
            const auto begin = std::chrono::steady_clock::now();
            CHECK(poller->wait(30ms).empty());
            CHECK(std::chrono::steady_clock::now() - begin >= 29ms);
            CHECK(poller->wait(-5ms).empty());
        });
    }

    TEST_CASE("poller: select refuses a descriptor beyond FD_SETSIZE with the remedy and others take it") {
        if (!allow_descriptors(FD_SETSIZE + 16))
            return tests::skip("the hard limit of descriptors is too low");
        each_backend([](Backend backend) {
            Pair pair;
            const Fd high{::fcntl(pair.near.get(), F_DUPFD, FD_SETSIZE)};
            REQUIRE(high);
            const auto poller = Poller::make(backend);
            if (backend == Backend::select) {
                const auto refusal = "select cannot watch descriptor " + std::to_string(high.get()) +
                                     ", only those below " + std::to_string(FD_SETSIZE) +
                                     ": use `events poll' or fewer clients";
                CHECK_THROWS_WITH_AS(poller->watch(high.get(), Interest::read), refusal.c_str(), UserError);
                CHECK(poller->wait(no_wait).empty());
                return;
            }
            poller->watch(high.get(), Interest::read);
            send_text(pair.far, "x");
            CHECK(poller->wait(deadline).size() == 1);
        });
    }

    TEST_CASE("poller: select watches the highest descriptor that fits") {
        if (!allow_descriptors(FD_SETSIZE)) return tests::skip("the hard limit of descriptors is too low");
        Pair pair;
        const Fd highest{::fcntl(pair.near.get(), F_DUPFD, FD_SETSIZE - 1)};
        REQUIRE(highest);
        const auto poller = Poller::make(Backend::select);
        poller->watch(highest.get(), Interest::read);
        send_text(pair.far, "x");
        CHECK(poller->wait(deadline).size() == 1);
        poller->forget(highest.get());
        CHECK(poller->wait(no_wait).empty());
    }

    TEST_CASE("poller: a descriptor closed before it was forgotten is an error and no endless loop") {
        for (const Backend backend : {Backend::select, Backend::poll}) {
            Pair pair;
            const auto poller = Poller::make(backend);
            poller->watch(pair.near.get(), Interest::read);
            pair.near.reset();
            CHECK_THROWS_AS(poller->wait(no_wait), std::system_error);
        }
        CHECK_THROWS_AS(Poller::make(Backend::poll)->watch(-1, Interest::read), std::logic_error);
    }
}
