// SPDX-License-Identifier: ISC
// The spawner in a process of its own, and a hub that the test plays.
#include "chatd/spawner/spawner.hh"

#include "chatd/hub/spawner_link.hh"
#include "common/errors.hh"
#include "common/shared_memory.hh"
#include "common/socket.hh"
#include "tests/unit/common/temporary_folder.hh"

#include <array>
#include <csignal>
#include <doctest/doctest.h>
#include <map>
#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>
#include <vector>

using namespace chatd;
using namespace common;

namespace {

// Stays until the hub ends its pair.
int stay(HandlerParts parts) {
    ::alarm(120); // a failing test leaves nobody behind
    std::array<char, 16> packet{};
    send_packet(parts.pair.get(), std::string_view{parts.front == Front::irc ? "irc" : "typed"});
    for (;;) {
        pollfd pair{parts.pair.get(), POLLIN, 0};
        ::poll(&pair, 1, -1);
        if (receive_packet(parts.pair.get(), packet).state == IoState::ended) return 0;
    }
}

std::string configuration(std::uint16_t version) {
    return ConfigureFrame::make({}, version, std::uint8_t{1}, 0U, std::uint8_t{0}, 0U, 0U, std::uint8_t{0},
                                0U);
}

struct House {
    House() {
        link.attach(loop, log, configuration, pages.get(),
                    {[this](std::uint64_t client, pid_t handler) { spawned[client] = handler; },
                     [this](std::uint64_t client, int) { spawned.erase(client); }, [this] { ++lost; }, [] {},
                     [this](std::span<const SpawnerLink::Callbacks::Handler> some, bool is_last) {
                         pieces += 1;
                         is_listed = is_last;
                         for (const auto& [client, handler] : some) listed[client] = handler;
                     }});
        start();
        loop.at(Clock::now() + std::chrono::seconds{60},
                [] { throw std::runtime_error("the deadline has passed"); });
    }
    ~House() {
        pairs.clear();
        link.stop();
        CHECK(status_of(pid) == 0);
    }
    // Another one is there.
    void start() {
        auto [ours, theirs] = make_packet_pair();
        pid = checked("fork", {}, [] { return ::fork(); });
        if (pid == 0) {
            ::alarm(120);
            ours.reset();
            link.leave();
            ::_exit(Spawner{std::move(theirs), {}, stay}.run());
        }
        link.adopt(std::move(ours), pid);
    }
    static int status_of(pid_t spawner) {
        int status = 0;
        while (::waitpid(spawner, &status, 0) < 0 && errno == EINTR) {
        }
        return status;
    }
    void spawn(std::uint64_t client, Front front = Front::typed) {
        auto [ours, theirs] = make_packet_pair();
        pairs[client] = std::move(ours);
        Fd socket = duplicate(theirs.get(), "a client");
        link.spawn(client, 0, front, std::move(socket), std::move(theirs));
    }
    template <class Done>
    void run_until(Done done) {
        while (!done()) loop.run_once(nullptr);
    }
    void list() {
        listed.clear();
        pieces = 0;
        is_listed = false;
        link.list();
        run_until([this] { return is_listed; });
    }

    TemporaryFolder folder;
    Log log{"tester", "tester", Log::Target::standard_error, Severity::warning};
    Loop loop{Backend::poll};
    Fd pages = make_shared_pages(1, folder / "");
    SpawnerLink link{[] {}};
    pid_t pid = -1;
    std::map<std::uint64_t, Fd> pairs;
    std::map<std::uint64_t, pid_t> spawned, listed;
    std::size_t pieces = 0, lost = 0;
    bool is_listed = false;
};

} // namespace

