// SPDX-License-Identifier: ISC
#include "ftpd/session/transfer_report.hh"

#include "ftpd/session/session.hh"

namespace ftpd {

TransferReport::TransferReport(Session& session, Direction direction, std::string path, bool as_text)
    : session_(session), direction_(direction), path_(std::move(path)), as_text_(as_text) {}

TransferReport::~TransferReport() {
    if (told_) return;
    try {
        tell(false);
    } catch (...) {
        // The parent is gone, or wants us to go, which the next wait will notice, too.
    }
}

void TransferReport::complete(std::uint64_t size) {
    session_.status.complete_transfer();
    tell(true, size);
}

void TransferReport::tell(bool complete, std::uint64_t size) {
    told_ = true;
    if (!session_.settings.records_transfers()) return;
    const Activity& activity = session_.status.activity();
    const auto spent = std::chrono::duration_cast<std::chrono::milliseconds>(common::Clock::now() - began_);
    session_.control.tell_parent(pack_transfer({.direction = direction_,
                                                .as_text = as_text_,
                                                .complete = complete,
                                                .bytes = activity.done,
                                                .size = size,
                                                .milliseconds = static_cast<std::uint64_t>(spent.count()),
                                                .user = activity.user,
                                                .path = session_.path_from_root(path_)}));
}

} // namespace ftpd
