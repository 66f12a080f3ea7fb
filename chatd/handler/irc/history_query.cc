// SPDX-License-Identifier: ISC
#include "chatd/handler/irc/history_query.hh"

#include "chatd/handler/irc/isupport.hh"
#include "common/text.hh"

#include <algorithm>
#include <array>
#include <optional>

namespace chatd::irc {
namespace {

using Kind = HistoryQuery::Kind;

struct Shape {
    std::string_view name;
    Kind kind;
    bool has_target;
    std::size_t points;
    bool takes_star; // for a point
    bool takes_ids;
};
constexpr std::array shapes{
    Shape{"LATEST", Kind::latest, true, 1, true, true},
    Shape{"BEFORE", Kind::before, true, 1, false, true},
    Shape{"AFTER", Kind::after, true, 1, false, true},
    Shape{"AROUND", Kind::around, true, 1, false, true},
    Shape{"BETWEEN", Kind::between, true, 2, false, true},
    Shape{"TARGETS", Kind::targets, false, 2, false, false},
};

std::optional<HistoryPoint> parse_point(std::string_view word, const Shape& shape) {
    constexpr std::string_view time = "timestamp=";
    constexpr std::string_view id = "msgid=";
    if (word == "*" && shape.takes_star) return HistoryPoint{};
    if (word.substr(0, time.size()) == time) {
        const auto when = parse_server_time(word.substr(time.size()));
        if (when) return HistoryPoint{*when};
    }
    if (word.substr(0, id.size()) == id && shape.takes_ids) {
        auto which = parse_message_id(word.substr(id.size()));
        if (which) return HistoryPoint{std::move(*which)};
    }
    return {};
}

HistoryFault fault_of(const std::vector<std::string>& params, std::string_view code, std::string_view words) {
    constexpr std::size_t most_shown = 3;
    const auto shown = static_cast<std::ptrdiff_t>(std::min(params.size(), most_shown));
    return {code, {params.begin(), params.begin() + shown}, words};
}
HistoryFault invalid(const std::vector<std::string>& params, std::string_view words) {
    return fault_of(params, "INVALID_PARAMS", words);
}

} // namespace

std::variant<HistoryQuery, HistoryFault> parse_history_query(const std::vector<std::string>& params) {
    constexpr std::string_view shape_help = "It takes a target, but for TARGETS, then points and a limit";
    if (params.empty())
        return fault_of({"*"}, "NEED_MORE_PARAMS", "Say LATEST, BEFORE, AFTER, AROUND, BETWEEN or TARGETS");
    const std::string name = common::to_upper(params.front());
    const auto* const shape =
        std::find_if(shapes.begin(), shapes.end(), [&](const Shape& known) { return known.name == name; });
    if (shape == shapes.end())
        return fault_of({params.front()}, "UNKNOWN_COMMAND",
                        "Say LATEST, BEFORE, AFTER, AROUND, BETWEEN or TARGETS");
    std::size_t at = 1;
    const std::size_t wanted = at + (shape->has_target ? 1 : 0) + shape->points + 1;
    if (params.size() < wanted) return fault_of({params.front()}, "NEED_MORE_PARAMS", shape_help);
    if (params.size() > wanted) return invalid(params, shape_help);
    HistoryQuery query;
    query.kind = shape->kind;
    if (shape->has_target) query.target = params[at++];
    for (std::size_t point = 0; point < shape->points; ++point) {
        auto parsed = parse_point(params[at++], *shape);
        if (!parsed) return invalid(params, "A point is timestamp=YYYY-MM-DDThh:mm:ss.sssZ or msgid=ID");
        (point == 0 ? query.from : query.until) = std::move(*parsed);
    }
    const auto limit = common::parse_number<unsigned>(params[at], 1);
    if (!limit) return invalid(params, "The limit is a number of lines, 1 or more");
    query.limit = std::min(*limit, most_history);
    return query;
}

} // namespace chatd::irc
