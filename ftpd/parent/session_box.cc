// SPDX-License-Identifier: ISC
#include "ftpd/parent/session_box.hh"

#include "common/errors.hh"
#include "common/text.hh"

#include <sys/socket.h>
#include <utility>

using namespace common;

namespace ftpd {
namespace {

constexpr std::chrono::seconds box_time{5}; // that the keeper keeps what is left of one that has ended

std::string label_of(std::size_t page) { return text(label_of_session, page); }

// Throws PeerError for what no parent leaves.
SessionRecord read_left(const KeeperLink::Left& left, const KeptPages& pages) {
    SessionRecord record = SessionRecord::unpack(left.bytes);
    if (label_of(record.page) != left.label) throw PeerError("it is another's");
    if (!pages.is_sessions(record.page)) throw PeerError("no such page");
    return record;
}

} // namespace

SessionBox::SessionBox(KeeperLink& keeper, Loop& loop, Log& log, KeptPages& pages)
    : keeper_(keeper), loop_(loop), log_(log), pages_(pages), filled_(pages.all().size()) {}

std::map<pid_t, SessionBox::Left> SessionBox::open(std::vector<KeeperLink::Left> left) {
    std::map<pid_t, Left> known;
    for (KeeperLink::Left& one : left) {
        try {
            SessionRecord record = read_left(one, pages_);
            filled_[record.page] = true;
            if (!pages_.is_live(record.page)) continue; // it had ended
            if (!one.fd) throw PeerError("its pair is lost");
            const pid_t pid = record.pid;
            // Of two with one number, the first has ended.
            if (known.contains(pid)) pages_.set_live(known.at(pid).record.page, false);
            known[pid] = {std::move(record), std::move(one.fd)};
        } catch (const PeerError& error) {
            log_.error(text("a session is let go: ", error.what()));
            if (one.fd) ::shutdown(one.fd.get(), SHUT_RDWR);
            keeper_.withdraw(one.label);
        }
    }
    take_back_later();
    return known;
}

void SessionBox::put(const SessionRecord& record, int pair) {
    pages_.set_live(record.page, true);
    keeper_.deposit(label_of(record.page), record.pack(), pair);
    filled_[record.page] = true;
}

// Mostly another session has the page by then, and its deposit stands in place of that.
void SessionBox::take_back_later() {
    if (std::exchange(will_take_back_, true)) return;
    loop_.at(Clock::now() + box_time, [this] {
        will_take_back_ = false;
        take_back();
    });
}

void SessionBox::take_back() {
    for (std::size_t page = 0; page < filled_.size(); ++page) {
        if (!filled_[page] || pages_.is_live(page)) continue;
        keeper_.withdraw(label_of(page));
        filled_[page] = false;
    }
}

std::string describe_strangers(const std::vector<KeeperLink::Left>& left, const KeptPages& pages) {
    constexpr std::size_t most_named = 10;
    std::string named;
    std::size_t count = 0;
    for (const KeeperLink::Left& one : left) {
        try {
            const SessionRecord record = read_left(one, pages);
            if (is_spoken(record.frames) || !pages.is_live(record.page)) continue;
            if (++count <= most_named) named += (count == 1 ? "" : ", ") + escape(record.peer);
        } catch (const PeerError&) {
            // It is let go in any case.
        }
    }
    if (count == 0) return {};
    if (count > most_named) named += text(" and ", count - most_named, " more");
    return text("the sessions of these clients are too old for this version: ", named,
                ": wait for their end, or `ftpctl upgrade -f' lets them come again");
}

} // namespace ftpd
