// SPDX-License-Identifier: ISC
#include "common/keeper/serving_word.hh"

#include "common/shared_memory.hh"

#include <atomic>
#include <string_view>
#include <sys/mman.h>
#include <sys/stat.h>
#include <vector>

namespace common {
namespace {

constexpr std::string_view label_of_page = "serving";

// That a predecessor has left; none too short to be looked at without a fault.
Fd left_page(KeeperLink& keeper) {
    for (KeeperLink::Left& left : keeper.take_left(label_of_page)) {
        struct stat found {};
        if (left.label == label_of_page && left.fd && ::fstat(left.fd.get(), &found) == 0 &&
            static_cast<std::size_t>(found.st_size) >= page_size())
            return std::move(left.fd);
    }
    return {};
}

} // namespace

ServingWord::ServingWord(KeeperLink& keeper, const std::string& folder) {
    Fd file = left_page(keeper);
    if (!file) {
        file = make_shared_pages(1, folder);
        keeper.deposit(label_of_page, {}, file.get());
    }
    page_ = reinterpret_cast<Page*>(map_shared_pages(file.get(), 0, 1).data());
    const std::uint64_t stood = keeper.predecessor_failed() ? page_->client : 0;
    if (stood == page_->at_last_death) suspect_ = stood;
    page_->at_last_death = stood;
    page_->client = 0;
}

// Whoever reads it does so after this process has ended.
void ServingWord::begin(std::uint64_t client) {
    std::atomic_ref{page_->client}.store(client, std::memory_order_relaxed);
    std::atomic_signal_fence(std::memory_order_seq_cst);
}

void ServingWord::end() {
    std::atomic_signal_fence(std::memory_order_seq_cst);
    std::atomic_ref{page_->client}.store(0, std::memory_order_relaxed);
}

void ServingWord::let_go() {
    ::munmap(page_, sizeof *page_); // all of the page that this is on
    page_ = nullptr;
}

} // namespace common
