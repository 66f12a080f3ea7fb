// SPDX-License-Identifier: ISC
#include "common/control_server.hh"
#include "common/errors.hh"
#include "common/socket.hh"
#include "tests/unit/common/each_backend.hh"
#include "tests/unit/common/in_child.hh"
#include "tests/unit/common/temporary_folder.hh"

#include <algorithm>
#include <doctest/doctest.h>
#include <list>
#include <memory>
#include <optional>
#include <sys/resource.h>

using namespace common;
using namespace waiting;

namespace {

[[noreturn]] void refuse_words() { throw UserError("not today\nok"); }

// A server and its clients on one loop, in this process.
struct Server {
    explicit Server(Backend backend) : loop{backend} {
        ::signal(SIGPIPE, SIG_IGN); // as every daemon does
        loop.at(common::Clock::now() + deadline, [] { throw std::runtime_error("the deadline has passed"); });
    }

    struct Client {
        Fd socket;
        std::string answer{};
        bool ended = false;
    };
    Client connect() { return {connect_to(std::vector{Address::of_path(path)}, Clock::now() + deadline)}; }

    // Lets the server work until client has got an answer that ends in end, or its end.
    const std::string& wait_for(Client& client, std::string_view end) {
        while (client.answer.size() < end.size() ||
               client.answer.compare(client.answer.size() - end.size(), end.npos, end) != 0) {
            if (client.ended) break;
            run_once();
            std::array<char, 65536> piece{};
            IoResult got{};
            while ((got = read_some(client.socket.get(), piece)).state == IoState::done)
                client.answer.append(piece.data(), got.bytes);
            client.ended = got.state != IoState::would_block;
        }
        return client.answer;
    }

    void wait_for_end(Client& client) {
        while (!client.ended) wait_for(client, "\x01never");
    }

    void run_once() {
        loop.at(Clock::now() + 5ms, [] {}); // whatever it waits for may be up to a client
        loop.run_once(nullptr);
    }

    std::string ask(std::string_view question) {
        Client client = connect();
        send_text(client.socket, question);
        ::shutdown(client.socket.get(), SHUT_WR);
        wait_for_end(client);
        return client.answer;
    }

    ControlAnswer count(int to, int busy) {
        ControlAnswer answer;
        const auto line = std::make_shared<int>(0), left = std::make_shared<int>(busy);
        answer.more = [this, line, left, to, busy]() -> std::optional<std::string> {
            ++asked;
            const auto end = Clock::now() + 100us; // what a line costs
            while (Clock::now() < end) continue;
            if (*line == to || (*left)-- > 0) return {};
            *left = busy;
            return std::to_string(++*line);
        };
        answer.is_busy = [line, to] { return *line < to; };
        answer.has_ended = [line, to] { return *line == to; };
        return answer;
    }

