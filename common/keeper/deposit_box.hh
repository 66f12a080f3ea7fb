// SPDX-License-Identifier: ISC
// The keeper's safe-deposit box: what the main process has deposited, for the one that follows it. Run by the
// keeper. It reads nothing of what it keeps; it trusts whoever deposits with no more than the caps say.
#pragma once

#include "common/fd.hh"
#include "common/keeper/keeper_frames.hh"

#include <cstddef>
#include <list>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>

namespace common {

class DepositBox {
public:
    struct Caps {
        std::size_t deposits = max_deposits, bytes = max_deposited; // bytes: labels and texts
    };
    struct Deposit {
        std::string label, bytes;
        std::shared_ptr<const Fd> fd; // nullptr: none
    };

    DepositBox() = default;
    explicit DepositBox(Caps caps) : caps_(caps) {}

    // In place of what stands under the label, whose descriptor stays if it is not replaced by fd (nullptr:
    // by none). Throws PeerError for a label that is empty or too long, and beyond the caps; then nothing has
    // changed.
    enum class Descriptor { stays, is_replaced };
    void put(const std::string& label, std::string bytes, Descriptor descriptor,
             std::shared_ptr<const Fd> fd);
    void withdraw(std::string_view label);
    void clear();
    // In a child that is to have nothing of it: the bytes are gone from its memory.
    void erase();

    const std::list<Deposit>& all() const { return all_; } // in the order in which they were first deposited
    std::size_t bytes() const { return bytes_; }

private:
    Caps caps_{};
    std::list<Deposit> all_;
    std::unordered_map<std::string_view, std::list<Deposit>::iterator>
        by_label_; // the labels are those of all_
    std::size_t bytes_ = 0;
};

} // namespace common
