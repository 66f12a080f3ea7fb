// SPDX-License-Identifier: ISC
#include "common/free_memory.hh"

#include "tests/e2e/observe.hh"
#include "tests/e2e/proc.hh"
#include "tests/skip.hh"

#include <doctest/doctest.h>
#include <memory>
#include <unistd.h>
#include <vector>

namespace {

constexpr std::size_t blocks = 1000, block_size = 16 << 10; // bytes; too small to be mapped each by itself

using Block = std::unique_ptr<std::vector<char>>;

} // namespace

TEST_SUITE("unit") {
    TEST_CASE("memory that was freed between what is in use goes back to the system") {
        if (!e2e::have_proc() || e2e::is_posix_build() || e2e::is_sanitized())
            return tests::skip("needs /proc, and malloc_trim without a sanitizer");
        std::vector<Block> freed, kept;
        for (std::size_t i = 0; i < blocks; ++i) {
            freed.push_back(std::make_unique<std::vector<char>>(block_size, 'x'));
            kept.push_back(std::make_unique<std::vector<char>>(1, 'x'));
        }
        freed.clear();
        const std::size_t before = e2e::resident_bytes(::getpid());
        common::give_back_free_memory();
        CHECK(e2e::resident_bytes(::getpid()) + blocks * block_size / 2 < before);
        CHECK(kept.back()->front() == 'x');
    }
}
