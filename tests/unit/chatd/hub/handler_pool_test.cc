// SPDX-License-Identifier: ISC
// Who is handed to the spawner, and when a page is free again. The spawner is the test.
#include "chatd/hub/client_record.hh"
#include "chatd/hub/handler_pool.hh"
#include "chatd/hub/waker.hh"
#include "chatd/sleep_word.hh"
#include "chatd/tls_note.hh"
#include "common/errors.hh"
#include "common/subreaper.hh"
#include "common/text.hh"
#include "common/tls/tls_frames.hh"
#include "tests/e2e/observe.hh"
#include "tests/skip.hh"
#include "tests/unit/common/temporary_folder.hh"

#include <doctest/doctest.h>
#include <fstream>
#include <iterator>
#include <set>
#include <sys/resource.h>
#include <system_error>
#include <tuple>
#include <unistd.h>

using namespace chatd;

namespace {

struct Pool {
    struct Spawned {
        ClientNumber client;
        std::size_t page;
        Front front;
        common::Fd socket, pair;
    };

    Pool() {
        settings.max_clients = 2;
        pool.open({}, 0);
    }
    ClientNumber take(const std::string& host = "10.0.0.7", const std::string& listener = "") {
        auto [theirs, ours] = common::make_packet_pair();
        clients.push_back(std::move(theirs));
        const std::size_t before = spawned.size();
        pool.take({std::move(ours), common::resolve_address(host + ":40000").front(), listener});
        return spawned.size() == before ? 0 : spawned.back().client;
    }
    // What the client that came last was told by the hub itself.
    std::string told() const {
        std::array<char, 256> words{};
        return {words.data(), common::read_some(clients.back().get(), words).bytes};
    }
    bool is_logged(std::string_view line) const {
        std::ifstream file{folder / "log"};
        return std::string{std::istreambuf_iterator<char>{file}, {}}.find(line) != std::string::npos;
    }

    TemporaryFolder folder;
    common::Log log{"chatd", "hub", {common::Log::Target::file, folder / "log"}, common::Severity::notice};
    common::Loop loop{common::Backend::poll};
    Settings settings;
    common::StatusPages pages{2};
    People people;
    Bans bans{folder / "bans"};
    std::vector<common::Fd> clients;
    std::vector<Spawned> spawned;
    std::vector<ClientNumber> readable, lost, arrived;
    std::vector<std::pair<ClientNumber, int>> signals;
    std::vector<pid_t> killed_orphans;
    static constexpr pid_t spawner = 4700;
    bool is_ready = true;         // the spawner
    std::vector<std::string> box; // labels, as they were put and withdrawn (-)
    bool keeper_takes_all = true;
    Tickets tickets;
    std::string deposited; // last
    Deposits deposits{{[this](std::string_view label, std::string_view bytes, int) {
                           box.emplace_back(label);
                           deposited = bytes;
                       },
                       [this](std::string_view label) { box.push_back("-" + std::string{label}); },
                       [this] { return keeper_takes_all; }},
                      tickets};
    bool reading_fails = false;
    std::string faults;                       // for which clients were ended
    std::uint16_t version = protocol_version; // of the spawner
    bool has_tlsd = true;
    // For each client under TLS: the other ends of its stream and of the pair with its relay.
    struct Secured {
        common::Fd stream, relay;
    };
    std::vector<Secured> secured;
    bool begin_tls(Arrival& arrival) {
        if (!has_tlsd) return false;
        Secured ends;
        std::tie(arrival.socket, ends.stream) = common::make_packet_pair();
        std::tie(arrival.relay, ends.relay) = common::make_packet_pair();
        secured.push_back(std::move(ends));
        return true;
    }
    HandlerPool pool{
        loop,
        log,
        settings,
        pages,
        people,
        bans,
        deposits,
        {[this] { return is_ready; }, [] { return spawner; },
         [this](ClientNumber client, std::size_t page, Front front, common::Fd socket, common::Fd pair) {
             spawned.push_back({client, page, front, std::move(socket), std::move(pair)});
         },
         [this](ClientNumber client, int signal) { signals.emplace_back(client, signal); },
         [this] { return version; }, [this](pid_t pid) { killed_orphans.push_back(pid); }},
        {[this](ClientNumber client) {
             if (reading_fails) common::fail_with(EIO, "receive a packet");
             readable.push_back(client);
         },
         [this](Client& client) {
             lost.push_back(client.number);
             pool.release(client, {});
         },
         [this](Client& client) { arrived.push_back(client.number); },
         [this](Client& client, std::string_view why) {
             faults += why;
             pool.release(client, {});
         },
         [this](Arrival& arrival) { return begin_tls(arrival); }}};
    Waker waker{loop, pages, people, [this](Client& client, std::string_view why) {
                    faults += why;
                    pool.release(client, {});
                }};
};

} // namespace

