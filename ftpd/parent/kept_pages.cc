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

std::size_t wanted_pages(const Settings& settings, Log& log) {
    const std::size_t wanted = settings.max_clients + std::size_t{1};
    const std::size_t most = std::max<std::size_t>(most_shared_pages(), 2);
    if (wanted <= most) return wanted;
    log.warning(text("there can be no more than ", most - 1,
                     " clients at once: raise the limit of a file's size (ulimit -f)"));
    return most;
}

Memory open(KeeperLink& keeper, const Settings& settings, Log& log) {
    Memory memory{wanted_pages(settings, log), {}};
    std::vector<KeeperLink::Left> left = keeper.take_left(label_of_pages);
    if (left.empty()) {
        memory.pages = make_shared_pages(memory.count, settings.state);
    } else {
        if (!left[0].fd) throw std::runtime_error("the status pages of the parent before are lost");
        memory.pages = std::move(left[0].fd);
        const auto [had] = Number::unpack(left[0].bytes);
        const std::size_t before = pack::capped(had, client_ceiling + std::size_t{1}, "the status pages");
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
    : pages_(map(open(keeper, settings, log))),
      books_(reinterpret_cast<Books*>(pages_.page(pages_.take().value()).data())) {
    static_assert(sizeof(Books) <= 1024); // far less than a page
    if (books_->started == 0) books_->started = Clock::now().time_since_epoch().count();
}

} // namespace ftpd
