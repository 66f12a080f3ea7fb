// SPDX-License-Identifier: ISC
// The administrator's side of the hub: the verbs of the control socket (chatctl(8)), and the console, whose
// lines are announced. Run by the hub; whoever may open the socket is trusted.
#pragma once

#include "chatd/hub/bans.hh"
#include "chatd/hub/console.hh"
#include "chatd/hub/moderation.hh"
#include "chatd/hub/people.hh"
#include "chatd/hub/rooms.hh"
#include "common/config.hh"
#include "common/control_server.hh"
#include "common/log.hh"
#include "common/loop.hh"

#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace chatd {

class Administration {
public:
    // What concerns the whole daemon.
    struct Daemon {
        std::function<std::vector<std::string>()> stats;
        std::function<std::vector<std::string>()> reload; // what there is to tell; throws what is wrong
        std::function<void(std::string words)> stop;      // words for those who are here; may be empty
    };

    // control: the path of the socket. Throws as common::ControlServer.
    Administration(common::Loop& loop, common::Log& log, const std::string& control, People& people,
                   Rooms& rooms, Bans& bans, Moderation& moderation, Daemon daemon);

    void start_console();
    // Asks the answers that go on for what is new.
    void continue_answers() { control_.continue_answers(); }
    // Statistics, rooms and clients into the log.
    void report_status();
    // As common::ControlServer::close.
    std::vector<common::Fd> close() { return control_.close(); }

private:
    using Answer = common::ControlAnswer;

    std::vector<common::ControlVerb> verbs();
    Answer announce(const std::string& rest);
    Answer notice(const std::string& rest);
    Answer set_topic(const std::string& rest);
    Answer list_rooms() const;
    Answer list_clients() const;
    Answer list_bans() const;
    Answer history(common::Words words);
    Answer act(Kind kind, common::Words words);
    Answer moderate(common::Words words);
    Answer unban(const std::string& room, const std::string& word);
    Answer shut_down(const std::string& rest);
    Room& known_room(std::string_view name);
    void announce_to(Room* only, std::string_view words);
    void announce_typed(std::string_view line);

    common::Loop& loop_;
    common::Log& log_;
    People& people_;
    Rooms& rooms_;
    Bans& bans_;
    Moderation& moderation_;
    Daemon daemon_;
    common::ControlServer control_;
    Console console_;
};

} // namespace chatd
