// SPDX-License-Identifier: ISC
#include "chatd/handler/typed/completer.hh"

#include "chatd/handler/typed/commands.hh"
#include "common/text.hh"

using namespace common;

namespace chatd {

void Completer::begin(std::string before) {
    const Registration::State state = registration_.state();
    if (running_ || state == Registration::State::asking_password ||
        state == Registration::State::asking_code)
        return;
    std::vector<CommandShape> shapes;
    for (const SlashCommand& command : slash_commands()) shapes.push_back({command.name, command.arguments});
    Completion wanted = find_completion(before, shapes);
    const bool needs_hub = wanted.of == Completion::Of::names || wanted.of == Completion::Of::rooms;
    const bool can_ask =
        registration_.is_inside() && (wanted.of == Completion::Of::rooms || rooms_.current() != nullptr);
    running_.emplace(Running{std::move(before), std::move(wanted)});
    if (!needs_hub || !can_ask) end(running_->wanted.words);
}

bool Completer::ask() {
    if (!running_ || running_->is_asked || hub_.is_waiting()) return false;
    const RoomView* const room = rooms_.current();
    running_->is_asked = true;
    if (running_->wanted.of == Completion::Of::rooms)
        hub_.ask(RoomsFrame::make({}, std::uint32_t{0}), {.what = Message::rooms});
    else if (room != nullptr)
        hub_.ask(WhoFrame::make(room->name(), std::uint32_t{0}),
                 {.what = Message::who, .about = room->name()});
    else
        fail(); // the room was left meanwhile
    return true;
}

// The first field of each row is a name, or a room's.
void Completer::take(const HubRequest& request, const std::string& rows, bool is_last) {
    const bool are_rooms = request.what == Message::rooms;
    for (const std::string& row : split_lines(rows)) {
        const std::string name = row.substr(0, row.find('\t'));
        if (are_rooms || name != output_.display().own_name()) running_->candidates.push_back(name);
    }
    if (is_last) end(std::move(running_->candidates));
}

void Completer::end(std::vector<std::string> candidates) {
    const Running ended = *std::move(running_);
    running_.reset();
    const Completed completed = complete(ended.wanted, std::move(candidates));
    if (!completed.choice.empty()) {
        std::string all;
        for (const std::string& one : completed.choice) all += text(all.empty() ? "" : "  ", one);
        output_.show(output_.display().plain_line(all));
    }
    if (TelnetDialect* const telnet = output_.telnet())
        telnet->edited_line().complete(ended.before, ended.wanted.from, completed);
}

} // namespace chatd
