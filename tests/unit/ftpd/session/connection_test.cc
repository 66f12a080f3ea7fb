// SPDX-License-Identifier: ISC
// A session's sockets, held from the other ends: the client's and the parent's.
#include "ftpd/session/connection.hh"

#include "common/fd.hh"
#include "common/socket.hh"
#include "ftpd/frames.hh"
#include "ftpd/session/parent_link.hh"
#include "ftpd/session/refusal.hh"

#include <array>
#include <doctest/doctest.h>
#include <signal.h>
#include <string>
#include <string_view>
#include <sys/socket.h>
#include <utility>
#include <vector>

using namespace ftpd;
using namespace std::chrono_literals;
using namespace std::string_literals;
using common::Clock;
using common::Fd;
using common::Interest;
using Reason = SessionOver::Reason;

namespace {

std::pair<Fd, Fd> stream_pair() {
    std::array<int, 2> ends{};
    REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM, 0, ends.data()) == 0);
    for (const int fd : ends) common::set_nonblocking(fd);
    return {Fd{ends[0]}, Fd{ends[1]}};
}

// The connection under test, and the other ends of its sockets.
struct Scene {
    std::pair<Fd, Fd> client_pair = stream_pair();
    std::pair<Fd, Fd> parent_pair = common::make_packet_pair();
    Fd peer = std::move(client_pair.first);
    Fd parents_end = std::move(parent_pair.first);
    ParentLink parent{std::move(parent_pair.second)};
    ClientSocket client{common::Backend::poll, 10s, std::move(client_pair.second), parent};
    Connection control{client};

    void send(std::string_view bytes) { CHECK(common::write_some(peer.get(), bytes).bytes == bytes.size()); }
    void order(const std::string& packet) {
        CHECK(common::send_packet(parents_end.get(), packet) == common::IoState::done);
    }
    std::string received() {
        client.flush();
        std::string all(65536, '\0');
        all.resize(common::read_some(peer.get(), all).bytes);
        return all;
    }
    std::string next() {
        const auto line = control.next_line(Clock::now() + 10s);
        return line ? line->text : "(end)";
    }
};

template <class Work>
Reason reason_of(Work work) {
    try {
        work();
    } catch (const SessionOver& end) {
        return end.reason;
    }
    FAIL("the session goes on");
    return {};
}

} // namespace

