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
    while (!coming_ && callbacks_.may_begin() && !waiting_.empty()) {
        const bool asked = waiting_.front();
        waiting_.pop_front();
        try {
            read(asked);
        } catch (const std::exception& error) {
            const std::string why = std::string{error.what()}.substr(0, max_keeper_text);
            if (KeeperPair* const main = callbacks_.main())
                main->send({.word = KeeperWord::refuse, .flag = asked, .text = why});
            else
                log_.error(text("configuration not read again, the old one stays: ", why));
        }
    }
}

void Reloads::read(bool asked) {
    KeeperPair* const main = callbacks_.main();
    holdings_.reopen_log(main);
    std::vector<std::string> ignored;
    const std::vector<ConfigLine> given = read_config(options_.file, options_.lines);
    Coming coming{duties_.merge(config_, given, ignored), {}};
    coming.plan = duties_.make_plan(coming.config);
    std::vector<Note> told;
    told.reserve(ignored.size());
    for (std::string& one : ignored) told.push_back({Severity::warning, std::move(one)});
    if (main != nullptr) main->make_room(coming.config.size() * packets_for_line);
    holdings_.open(coming.plan, main, told);
    coming_ = std::move(coming);
    if (main == nullptr) { // the next one begins with it
        for (const Note& note : told) log_.write(note.severity, note.text);
        log_.notice("configuration read again");
        return on_applied(true);
    }
    for (const ConfigLine& line : coming_->config) main->send(frame_of(line));
    for (const Note& note : told)
        main->send({.word = KeeperWord::told, .number = static_cast<int>(note.severity), .text = note.text});
    main->send({.word = KeeperWord::apply, .flag = asked});
}

void Reloads::on_applied(bool in_force) {
    if (!coming_) throw PeerError("it tells of a configuration that it was not given");
    Coming coming = *std::exchange(coming_, std::nullopt);
    if (in_force) {
        callbacks_.put_in_force(std::move(coming));
    } else {
        std::vector<Note> told;
        holdings_.open_listeners(plan_, callbacks_.main(), told); // as they were
        for (const Note& note : told) log_.write(note.severity, note.text);
    }
    go_on();
}

void Reloads::take_over(const Paper& paper) {
    waiting_.assign(paper.reloads.begin(), paper.reloads.end());
    go_on();
}

void Reloads::on_main_end() {
    std::erase(waiting_, true);
    if (!coming_) return go_on();
    log_.error("the configuration that was read again is not in force: the old one stays");
    coming_.reset();
    try {
        std::vector<Note> told;
        holdings_.open(plan_, nullptr, told);
        for (const Note& note : told) log_.write(note.severity, note.text);
    } catch (const std::exception& error) {
        log_.error(error.what());
    }
    go_on();
}

} // namespace common
