// SPDX-License-Identifier: ISC
// CHATHISTORY: what was said in the rooms that the client is in, as it asks for it, from their logs. The next
// command waits for the answer, and everything else goes on meanwhile. Run by handlers, which trust nothing
// that the client sends: it reads no log but one that the hub has let it into.
#pragma once

#include "chatd/handler/irc/history_query.hh"
#include "chatd/handler/irc/history_search.hh"
#include "chatd/handler/irc/places.hh"

#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace chatd::irc {

class IrcConversation;

class History {
public:
    explicit History(IrcConversation& conversation) : conversation_(conversation) {}

    // params: of the CHATHISTORY. Answers it, at once or later.
    void start(const std::vector<std::string>& params);
    bool is_running() const { return running_.has_value(); }
    // Goes on as far as it can without waiting; whether anything was done.
    bool go_on();
    // What the hub has answered to a request of ours: the log goes on in this segment; or there is no more.
    void open(std::uint32_t segment, common::Fd log, std::uint64_t offset);
    void end_log();

private:
    struct Step {
        Place place;
        HistoryRange range;
    };
    struct Running {
        HistoryQuery query;
        std::deque<Step> steps{}; // that are left; the first one is under way
        std::optional<HistorySearch> search{};
        std::vector<ServerLine> lines{};
        struct Target {
            std::string name;
            std::int64_t time;
        };
        std::vector<Target> targets{};
    };

    bool refuses(const HistoryQuery& query, const Place* place);
    void fail(const HistoryQuery& query, std::string_view code, std::string_view words);
    void begin_step();
    void end_step();
    void take_lines(const Step& step, const HistorySearch& search);
    void take_target(const Step& step, const HistorySearch& search);
    void tell_lines(const Running& done);
    void tell_targets(Running& done);

    IrcConversation& conversation_;
    std::optional<Running> running_;
};

} // namespace chatd::irc
