// SPDX-License-Identifier: ISC
#include "common/status_pages.hh"

#include "common/errors.hh"

#include <algorithm>
#include <cstring>
#include <stdexcept>
#include <sys/mman.h>
#include <unistd.h>

namespace common {

StatusPages::StatusPages(std::size_t count) : StatusPages(count, -1) {}

StatusPages::StatusPages(std::size_t count, int shared_memory)
    : page_size_(static_cast<std::size_t>(::sysconf(_SC_PAGESIZE))), count_(count) {
    const int kind = MAP_SHARED | (shared_memory < 0 ? MAP_ANONYMOUS : 0);
    void* const mapped = ::mmap(nullptr, count * page_size_, PROT_READ | PROT_WRITE, kind, shared_memory, 0);
    if (mapped == MAP_FAILED) fail("map the status pages");
    base_ = static_cast<std::byte*>(mapped);
}

StatusPages::~StatusPages() {
    if (base_ != nullptr) ::munmap(base_, count_ * page_size_);
}

void StatusPages::take_those(std::span<const std::size_t> pages) {
    std::vector<std::size_t> sorted{pages.begin(), pages.end()};
    std::ranges::sort(sorted);
    if (std::ranges::adjacent_find(sorted) != sorted.end() || (!sorted.empty() && sorted.back() >= count_))
        throw std::logic_error("no such status pages");
    taken_once_ = sorted.empty() ? 0 : sorted.back() + 1;
    free_.clear();
    free_.reserve(taken_once_);
    for (std::size_t page = taken_once_; page-- > 0;)
        if (!std::ranges::binary_search(sorted, page)) free_.push_back(page);
}

std::optional<std::size_t> StatusPages::take() {
    if (free_.empty() && taken_once_ == count_) return {};
    if (free_.empty()) { // with room to give it back, which must not fail
        if (free_.capacity() <= taken_once_) free_.reserve(2 * taken_once_ + 1);
        return taken_once_++;
    }
    const std::size_t page = free_.back();
    free_.pop_back();
    return page;
}

void StatusPages::give_back(std::size_t number) {
    const std::span<std::byte> bytes = page(number);
    std::fill(bytes.begin(), bytes.end(), std::byte{});
    free_.push_back(number);
}

void StatusPages::give_back_unread(std::size_t number) {
    if (number >= count_) throw std::logic_error("no such status page");
    free_.push_back(number);
}

std::span<std::byte> StatusPages::page(std::size_t number) const {
    if (number >= count_) throw std::logic_error("no such status page");
    return {base_ + number * page_size_, page_size_};
}

void StatusPages::keep_only(std::size_t number) {
    if (number >= count_) throw std::logic_error("no such status page");
    const std::size_t before = number * page_size_;
    const std::size_t after = (count_ - number - 1) * page_size_;
    if (before != 0) checked("unmap", "status pages", [&] { return ::munmap(base_, before); });
    if (after != 0)
        checked("unmap", "status pages", [&] { return ::munmap(base_ + before + page_size_, after); });
    count_ = 0; // the destructor of a child's copy never runs; no page can be named any more
    free_.clear();
}

void StatusPages::keep_none() {
    checked("unmap", "status pages", [&] { return ::munmap(base_, count_ * page_size_); });
    base_ = nullptr;
    count_ = 0;
    free_.clear();
}

PostedRecord::PostedRecord(std::span<std::byte> page, std::size_t size)
    : words_(reinterpret_cast<std::uint64_t*>(page.data())), size_(size) {
    if (sizeof(std::uint64_t) + size + sizeof(std::uint64_t) > page.size())
        throw std::logic_error("a record larger than its page");
}

std::atomic_ref<std::uint64_t> PostedRecord::word(std::size_t index) const {
    return std::atomic_ref<std::uint64_t>{words_[index]};
}

void PostedRecord::post(std::span<const char> record) {
    if (record.size() != size_) throw std::logic_error("a record of another size");
    const std::uint64_t sequence = word(0).load(std::memory_order_relaxed);
    const std::uint64_t odd = sequence | 1; // being written
    word(0).store(odd, std::memory_order_relaxed);
    std::atomic_thread_fence(std::memory_order_release);
    for (std::size_t at = 0, index = 1; at < size_; at += sizeof(std::uint64_t), ++index) {
        std::uint64_t value = 0;
        std::memcpy(&value, record.data() + at, std::min(sizeof value, size_ - at));
        word(index).store(value, std::memory_order_relaxed);
    }
    word(0).store(odd + 1, std::memory_order_release);
}

std::optional<std::string> PostedRecord::read() const {
    constexpr int tries = 100; // a writer that died in the middle, or lies, must not hold the reader
    for (int attempt = 0; attempt < tries; ++attempt) {
        const std::uint64_t before = word(0).load(std::memory_order_acquire);
        if (before == 0) return {};
        if (before % 2 != 0) continue;
        std::string record(size_, '\0');
        for (std::size_t at = 0, index = 1; at < size_; at += sizeof(std::uint64_t), ++index) {
            const std::uint64_t value = word(index).load(std::memory_order_relaxed);
            std::memcpy(record.data() + at, &value, std::min(sizeof value, size_ - at));
        }
        std::atomic_thread_fence(std::memory_order_acquire);
        if (word(0).load(std::memory_order_relaxed) == before) return record;
    }
    return {};
}

} // namespace common
