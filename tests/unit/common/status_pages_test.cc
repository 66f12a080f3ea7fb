// SPDX-License-Identifier: ISC
#include "common/status_pages.hh"
#include "tests/unit/common/in_child.hh"

#include <algorithm>
#include <chrono>
#include <cstring>
#include <doctest/doctest.h>
#include <fcntl.h>
#include <signal.h>
#include <stdexcept>
#include <vector>

using namespace common;
using namespace std::chrono_literals;

namespace {

constexpr std::size_t size = 333; // bytes of a record, no multiple of a word

bool is_zero(std::span<const std::byte> bytes) {
    return std::all_of(bytes.begin(), bytes.end(), [](std::byte b) { return b == std::byte{}; });
}

// The signal that ends a child which does body, or 0; a sanitizer would catch it and exit instead.
int signal_of(const std::function<void()>& body) {
    const pid_t child = ::fork();
    if (child == 0) {
        ::signal(SIGSEGV, SIG_DFL);
        body();
        ::_exit(0);
    }
    int status = 0;
    ::waitpid(child, &status, 0);
    return WIFSIGNALED(status) ? WTERMSIG(status) : 0;
}

void touch(std::span<std::byte> page) { *const_cast<volatile std::byte*>(page.data()) = std::byte{1}; }

} // namespace

