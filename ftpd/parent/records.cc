// SPDX-License-Identifier: ISC
#include "ftpd/parent/records.hh"

#include "common/config.hh"
#include "common/errors.hh"
#include "common/peek.hh"
#include "common/socket.hh"
#include "common/text.hh"
#include "ftpd/path.hh"

#include <algorithm>
#include <array>
#include <system_error>
#include <utility>

using namespace common;

namespace ftpd {
namespace {

constexpr std::size_t max_answer = 4096; // bytes

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

std::string describe_share(const Transfer& t, std::string_view server, std::string_view below) {
    const std::string_view path =
        std::string_view{t.path}.substr(below == "/" ? 0 : std::min(below.size(), t.path.size()));
    const bool has_link = !server.empty() && is_beneath(t.path, below);
    const std::string place = has_link ? text("ftp://", server, encode_for_url(path)) : escape(t.path);
    const std::string who = t.user == nobody_yet ? "anonymous" : escape(t.user);
    return text(who, " shared ", escape(last_component(t.path)), " (", human_size(t.size), "): ", place);
}

bool is_beneath(std::string_view path, std::string_view directory) {
    if (directory == "/") return true;
    return path.size() > directory.size() && path.substr(0, directory.size()) == directory &&
           path[directory.size()] == '/';
}

Announcer::~Announcer() {
    while (!pending_.empty()) forget(pending_.begin()->first);
}

void Announcer::announce(const Transfer& transfer, std::string_view server, std::string_view below) {
    for (std::size_t i = 0; i < rules_.size(); ++i) {
        const std::string& room = rules_[i].room;
        if (!is_beneath(transfer.path, rules_[i].directory)) continue;
        if (pending_.size() + connecting_ >= max_at_once) {
            warn(room, "too many announcements wait for an answer");
            continue;
        }
        ++connecting_;
        connect_(rules_[i].control, [this, room, message = describe_share(transfer, server, below)](
                                        Fd socket, const std::string& why) {
            --connecting_;
            if (!socket) return warn(room, why);
            tell(room, message, std::move(socket));
        });
    }
}

void Announcer::tell(const std::string& room, const std::string& message, Fd socket) {
    try {
        const std::string line = text("notice -r ", quote_word(room), ' ', message, '\n');
        // So little fits into a fresh socket at once.
        if (write_some(socket.get(), line).bytes != line.size())
            return warn(room, "its control socket accepts no more data");
        const int fd = socket.get();
        Watch watch{loop_, std::move(socket), Interest::read, [this, fd](const Event&) { read_answer(fd); },
                    [this, fd](const std::exception& error) { give_up(fd, error.what()); }};
        const Loop::TimerId deadline = loop_.at(Clock::now() + patience, [this, fd] {
            give_up(fd, text("no answer for ", patience.count(), " s"));
        });
        pending_.insert_or_assign(fd, Pending{std::move(watch), room, {}, deadline});
    } catch (const std::exception& error) {
        warn(room, error.what());
    }
}

void Announcer::read_answer(int fd) {
    Pending& pending = pending_.at(fd);
    std::array<char, 1024> buffer{};
    const IoResult got = read_some(fd, buffer);
    if (got.state == IoState::would_block) return;
    if (got.state != IoState::done) return give_up(fd, "it has closed the connection");
    pending.answer.append(buffer.data(), got.bytes);
    if (pending.answer.size() > max_answer) return give_up(fd, "its answer is too long");
    if (pending.answer.back() != '\n') return;
    if (pending.answer != "ok\n")
        return give_up(fd, escape(pending.answer.substr(0, pending.answer.size() - 1)));
    forget(fd);
}

void Announcer::give_up(int fd, std::string_view why) {
    const auto pending = pending_.find(fd);
    if (pending == pending_.end()) return;
    const std::string room = pending->second.room;
    forget(fd);
    warn(room, why);
}

void Announcer::forget(int fd) {
    const auto pending = pending_.find(fd);
    if (pending == pending_.end()) return;
    loop_.cancel(pending->second.deadline);
    pending_.erase(pending);
}

void Announcer::warn(std::string_view room, std::string_view why) {
    log_.warning(text("not announced in ", escape(room), ": ", why));
}

Records::Records(Loop& loop, Log& log, const Settings& settings, Fd xferlog, XferlogJournal& journal,
                 Announcer::Connect connect)
    : log_(log), announcer_(loop, log, std::move(connect)), journal_(journal) {
    reload(settings, std::move(xferlog));
}

void Records::reload(const Settings& settings, Fd xferlog) {
    xferlog_.reset();
    if (xferlog) xferlog_.emplace(std::move(xferlog), journal_);
    announcer_.set_rules(settings.announcements);
    links_work_ = settings.anonymous.has(Right::read);
    links_below_ = settings.anonymous_root;
}

Records::Read Records::read(int pair, const Source& source, ErrorLines& errors) {
    constexpr int max_packets = 16; // in one round: one session must not keep the parent from the others
    std::array<char, max_session_packet> buffer{};
    bool was_reset = false; // it ended before it had read all; what it had said stands behind that
    for (int count = 0; count < max_packets; ++count) {
        const Peeked got = peek_packet(pair, buffer);
        if (got.state == IoState::would_block) return Read::all;
        if (got.state == IoState::vanished && !std::exchange(was_reset, true)) continue;
        if (got.state != IoState::done) return Read::ended;
        const auto packet = std::span{buffer}.first(got.bytes);
        if (is_text_byte(packet[0])) {
            errors.add(packet, got.is_cut, log_, {source.role, source.pid});
            drop_packet(pair);
            continue;
        }
        if (got.is_cut) throw PeerError("a packet between processes is longer than any kind of it");
        const SessionPacket known = unpack_session_packet(packet);
        std::visit([&](const auto& one) { record(one, source); }, known);
        drop_packet(pair);
        if (const Transfer* const transfer = std::get_if<Transfer>(&known)) announce(*transfer, source);
    }
    return Read::more;
}

void Records::record(const LogLine& line, const Source& source) {
    log_.write_for(source.role, source.pid, line.severity, line.line);
}

void Records::record(const Transfer& transfer, const Source& source) {
    const TransferId id{static_cast<std::uint64_t>(source.pid), transfer.number};
    if (xferlog_ && xferlog_->has(id)) return; // the parent before has got so far
    log_.write_for(source.role, source.pid, Severity::notice, describe(transfer));
    try {
        if (xferlog_) xferlog_->write(id, transfer, source.host);
    } catch (const std::system_error& error) {
        log_.error(text("the transfer log: ", error.what()));
    }
}

// Its packet was taken: nobody is told of it again.
void Records::announce(const Transfer& transfer, const Source& source) {
    if (xferlog_) xferlog_->settle();
    if (transfer.complete && transfer.direction == Direction::upload)
        announcer_.announce(transfer, links_work_ ? source.server : std::string{}, links_below_);
}

} // namespace ftpd
