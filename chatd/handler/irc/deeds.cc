// SPDX-License-Identifier: ISC
#include "chatd/handler/irc/deeds.hh"

#include "chatd/handler/irc/names.hh"

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

namespace chatd::irc {
namespace {

struct Row {
    Deed deed;
    std::string_view command;
    Capability capability;
    std::uint8_t wish;
};
constexpr std::array rows{
    Row{Deed::went_away, "AWAY", Capability::away_notify, wishes_presence},
    Row{Deed::came_back, "AWAY", Capability::away_notify, wishes_presence},
    Row{Deed::named, "SETNAME", Capability::setname, wishes_real_names},
    Row{Deed::invited, "INVITE", Capability::invite_notify, wishes_invitations},
};

} // namespace

std::size_t Deeds::tell(Replies& replies) {
    const std::vector<DeedOf> all = std::exchange(waiting_, {});
    for (const DeedOf& one : all) {
        const auto* const row =
            std::find_if(rows.begin(), rows.end(), [&](const Row& known) { return known.deed == one.deed; });
        if (row == rows.end() || !capabilities_.has(row->capability)) continue;
        ServerLine line{prefix_of(one.name), row->command};
        records_.add_time(line, one.time);
        if (one.deed == Deed::invited)
            line.word(nick_of(one.guest)).word(channel_of(one.words));
        else if (one.deed != Deed::came_back)
            line.text(one.words);
        replies.event(line);
    }
    return all.size();
}

std::uint8_t Deeds::wishes_of(const Capabilities& capabilities) {
    std::uint8_t wishes = 0;
    for (const Row& row : rows)
        if (capabilities.has(row.capability)) wishes = static_cast<std::uint8_t>(wishes | row.wish);
    return wishes;
}

} // namespace chatd::irc
