// SPDX-License-Identifier: ISC
#include "common/keeper/legacy.hh"

#include "common/text.hh"

#include <algorithm>
#include <memory>
#include <utility>

namespace common {
namespace {

// Which the keeper needs itself: to start its children, to read a configuration again.
constexpr std::size_t set_aside = 64;

} // namespace

void Legacy::deposit(const KeeperFrame& frame, Fd passed) {
    const std::size_t for_deposits = descriptors_ - std::min(descriptors_, set_aside);
    if (passed && static_cast<std::size_t>(passed.get()) >= for_deposits) passed.reset();
    const bool lacks = frame.flag && !passed;
    if (lacks && without_.empty())
        log_.error(text("no descriptor is free for what is deposited as ", frame.label,
                        " and what follows: raise the limit (RLIMIT_NOFILE)"));
    if (lacks)
        without_.insert(frame.label);
    else if (frame.flag)
        without_.erase(frame.label);
    box_.put(frame.label, frame.text,
             frame.flag ? DepositBox::Descriptor::is_replaced : DepositBox::Descriptor::stays,
             passed ? std::make_shared<const Fd>(std::move(passed)) : nullptr);
}

void Legacy::withdraw(const KeeperFrame& frame) {
    box_.withdraw(frame.label);
    without_.erase(frame.label);
}

void Legacy::add(OrphanEnd orphan) {
    if (orphans_.size() < max_orphans) orphans_.push_back(orphan);
}

void Legacy::give_deposits(KeeperPair& main) const {
    main.make_room(box_.all().size());
    for (const DepositBox::Deposit& one : box_.all())
        main.share({.word = KeeperWord::left, .label = one.label, .text = one.bytes}, one.fd);
}

void Legacy::pass_orphans(KeeperPair& main) {
    while (!orphans_.empty() && main.is_open() && main.has_sent_all()) {
        main.send({.word = KeeperWord::orphan_ended, .number = number_of(orphans_.front())});
        orphans_.pop_front();
    }
}

void Legacy::write(std::vector<Paper::Deposit>& deposits, std::vector<OrphanEnd>& orphans) const {
    deposits.reserve(box_.all().size());
    for (const DepositBox::Deposit& one : box_.all())
        deposits.push_back({one.label, one.bytes, one.fd ? one.fd->get() : -1});
    orphans.assign(orphans_.begin(), orphans_.end());
}

void Legacy::read(std::vector<Paper::Deposit>& deposits, const std::vector<OrphanEnd>& orphans) {
    for (Paper::Deposit& one : deposits)
        box_.put(one.label, std::move(one.bytes), DepositBox::Descriptor::is_replaced,
                 one.fd < 0 ? nullptr : std::make_shared<const Fd>(Fd{one.fd}));
    orphans_.assign(orphans.begin(), orphans.end());
}

void Legacy::clear() {
    without_.clear();
    box_.clear();
}

} // namespace common
