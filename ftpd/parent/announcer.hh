// SPDX-License-Identifier: ISC
// Tells chatd of finished uploads (`announce'): one line to its control socket, which shows it in a room. Run
// by the parent, which never waits for it: a chatd that is absent or slow costs a line in the log, and no
// upload anything.
#pragma once

#include "common/fd.hh"
#include "common/log.hh"
#include "common/loop.hh"
#include "ftpd/frames.hh"
#include "ftpd/settings.hh"

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace ftpd {

// "bob shared notes.txt (1.2 MB): ftp://192.0.2.7:21/pub/notes.txt", with the whole file's size; server as in
// a URL, empty: the path instead. below: the folder that who follows the link sees as `/'; what lies outside
// of it has no link. Whoever has not logged in is anonymous.
std::string describe_share(const Transfer& transfer, std::string_view server, std::string_view below = "/");
// Whether path is beneath directory, both absolute and without `.', `..' or doubled slashes.
bool is_beneath(std::string_view path, std::string_view directory);

class Announcer {
public:
    static constexpr std::size_t most_at_once = 16; // that have no answer yet
    static constexpr std::chrono::seconds patience{5};

    Announcer(common::Loop& loop, common::Log& log) : loop_(loop), log_(log) {}
    ~Announcer();
    Announcer(const Announcer&) = delete;
    Announcer& operator=(const Announcer&) = delete;

    void set_rules(std::vector<Announcement> rules) { rules_ = std::move(rules); }
    // In the room of each rule whose directory the upload went to.
    void announce(const Transfer& transfer, std::string_view server, std::string_view below);

private:
    struct Question {
        common::Fd socket;
        std::string room;
        std::string answer;
        common::Loop::TimerId deadline;
    };
    void tell(const Announcement& rule, const std::string& message);
    void read_answer(int fd);
    void give_up(int fd, std::string_view why);
    void forget(int fd);
    void warn(std::string_view room, std::string_view why);

    common::Loop& loop_;
    common::Log& log_;
    std::vector<Announcement> rules_;
    std::map<int, Question> questions_; // by their socket
};

} // namespace ftpd