TEST_SUITE("unit") {
    TEST_CASE("status pages: each page is taken once and the lowest first") {
        StatusPages pages{3};
        CHECK(pages.size() == 3);
        CHECK(pages.take() == 0U);
        CHECK(pages.take() == 1U);
        CHECK(pages.take() == 2U);
        CHECK_FALSE(pages.take());
        pages.give_back(1);
        CHECK(pages.take() == 1U);
        CHECK_FALSE(pages.take());
        CHECK_THROWS_AS(pages.page(3), std::logic_error);
        CHECK_THROWS_AS(pages.keep_only(3), std::logic_error);
    }

    TEST_CASE("status pages: a page that is given back holds nothing of its last child") {
        StatusPages pages{2};
        const std::span<std::byte> page = pages.page(*pages.take());
        CHECK(is_zero(page));
        std::fill(page.begin(), page.end(), std::byte{0xff});
        const std::span<std::byte> other = pages.page(*pages.take());
        std::fill(other.begin(), other.end(), std::byte{0xee});
        pages.give_back(0);
        CHECK(is_zero(pages.page(0)));
        CHECK(other.front() == std::byte{0xee});
        CHECK(other.back() == std::byte{0xee});
        pages.give_back_unread(1);
        CHECK(other.front() == std::byte{0xee}); // nobody has touched it
        CHECK(pages.take() == 1U);
        CHECK_THROWS_AS(pages.give_back_unread(2), std::logic_error);
    }

    TEST_CASE("status pages: the parent sees what a child posts") {
        StatusPages pages{3};
        CHECK(in_child([&] {
                  const std::span<std::byte> own = pages.page(1);
                  pages.keep_only(1);
                  PostedRecord{own, 5}.post(std::string_view{"hello"});
                  return std::string{};
              }) == "");
        CHECK(PostedRecord{pages.page(1), 5}.read() == "hello");
        CHECK(is_zero(pages.page(0)));
        CHECK(is_zero(pages.page(2)));
    }

    TEST_CASE("status pages: a child that touches another's page dies") {
        StatusPages pages{3};
        for (const std::size_t own : {0U, 1U, 2U})
            for (const std::size_t other : {0U, 1U, 2U}) {
                const std::span<std::byte> page = pages.page(other);
                CHECK(signal_of([&] {
                          pages.keep_only(own);
                          touch(page);
                      }) == (own == other ? 0 : SIGSEGV));
            }
        CHECK(signal_of([&] {
                  pages.keep_only(1);
                  try {
                      pages.page(1);
                  } catch (const std::logic_error&) {
                      ::raise(SIGUSR1); // none can be named any more
                  }
              }) == SIGUSR1);
    }

    TEST_CASE("status pages: those of processes that live already are not given to others") {
        StatusPages pages{6};
        CHECK(pages.take() == 0U);
        pages.take_those(std::vector<std::size_t>{3, 0});
        for (const std::size_t free : {1U, 2U, 4U, 5U}) CHECK(pages.take() == free);
        CHECK_FALSE(pages.take());
        pages.give_back(3);
        CHECK(pages.take() == 3U);
        CHECK_THROWS_AS(pages.take_those(std::vector<std::size_t>{6}), std::logic_error);
        CHECK_THROWS_AS(pages.take_those(std::vector<std::size_t>{1, 2, 1}), std::logic_error);
        pages.take_those({});
        CHECK(pages.take() == 0U);
    }

    TEST_CASE("posted record: it is read as it was posted and not before") {
        StatusPages pages{1};
        PostedRecord record{pages.page(0), size};
        CHECK_FALSE(record.read());
        for (const char c : {'a', '\0', '\xff'}) {
            const std::string posted(size, c);
            record.post(posted);
            CHECK(record.read() == posted);
        }
        CHECK_THROWS_AS(record.post(std::string(size - 1, 'x')), std::logic_error);
        CHECK_THROWS_AS(record.post(std::string(size + 1, 'x')), std::logic_error);
    }

    TEST_CASE("posted record: none is larger than its page") {
        StatusPages pages{1};
        const std::span<std::byte> page = pages.page(0);
        const std::size_t most = page.size() - 2 * sizeof(std::uint64_t);
        PostedRecord{page, most}.post(std::string(most, 'x'));
        CHECK_THROWS_AS((PostedRecord{page, most + 1}), std::logic_error);
    }

    TEST_CASE("posted record: what a writer leaves in the middle is not read and holds nobody") {
        StatusPages pages{1};
        const std::span<std::byte> page = pages.page(0);
        PostedRecord record{page, size};
        record.post(std::string(size, 'x'));
        page[0] ^= std::byte{1}; // the sequence is odd: being written, for ever
        const auto start = std::chrono::steady_clock::now();
        CHECK_FALSE(record.read());
        CHECK(std::chrono::steady_clock::now() - start < 60s);
        record.post(std::string(size, 'y')); // the next one's
        CHECK(record.read() == std::string(size, 'y'));
    }

    TEST_CASE("posted record: a reader never sees half of two records") {
        StatusPages pages{1};
        const std::span<std::byte> page = pages.page(0);
        const pid_t writer = ::fork();
        if (writer == 0) {
            PostedRecord record{page, size};
            for (unsigned round = 0;; ++round) record.post(std::string(size, static_cast<char>(round)));
        }
        REQUIRE(writer > 0);
        const PostedRecord record{page, size};
        std::size_t read = 0, mixed = 0, changes = 0;
        char last = 0;
        const auto end = std::chrono::steady_clock::now() + 1500ms;
        // Longer where the machine is busy: enough must have been read while the writer ran.
        const auto latest = end + 60s;
        while (std::chrono::steady_clock::now() < end ||
               (changes < 100 && std::chrono::steady_clock::now() < latest)) {
            const std::optional<std::string> seen = record.read();
            if (!seen) continue;
            ++read;
            mixed += seen->find_first_not_of(seen->front()) != seen->npos;
            changes += std::exchange(last, seen->front()) != seen->front();
        }
        ::kill(writer, SIGKILL);
        ::waitpid(writer, nullptr, 0);
        CHECK(mixed == 0);
        CHECK(read >= changes);
        CHECK(changes >= 100);
    }

    TEST_CASE("status pages: a page that is leased is free again unless it is kept") {
        StatusPages pages{2};
        const std::size_t kept = [&] {
            StatusPages::Lease one{pages}, two{pages}, none{pages};
            REQUIRE(one);
            REQUIRE(two);
            CHECK_FALSE(none);
            CHECK(one.number() != two.number());
            one.keep();
            return one.number();
        }();
        for (int again = 0; again < 3; ++again) { // and is lost however often it is not kept
            const StatusPages::Lease next{pages};
            REQUIRE(next);
            CHECK(next.number() != kept);
        }
        pages.give_back(kept);
        CHECK(pages.take().has_value());
        CHECK(pages.take().has_value());
        CHECK_FALSE(pages.take());
    }
}
