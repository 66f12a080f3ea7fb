// SPDX-License-Identifier: ISC
// A child's questions to its keeper, of which one may be given up before its answer comes.
#include "common/keeper/keeper_link.hh"

#include "common/errors.hh"
#include "common/socket.hh"

#include <array>
#include <doctest/doctest.h>
#include <fcntl.h>
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
}
