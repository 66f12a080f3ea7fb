// SPDX-License-Identifier: ISC
#include "common/file_to_socket.hh"
#include "tests/unit/common/each_backend.hh"
#include "tests/unit/common/temporary_folder.hh"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <random>
#include <signal.h>
#include <system_error>

using namespace common;
using waiting::Pair;

namespace {

using Copy = IoResult (*)(int file, off_t& offset, std::size_t most, int socket);
constexpr std::array<Copy, 3> ways{copy_file_to_socket, copy_file_to_socket_by_reading, copy_last_to_socket};

std::string random_bytes(std::size_t count) {
    std::mt19937 random{7};
    std::string bytes(count, '\0');
    for (char& byte : bytes) byte = static_cast<char>(random());
    return bytes;
}

struct File {
    explicit File(std::string_view content) {
        const std::string path = folder / "file";
        fd = Fd{checked("open", path, [&] { return ::open(path.c_str(), O_RDWR | O_CREAT, 0600); })};
        REQUIRE(::pwrite(fd.get(), content.data(), content.size(), 0) ==
                static_cast<ssize_t>(content.size()));
    }
    TemporaryFolder folder;
    Fd fd;
};

std::string read_all(int fd) {
    std::string all;
    std::array<char, 65536> piece{};
    for (;;) {
        const IoResult got = read_some(fd, piece);
        if (got.state != IoState::done) return all;
        all.append(piece.data(), got.bytes);
    }
}

// Copies from offset up to count bytes, with a reader that empties the socket whenever it is full.
std::string copied(Copy copy, const File& file, off_t offset, std::size_t count, IoState& last) {
    const Pair pair;
    std::string all;
    off_t at = offset;
    bool was_full = false;
    while (count > 0) {
        const off_t before = at;
        const IoResult moved = copy(file.fd.get(), at, count, pair.near.get());
        last = moved.state;
        REQUIRE(at - before == static_cast<off_t>(moved.bytes));
        REQUIRE(moved.bytes <= count);
        REQUIRE((moved.bytes > 0) == (moved.state == IoState::done));
        count -= moved.bytes;
        if (moved.state == IoState::ended) break;
        if (moved.state == IoState::done) continue;
        REQUIRE(moved.state == IoState::would_block);
        was_full = true;
        const std::string some = read_all(pair.far.get());
        REQUIRE_FALSE(some.empty());
        all += some;
    }
    all += read_all(pair.far.get());
    CHECK(was_full == (all.size() > 1'000'000)); // the large ones must have met a full socket
    return all;
}

} // namespace

TEST_SUITE("unit") {
    TEST_CASE("file to socket: all ways move the same bytes from any offset through a full socket") {
        const std::string content = random_bytes(3'000'000);
        const File file{content};
        for (const Copy copy : ways)
            for (const off_t offset : {0, 1, 4095, 1'234'567})
                for (const std::size_t count : {std::size_t{1}, std::size_t{5000}, std::size_t{1'500'000}}) {
                    IoState last{};
                    const bool same = copied(copy, file, offset, count, last) ==
                                      content.substr(static_cast<std::size_t>(offset), count);
                    CHECK(same);
                    CHECK(last == IoState::done);
                }
    }

    TEST_CASE("file to socket: a file that is shorter than asked for ends") {
        const File file{"0123456789"};
        for (const Copy copy : ways) {
            IoState last{};
            CHECK(copied(copy, file, 4, 100, last) == "456789");
            CHECK(last == IoState::ended);
            CHECK(copied(copy, file, 10, 1, last).empty());
            CHECK(last == IoState::ended);
            CHECK(copied(copy, file, 999, 1, last).empty());
            CHECK(last == IoState::ended);
        }
    }

    TEST_CASE("file to socket: a file that shrinks on the way ends") {
        for (const Copy copy : ways) {
            const File file{"0123456789"};
            const Pair pair;
            off_t at = 0;
            REQUIRE(copy(file.fd.get(), at, 4, pair.near.get()).bytes == 4);
            REQUIRE(::ftruncate(file.fd.get(), 4) == 0);
            CHECK(copy(file.fd.get(), at, 6, pair.near.get()).state == IoState::ended);
            CHECK(at == 4);
        }
    }

    TEST_CASE("file to socket: a peer that is gone is told from a fault of the file") {
        ::signal(SIGPIPE, SIG_IGN);
        const File file{"0123456789"};
        for (const Copy copy : ways) {
            Pair pair;
            pair.far.reset();
            off_t at = 3;
            CHECK(copy(file.fd.get(), at, 4, pair.near.get()).state == IoState::vanished);
            CHECK(at == 3);
        }
        const Fd folder{::open("/", O_RDONLY)};
        for (const Copy copy : ways) {
            const Pair pair;
            off_t at = 0;
            CHECK_THROWS_AS(copy(folder.get(), at, 4, pair.near.get()), std::system_error);
            CHECK_THROWS_AS(copy(-1, at, 4, pair.near.get()), std::system_error);
        }
    }
}
