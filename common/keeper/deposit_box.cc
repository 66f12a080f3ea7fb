// SPDX-License-Identifier: ISC
#include "common/keeper/deposit_box.hh"

#include "common/errors.hh"
#include "common/secret.hh"

#include <utility>

namespace common {

void DepositBox::put(const std::string& label, std::string bytes, Descriptor descriptor,
                     std::shared_ptr<const Fd> fd) {
    if (label.empty() || label.size() > max_deposit_label || bytes.size() > max_keeper_text)
        throw PeerError("it deposits what is too long");
    const auto there = by_label_.find(label);
    const bool is_new = there == by_label_.end();
    const std::size_t before = is_new ? 0 : label.size() + there->second->bytes.size();
    const std::size_t after = bytes_ - before + label.size() + bytes.size();
    if ((is_new && all_.size() >= caps_.deposits) || after > caps_.bytes)
        throw PeerError("it deposits more than there can be");
    bytes_ = after;
    if (is_new) {
        all_.push_back({label, std::move(bytes), std::move(fd)});
        by_label_.emplace(all_.back().label, std::prev(all_.end()));
        return;
    }
    there->second->bytes = std::move(bytes);
    if (descriptor == Descriptor::is_replaced) there->second->fd = std::move(fd);
}

void DepositBox::withdraw(std::string_view label) {
    const auto there = by_label_.find(label);
    if (there == by_label_.end()) return;
    const auto place = there->second;
    bytes_ -= place->label.size() + place->bytes.size();
    by_label_.erase(there);
    all_.erase(place);
}

void DepositBox::clear() {
    by_label_.clear();
    all_.clear();
    bytes_ = 0;
}

void DepositBox::erase() {
    for (Deposit& deposit : all_) erase_bytes(deposit.bytes);
}

} // namespace common
