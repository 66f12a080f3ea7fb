// SPDX-License-Identifier: ISC
// One shared page for each child, on which it posts what it is doing and from which its parent reads, without
// a system call on either side. In chatd the hub writes there, too, who has news
// (chatd/sleep_word.hh). The parent trusts nothing on it. A child unmaps all pages but its own.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace common {

class StatusPages {
public:
    // Reserves count pages of zeros; memory is used only by those that were written.
    explicit StatusPages(std::size_t count);
    // The same on shared memory (common/shared_memory.hh) that others map, too.
    StatusPages(std::size_t count, int shared_memory);
    ~StatusPages();
    StatusPages(const StatusPages&) = delete;
    StatusPages& operator=(const StatusPages&) = delete;

    // At a start, in place of what was taken: processes that live have these, each named once. Throws
    // std::logic_error for a number that there is not, or twice.
    void take_those(std::span<const std::size_t> pages);
    // A free page; no value when all are taken.
    std::optional<std::size_t> take();
    // A page that is given back, unread, unless it is kept: for whoever still has to find the other things
    // that a child needs.
    class Lease {
    public:
        explicit Lease(StatusPages& pages) : pages_(pages) {
            const std::optional<std::size_t> page = pages.take();
            holds_ = page.has_value();
            page_ = page.value_or(0);
        }
        ~Lease() {
            if (holds_) pages_.give_back_unread(page_);
        }
        Lease(const Lease&) = delete;
        Lease& operator=(const Lease&) = delete;

        explicit operator bool() const { return holds_; }
        std::size_t number() const { return page_; }
        // From now on it is the caller's to give back.
        void keep() { holds_ = false; }

    private:
        StatusPages& pages_;
        std::size_t page_ = 0;
        bool holds_ = false;
    };
    // Zeroes the page and gives it back: only after its child has been reaped.
    void give_back(std::size_t page);
    // The same, and leaves the zeroing to the next child: a page that nobody here looks at takes no memory
    // here.
    void give_back_unread(std::size_t page);
    std::size_t size() const { return count_; }

    std::span<std::byte> page(std::size_t page) const;
    // In a child: unmaps every page but this one. page() must not be called afterwards: call it before.
    void keep_only(std::size_t page);
    void keep_none(); // the same for a child that has no page

private:
    std::size_t page_size_;
    std::size_t count_;
    std::byte* base_;
    std::size_t taken_once_ = 0;    // so many were, the first ones
    std::vector<std::size_t> free_; // and these were given back; small, for each child has a copy
};

// A record on a page that one process posts and another reads: a sequence lock of 64-bit words, so that a
// reader never sees half of two records. size: bytes of the record (a pack::Struct's).
class PostedRecord {
public:
    PostedRecord(std::span<std::byte> page, std::size_t size);

    // Of exactly size bytes. What an earlier writer has left unfinished does no harm.
    void post(std::span<const char> record);
    // No value before the first post, while the writer is in the middle of posting, or if it claims to be
    // for ever.
    std::optional<std::string> read() const;

private:
    std::atomic_ref<std::uint64_t> word(std::size_t index) const;
    std::uint64_t* words_;
    std::size_t size_;
};

} // namespace common