TEST_SUITE("unit") {
    TEST_CASE("the spawner lists the handlers that are there in as many frames as that takes") {
        House house;
        house.list();
        CHECK(house.listed.empty());
        CHECK(house.pieces == 1);
        constexpr std::uint64_t in_one_frame = max_listing / HandlerRow::size;
        for (std::uint64_t client = 1; client <= in_one_frame + 2; ++client)
            house.spawn(client + (1ULL << 40));
        house.run_until([&] { return house.spawned.size() == in_one_frame + 2; });
        house.list();
        CHECK(house.listed == house.spawned);
        CHECK(house.pieces == 2);
        for (int end = 0; end < 2; ++end) house.pairs.erase(house.pairs.begin());
        house.run_until([&] { return house.spawned.size() == in_one_frame; });
        house.list();
        CHECK(house.listed == house.spawned);
        CHECK(house.pieces == 1);
    }

    TEST_CASE("a handler is told what its client speaks") {
        House house;
        house.run_until([&] { return house.link.is_ready(); });
        house.spawn(1);
        house.spawn(2, Front::irc);
        house.run_until([&] { return house.spawned.size() == 2; });
        const auto said = [&](std::uint64_t client) {
            std::array<char, 16> packet{};
            const int pair = house.pairs.at(client).get();
            pollfd one{pair, POLLIN, 0};
            ::poll(&one, 1, 60'000);
            return std::string{packet.data(), receive_packet(pair, packet).bytes};
        };
        CHECK(said(1) == "typed");
        CHECK(said(2) == "irc");
    }

    TEST_CASE("a spawner that another follows ends at once and what it has forked stays") {
        House house;
        house.run_until([&] { return house.link.is_ready(); });
        house.spawn(1);
        house.run_until([&] { return house.spawned.size() == 1; });
        const pid_t first = house.pid;
        house.spawn(2); // on its way
        house.start();
        CHECK_FALSE(house.link.is_ready());
        house.run_until([&] { return house.link.is_ready(); });
        CHECK(house.lost == 1);
        CHECK(House::status_of(first) == 0);
        CHECK(house.link.pid() == house.pid);
        REQUIRE(house.spawned.size() == 2);
        for (const auto& [client, handler] : house.spawned) CHECK(::kill(handler, 0) == 0);
        house.spawn(3);
        house.run_until([&] { return house.spawned.size() == 3; });
        house.list();
        CHECK(house.listed.size() == 1);
        CHECK(house.listed.count(3) == 1);
    }

    TEST_CASE("a spawner of the version before or after is configured in a version that it speaks") {
        const auto answer_to = [](unsigned version) -> unsigned {
            TemporaryFolder folder;
            Loop loop{Backend::poll};
            Log log{"tester", "tester", {Log::Target::file, folder / "log"}, Severity::error};
            const Fd pages = make_shared_pages(1, folder / "");
            bool is_misused = false;
            SpawnerLink link{[&] { is_misused = true; }};
            SpawnerLink::Callbacks callbacks;
            callbacks.on_ready = callbacks.on_lost = [] {};
            link.attach(loop, log, configuration, pages.get(), std::move(callbacks));
            auto [ours, theirs] = make_packet_pair();
            link.adopt(std::move(theirs), ::getpid());
            send_packet(ours.get(), ReadyFrame::make({}, static_cast<std::uint16_t>(version)));
            std::vector<char> packet(max_frame);
            for (;;) {
                loop.run_once(nullptr, false);
                const Received got = receive_packet(ours.get(), packet);
                if (got.state == IoState::done)
                    return std::get<0>(ConfigureFrame::read(std::span{packet}.first(got.bytes)).first);
                if (is_misused) return 0;
            }
        };
        CHECK(answer_to(protocol_version) == protocol_version);
        CHECK(answer_to(oldest_protocol) == oldest_protocol);
        CHECK(answer_to(protocol_version + 1) == protocol_version);
        CHECK(answer_to(oldest_protocol - 1) == 0);
        CHECK(answer_to(protocol_version + 2) == 0);
    }

    TEST_CASE("a list of handlers that is cut off ends the spawner") {
        TemporaryFolder folder;
        Loop loop{Backend::poll};
        Log log{"tester", "tester", {Log::Target::file, folder / "log"}, Severity::error};
        const Fd pages = make_shared_pages(1, folder / "");
        bool is_misused = false;
        std::size_t listed = 0;
        SpawnerLink link{[&] { is_misused = true; }};
        SpawnerLink::Callbacks callbacks;
        callbacks.on_ready = callbacks.on_lost = [] {};
        callbacks.on_handlers = [&](std::span<const SpawnerLink::Callbacks::Handler> some, bool) {
            listed += some.size();
        };
        link.attach(loop, log, configuration, pages.get(), std::move(callbacks));
        auto [ours, theirs] = make_packet_pair();
        link.adopt(std::move(theirs), ::getpid()); // the link ends nobody by itself
        const auto row = HandlerRow::pack(std::uint64_t{7}, std::int64_t{8});
        const std::string_view whole{row.data(), row.size()};
        send_packet(ours.get(), HandlersFrame::make(whole, std::uint8_t{0}));
        send_packet(ours.get(), HandlersFrame::make(whole.substr(1), std::uint8_t{0}));
        while (!is_misused) loop.run_once(nullptr);
        CHECK(listed == 1);
    }
}