TEST_SUITE("unit") {
    TEST_CASE("connection: lines come one by one and then the end") {
        Scene scene;
        scene.send("NOOP\r\nCWD a\nb\r\nQUI");
        CHECK(scene.next() == "NOOP");
        CHECK(scene.next() == "CWD a\nb"); // a bare LF is data after the first CR LF
        CHECK_FALSE(scene.control.is_person());
        CHECK(reason_of([&] { scene.control.next_line(Clock::now()); }) ==
              Reason::idle); // half a line keeps nobody alive
        scene.send("T\r\n");
        ::shutdown(scene.peer.get(), SHUT_WR);
        CHECK(scene.next() == "QUIT");
        CHECK(scene.next() == "(end)");
        CHECK(scene.client.input_ended());
    }

    TEST_CASE("connection: a TLS handshake ends the session and not what only holds one") {
        Scene scene;
        scene.send("RETR \x16\x03\n\x16\x03\x01");
        CHECK(scene.next() == "RETR \x16\x03");
        CHECK(reason_of([&] { scene.next(); }) == Reason::protocol);
    }

    TEST_CASE("connection: replies are collected and bytes of the telnet protocol doubled") {
        Scene scene;
        scene.control.reply(257, "\"a\xff\"");
        scene.control.begin_lines(213, "/");
        scene.control.add_line("b\xff");
        scene.control.add_exact_line("c\r\n\xff");
        scene.control.end_lines(213, "1 entry");
        scene.control.reply(150, "Send.", "\xff\xfd\x40");
        CHECK(scene.received() ==
              "257 \"a\xff\xff\"\r\n213-/\r\n b\xff\xff\r\n c\r\0\n\xff\xff\r\n213 1 entry\r\n"
              "150 Send.\xff\xfd\x40\r\n"s);
    }

    TEST_CASE("connection: a name ends no line of a reply") {
        Scene scene;
        scene.control.reply(257, "\"a\r\n226 b\n\"");
        scene.control.begin_lines(213, "/\nc");
        scene.control.add_line("d\r\n213 e\xff");
        scene.control.end_lines(213, "f\r");
        CHECK(scene.received() == "257 \"a??226 b?\"\r\n213-/?c\r\n d??213 e\xff\xff\r\n213 f?\r\n");
    }

    TEST_CASE("connection: only a person gets a hint") {
        Scene scene;
        scene.control.reply_with_hint(530, "Log in.", "Type USER.");
        scene.control.set_telnet();
        scene.control.reply_with_hint(530, "Log in.", "Type USER.");
        scene.control.reply_with_hint(530, "Log in.", "");
        CHECK(scene.received() == "530 Log in.\r\n530 Log in. Type USER.\r\n530 Log in.\r\n");
    }

    TEST_CASE("connection: what the attendant leaves waits with all behind it") {
        Scene scene;
        std::vector<std::string> seen;
        {
            const Connection::Attention attention{scene.control, [&](const common::Line& line) {
                                                      seen.push_back(line.text);
                                                      return line.text == "NOOP";
                                                  }};
            scene.send("NOOP\r\nQUIT\r\nNOOP\r\n");
            scene.control.look_around();
            scene.control.look_around();
        }
        CHECK(seen == std::vector<std::string>{"NOOP", "QUIT"});
        CHECK(scene.next() == "QUIT");
        CHECK(scene.next() == "NOOP");
        scene.send("NOOP\r\n");
        scene.control.look_around(); // nobody attends any more
        CHECK(seen.size() == 2);
        CHECK(scene.next() == "NOOP");
    }

    TEST_CASE("connection: an attendant that waits is not called again meanwhile") {
        Scene scene;
        int calls = 0;
        const Connection::Attention attention{scene.control, [&](const common::Line&) {
                                                  ++calls;
                                                  scene.control.look_around();
                                                  CHECK(calls == 1);
                                                  return false;
                                              }};
        scene.send("STAT\r\nSTAT\r\n");
        scene.control.look_around();
        CHECK(calls == 1);
    }

    TEST_CASE("connection: a wait for another descriptor ends when that is ready or at its deadline") {
        Scene scene;
        const auto [ours, theirs] = stream_pair();
        CHECK_FALSE(scene.control.wait_for_data(ours.get(), Interest::read, Clock::now()));
        scene.send("NOOP\r\n"); // somebody else's news
        CHECK_FALSE(scene.control.wait_for_data(ours.get(), Interest::read, Clock::now()));
        CHECK(common::write_some(theirs.get(), "x").bytes == 1);
        CHECK(scene.control.wait_for_data(ours.get(), Interest::read, Clock::now() + 10s));
        scene.client.forget(ours.get());
        scene.client.forget(ours.get()); // once more harms nothing
        CHECK(scene.next() == "NOOP");
    }

    TEST_CASE("client socket: a body comes from what was read with the lines and then from the socket") {
        Scene scene;
        scene.send("PUT x\r\nabcdef");
        CHECK(scene.next() == "PUT x");
        std::array<char, 4> into{};
        CHECK(scene.client.receive(into) == 4);
        CHECK(scene.client.receive(into) == 2);
        scene.send("gh");
        CHECK(scene.client.wait_for_input() == "gh");
        CHECK(scene.client.receive(into) == 2);
        ::shutdown(scene.peer.get(), SHUT_WR);
        CHECK(scene.client.wait_for_input().empty());
        CHECK(scene.client.receive(into) == 0);
    }

    TEST_CASE("client socket: a client that is gone ends the session while a reply is written") {
        Scene scene;
        scene.peer.reset();
        scene.control.reply(200, "Nothing done.");
        CHECK(reason_of([&] { scene.client.flush(); }) == Reason::client_gone);
        scene.control.say_last(421, "Goodbye."); // which tries, and says nothing of it
    }

    TEST_CASE("parent link: an order of the parent ends whatever the session waits for") {
        Scene scene;
        scene.order(pack_frame(Kick{}));
        CHECK(reason_of([&] { scene.control.pause_until(Clock::now() + 10s); }) == Reason::kicked);
        CHECK(scene.parent.last_words().empty());
        scene.order(pack_frame(Stop{"back at nine"}));
        CHECK(reason_of([&] { scene.control.look_around(); }) == Reason::stopped);
        CHECK(scene.parent.last_words() == "back at nine");
    }

    TEST_CASE("parent link: orders that have come together are all obeyed") {
        Scene scene;
        scene.parent.end_pause();
        for (const std::string& packet :
             {pack_frame(Begin{}), pack_frame(Finish{"soon"}), pack_frame(Kick{})})
            scene.order(packet);
        CHECK(reason_of([&] { scene.parent.take_orders(); }) == Reason::kicked);
    }

    TEST_CASE("parent link: an order to finish is obeyed when nothing is under way") {
        Scene scene;
        scene.parent.end_pause();
        scene.order(pack_frame(Finish{"back at nine"}));
        scene.control.look_around();
        CHECK(reason_of([&] { scene.parent.begin_pause(); }) == Reason::stopped);
        CHECK(scene.parent.last_words() == "back at nine");

        Scene idle;
        idle.parent.begin_pause();
        idle.order(pack_frame(Finish{"now"}));
        CHECK(reason_of([&] { idle.control.pause_until(Clock::now() + 10s); }) == Reason::stopped);
        CHECK(idle.parent.last_words() == "now");
    }

    TEST_CASE("parent link: an order to leave waits like one to finish and a stop takes its place") {
        Scene scene;
        scene.parent.end_pause();
        scene.order(pack_frame(Leave{"not here"}));
        scene.control.look_around();
        CHECK(scene.parent.leaves_alone());
        CHECK(reason_of([&] { scene.parent.begin_pause(); }) == Reason::stopped);
        CHECK(scene.parent.last_words() == "not here");
        scene.order(pack_frame(Stop{"for good"}));
        CHECK(scene.parent.last_words() == "for good");
        CHECK_FALSE(scene.parent.leaves_alone());
    }

    TEST_CASE("parent link: words that come after the signal are last words too") {
        Scene scene;
        ::raise(SIGTERM); // blocked until the wait
        CHECK(reason_of([&] { scene.control.pause_until(Clock::now() + 10s); }) == Reason::stopped);
        scene.order(pack_frame(Stop{"for good"}));
        CHECK(scene.parent.last_words() == "for good");
    }

    TEST_CASE("parent link: packets arrive whole and a parent that is gone ends the session") {
        Scene scene;
        scene.parent.tell(pack_frame(LogLine{common::Severity::notice, "login ann"}));
        std::array<char, max_session_packet> packet{};
        const common::Received got = common::receive_packet(scene.parents_end.get(), packet);
        CHECK(std::get<LogLine>(unpack_session_packet(std::span{packet}.first(got.bytes))).line ==
              "login ann");
        scene.parents_end.reset();
        CHECK(reason_of([&] { scene.parent.tell(pack_frame(LogLine{})); }) == Reason::parent_gone);
        CHECK(reason_of([&] { scene.control.look_around(); }) == Reason::parent_gone);
    }
}
