// SPDX-License-Identifier: ISC
// A child's questions to its keeper, of which one may be given up before its answer comes; what it deposits.
#include "common/keeper/keeper_link.hh"

#include "common/errors.hh"
#include "common/loop.hh"
#include "common/socket.hh"
#include "common/text.hh"
#include "tests/unit/common/temporary_folder.hh"
#include "tests/unit/common/test_keeper.hh"

#include <array>
#include <csignal>
#include <doctest/doctest.h>
#include <fcntl.h>
#include <string>
#include <string_view>
#include <sys/stat.h>
#include <unistd.h>
#include <utility>

using namespace common;

namespace {

void answer(const Fd& pair, const Fd& given) {
    const std::string packet =
        pack_keeper_frame({.word = KeeperWord::give, .flag = true, .label = std::string{label_of_users}});
    REQUIRE(send_packet(pair.get(), packet, given.get()) == IoState::done);
}

ino_t inode_of(const Fd& fd) {
    struct stat found {};
    REQUIRE(::fstat(fd.get(), &found) == 0);
    return found.st_ino;
}

Fd make_end() {
    std::array<int, 2> ends{};
    REQUIRE(::pipe(ends.data()) == 0);
    const Fd other{ends[1]};
    return Fd{ends[0]};
}

} // namespace

