// SPDX-License-Identifier: ISC
#include "common/keeper/keeper_link.hh"

#include "common/errors.hh"

#include <algorithm>
#include <iterator>
#include <memory>
#include <utility>

namespace common {
namespace {

constexpr std::chrono::seconds start_limit{30}, answer_limit{3}; // the keeper answers at once

} // namespace

KeeperLink::KeeperLink(Fd pair) {
    pair_.open(std::move(pair),
               [this](KeeperFrame frame, Fd passed) { heed(std::move(frame), std::move(passed)); });
    const auto deadline = Clock::now() + start_limit;
    while (!has_begun_)
        if (!pair_.wait(deadline, true))
            throw PeerError(pair_.is_open() ? "the keeper gives nothing" : "the keeper has ended");
}

Given KeeperLink::take(std::string_view label) {
    for (Given& given : given_)
        if (given.label == label && given.fd) return std::exchange(given, {});
    return {};
}

std::vector<Given> KeeperLink::take_all(std::string_view begin) {
    std::vector<Given> all;
    for (Given& given : given_)
        if (given.label.starts_with(begin) && given.fd) all.push_back(std::exchange(given, {}));
    return all;
}

std::vector<KeeperLink::Left> KeeperLink::take_left(std::string_view begin) {
    const auto others = std::stable_partition(
        left_.begin(), left_.end(), [&](const Left& left) { return !left.label.starts_with(begin); });
    std::vector<Left> all{std::make_move_iterator(others), std::make_move_iterator(left_.end())};
    left_.erase(others, left_.end());
    return all;
}

void KeeperLink::deposit(std::string_view label, std::string_view bytes, int fd) {
    if (label.empty() || label.size() > max_deposit_label) throw PeerError("a deposit's label is too long");
    pair_.lend({.word = KeeperWord::deposit,
                .flag = fd >= 0,
                .label = std::string{label},
                .text = std::string{bytes}},
               fd);
}

void KeeperLink::withdraw(std::string_view label) {
    tell({.word = KeeperWord::withdraw, .label = std::string{label}});
}

void KeeperLink::attach(Loop& loop, Callbacks callbacks) {
    callbacks_ = std::move(callbacks);
    pair_.attach(loop, callbacks_.on_lost, nullptr, callbacks_.on_deposited);
    for (const int signal : std::exchange(early_signals_, {}))
        loop.at(Clock::now(), [this, signal] { callbacks_.on_signal(signal); });
}

void KeeperLink::want(std::string_view label, OnAnswer on_answer) {
    awaited_.push_back(std::move(on_answer));
    tell({.word = KeeperWord::want, .label = std::string{label}});
}

Fd KeeperLink::want_now(std::string_view label) {
    struct Answer {
        bool is_there = false;
        Fd given;
        std::string why = "no answer from the keeper";
    };
    const auto answer = std::make_shared<Answer>(); // it may come when nobody waits for it any more
    want(label, [answer](Fd given, const std::string& why) { *answer = {true, std::move(given), why}; });
    const auto deadline = Clock::now() + answer_limit;
    while (!answer->is_there && pair_.wait(deadline, true)) {
    }
    if (!answer->given) throw UserError(answer->why);
    return std::move(answer->given);
}

void KeeperLink::hold(std::vector<Fd> all) {
    for (Fd& fd : all) pair_.send({.word = KeeperWord::hold}, std::move(fd));
    pair_.wait(Clock::now() + answer_limit, false);
}

void KeeperLink::tell_handed_over() {
    tell({.word = KeeperWord::handed_over});
    pair_.wait(Clock::now() + answer_limit, false);
}

void KeeperLink::tell_unable(std::string_view why) {
    tell({.word = KeeperWord::unable, .text = std::string{why.substr(0, max_keeper_text)}});
    pair_.wait(Clock::now() + answer_limit, false);
}

void KeeperLink::end(std::string_view label) {
    const auto given = pids_.find(label);
    if (given == pids_.end()) return;
    tell({.word = KeeperWord::end, .number = given->second, .label = std::string{label}});
}

void KeeperLink::take_answer(Fd given, const std::string& why) {
    if (awaited_.empty()) throw PeerError("the keeper answers what was not asked");
    const OnAnswer on_answer = std::move(awaited_.front());
    awaited_.pop_front();
    on_answer(std::move(given), why);
}

void KeeperLink::heed(KeeperFrame frame, Fd passed) {
    switch (frame.word) {
    case KeeperWord::begin:
        has_begun_ = true;
        follows_another_ = frame.flag;
        beginning_ = frame.number;
        return;
    case KeeperWord::left:
        if (has_begun_) throw PeerError("the keeper gives what was left after the start");
        return left_.push_back({std::move(frame.label), std::move(frame.text), std::move(passed)});
    case KeeperWord::hand_over:
        if (callbacks_.on_hand_over) callbacks_.on_hand_over();
        return;
    case KeeperWord::upgrade_told:
        if (callbacks_.on_upgrade_word)
            callbacks_.on_upgrade_word({std::move(frame.text), frame.flag, frame.number != 0});
        return;
    case KeeperWord::stay:
        beginning_ &= ~Beginning::on_trial;
        if (callbacks_.on_stay) callbacks_.on_stay();
        return;
    case KeeperWord::ask_life: return tell({.word = KeeperWord::alive});
    case KeeperWord::orphan_ended: {
        const OrphanEnd orphan = orphan_of(frame.number);
        if (callbacks_.on_orphan_end) callbacks_.on_orphan_end(orphan.pid, orphan.status);
        return;
    }
    case KeeperWord::give:
        if (frame.flag) {
            const std::string why = passed ? "" : "no descriptor is free";
            return take_answer(std::move(passed), why);
        }
        if (!passed) throw PeerError("no descriptor is free for " + frame.label);
        if (frame.number > 0) pids_[frame.label] = static_cast<pid_t>(frame.number);
        if (!has_begun_)
            return given_.push_back(
                {std::move(frame.label), std::move(passed), static_cast<pid_t>(frame.number)});
        return callbacks_.on_given(
            {std::move(frame.label), std::move(passed), static_cast<pid_t>(frame.number)});
    case KeeperWord::cannot: return take_answer({}, frame.text);
    case KeeperWord::take_back: return callbacks_.on_taken_back(frame.label);
    case KeeperWord::line: return lines_.push_back(line_of(frame));
    case KeeperWord::told:
        return told_.push_back({static_cast<Severity>(frame.number), std::move(frame.text)});
    case KeeperWord::apply:
        return callbacks_.on_config(frame.flag, std::exchange(lines_, {}), std::exchange(told_, {}));
    case KeeperWord::refuse: return callbacks_.on_refusal(frame.flag, frame.text);
    case KeeperWord::signal:
        if (!has_begun_) return early_signals_.push_back(static_cast<int>(frame.number));
        return callbacks_.on_signal(static_cast<int>(frame.number));
    default: throw PeerError("the keeper sent a packet that is not for its child");
    }
}

} // namespace common
