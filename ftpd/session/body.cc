// SPDX-License-Identifier: ISC
#include "ftpd/session/body.hh"

#include "ftpd/session/connection.hh"
#include "ftpd/telnet.hh"

#include <algorithm>
#include <unistd.h>

using namespace common;

namespace ftpd {
namespace {

struct TelnetProbe {
    std::string ask;
    std::string answer; // telnet's
};

// Options that no standard has, so that telnet will do none of them. Which ones nobody can tell beforehand:
// no file that somebody sends may hold the answer.
TelnetProbe make_probe() {
    constexpr int options = 6;
    constexpr std::uint64_t first = 64, unassigned = 64; // RFC 2400 and IANA's list have none of 64 to 127
    auto chance = static_cast<std::uint64_t>(Clock::now().time_since_epoch().count()) ^
                  static_cast<std::uint64_t>(::getpid()) << 40;
    TelnetProbe probe;
    for (int i = 0; i < options; ++i) {
        chance = (chance ^ chance >> 29) * 0xbf58476d1ce4e5b9U;
        const char option = static_cast<char>(first + (chance >> 40) % unassigned);
        probe.ask += telnet::option(telnet::do_, option);
        probe.answer += telnet::option(telnet::wont, option);
    }
    return probe;
}

// Something has come, or the end, after the command that was taken last.
bool has_waiting_input(ClientSocket& client) {
    return client.input_ended() || !client.buffer().buffered().empty();
}

} // namespace

TypedLines Body::lines_of(const Connection& control) {
    return {control.client().buffer().saw_bare_newline() ? TypedLines::Ends::newline : TypedLines::Ends::crlf,
            control.is_telnet()};
}

void Body::begin(Connection& control, std::string_view words) {
    has_begun_ = true;
    TelnetProbe probe;
    if (!is_counted() && !control.is_person() && !has_waiting_input(control.client())) probe = make_probe();
    if (is_to_end()) std::get<ToEnd>(form_).telnet_answer = probe.answer;
    control.reply(150, words, probe.ask);
}

// The answer comes before anything that is typed.
void Body::learn_whether_telnet(Connection& control) {
    const std::string answer = std::exchange(std::get<ToEnd>(form_).telnet_answer, {});
    for (std::size_t seen = 0; seen < answer.size();) {
        const std::string_view come = control.client().wait_for_input(seen).substr(0, answer.size());
        if (come.size() == seen || come != answer.substr(0, come.size())) return;
        seen = come.size();
    }
    if (answer.empty()) return;
    control.client().buffer().consume(answer.size());
    control.set_telnet();
    form_ = lines_of(control);
}

std::string_view Body::receive(Connection& control, std::size_t max_bytes) {
    if (is_to_end()) learn_whether_telnet(control);
    if (is_lines()) return receive_lines(control, max_bytes);
    if (is_counted()) max_bytes = static_cast<std::size_t>(std::min<std::uint64_t>(max_bytes, left()));
    if (max_bytes == 0) return {};
    if (buffer_.size() < max_bytes) buffer_.resize(max_bytes);
    const std::size_t got = control.client().receive(std::span{buffer_}.first(max_bytes));
    if (auto* const counted = std::get_if<Counted>(&form_)) counted->left -= got;
    if (auto* const to_end = std::get_if<ToEnd>(&form_)) to_end->has_ended = got == 0;
    return {buffer_.data(), got};
}

std::string_view Body::receive_lines(Connection& control, std::size_t max_bytes) {
    auto& typed = std::get<TypedLines>(form_);
    lines_.clear();
    while (lines_.empty() && !typed.has_ended()) {
        const std::string_view bytes = control.client().wait_for_input().substr(0, max_bytes);
        if (bytes.empty()) break;
        control.client().buffer().consume(typed.take(bytes, lines_));
        if (typed.is_telnet()) control.set_telnet();
        control.client().send(typed.take_answer());
    }
    return lines_;
}

bool Body::is_whole() const {
    if (const auto* const to_end = std::get_if<ToEnd>(&form_)) return to_end->has_ended;
    if (const auto* const typed = std::get_if<TypedLines>(&form_)) return typed->has_ended();
    return left() == 0;
}

} // namespace ftpd
