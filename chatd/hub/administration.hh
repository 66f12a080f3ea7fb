// SPDX-License-Identifier: ISC
// The administrator's side of the hub: the verbs of the control socket (chatctl(8)), and the console, whose
// lines are announced. Run by the hub; everybody who may open the socket is trusted.
#pragma once

#include "chatd/hub/bans.hh"
#include "chatd/hub/console.hh"
#include "chatd/hub/deposits.hh"
#include "chatd/hub/handler_pool.hh"
#include "chatd/hub/moderation.hh"
#include "chatd/hub/people.hh"
#include "chatd/hub/rooms.hh"
#include "common/config.hh"
#include "common/control_server.hh"
#include "common/log.hh"
#include "common/service.hh"

#include <string>
#include <string_view>
#include <vector>

namespace chatd {

class Administration {
public:
    Administration(common::Service& service, common::Log& log, People& people, Rooms& rooms, Bans& bans,
                   Moderation& moderation, const HandlerPool& pool, const Deposits& deposits)
        : service_(service),
          log_(log),
          people_(people),
          rooms_(rooms),
          bans_(bans),
          moderation_(moderation),
          pool_(pool),
          deposits_(deposits),
          console_(service.loop()) {}

    // For common::Service, which adds `reload' and `shutdown'.
    std::vector<common::ControlVerb> verbs();
    // One of them; mark: what each line is to begin with.
    common::ControlVerb notice_verb(std::string_view mark = {});
    // The totals since the start, the rooms and the clients.
    std::vector<std::string> status() const;
    void start_console(common::Fd terminal);

private:
    using Answer = common::ControlAnswer;

    Answer announce(const std::string& rest);
    Answer notice(const std::string& rest, std::string_view mark);
    Answer set_topic(const std::string& rest);
    Answer list_rooms() const;
    Answer list_clients() const;
    std::string row_of(const Client& client) const;
    Answer list_bans() const;
    Answer stats() const;
    Answer history(common::Words words);
    Answer act(Kind kind, common::Words words);
    Answer moderate(common::Words words);
    Answer unban(const std::string& room, const std::string& word);
    Answer done(std::string_view if_refused =
                    "the disk is full, and the line was not sent: chatd's log has more") const;
    Room& known_room(std::string_view name);
    void announce_to(Room* only, std::string_view words);
    void announce_typed(std::string_view line);

    common::Service& service_;
    common::Log& log_;
    People& people_;
    Rooms& rooms_;
    Bans& bans_;
    Moderation& moderation_;
    const HandlerPool& pool_;
    const Deposits& deposits_;
    Console console_;
};

} // namespace chatd
