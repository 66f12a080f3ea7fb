// SPDX-License-Identifier: ISC
#include "ftpd/parent/kept_pages.hh"

#include "common/fd.hh"
#include "common/pack/pack.hh"
#include "common/shared_memory.hh"
#include "common/text.hh"

#include <algorithm>
#include <cstddef>
#include <stdexcept>
#include <string_view>
#include <utility>
#include <vector>

using namespace common;

namespace ftpd {
namespace {

constexpr std::string_view label_of_pages = "pages"; // in the keeper's box, with their number
using Number = pack::Struct<"=I">;

struct Memory {
    std::size_t count;
    Fd pages;
};

// At the beginning of the parent's own: its books, then a byte for each page that there can be.
constexpr std::size_t room_for_books = 1024, most_own = 64;
constexpr std::size_t room_for_own = room_for_books + client_ceiling + most_own;

std::size_t wanted_pages(const Settings& settings, std::size_t own, Log& log) {
    const std::size_t wanted = settings.max_clients + own;
    const std::size_t most = std::max(most_shared_pages(), own + 1);
    if (wanted <= most) return wanted;
    log.warning(text("there can be no more than ", most - own,
                     " clients at once: raise the limit of a file's size (ulimit -f)"));
    return most;
}

Memory open(KeeperLink& keeper, const Settings& settings, std::size_t own, Log& log) {
    Memory memory{wanted_pages(settings, own, log), {}};
    std::vector<KeeperLink::Left> left = keeper.take_left(label_of_pages);
    if (left.empty()) {
        memory.pages = make_shared_pages(memory.count, settings.state);
    } else {
        if (!left[0].fd) throw std::runtime_error("the status pages of the parent before are lost");
        memory.pages = std::move(left[0].fd);
        const auto [had] = Number::unpack(left[0].bytes);
        const std::size_t before = pack::capped(had, client_ceiling + own, "the status pages");
        if (memory.count > before) grow_shared_pages(memory.pages.get(), before, memory.count);
        memory.count = std::max(memory.count, before);
    }
    const auto count = Number::pack(static_cast<std::uint32_t>(memory.count));
    keeper.deposit(label_of_pages, {count.data(), count.size()}, memory.pages.get());
    return memory;
}

StatusPages map(const Memory& memory) { return StatusPages{memory.count, memory.pages.get()}; }

} // namespace

KeptPages::KeptPages(KeeperLink& keeper, const Settings& settings, Log& log)
    : pages_(map(open(keeper, settings, own_pages(), log))),
      books_(reinterpret_cast<Books*>(pages_.page(0).data())),
      live_(pages_.page(0).data() + room_for_books, pages_.size()) {
    static_assert(sizeof(Books) <= room_for_books);
    if (books_->started == 0) books_->started = Clock::now().time_since_epoch().count();
    take_those({});
}

std::size_t KeptPages::own_pages() { return (room_for_own + page_size() - 1) / page_size(); }

void KeptPages::take_those(std::vector<std::size_t> pages) {
    for (std::size_t own = 0; own < own_pages(); ++own) pages.push_back(own);
    pages_.take_those(pages);
}

} // namespace ftpd
