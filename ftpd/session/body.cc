// SPDX-License-Identifier: ISC
#include "ftpd/session/body.hh"

#include "ftpd/telnet.hh"

#include <algorithm>
#include <unistd.h>

using namespace common;

namespace ftpd {
namespace {

struct Question {
    std::string ask;
    std::string answer; // telnet's
};

// Options that no standard has, so that telnet will do none of them. Which ones nobody can tell beforehand:
// no file that somebody sends may hold the answer.
Question make_question() {
    constexpr int options = 6;
    constexpr std::uint64_t first = 64, unassigned = 64; // RFC 2400 and IANA's list have none of 64 to 127
    auto chance = static_cast<std::uint64_t>(Clock::now().time_since_epoch().count()) ^
                  static_cast<std::uint64_t>(::getpid()) << 40;
    Question question;
    for (int i = 0; i < options; ++i) {
        chance = (chance ^ chance >> 29) * 0xbf58476d1ce4e5b9U;
        const char option = static_cast<char>(first + (chance >> 40) % unassigned);
        question.ask += telnet::option(telnet::do_, option);
        question.answer += telnet::option(telnet::wont, option);
    }
    return question;
}

} // namespace

TypedLines Body::lines_of(const Connection& control) {
    return {control.saw_bare_newline() ? TypedLines::Ends::newline : TypedLines::Ends::crlf,
            control.is_telnet()};
}

void Body::begin(Connection& control, std::string_view words) {
    has_begun_ = true;
    Question question;
    if (!is_counted() && !control.is_person() && !control.has_waiting_input()) question = make_question();
    if (is_to_end()) std::get<ToEnd>(form_).telnet_answer = question.answer;
    control.reply(150, words, question.ask);
}

// The answer comes before anything that is typed.
void Body::learn_whether_telnet(Connection& control) {
    const std::string answer = std::exchange(std::get<ToEnd>(form_).telnet_answer, {});
    for (std::size_t seen = 0; seen < answer.size();) {
        const std::string_view come = control.wait_for_input(seen).substr(0, answer.size());
        if (come.size() == seen || come != answer.substr(0, come.size())) return;
        seen = come.size();
    }
    if (answer.empty()) return;
    control.consume_input(answer.size());
    control.set_telnet();
    form_ = lines_of(control);
}

std::string_view Body::receive(Connection& control, std::size_t most) {
    if (is_to_end()) learn_whether_telnet(control);
    if (is_lines()) return receive_lines(control, most);
    if (is_counted()) most = static_cast<std::size_t>(std::min<std::uint64_t>(most, left()));
    if (most == 0) return {};
    if (buffer_.size() < most) buffer_.resize(most);
    const std::size_t got = control.receive_body(std::span{buffer_}.first(most));
    if (auto* const counted = std::get_if<Counted>(&form_)) counted->left -= got;
    if (auto* const to_end = std::get_if<ToEnd>(&form_)) to_end->has_ended = got == 0;
    return {buffer_.data(), got};
}

std::string_view Body::receive_lines(Connection& control, std::size_t most) {
    auto& typed = std::get<TypedLines>(form_);
    lines_.clear();
    while (lines_.empty() && !typed.has_ended()) {
        const std::string_view bytes = control.wait_for_input().substr(0, most);
        if (bytes.empty()) break;
        control.consume_input(typed.take(bytes, lines_));
        if (typed.is_telnet()) control.set_telnet();
        control.send_body(typed.take_answer());
    }
    return lines_;
}

bool Body::is_whole() const {
    if (const auto* const to_end = std::get_if<ToEnd>(&form_)) return to_end->has_ended;
    if (const auto* const typed = std::get_if<TypedLines>(&form_)) return typed->has_ended();
    return left() == 0;
}

} // namespace ftpd