TEST_SUITE("unit") {
    TEST_CASE("the late answer to a question that was given up goes to nobody and the next to who asks now") {
        auto [keeper, child] = make_packet_pair();
        REQUIRE(send_packet(keeper.get(), pack_keeper_frame({.word = KeeperWord::begin})) == IoState::done);
        KeeperLink link{std::move(child)};
        REQUIRE(send_packet(keeper.get(), std::string_view{"no frame"}) == IoState::done);
        CHECK_THROWS_AS(link.want_now(label_of_users), PeerError);
        const Fd late = make_end(), next = make_end();
        answer(keeper, late);
        answer(keeper, next);
        const Fd given = link.want_now(label_of_users);
        CHECK(inode_of(given) == inode_of(next));
        CHECK(inode_of(given) != inode_of(late));
    }

    TEST_CASE("keeper link: a signal that came before the start is heard when it is served") {
        auto [keeper, child] = make_packet_pair();
        const auto say = [&pair = keeper](const KeeperFrame& frame) {
            REQUIRE(send_packet(pair.get(), pack_keeper_frame(frame)) == IoState::done);
        };
        say({.word = KeeperWord::signal, .number = SIGTERM});
        say({.word = KeeperWord::begin});
        KeeperLink link{std::move(child)};
        Loop loop{Backend::poll};
        int heard = 0;
        link.attach(loop, {.on_signal = [&](int signal) { heard = signal; }});
        CHECK(heard == 0); // whoever hears it is not yet complete
        loop.run_once(nullptr);
        CHECK(heard == SIGTERM);
        link.detach();
    }

    TEST_CASE("keeper link: what a predecessor has left is taken by label in its order and once") {
        const TemporaryFolder folder;
        const Fd file = make_end();
        TestKeeper::Left left;
        for (const char* const label : {"room b", "client 1", "room a", "client 2"})
            left.push_back({label, text("of ", label), duplicate(file.get())});
        left.push_back({"client 3", "", {}});
        TestKeeper keeper{folder / "lock", {}, std::move(left)};
        KeeperLink& link = keeper.link();
        CHECK(link.follows_another());
        const auto taken = [&](std::string_view begin) {
            std::string all;
            for (const KeeperLink::Left& one : link.take_left(begin)) {
                all += text(one.label, ": ", one.bytes, one.fd ? "+, " : ", ");
                if (one.fd) CHECK(inode_of(one.fd) == inode_of(file));
            }
            return all;
        };
        CHECK(taken("client 2") == "client 2: of client 2+, ");
        CHECK(taken("client ") == "client 1: of client 1+, client 3: , ");
        CHECK(taken("client ").empty());
        CHECK(taken("") == "room b: of room b+, room a: of room a+, ");
        CHECK(taken("").empty());
    }

    TEST_CASE("keeper link: without a predecessor nothing was left and nobody is followed") {
        const TemporaryFolder folder;
        Loop loop{Backend::poll};
        TestKeeper keeper{folder / "lock"};
        CHECK_FALSE(keeper.link().follows_another());
        CHECK(keeper.link().take_left("").empty());
        keeper.tell({.word = KeeperWord::left, .label = "late"});
        std::string error;
        loop.survive([&](const std::exception& what) { error = what.what(); });
        keeper.link().attach(loop, {});
        loop.run_once(nullptr, false);
        CHECK(error == "the keeper gives what was left after the start");
    }

    TEST_CASE(
        "keeper link: deposits wait for room with a descriptor of their own and are told when all have it") {
        const TemporaryFolder folder;
        Loop loop{Backend::poll};
        TestKeeper keeper{folder / "lock"};
        KeeperLink& link = keeper.link();
        int times = 0;
        link.attach(loop, {.on_deposited = [&] { ++times; }});
        int made = 0;
        const auto deposit = [&] {
            const Fd file = make_end(); // is closed at once
            link.deposit(text("client ", made++), "record", file.get());
        };
        while (link.has_deposited_all()) deposit();
        for (int i = 0; i < 20; ++i) deposit();
        link.withdraw("client 3");
        loop.run_once(nullptr, false);
        CHECK(times == 0);
        int heard = 0;
        for (int rounds = 0; rounds < 100; ++rounds) {
            for (auto frame = keeper.heard(); frame; frame = keeper.heard()) {
                if (heard == made) {
                    CHECK(frame->word == KeeperWord::withdraw);
                    CHECK(frame->label == "client 3");
                    ++heard;
                    break;
                }
                CHECK(frame->word == KeeperWord::deposit);
                CHECK(frame->flag);
                CHECK(frame->label == text("client ", heard++));
                CHECK(keeper.held);
            }
            loop.run_once(nullptr, false);
        }
        CHECK(heard == made + 1);
        CHECK(link.has_deposited_all());
        CHECK(times == 1);
        link.deposit("client 0", "another record");
        const auto frame = keeper.heard();
        REQUIRE(frame);
        CHECK_FALSE(frame->flag);
        CHECK_FALSE(keeper.held);
        loop.run_once(nullptr, false);
        CHECK(times == 1);
    }

    TEST_CASE("keeper link: without a loop all is deposited once the keeper has taken it") {
        const TemporaryFolder folder;
        TestKeeper keeper{folder / "lock"};
        KeeperLink& link = keeper.link();
        int made = 0;
        while (link.has_deposited_all()) link.deposit(text(made++), "");
        int heard = 0;
        while (keeper.heard()) ++heard;
        link.hold({});
        CHECK(link.has_deposited_all());
        while (keeper.heard()) ++heard;
        CHECK(heard == made);
    }

    TEST_CASE("keeper link: what is too long is deposited by nobody and the rest goes on") {
        const TemporaryFolder folder;
        TestKeeper keeper{folder / "lock"};
        KeeperLink& link = keeper.link();
        CHECK_THROWS_AS(link.deposit(std::string(max_deposit_label + 1, 'x'), ""), PeerError);
        CHECK_THROWS_AS(link.deposit("", ""), PeerError);
        CHECK_THROWS_AS(link.deposit("x", std::string(max_keeper_text + 1, 'x')), PeerError);
        link.deposit(std::string(max_deposit_label, 'x'), std::string(max_keeper_text, 'x'));
        const auto frame = keeper.heard();
        REQUIRE(frame);
        CHECK(frame->text.size() == max_keeper_text);
        CHECK_FALSE(keeper.heard());
    }

    TEST_CASE("keeper link: it answers that it lives and hears how an orphan ended") {
        const TemporaryFolder folder;
        Loop loop{Backend::poll};
        TestKeeper keeper{folder / "lock"};
        std::string ended;
        keeper.link().attach(
            loop, {.on_orphan_end = [&](pid_t pid, int status) { ended += text(pid, ':', status, ' '); }});
        keeper.tell({.word = KeeperWord::ask_life});
        keeper.tell({.word = KeeperWord::orphan_ended, .number = number_of({4711, SIGKILL})});
        keeper.tell({.word = KeeperWord::orphan_ended, .number = number_of({4'194'304, 3 << 8})});
        loop.run_once(nullptr, false);
        const auto frame = keeper.heard();
        REQUIRE(frame);
        CHECK(frame->word == KeeperWord::alive);
        CHECK(ended == "4711:9 4194304:768 ");
    }
}