    int asked = 0; // for one more line of `count'
    TemporaryFolder folder;
    std::string path = folder / "control";
    Loop loop;
    std::vector<std::string> said;
    std::optional<ControlServer> server{
        std::in_place, loop, listen_on(Address::of_path(path), 0600),
        std::vector<ControlVerb>{
            {"say", "TEXT", "note a text",
             [this](Words words) {
                 said.push_back(words.empty() ? "" : words[0]);
                 return std::vector<std::string>{"noted", ""};
             }},
            {"fail", "", "always fails", [](Words) -> std::vector<std::string> { refuse_words(); }},
            {"break", "", "lacks something",
             [](Words) -> std::vector<std::string> { fail_with(ENOSPC, "write", "x"); }},
            {"forge", "", "lines from outside",
             [](Words) { return std::vector<std::string>{"a\nok\r\x1b"}; }},
            {"flood", "", "ten megabytes",
             [](Words) { return std::vector<std::string>(10'000, std::string(1000, 'x')); }},
            {"count", "TO BUSY", "costly lines, and how often it has nothing and is busy before each",
             [this](Words words) { return count(std::stoi(words[0]), std::stoi(words[1])); }},
        }};
};

// A server that does not trust whom it serves.
struct Strangers {
    explicit Strangers(ControlServer::Manners manners)
        : server{loop,
                 listen_on(Address::of_path(path)),
                 {{"tick", "", "",
                   [this](Words) {
                       ++ticks;
                       return ControlAnswer{};
                   }}},
                 std::move(manners)} {
        ::signal(SIGPIPE, SIG_IGN);
        loop.at(Clock::now() + deadline, [] { throw std::runtime_error("the deadline has passed"); });
    }
    Server::Client connect() const {
        return {connect_to(std::vector{Address::of_path(path)}, Clock::now() + deadline)};
    }
    void run_once(Server::Client& client) {
        loop.at(Clock::now() + 5ms, [] {});
        loop.run_once(nullptr);
        std::array<char, 4096> piece{};
        IoResult got{};
        while ((got = read_some(client.socket.get(), piece)).state == IoState::done)
            client.answer.append(piece.data(), got.bytes);
        client.ended = got.state != IoState::would_block;
    }

    int ticks = 0;
    TemporaryFolder folder;
    std::string path = folder / "socket";
    Loop loop{Backend::poll};
    ControlServer server;
};

void each_server(const std::function<void(Server&)>& body) {
    each_backend([&](Backend backend) {
        Server server{backend};
        body(server);
    });
}

} // namespace

TEST_SUITE("unit") {
    TEST_CASE("control server: help lists every verb and itself") {
        each_server([](Server& server) {
            CHECK(server.ask("help\n") ==
                  " say TEXT                note a text\n"
                  " fail                    always fails\n"
                  " break                   lacks something\n"
                  " forge                   lines from outside\n"
                  " flood                   ten megabytes\n"
                  " count TO BUSY           costly lines, and how often it has nothing "
                  "and is busy before each\n"
                  " help                    list the verbs\n"
                  "ok\n");
        });
    }

    TEST_CASE("control server: an answer is data lines and then ok or an error") {
        each_server([](Server& server) {
            CHECK(server.ask("say \"two words\"\r\n") == " noted\n \nok\n");
            CHECK(server.said == std::vector<std::string>{"two words"});
            CHECK(server.ask("nonsense 1\n") == "error there is no verb 'nonsense': `help' lists them\n");
            CHECK(server.ask("SAY x\n") == "error there is no verb 'SAY': `help' lists them\n");
            CHECK(server.ask("flood now\n") == "error flood takes no arguments\n");
            CHECK(server.ask("say \"open\n") == "error the quote before 'open' is not closed\n");
            CHECK(server.ask("\n  \n# x\n").empty());
            CHECK(server.ask("\"\"\n") == "error there is no verb '': `help' lists them\n");
            CHECK(server.said.size() == 1);
        });
    }

    TEST_CASE("control server: nothing in an answer or a reason can be taken for its end") {
        each_server([](Server& server) {
            CHECK(server.ask("fail\nbreak\nforge\n") == "error not today\\nok\n"
                                                        "error write x: No space left on device\n"
                                                        " a\\nok\\r\\x1b\nok\n");
        });
    }

    TEST_CASE("control server: every one of many lines sent at once is answered in order") {
        each_server([](Server& server) {
            std::string questions, answers;
            for (int i = 0; i < 200; ++i) {
                questions += "say " + std::to_string(i) + '\n';
                answers += " noted\n \nok\n";
            }
            CHECK(server.ask(questions) == answers);
            REQUIRE(server.said.size() == 200);
            for (int i = 0; i < 200; ++i)
                CHECK(server.said[static_cast<std::size_t>(i)] == std::to_string(i));
        });
    }

    TEST_CASE("control server: whoever asks nothing makes room where there is a limit to that") {
        const TemporaryFolder folder;
        Loop loop{Backend::poll};
        ControlServer server{loop,
                             listen_on(Address::of_path(folder / "socket")),
                             {{"tick", "", "", [](Words) { return ControlAnswer{}; }}},
                             ControlServer::Manners{.silence = 1s}};
        const auto connect = [&] {
            return connect_to(std::vector{Address::of_path(folder / "socket")}, Clock::now() + deadline);
        };
        const Fd silent = connect(), talker = connect();
        // The talker asks until the other has been dropped.
        for (bool has_ended = false; !has_ended; loop.run_once(nullptr)) {
            send_text(talker, "tick\n");
            std::array<char, 16> piece{};
            (void)read_some(talker.get(), piece);
            has_ended = read_some(silent.get(), piece).state == IoState::ended;
            loop.at(Clock::now() + 5ms, [] {});
        }
        send_text(talker, "tick\n");
        loop.run_once(nullptr);
        std::array<char, 16> piece{};
        CHECK(read_some(talker.get(), piece).state == IoState::done);
        while (read_some(talker.get(), piece).state != IoState::ended) { // and then that one
            loop.at(Clock::now() + 5ms, [] {});
            loop.run_once(nullptr);
        }
    }

    TEST_CASE("control server: lines that ask nothing keep no place where there is a limit to that") {
        Strangers here{{.silence = 1s}};
        Server::Client noisy = here.connect();
        while (!noisy.ended) {
            send_text(noisy.socket, "\n# x\nhelp\nnonsense\n");
            here.run_once(noisy);
        }
        CHECK(here.ticks == 0);
    }

    TEST_CASE("control server: at the limit a stranger who asks nothing makes room") {
        Strangers here{{.silence = 1h}};
        std::list<Server::Client> all;
        for (std::size_t count = 0; count < 3 * ControlServer::max_clients; ++count) {
            all.push_back(here.connect());
            here.run_once(all.back());
        }
        const auto is_open = [](const Server::Client& one) { return !one.ended; };
        for (int round = 0; round < 20; ++round)
            for (Server::Client& one : all) here.run_once(one);
        CHECK(std::ranges::count_if(all, is_open) == ControlServer::max_clients);
        Server::Client last = here.connect();
        send_text(last.socket, "tick\n");
        while (last.answer.empty()) here.run_once(last);
        CHECK(last.answer == "ok\n");
    }

    TEST_CASE("control server: who is refused is told once and heard when it may ask again") {
        int left = 2;
        Clock::duration wait = 1h;
        Strangers here{{.silence = 1h, .refuse = [&]() -> std::optional<ControlServer::Manners::Refusal> {
                            if (left-- > 0) return {};
                            return ControlServer::Manners::Refusal{"too many", wait};
                        }}};
        Server::Client first = here.connect(), second = here.connect();
        std::string lines;
        for (int count = 0; count < 1000; ++count) lines += "tick\n\n";
        send_text(first.socket, lines);
        while (first.answer != "ok\nerror too many\n") here.run_once(first);
        for (int round = 0; round < 20; ++round) here.run_once(first);
        CHECK(first.answer == "ok\nerror too many\n");
        CHECK(here.ticks == 1);
        CHECK(left == -1); // nothing more was looked at
        wait = {};
        send_text(second.socket, "tick\n");
        left = 0;
        while (second.answer != "error too many\n") here.run_once(second);
        left = 3;
        while (here.ticks < 2) here.run_once(first); // both are heard again
    }

    TEST_CASE("control server: a line without an end is not read for ever from a stranger") {
        Strangers here{{.refuse = []() -> std::optional<ControlServer::Manners::Refusal> { return {}; }}};
        Server::Client endless = here.connect();
        send_text(endless.socket, std::string(ControlServer::max_line + 10, 'x'));
        while (!endless.ended) here.run_once(endless);
        CHECK(endless.answer == "error the line is longer than 4096 bytes\n");
    }

    TEST_CASE(
        "control server: before another goes on nothing more is heard and who does not read is no matter") {
        each_server([](Server& server) {
            Server::Client slow = server.connect(), late = server.connect();
            send_text(slow.socket, "flood\n");
            for (int round = 0; round < 5; ++round) server.run_once();
            CHECK_FALSE(server.server->is_answering());
            server.server->begin_hand_over();
            send_text(late.socket, "say late\n");
            for (int round = 0; round < 5; ++round) server.run_once();
            CHECK(server.said.empty());
            CHECK(server.server->take_moved().size() == 2);
        });
    }

    TEST_CASE("control server: a line of any length is one question") {
        each_server([](Server& server) {
            const std::string longest(ControlServer::max_line - 4, 'x');
            CHECK(server.ask("say " + longest + "\nsay y\n") == " noted\n \nok\n noted\n \nok\n");
            CHECK(server.said == std::vector<std::string>{longest, "y"});
            const std::string refused = "error the line is longer than 4096 bytes\n";
            CHECK(server.ask("say " + longest + "x\nsay z\n") == refused + " noted\n \nok\n");
            CHECK(server.ask("say " + std::string(100'000, 'x') + "\nsay z\n") ==
                  refused + " noted\n \nok\n");
            CHECK(server.said.size() == 4);
        });
    }

    TEST_CASE("control server: half a line before the end is no question") {
        each_server([](Server& server) {
            CHECK(server.ask("say one\nsay two") == " noted\n \nok\n");
            CHECK(server.said == std::vector<std::string>{"one"});
            CHECK(server.ask("").empty());
        });
    }

    TEST_CASE("control server: a line may come in pieces") {
        each_server([](Server& server) {
            Server::Client client = server.connect();
            for (const char c : std::string{"say x"}) {
                send_text(client.socket, {&c, 1});
                server.run_once();
            }
            CHECK(server.said.empty());
            send_text(client.socket, "\n");
            CHECK(server.wait_for(client, "ok\n") == " noted\n \nok\n");
            CHECK_FALSE(client.ended);
        });
    }

    TEST_CASE("control server: who does not read an answer holds up nobody and gets it later") {
        each_server([](Server& server) {
            Server::Client slow = server.connect();
            send_text(slow.socket, "flood\nsay after\n");
            for (int i = 0; i < 5; ++i) server.run_once();
            CHECK(server.ask("say quick\n") == " noted\n \nok\n");
            CHECK(server.said == std::vector<std::string>{"quick"}); // the slow one's next waits
            CHECK(server.wait_for(slow, "noted\n \nok\n").size() == 10'000 * 1002 + 3 + 12);
            CHECK(server.said == std::vector<std::string>{"quick", "after"});
        });
    }

    TEST_CASE("control server: a long answer takes a few milliseconds of a round whatever it costs") {
        each_server([](Server& server) {
            for (const std::string question : {"count 500 0\n", "count 50 10\n"}) {
                CAPTURE(question);
                Server::Client first = server.connect(), second = server.connect();
                send_text(first.socket, question);
                send_text(second.socket, question);
                int rounds = 0;
                for (; first.answer.empty() || second.answer.empty(); ++rounds) {
                    const int before = server.asked;
                    server.run_once();
                    // 2 ms and the last line for each of them; twice, when its question comes in this round.
                    CHECK(server.asked - before <= 2 * 2 * 21);
                    for (Server::Client* const client : {&first, &second}) {
                        std::array<char, 65536> piece{};
                        const IoResult got = read_some(client->socket.get(), piece);
                        if (got.state == IoState::done) client->answer.append(piece.data(), got.bytes);
                    }
                }
                CHECK(server.ask("say quick\n") == " noted\n \nok\n"); // long before they are through
                const std::string last = question == "count 50 10\n" ? " 50\nok\n" : " 500\nok\n";
                for (Server::Client* const client : {&first, &second}) {
                    CHECK(client->answer.find("ok\n") == client->answer.npos);
                    server.wait_for(*client, last);
                    CHECK(client->answer.rfind(" 1\n 2\n", 0) == 0);
                }
            }
        });
    }

    TEST_CASE("control server: a client that goes away in the middle costs nothing") {
        each_server([](Server& server) {
            for (const std::string_view question : {"flood\nflood\n", "", "half"}) {
                Server::Client client = server.connect();
                send_text(client.socket, question);
                server.run_once();
                client.socket.reset();
                server.run_once();
            }
            CHECK(server.ask("say x\n") == " noted\n \nok\n");
        });
    }

    TEST_CASE("control server: at its limit a client waits until another leaves") {
        each_server([](Server& server) {
            std::list<Server::Client> clients;
            for (std::size_t i = 0; i < ControlServer::max_clients; ++i) {
                clients.push_back(server.connect());
                send_text(clients.back().socket, "say x\n");
                CHECK(server.wait_for(clients.back(), "ok\n") == " noted\n \nok\n");
            }
            Server::Client late = server.connect();
            send_text(late.socket, "say late\n");
            for (int i = 0; i < 5; ++i) server.run_once();
            CHECK(server.said.size() == ControlServer::max_clients);
            clients.pop_front();
            CHECK(server.wait_for(late, "ok\n") == " noted\n \nok\n");
            CHECK(server.said.back() == "late");
        });
    }

    TEST_CASE("control server: a lack of descriptors ends nobody") {
        CHECK(in_child([] {
                  Server server{Backend::poll};
                  server.ask("say first\n"); // sanitizers need descriptors for what they see first
                  Server::Client client = server.connect();
                  send_text(client.socket, "say x\n");
                  rlimit limit{};
                  ::getrlimit(RLIMIT_NOFILE, &limit);
                  const Fd next{::dup(STDIN_FILENO)};
                  const rlimit none{static_cast<rlim_t>(next.get()), limit.rlim_max};
                  ::setrlimit(RLIMIT_NOFILE, &none);
                  for (int i = 0; i < 5; ++i) server.run_once();
                  if (server.said.size() > 1) return std::string{"it was let in"};
                  ::setrlimit(RLIMIT_NOFILE, &limit);
                  return server.wait_for(client, "ok\n") == " noted\n \nok\n" ? "" : client.answer;
              }) == "");
    }

    TEST_CASE("control server: its socket is its owner's alone and goes with it") {
        each_server([](Server& server) {
            struct stat status {};
            REQUIRE(::stat(server.path.c_str(), &status) == 0);
            CHECK(S_ISSOCK(status.st_mode));
            CHECK((status.st_mode & 0777) == 0600);
            Server::Client client = server.connect();
            send_text(client.socket, "say x\n");
            server.wait_for(client, "ok\n");
            server.server.reset();
            CHECK_THROWS_AS(server.connect(), std::system_error); // nobody listens
            std::array<char, 8> bytes{};
            CHECK(read_some(client.socket.get(), bytes).state == IoState::ended);
        });
    }

    TEST_CASE("control server: who else has its listener goes on with it but for one that was closed") {
        const TemporaryFolder folder;
        Loop loop{Backend::poll};
        const Fd kept = listen_on(Address::of_path(folder / "control"), 0600);
        std::optional<ControlServer> server{std::in_place, loop, duplicate(kept.get()),
                                            std::vector<ControlVerb>{}};
        server.reset();
        const std::vector<Address> place{Address::of_path(folder / "control")};
        CHECK_NOTHROW(connect_to(place, Clock::now() + deadline));
        server.emplace(loop, duplicate(kept.get()), std::vector<ControlVerb>{});
        server->close();
        CHECK_THROWS_AS(connect_to(place, Clock::now() + deadline), std::system_error);
    }
}
