// SPDX-License-Identifier: ISC
#include "common/keeper/reloads.hh"

#include "common/errors.hh"
#include "common/text.hh"

#include <algorithm>
#include <cstddef>
#include <exception>
#include <string>
#include <utility>

namespace common {

void Reloads::ask(bool asked) {
    const auto waiting = std::count(waiting_.begin(), waiting_.end(), asked);
    if (!asked && waiting > 0) return; // that one will find what there is now
    if (asked && static_cast<std::size_t>(waiting) >= max_reloads)
        throw PeerError("it asks for one reload after the other");
    waiting_.push_back(asked);
    go_on();
}

void Reloads::go_on() {
    while (!is_under_way() && callbacks_.may_begin() && !waiting_.empty()) {
        const bool asked = waiting_.front();
        waiting_.pop_front();
        attempt(asked, [&] { read(asked); });
    }
}

// What it throws is why the configuration that there is stays.
void Reloads::attempt(bool asked, const std::function<void()>& step) {
    try {
        step();
    } catch (const std::exception& error) {
        const std::string why = std::string{error.what()}.substr(0, max_keeper_text);
        if (KeeperPair* const main = callbacks_.main())
            main->send({.word = KeeperWord::refuse, .flag = asked, .text = why});
        else
            parts_.log.error(text("configuration not read again, the old one stays: ", why));
    }
}

void Reloads::read(bool asked) {
    parts_.holdings.reopen_log(callbacks_.main());
    std::vector<std::string> ignored;
    const std::vector<ConfigLine> given = read_config(parts_.options.file, parts_.options.lines);
    Read read{asked, {parts_.duties.merge(parts_.config, given, ignored), {}}, {}};
    read.coming.plan = parts_.duties.make_plan(read.coming.config);
    read.told.reserve(ignored.size());
    for (std::string& one : ignored) read.told.push_back({Severity::warning, std::move(one)});
    if (read.coming.plan.look)
        look(std::move(read));
    else
        offer(std::move(read));
}

void Reloads::look(Read read) {
    const Look& wanted = *read.coming.plan.look;
    look_.begin(wanted.program, wanted.arguments,
                [this](const ProgramRun::Result& result) { on_looked(result); });
    looked_at_ = std::move(read);
}

void Reloads::on_looked(const ProgramRun::Result& result) {
    Read read = *std::exchange(looked_at_, std::nullopt);
    if (!callbacks_.may_begin()) return waiting_.push_front(read.asked); // what has begun meanwhile goes on
    attempt(read.asked, [&] {
        if (result.refusal) throw UserError(text(read.coming.plan.look->what, ": ", *result.refusal));
        for (const std::string& line : split_lines(result.output))
            read.told.push_back({Severity::warning, line});
        offer(std::move(read));
    });
    go_on();
}

void Reloads::offer(Read read) {
    KeeperPair* const main = callbacks_.main();
    if (main != nullptr) main->make_room(read.coming.config.size() * packets_for_line);
    parts_.holdings.open(read.coming.plan, main, read.told);
    callbacks_.renew_readers(read.coming.plan);
    coming_ = std::move(read.coming);
    if (main == nullptr) { // the next one begins with it
        for (const Note& note : read.told) parts_.log.write(note.severity, note.text);
        parts_.log.notice("configuration read again");
        return on_applied(true);
    }
    for (const ConfigLine& line : coming_->config) main->send(frame_of(line));
    for (const Note& note : read.told)
        main->send({.word = KeeperWord::told, .number = static_cast<int>(note.severity), .text = note.text});
    main->send({.word = KeeperWord::apply, .flag = read.asked});
}

void Reloads::on_applied(bool in_force) {
    if (!coming_) throw PeerError("it tells of a configuration that it was not given");
    Coming coming = *std::exchange(coming_, std::nullopt);
    if (in_force) {
        callbacks_.put_in_force(std::move(coming));
    } else {
        std::vector<Note> told;
        parts_.holdings.open_listeners(parts_.plan, callbacks_.main(), told); // as they were
        for (const Note& note : told) parts_.log.write(note.severity, note.text);
    }
    go_on();
}

void Reloads::take_over(const Paper& paper) {
    waiting_.assign(paper.reloads.begin(), paper.reloads.end());
    go_on();
}

void Reloads::on_main_end() {
    std::erase(waiting_, true);
    if (looked_at_ && looked_at_->asked) {
        look_.stop();
        looked_at_.reset();
    }
    if (!coming_) return go_on();
    parts_.log.error("the configuration that was read again is not in force: the old one stays");
    coming_.reset();
    try {
        std::vector<Note> told;
        parts_.holdings.open(parts_.plan, nullptr, told);
        for (const Note& note : told) parts_.log.write(note.severity, note.text);
    } catch (const std::exception& error) {
        parts_.log.error(error.what());
    }
    go_on();
}

} // namespace common