TEST_SUITE("unit") {
    TEST_CASE("a client is handed over with a page of its own and the other end of its pair") {
        Pool house;
        const ClientNumber first = house.take(), second = house.take();
        REQUIRE(house.spawned.size() == 2);
        CHECK(house.spawned[0].page != house.spawned[1].page);
        CHECK(house.people.find(first)->arrival);
        house.pool.on_spawned(first, 4711);
        CHECK(house.people.find(first)->pid == 4711);
        CHECK_FALSE(house.people.find(first)->arrival);
        CHECK(house.is_logged("accept 10.0.0.7:40000 pid 4711 clients 2/2\n"));
        common::send_packet(house.spawned[1].pair.get(), std::string_view{"x"});
        house.loop.run_once(nullptr, false);
        CHECK(house.readable == std::vector<ClientNumber>{second});
    }

    TEST_CASE("a client that comes in where IRC is spoken gets a handler that does") {
        Pool house;
        house.take("10.0.0.1", "listen 10.0.0.1:2323");
        house.take("10.0.0.1", "listen 10.0.0.1:6697 irc tls");
        REQUIRE(house.spawned.size() == 2);
        CHECK(house.spawned[0].front == Front::typed);
        CHECK(house.spawned[1].front == Front::irc);
        CHECK(house.secured.size() == 1);
        CHECK(house.take("10.0.0.1", "listen 10.0.0.1:6667 irc") == 0);
        CHECK(house.told() == "ERROR :The server is busy: try again in a moment.\r\n");
        Client& second = *house.people.find(house.spawned[1].client);
        house.pool.on_spawned(second.number, 4712);
        house.people.give_name(second, "ada");
        house.pool.release(second, {});
        CHECK(house.is_logged(" pid 4712 ada irc"));
    }

    TEST_CASE("whose handler could not speak IRC is told to come again") {
        Pool house;
        house.version = first_with_irc - 1;
        CHECK(house.take("10.0.0.1", "listen 10.0.0.1:6667 irc") == 0);
        CHECK(house.told() == "ERROR :The server is busy: try again in a moment.\r\n");
        CHECK(house.take("10.0.0.1", "listen 10.0.0.1:2323") != 0);
        house.version = first_with_irc;
        CHECK(house.take("10.0.0.1", "listen 10.0.0.1:6667 irc") != 0);
    }

    TEST_CASE("what another hub would have to know of a newcomer is deposited before it is handed over") {
        Pool house;
        house.settings.login_timeout = std::chrono::seconds{7};
        house.keeper_takes_all = false;
        CHECK(house.take() == 0); // not yet
        const ClientRecord record = unpack_client(house.deposited);
        CHECK(house.box == std::vector<std::string>{common::text("client ", record.facts.number)});
        CHECK(record.facts.login_timeout == std::chrono::seconds{7});
        CHECK(record.facts.spawner == Pool::spawner);
        CHECK_FALSE(record.has_left);
        house.keeper_takes_all = true;
        house.pool.on_deposited();
        CHECK(house.spawned.size() == 1);
    }

    TEST_CASE("without a page or from a banned address a client is turned away and told why") {
        Pool house;
        house.bans.add({"10.0.0.8", "", {}, ""});
        CHECK(house.take("10.0.0.8") == 0);
        CHECK(house.told() == "You are banned.\n");
        house.take();
        house.take();
        CHECK(house.take() == 0);
        CHECK(house.told() == "The server is busy: try again in a moment.\n");
        CHECK(house.people.count() == 2);
    }

    TEST_CASE("a client for whom there is no descriptor leaves neither itself nor a page behind") {
        Pool house;
        rlimit before{};
        REQUIRE(::getrlimit(RLIMIT_NOFILE, &before) == 0);
        for (rlim_t room = 2; room <= 4; ++room) { // the two of take() here, and none, one or two more
            const int next = common::Fd{::dup(STDIN_FILENO)}.get();
            rlimit few = before;
            few.rlim_cur = static_cast<rlim_t>(next) + room;
            bool refused = false; // asked when there are descriptors again: a sanitizer needs one to look at
                                  // an exception
            REQUIRE(::setrlimit(RLIMIT_NOFILE, &few) == 0);
            try {
                house.take();
            } catch (const std::system_error&) {
                refused = true;
            }
            REQUIRE(::setrlimit(RLIMIT_NOFILE, &before) == 0);
            CHECK(refused);
        }
        CHECK(house.people.count() == 0);
        CHECK(house.take() != 0);
        CHECK(house.take() != 0);
    }

    TEST_CASE("a page is given again when the handler has ended and not when the client has left") {
        Pool house;
        const ClientNumber first = house.take();
        house.take();
        house.pool.on_spawned(first, 1);
        house.pool.release(*house.people.find(first), {});
        CHECK(house.people.find(first) == nullptr);
        CHECK(house.take() == 0);
        house.pool.on_ended(first, 0);
        CHECK(house.take() != 0);
        CHECK(house.pool.crashed() == 0);
        house.pool.on_ended(first, 9); // nobody's any more
        CHECK(house.pool.crashed() == 0);
    }

    TEST_CASE("a handler whose client has left hears the end and is heard to its own and killed in time") {
        Pool house;
        const ClientNumber first = house.take(), second = house.take();
        house.pool.on_spawned(first, 4711);
        house.pool.on_spawned(second, 4712);
        for (const ClientNumber number : {first, second}) house.pool.release(*house.people.find(number), {});
        std::array<char, 16> packet{};
        const int pair = house.spawned[0].pair.get();
        house.pool.tell_released();
        CHECK(common::receive_packet(pair, packet).state == common::IoState::would_block); // not deposited
        house.pool.tell_released_at_stop();
        CHECK(common::receive_packet(pair, packet).state == common::IoState::ended);
        for (const std::string_view words : {"\1a frame", "one\n", "two"}) common::send_packet(pair, words);
        house.loop.run_once(nullptr, false);
        CHECK(house.is_logged("handler[4711]: standard error: one\n"));
        house.pool.on_ended(first, 0);
        CHECK(house.is_logged("handler[4711]: standard error: two\n"));

        // The second one is still there when its time is over.
        const auto deadline = common::Clock::now() + std::chrono::seconds{60};
        while (house.signals.empty() && common::Clock::now() < deadline) house.loop.run_once(nullptr);
        CHECK(house.signals == std::vector<std::pair<ClientNumber, int>>{{second, SIGKILL}});
        CHECK(house.is_logged("handler 4712 is killed: it did not end within 10 s\n"));
        house.pool.on_ended(second, SIGKILL);
        CHECK(house.take() != 0);
    }

    TEST_CASE("the page of a handler whose last words cannot be read is free all the same") {
        Pool house;
        const ClientNumber first = house.take();
        house.take();
        house.pool.on_spawned(first, 4711);
        const int pair = house.people.find(first)->pair.fd();
        house.pool.release(*house.people.find(first), {});
        REQUIRE(::dup2(STDERR_FILENO, pair) == pair); // no socket: receiving fails
        CHECK_NOTHROW(house.pool.on_ended(first, 0));
        CHECK(house.take() != 0);
    }

    TEST_CASE("a handler of a spawner that died is killed by who has inherited it or by nobody") {
        Pool house;
        const ClientNumber first = house.take(), second = house.take();
        house.pool.on_spawned(first, 4711);
        house.pool.release(*house.people.find(first), {});
        house.pool.release(*house.people.find(second), {}); // its pid was not told
        house.pool.on_spawner_lost();
        const auto until = common::Clock::now() + std::chrono::seconds{11};
        house.loop.at(until, [] {});
        while (common::Clock::now() < until) house.loop.run_once(nullptr);
        CHECK(house.signals.empty());
        if (common::has_subreapers()) {
            CHECK(house.killed_orphans == std::vector<pid_t>{4711});
            CHECK(house.is_logged("handler 4711 is killed"));
        } else {
            CHECK(house.killed_orphans.empty());
        }
        CHECK_FALSE(house.is_logged("handler -1 is killed"));
    }

    TEST_CASE("a handler that a signal ended is counted and said") {
        Pool house;
        house.pool.on_ended(house.take(), 9);
        CHECK(house.pool.crashed() == 1);
        CHECK(house.is_logged("a handler ended: signal 9"));
    }

    TEST_CASE("where no process is to be had the client is lost and its page free") {
        Pool house;
        const ClientNumber first = house.take();
        house.take();
        house.pool.on_spawned(first, -1);
        CHECK(house.lost == std::vector<ClientNumber>{first});
        CHECK(house.is_logged("fork failed"));
        CHECK(house.take() != 0);
    }

    TEST_CASE("whose handler ended before it was known is lost when it is") {
        Pool house;
        const ClientNumber first = house.take();
        house.people.find(first)->pair.reset();
        house.pool.on_spawned(first, 4711);
        CHECK(house.lost == std::vector<ClientNumber>{first});
        house.pool.on_spawned(first, 4711); // it is gone: nothing happens
    }

    TEST_CASE("who has no handler when the spawner dies gets one from the next in the same order") {
        Pool house;
        house.is_ready = false;
        const ClientNumber first = house.take("10.0.0.1"), second = house.take("10.0.0.2");
        house.spawned.clear(); // with it go the other ends of their pairs
        house.pool.on_spawner_lost();
        CHECK(house.lost == std::vector<ClientNumber>{first, second});
        CHECK(house.people.count() == 0);
        house.pool.on_ended(first, 0); // their pages rest, and here they have rested
        house.pool.on_ended(second, 0);
        house.is_ready = true;
        house.pool.on_spawner_ready();
        REQUIRE(house.spawned.size() == 2);
        CHECK(house.people.find(house.spawned[0].client)->host == "10.0.0.1");
        CHECK(house.people.find(house.spawned[1].client)->host == "10.0.0.2");
    }

    TEST_CASE("who has a handler of which a dead spawner had not told keeps it and no other client has two") {
        Pool house;
        house.is_ready = false;
        const ClientNumber speaks = house.take("10.0.0.1"), ends = house.take("10.0.0.2");
        house.pool.on_spawner_lost();
        CHECK(house.lost.empty());
        common::send_packet(house.spawned[0].pair.get(), std::string_view{"x"});
        house.loop.run_once(nullptr, false);
        CHECK(house.readable == std::vector<ClientNumber>{speaks});
        CHECK_FALSE(house.people.find(speaks)->arrival);
        house.spawned[1].pair.reset(); // what the spawner held goes a moment after its own pair
        house.loop.run_once(nullptr, false);
        CHECK(house.lost == std::vector<ClientNumber>{ends});
        house.pool.on_ended(ends, 0); // its page has rested
        house.is_ready = true;
        house.pool.on_spawner_ready();
        REQUIRE(house.spawned.size() == 3);
        CHECK(house.people.find(house.spawned[2].client)->host == "10.0.0.2");
    }

    TEST_CASE("the page of a dead spawner's handler rests when its client has left") {
        Pool house;
        const ClientNumber first = house.take();
        house.take();
        house.pool.on_spawned(first, 4711);
        house.pool.on_spawner_lost();
        CHECK(house.people.find(first) != nullptr); // it goes on
        house.pool.release(*house.people.find(first), {});
        CHECK(house.take() == 0); // nobody tells of its end, so it may still be there
    }

    TEST_CASE("the page of an orphan whose end the keeper tells is free at once and a crash is counted") {
        Pool house;
        const ClientNumber first = house.take(), second = house.take();
        house.pool.on_spawned(first, 4711);
        house.pool.on_spawned(second, 4712);
        house.pool.on_orphan_end(4712, 0); // not one of ours: this one's spawner is there
        house.pool.on_spawner_lost();
        house.pool.release(*house.people.find(first), {});
        CHECK(house.take() == 0);
        house.pool.on_orphan_end(4713, 9);
        CHECK(house.take() == 0);
        house.pool.on_orphan_end(4711, 9);
        CHECK(house.pool.crashed() == 1);
        CHECK(house.is_logged("a handler ended: signal 9"));
        const ClientNumber third = house.take();
        REQUIRE(third != 0);
        house.pool.on_spawned(third, 4711); // the number comes again
        house.pool.on_orphan_end(4711, 9);
        CHECK(house.take() == 0);
        house.pool.on_orphan_end(4712, 11); // before the hub hears of its pair's end
        house.pool.release(*house.people.find(second), {});
        CHECK(house.pool.crashed() == 2);
        CHECK(house.take() != 0);
    }

    TEST_CASE("a hub that hands over accepts nobody and waits for those who have no handler yet") {
        Pool house;
        house.keeper_takes_all = false;
        house.take();
        house.pool.accept_no_more();
        CHECK(house.pool.has_arrivals());
        house.keeper_takes_all = true;
        house.pool.on_deposited();
        CHECK(house.pool.has_arrivals());
        REQUIRE(house.spawned.size() == 1);
        house.pool.on_spawned(house.spawned[0].client, 4711);
        CHECK_FALSE(house.pool.has_arrivals());
        house.take();
        house.spawned.clear();
        house.is_ready = false;
        house.pool.on_spawner_lost();
        CHECK(house.pool.has_arrivals());
        house.pool.turn_arrivals_away();
        CHECK_FALSE(house.pool.has_arrivals());
        CHECK(house.told() == "The server is busy: try again in a moment.\n");
    }

    TEST_CASE("who wants TLS is handed over with a stream and its handler hears first of its relay") {
        Pool house;
        house.take("10.0.0.1", "listen 10.0.0.1:2323");
        CHECK(house.secured.empty());
        const ClientNumber client = house.take("10.0.0.2", "listen 10.0.0.1:6697 tls");
        REQUIRE(house.secured.size() == 1);
        REQUIRE(house.spawned.size() == 2);
        std::array<char, max_frame> packet{};
        const auto hear = [&](const common::Fd& pair) {
            common::Received got = common::receive_packet(pair.get(), packet);
            REQUIRE(got.state == common::IoState::done);
            CHECK(message_of(std::span{packet}.first(got.bytes)) == Message::relay);
            return std::move(got.passed);
        };
        const common::Fd relay = hear(house.spawned[1].pair);
        common::send_packet(relay.get(), std::string_view{"r"});
        CHECK(common::receive_packet(house.secured[0].relay.get(), packet).bytes == 1);
        common::send_packet(house.spawned[1].socket.get(), std::string_view{"s"});
        CHECK(common::receive_packet(house.secured[0].stream.get(), packet).bytes == 1);
        CHECK(common::receive_packet(house.spawned[0].pair.get(), packet).state ==
              common::IoState::would_block);
        // Another spawner gets the same.
        house.is_ready = false;
        house.pool.on_spawned(house.spawned[0].client, 4711);
        house.spawned.pop_back();
        house.pool.on_spawner_lost();
        CHECK(house.lost == std::vector<ClientNumber>{client});
        house.pool.on_ended(client, 0);
        house.is_ready = true;
        house.pool.on_spawner_ready();
        CHECK(house.secured.size() == 1);
        REQUIRE(house.spawned.size() == 2);
        hear(house.spawned[1].pair);
        common::send_packet(house.spawned[1].socket.get(), std::string_view{"s"});
        CHECK(common::receive_packet(house.secured[0].stream.get(), packet).bytes == 1);
    }

    TEST_CASE(
        "who wants TLS and cannot have it hears nothing and who has it hears all and that it is whole") {
        Pool house;
        house.has_tlsd = false;
        CHECK(house.take("10.0.0.1", "listen 10.0.0.1:6697 tls") == 0);
        CHECK(house.told().empty());
        house.has_tlsd = true;
        house.take("10.0.0.1", "listen 10.0.0.1:6697 tls");
        house.is_ready = false;
        house.spawned.clear();
        house.pool.on_spawner_lost();
        house.pool.close();
        std::array<char, 256> words{};
        const auto got = common::receive_packet(house.secured.at(0).stream.get(), words);
        CHECK(std::string_view{words.data(), got.bytes} == "The server is stopping: come back later.\n");
        CHECK(common::receive_tls_frame(house.secured[0].relay.get(), {common::TlsWord::whole}).state ==
              common::IoState::done);
    }

    TEST_CASE(
        "what a handler has noted of its client's TLS is known and logged also when it has ended first") {
        Pool house;
        for (const bool ends_first : {false, true}) {
            const ClientNumber number = house.take("10.0.0.1", "listen 10.0.0.1:6697 tls");
            Client& client = *house.people.find(number);
            CHECK(house.pool.tls_of(client).empty());
            TlsNote{house.pages.page(client.page)}.post(ends_first ? "no tls: \n" : "1.3/AES");
            CHECK(house.pool.tls_of(client) == (ends_first ? "no tls: \\n" : "1.3/AES"));
            if (ends_first) house.pool.on_ended(number, 0);
            house.pool.release(client, {});
            if (!ends_first) house.pool.on_ended(number, 0);
            CHECK(
                house.is_logged(ends_first ? "  no tls: \\n clients 0/2\n" : "  tls 1.3/AES clients 0/2\n"));
        }
    }

    TEST_CASE("who waits for a spawner when the hub stops is told so") {
        Pool house;
        house.is_ready = false;
        house.take();
        house.spawned.clear();
        house.pool.on_spawner_lost();
        house.pool.close();
        CHECK(house.told() == "The server is stopping: come back later.\n");
    }

    TEST_CASE("what goes wrong with a client's pair ends that client and no other") {
        Pool house;
        const ClientNumber first = house.take(), second = house.take();
        house.reading_fails = true;
        common::send_packet(house.spawned[0].pair.get(), std::string_view{"x"});
        house.loop.run_once(nullptr, false);
        CHECK(house.faults == "receive a packet: Input/output error");
        CHECK(house.people.find(first) == nullptr);
        CHECK(house.people.find(second) != nullptr);
        house.pool.on_spawned(first, 4711); // what the spawner tells of it is late
        house.pool.on_ended(first, 0);
        house.pool.on_ended(first, 0);
        CHECK(house.take() != 0);
        CHECK(house.take() == 0); // the page was given back once
    }

    TEST_CASE("nobody is woken whose pair has ended and one that takes nothing more is ended") {
        Pool house;
        const ClientNumber first = house.take(), second = house.take();
        CHECK(SleepWord{house.pages.page(house.people.find(second)->page)}.fall_asleep());
        house.people.find(first)->pair.reset();
        house.waker.wake(*house.people.find(first));
        house.spawned[1].pair.reset();
        house.waker.wake(*house.people.find(second));
        house.waker.give_up(*house.people.find(first), "enough");
        CHECK(house.people.count() == 2); // what is done now is done first
        house.loop.run_once(nullptr, false);
        CHECK(house.faults == "enough");
        while (house.people.count() > 0) house.loop.run_once(nullptr);
        CHECK(house.faults == "enoughits pair takes nothing more");
    }

    TEST_CASE("where clients wait for a spawner one of them that cannot be served costs the others nothing") {
        if (e2e::is_sanitized()) return tests::skip("UBSan needs a descriptor to look at an exception");
        Pool house;
        house.is_ready = false;
        house.take("10.0.0.1");
        house.take("10.0.0.2");
        house.spawned.clear();
        house.pool.on_spawner_lost();
        for (const ClientNumber gone : house.lost) house.pool.on_ended(gone, 0);
        rlimit before{};
        REQUIRE(::getrlimit(RLIMIT_NOFILE, &before) == 0);
        rlimit few = before;
        few.rlim_cur = static_cast<rlim_t>(common::Fd{::dup(STDIN_FILENO)}.get());
        house.is_ready = true;
        REQUIRE(::setrlimit(RLIMIT_NOFILE, &few) == 0);
        house.pool.on_spawner_ready();
        REQUIRE(::setrlimit(RLIMIT_NOFILE, &before) == 0);
        CHECK(house.spawned.empty());
        CHECK(house.told() == "The server is busy: try again in a moment.\n");
        CHECK(house.take() != 0);
        CHECK(house.take() != 0);
    }
}
