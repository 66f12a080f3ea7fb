// SPDX-License-Identifier: ISC
#include "chatd/handler/irc/history.hh"

#include "chatd/handler/irc/irc_conversation.hh"
#include "chatd/handler/irc/names.hh"
#include "chatd/handler/irc/stamps.hh"

#include <algorithm>
#include <utility>

namespace chatd::irc {
namespace {

constexpr std::string_view command = "CHATHISTORY";

std::string_view word_of(HistoryQuery::Kind kind) {
    switch (kind) {
    case HistoryQuery::Kind::latest: return "LATEST";
    case HistoryQuery::Kind::before: return "BEFORE";
    case HistoryQuery::Kind::after: return "AFTER";
    case HistoryQuery::Kind::around: return "AROUND";
    case HistoryQuery::Kind::between: return "BETWEEN";
    case HistoryQuery::Kind::targets: return "TARGETS";
    }
    return {};
}

// Whether the point is a line of another log, which an earlier room of the same name has had, say.
bool is_strange(const HistoryPoint& point, const Place& place) {
    const auto* const id = std::get_if<MessageId>(&point);
    return id != nullptr && (id->birth != place.birth || id->room != channel_of(place.name).substr(1));
}

} // namespace

void History::start(const std::vector<std::string>& params) {
    IrcConversation& c = conversation_;
    const auto parsed = parse_history_query(params);
    if (const auto* const fault = std::get_if<HistoryFault>(&parsed))
        return c.replies.fail(command, fault->code, fault->context, fault->words);
    const auto& query = std::get<HistoryQuery>(parsed);
    Running running{query};
    if (query.kind == HistoryQuery::Kind::targets) {
        for (const Place& place : c.places.all()) running.steps.push_back({place, {.limit = 1}});
    } else {
        const Place* const place = c.places.find(query.target);
        if (refuses(query, place)) return;
        running.query.target = channel_of(place->name);
        for (HistoryRange& range : ranges_of(query)) running.steps.push_back({*place, std::move(range)});
    }
    running_.emplace(std::move(running));
    begin_step();
}

bool History::refuses(const HistoryQuery& query, const Place* place) {
    if (place == nullptr) {
        fail(query, "INVALID_TARGET", "There is history only of channels that you are in");
        return true;
    }
    if (!is_strange(query.from, *place) && !is_strange(query.until, *place)) return false;
    fail(query, "MESSAGE_ERROR", "That message is not of this channel: give one that is or a time");
    return true;
}

void History::fail(const HistoryQuery& query, std::string_view code, std::string_view words) {
    std::vector<std::string> context{std::string{word_of(query.kind)}};
    if (!query.target.empty()) context.push_back(query.target);
    conversation_.replies.fail(command, code, context, words);
}

// Only lines that the client has been shown, or could have been: what follows comes by itself.
void History::begin_step() {
    IrcConversation& c = conversation_;
    while (!running_->steps.empty()) {
        const Step& step = running_->steps.front();
        if (const RoomView* const view = c.rooms.find(step.place.name)) {
            c.rooms.make_current(*view);
            c.rooms.catch_up();
            running_->search.emplace(c.hub, step.place.room, view->next_line(), step.range);
            return;
        }
        running_->steps.pop_front(); // it is closed
    }
    Running done = *std::exchange(running_, std::nullopt);
    if (done.query.kind == HistoryQuery::Kind::targets)
        tell_targets(done);
    else
        tell_lines(done);
}

bool History::go_on() {
    if (conversation_.client.is_ending()) {
        running_.reset();
        return false;
    }
    HistorySearch& search = *running_->search;
    if (!search.has_ended()) return search.go_on();
    if (!conversation_.client.has_room()) return false;
    end_step();
    return true;
}

void History::open(std::uint32_t segment, common::Fd log, std::uint64_t offset) {
    if (running_) running_->search->open(segment, std::move(log), offset);
}

void History::end_log() {
    if (running_) running_->search->end_log();
}

void History::end_step() {
    const Step step = std::move(running_->steps.front());
    running_->steps.pop_front();
    const HistorySearch search = *std::exchange(running_->search, std::nullopt);
    const HistoryQuery& query = running_->query;
    if (query.kind == HistoryQuery::Kind::targets) {
        take_target(step, search);
    } else if (search.is_refused()) {
        fail(query, "MESSAGE_ERROR", "The channel's log cannot be read now");
        running_.reset();
        return;
    } else {
        take_lines(step, search);
    }
    begin_step();
}

void History::take_lines(const Step& step, const HistorySearch& search) {
    const HistoryRange& range = search.range();
    std::vector<ServerLine> lines;
    for (const Record& record : search.found()) {
        unsigned part = 0;
        for (ServerLine& line : conversation_.records.speech(record, {step.place.name, step.place.birth}))
            if (range.holds(record, part++)) lines.push_back(std::move(line));
    }
    if (lines.size() > range.limit) {
        const auto limit = static_cast<std::ptrdiff_t>(range.limit);
        if (range.side == HistoryRange::Side::last)
            lines.erase(lines.begin(), lines.end() - limit);
        else
            lines.erase(lines.begin() + limit, lines.end());
    }
    std::move(lines.begin(), lines.end(), std::back_inserter(running_->lines));
}

void History::take_target(const Step& step, const HistorySearch& search) {
    if (search.found().empty()) return;
    const HistoryQuery& query = running_->query;
    const bool is_forward = HistoryRange::is_in_order(query.from, query.until).value_or(true);
    const HistoryRange wanted{.after = is_forward ? query.from : query.until,
                              .before = is_forward ? query.until : query.from};
    const Record& last = search.found().back();
    if (wanted.holds(last, 0)) running_->targets.push_back({channel_of(step.place.name), last.time});
}

void History::tell_lines(const Running& done) {
    Replies& replies = conversation_.replies;
    const std::string batch = replies.begin_batch("chathistory", done.query.target, replies.label());
    for (const ServerLine& line : done.lines) replies.batch_event(batch, line);
    replies.end_batch(batch);
}

// In the order of the times that were given.
void History::tell_targets(Running& done) {
    const bool is_forward = HistoryRange::is_in_order(done.query.from, done.query.until).value_or(true);
    std::sort(done.targets.begin(), done.targets.end(), [&](const auto& one, const auto& other) {
        return is_forward ? one.time < other.time : other.time < one.time;
    });
    if (done.targets.size() > done.query.limit) done.targets.resize(done.query.limit);
    Replies& replies = conversation_.replies;
    const std::string batch = replies.begin_batch("draft/chathistory-targets", {}, replies.label());
    for (const Running::Target& target : done.targets) {
        ServerLine line{server_word, command};
        line.word("TARGETS").word(target.name).word(server_time(target.time));
        replies.batch_event(batch, line);
    }
    replies.end_batch(batch);
}

} // namespace chatd::irc
