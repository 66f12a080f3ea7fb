// SPDX-License-Identifier: ISC
// The handler's part about the Tab key: commands are known here, names and rooms the hub is asked for, while
// the person goes on typing. Run by handlers.
#include "chatd/handler/handler.hh"

#include "common/text.hh"

using namespace common;

namespace chatd {

void Handler::begin_completion(std::string before) {
    if (completing_ || state_ == State::asking_password || state_ == State::asking_code) return;
    std::vector<CommandShape> shapes;
    for (const Command& command : commands()) shapes.push_back({command.name, command.arguments});
    Completion wanted = find_completion(before, shapes);
    const bool needs_hub = wanted.of == Completion::Of::names || wanted.of == Completion::Of::rooms;
    const bool can_ask = state_ == State::inside && (wanted.of == Completion::Of::rooms || current_ != 0);
    completing_.emplace(Completing{std::move(before), std::move(wanted)});
    if (!needs_hub || !can_ask) end_completion(completing_->wanted.words);
}

// When nothing else is asked.
bool Handler::ask_for_candidates() {
    if (!completing_ || completing_->is_asked || waiting_for_answer_ || query_) return false;
    completing_->is_asked = true;
    if (completing_->wanted.of == Completion::Of::rooms)
        ask_hub(RoomsFrame::make({}, std::uint32_t{0}), Message::rooms);
    else
        ask_hub(WhoFrame::make(current().name(), std::uint32_t{0}), Message::who, current().name());
    return true;
}

// The first field of each row is a name, or a room's.
void Handler::take_candidates(const std::string& rows, std::uint32_t next) {
    for (const std::string& row : split_lines(rows)) {
        const std::string name = row.substr(0, row.find('\t'));
        if (asked_ == Message::rooms || name != display_.own_name()) completing_->candidates.push_back(name);
    }
    if (next == 0) return end_completion(std::move(completing_->candidates));
    ask_hub(asked_ == Message::rooms ? RoomsFrame::make({}, next) : WhoFrame::make(asked_about_, next),
            asked_, std::string{asked_about_});
}

void Handler::end_completion(std::vector<std::string> candidates) {
    const Completing ended = *std::move(completing_);
    completing_.reset();
    const Completed completed = complete(ended.wanted, std::move(candidates));
    if (!completed.choice.empty()) {
        std::string all;
        for (const std::string& one : completed.choice) all += text(all.empty() ? "" : "  ", one);
        show(display_.plain_line(all));
    }
    dialect().complete(ended.before, ended.wanted.from, completed);
}

} // namespace chatd
