// SPDX-License-Identifier: ISC
// The words of CHATHISTORY.
#include "chatd/handler/irc/history_query.hh"

#include "chatd/handler/irc/isupport.hh"

#include <doctest/doctest.h>

using namespace chatd::irc;
using Kind = HistoryQuery::Kind;

namespace {

using Params = std::vector<std::string>;
const std::string time_point = "timestamp=2026-11-30T14:05:09.120Z";
constexpr std::int64_t time_value = 1796047509120000;

HistoryQuery query(const Params& params) {
    const auto parsed = parse_history_query(params);
    REQUIRE(std::holds_alternative<HistoryQuery>(parsed));
    return std::get<HistoryQuery>(parsed);
}

} // namespace

TEST_SUITE("unit") {
    TEST_CASE("irc: each selector of history is understood") {
        const HistoryQuery latest = query({"latest", "#lobby", "*", "50"});
        CHECK(latest.kind == Kind::latest);
        CHECK(latest.target == "#lobby");
        CHECK(std::holds_alternative<std::monostate>(latest.from));
        CHECK(latest.limit == 50);
        CHECK(query({"BEFORE", "#lobby", time_point, "1"}).from == HistoryPoint{time_value});
        CHECK(query({"AFTER", "#lobby", "msgid=1f-812-0-lobby", "1"}).from ==
              HistoryPoint{MessageId{31, 812, 0, "lobby"}});
        CHECK(query({"AROUND", "#lobby", time_point, "7"}).kind == Kind::around);
        const HistoryQuery between = query({"BETWEEN", "#lobby", "msgid=1f-812-0-lobby", time_point, "5"});
        CHECK(between.kind == Kind::between);
        CHECK(between.until == HistoryPoint{time_value});
        const HistoryQuery targets = query({"TARGETS", time_point, time_point, "5"});
        CHECK(targets.kind == Kind::targets);
        CHECK(targets.target.empty());
        CHECK(targets.limit == 5);
    }

    TEST_CASE("irc: a limit of history has its most") {
        CHECK(query({"LATEST", "#lobby", "*", "4000000"}).limit == most_history);
    }

    TEST_CASE("irc: what is no query of history is refused with what it was") {
        const auto check = [](const Params& params, std::string_view code) {
            CAPTURE(params.empty() ? "" : params.back());
            const auto parsed = parse_history_query(params);
            REQUIRE(std::holds_alternative<HistoryFault>(parsed));
            const HistoryFault& fault = std::get<HistoryFault>(parsed);
            CHECK(fault.code == code);
            CHECK(fault.context.size() <= 3);
            CHECK_FALSE(fault.context.empty());
            CHECK_FALSE(fault.words.empty());
        };
        check({}, "NEED_MORE_PARAMS");
        check({"LATEST"}, "NEED_MORE_PARAMS");
        check({"LATEST", "#lobby", "*"}, "NEED_MORE_PARAMS");
        check({"EARLIEST", "#lobby", "*", "5"}, "UNKNOWN_COMMAND");
        for (const Params& params :
             {Params{"LATEST", "#lobby", "*", "5", "6"}, Params{"BEFORE", "#lobby", "*", "5"},
              Params{"BEFORE", "#lobby", "timestamp=yesterday", "5"},
              Params{"BEFORE", "#lobby", "msgid=x", "5"}, Params{"BEFORE", "#lobby", "812", "5"},
              Params{"LATEST", "#lobby", "*", "0"}, Params{"LATEST", "#lobby", "*", "-5"},
              Params{"LATEST", "#lobby", "*", "many"},
              Params{"TARGETS", "msgid=1f-812-0-lobby", time_point, "5"},
              Params{"TARGETS", "*", time_point, "5"}})
            check(params, "INVALID_PARAMS");
    }
}
