// SPDX-License-Identifier: ISC
#include "ftpd/parent/records.hh"

#include "common/config.hh"
#include "common/errors.hh"
#include "common/socket.hh"
#include "common/text.hh"
#include "ftpd/path.hh"

#include <algorithm>
#include <array>
#include <fcntl.h>
#include <system_error>

using namespace common;

namespace ftpd {
namespace {

std::string in_one_word(std::string word) {
    std::ranges::replace_if(
        word, [](char c) { return c <= ' ' || c > '~'; }, '_');
    return word.empty() ? "_" : word;
}

// As ctime(3), which knows no years of five digits and is not to be asked for them.
std::string format_moment(std::time_t when) {
    std::tm parts{};
    ::localtime_r(&when, &parts);
    std::array<char, 64> moment{};
    const std::size_t size = std::strftime(moment.data(), moment.size(), "%a %b %e %H:%M:%S %Y", &parts);
    return {moment.data(), size};
}

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

std::string format_xferlog(const Transfer& t, const std::string& host, std::time_t now) {
    const bool anonymous = t.user == "anonymous" || t.user == nobody_yet;
    return text(format_moment(now), ' ', std::max<std::uint64_t>(1, t.milliseconds / 1000), ' ',
                in_one_word(host), ' ', t.bytes, ' ', in_one_word(t.path), t.as_text ? " a _ " : " b _ ",
                t.direction == Direction::upload ? "i " : "o ", anonymous ? "a anonymous" : "r ",
                anonymous ? "" : in_one_word(t.user), " ftp 0 * ", t.complete ? "c" : "i", '\n');
}

Fd Xferlog::open(const std::string& path) {
    return Fd{checked("open", path, [&] {
        return ::open(path.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_NOCTTY | O_NONBLOCK | O_CLOEXEC, 0640);
    })};
}

void Xferlog::write(const Transfer& transfer, const std::string& host) {
    const std::string line = (is_torn_ ? "\n" : "") + format_xferlog(transfer, host, std::time(nullptr));
    const std::size_t written =
        write_some(file_.get(), line).bytes; // what a full disk takes no more of is lost
    if (written > 0) is_torn_ = line[written - 1] != '\n';
}

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
        connect_(i, [this, room, message = describe_share(transfer, server, below)](Fd socket,
                                                                                    const std::string& why) {
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

Records::Records(Loop& loop, Log& log, const Settings& settings, Fd xferlog, Announcer::Connect connect)
    : log_(log), announcer_(loop, log, std::move(connect)) {
    reload(settings, std::move(xferlog));
}

void Records::reload(const Settings& settings, Fd xferlog) {
    xferlog_.reset();
    if (xferlog) xferlog_.emplace(std::move(xferlog));
    announcer_.set_rules(settings.announcements);
    links_work_ = settings.anonymous.has(Right::read);
    links_below_ = settings.anonymous_root;
}

Records::Read Records::read(int pair, const Source& source, ErrorLines& errors) {
    constexpr int max_packets = 16; // in one round: one session must not keep the parent from the others
    std::array<char, max_session_packet> buffer{};
    for (int count = 0; count < max_packets; ++count) {
        const Received got = receive_packet(pair, buffer, 1, Tolerated::longer);
        if (got.state == IoState::would_block) return Read::all;
        if (got.state != IoState::done) return Read::ended;
        const auto packet = std::span{buffer}.first(got.bytes);
        if (is_text_byte(packet[0])) {
            errors.add(packet, got.is_cut, log_, {source.role, source.pid});
            continue;
        }
        if (got.is_cut) throw PeerError("a packet between processes is longer than any kind of it");
        std::visit([&](const auto& known) { record(known, source); }, unpack_session_packet(packet));
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
