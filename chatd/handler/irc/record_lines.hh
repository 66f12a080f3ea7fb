// SPDX-License-Identifier: ISC
// What a record of a room's log is to a client of IRC: lines with the tags that it has asked for. One that
// stands in the logs of several rooms, as a new name does, is told once. Run by handlers. Pure.
#pragma once

#include "chatd/handler/irc/accounts.hh"
#include "chatd/handler/irc/capabilities.hh"
#include "chatd/handler/irc/server_line.hh"
#include "chatd/protocol.hh"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace chatd::irc {

// The room that a record is of.
struct LogOf {
    std::string_view room;
    std::uint64_t birth = 0; // of its log; 0: not known
};

class RecordLines {
public:
    // Both outlive it.
    RecordLines(const Capabilities& capabilities, const Accounts& accounts)
        : capabilities_(capabilities), accounts_(accounts) {}

    // Of what happens now, with the account of who does it: of nothing else it is known for sure. is_own: it
    // is of this client, which is shown what it said only if it wants that.
    // label: of the command that said it, or empty.
    std::vector<ServerLine> lines_of(const Record& record, const LogOf& log, bool is_own,
                                     std::string_view label = {});
    // Of what was said before the client came: as it was, with its time in a tag, or, without that, as words
    // that no program answers, with the time before them. Nothing else that happened is shown.
    std::vector<ServerLine> earlier_lines_of(const Record& record, const LogOf& log) const;
    // The same as it was, whatever the client can do.
    std::vector<ServerLine> speech(const Record& record, const LogOf& log) const;

    // Words from one person to another, of now.
    std::vector<ServerLine> private_lines(Telling how, std::string_view from, std::string_view to,
                                          std::string_view words) const;

    // The tag of the time, if the client wants it.
    void add_time(ServerLine& line, std::int64_t microseconds) const;

private:
    bool is_new_name(const Record& record, const LogOf& log);
    bool is_kicked(const Record& record, const LogOf& log);
    bool is_gone_anew(const Record& record);
    // The beginning of the line: who it is from, and when.
    ServerLine head(const Record& record, std::string_view command) const;
    std::vector<ServerLine> parts(ServerLine head, const Record& record, const LogOf& log,
                                  std::string_view before, std::string_view behind,
                                  std::string_view label = {}) const;

    // The line in as many parts as the words need, with what is around them.
    std::vector<ServerLine> divided(const ServerLine& line, std::string_view words, std::string_view before,
                                    std::string_view behind) const;
    void add_account(ServerLine& line, const Record& record, const LogOf& log) const;
    void add_id(ServerLine& line, const Record& record, const LogOf& log, unsigned part) const;

    const Capabilities& capabilities_;
    const Accounts& accounts_;
    // New names that were told lately, each with the rooms whose logs have said so.
    struct Renaming {
        std::uint64_t person;
        std::uint32_t request; // its serial
        std::string to;
        std::vector<std::string> rooms;
    };
    std::vector<Renaming> renamings_;
    // Who was kicked out, and leaves in the next record: of which the client knows.
    struct Kicked {
        std::string room, name;
    };
    std::vector<Kicked> kicked_;
    std::vector<std::uint64_t> gone_; // clients whose connections have ended, lately
};

} // namespace chatd::irc
