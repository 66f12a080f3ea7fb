// SPDX-License-Identifier: ISC
#include "ftpd/session/transfer.hh"

#include "ftpd/session/session.hh"
#include "ftpd/settings.hh"

#include <utility>

namespace ftpd {
namespace {

using namespace std::chrono_literals;

constexpr auto burst = 100ms; // what may move at once, and be caught up on

} // namespace

void ToNetwork::convert(std::string_view bytes, std::string& out) {
    for (const char c : bytes) {
        if (c == '\n' && !after_return_) out += '\r';
        out += c;
        after_return_ = c == '\r';
    }
}

void FromNetwork::convert(std::string_view bytes, std::string& out) {
    for (const char c : bytes) {
        if (std::exchange(after_return_, c == '\r') && c != '\n') out += '\r';
        if (c != '\r') out += c;
    }
}

void FromNetwork::finish(std::string& out) {
    if (std::exchange(after_return_, false)) out += '\r';
}

std::size_t Throttle::piece(std::size_t wanted) const {
    if (!limits()) return wanted;
    return std::min<std::uint64_t>(wanted, std::max<std::uint64_t>(1, rate_ / (1s / burst)));
}

common::Clock::time_point Throttle::pay(std::size_t bytes, common::Clock::time_point now) {
    if (!limits()) return now;
    using Seconds = std::chrono::duration<double>;
    const auto price = std::chrono::duration_cast<common::Clock::duration>(
        Seconds{static_cast<double>(bytes) / static_cast<double>(rate_)});
    free_at_ = std::max(free_at_, now - burst) + price;
    return free_at_;
}

TransferRecord::TransferRecord(Session& session, Direction direction, std::string path, bool as_text)
    : session_(session), direction_(direction), path_(std::move(path)), as_text_(as_text) {}

TransferRecord::~TransferRecord() {
    if (told_) return;
    try {
        tell(session_, describe(false, 0));
    } catch (...) {
        // The parent is gone, or wants us to go, which the next wait will notice, too.
    }
}

void TransferRecord::complete(std::uint64_t size) { tell(session_, end(size)); }

Transfer TransferRecord::end(std::uint64_t size) {
    told_ = true;
    return describe(true, size);
}

Transfer TransferRecord::describe(bool complete, std::uint64_t size) const {
    const Activity& activity = session_.status.activity();
    const auto spent = std::chrono::duration_cast<std::chrono::milliseconds>(common::Clock::now() - began_);
    return {.direction = direction_,
            .as_text = as_text_,
            .complete = complete,
            .bytes = activity.done,
            .size = size,
            .milliseconds = static_cast<std::uint64_t>(spent.count()),
            .user = activity.user,
            .path = session_.path_from_root(path_)};
}

void TransferRecord::tell(Session& session, const Transfer& transfer) {
    if (transfer.complete) session.status.complete_transfer();
    if (!session.settings.records_transfers()) return;
    Transfer numbered = transfer;
    numbered.number = session.parent.number_transfer();
    session.parent.tell(pack_frame(numbered));
}

} // namespace ftpd
