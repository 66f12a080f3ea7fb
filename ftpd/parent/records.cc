// SPDX-License-Identifier: ISC
#include "ftpd/parent/records.hh"

#include "common/errors.hh"
#include "common/socket.hh"
#include "common/text.hh"

#include <array>

using namespace common;

namespace ftpd {
namespace {

// "0.012".
std::string in_seconds(std::uint64_t milliseconds) {
    const std::string rest = text(1000 + milliseconds % 1000);
    return text(milliseconds / 1000, '.', rest.substr(1));
}

std::string describe(const Transfer& t) {
    return text(t.direction == Direction::upload ? "stored " : "sent ", t.bytes, " bytes ",
                t.direction == Direction::upload ? "in " : "of ", escape(t.path), " in ",
                in_seconds(t.milliseconds), " s", t.complete ? "" : ", broken off");
}

} // namespace

Records::Records(Loop& loop, Log& log, const Settings& settings) : log_(log), announcer_(loop, log) {
    reload(settings);
}

void Records::reload(const Settings& settings) {
    std::optional<Xferlog> opened;
    if (!settings.xferlog.empty()) opened.emplace(settings.xferlog);
    xferlog_ = std::move(opened);
    announcer_.set_rules(settings.announcements);
    links_work_ = settings.anonymous.has(Right::read);
    links_below_ = settings.anonymous_root;
}

Records::Read Records::read(int pair, const Source& source) {
    constexpr int most = 16; // in one round: one session must not keep the parent from the others
    std::array<char, max_session_packet> packet{};
    for (int count = 0; count < most; ++count) {
        const Received got = receive_packet(pair, packet);
        if (got.state == IoState::would_block) return Read::all;
        if (got.state != IoState::done) return Read::ended;
        std::visit([&](const auto& known) { record(known, source); },
                   unpack_session_packet(std::span{packet}.first(got.bytes)));
    }
    return Read::more;
}

void Records::record(const LogLine& line, const Source& source) {
    log_.write_for(source.role, source.pid, line.severity, line.line);
}

void Records::record(const Transfer& transfer, const Source& source) {
    log_.write_for(source.role, source.pid, Severity::notice, describe(transfer));
    try {
        if (xferlog_) xferlog_->write(transfer, source.host);
    } catch (const std::system_error& error) {
        log_.error(text("the transfer log: ", error.what()));
    }
    if (transfer.complete && transfer.direction == Direction::upload)
        announcer_.announce(transfer, links_work_ ? source.server : std::string{}, links_below_);
}

} // namespace ftpd
