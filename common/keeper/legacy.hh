// SPDX-License-Identifier: ISC
// What a main process leaves to the one that follows it: what it has deposited, and the ends of the processes
// that it had forked. Run by the keeper.
#pragma once

#include "common/fd.hh"
#include "common/keeper/deposit_box.hh"
#include "common/keeper/keeper_frames.hh"
#include "common/keeper/keeper_pair.hh"
#include "common/keeper/paper.hh"
#include "common/log.hh"

#include <cstddef>
#include <deque>
#include <set>
#include <string>
#include <vector>

namespace common {

class Legacy {
public:
    // descriptors: as many as this process may have. log must outlive this.
    Legacy(std::size_t descriptors, Log& log) : descriptors_(descriptors), log_(log) {}

    // `deposit' and `withdraw', as the main process says them. Where no descriptor is free for what is
    // deposited, its bytes are kept alone, and the log says so. Throws as DepositBox::put.
    void deposit(const KeeperFrame& frame, Fd passed);
    // What is deposited now is not whole: who is named in it would be lost with the main process.
    bool lacks_descriptors() const { return !without_.empty(); }
    void withdraw(const KeeperFrame& frame);
    // A process that is nobody's any more has ended; beyond max_orphans of them the rest is forgotten.
    void add(OrphanEnd orphan);

    // All deposits to a new main process; the descriptors are shared, not duplicated.
    void give_deposits(KeeperPair& main) const;
    // The ends of orphans, each once, as far as there is room in the pair.
    void pass_orphans(KeeperPair& main);
    // All of it for a keeper that follows this one, whose descriptors stay this one's; and there.
    void write(std::vector<Paper::Deposit>& deposits, std::vector<OrphanEnd>& orphans) const;
    void read(std::vector<Paper::Deposit>& deposits, const std::vector<OrphanEnd>& orphans);
    void clear(); // the deposits
    // As DepositBox::erase.
    void erase() { box_.erase(); }

private:
    std::size_t descriptors_;
    Log& log_;
    DepositBox box_;
    std::deque<OrphanEnd> orphans_;
    std::set<std::string> without_; // labels of deposits that lack their descriptor
};

} // namespace common
