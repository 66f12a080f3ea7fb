// SPDX-License-Identifier: ISC
#include "chatd/handler/typed/line_dialect.hh"

#include "chatd/terminal/telnet.hh"

#include <algorithm>
#include <utility>

using namespace common;

namespace chatd {
namespace {

constexpr char iac = static_cast<char>(telnet::Command::iac);

} // namespace

std::optional<Line> LineDialect::next_line() {
    if (alone_until_) return {};
    std::optional<Line> line = input_.next();
    if (!line && input_ended_ && has_lines()) { // the last one, which nothing ends but the input
        input_.add("\n");
        line = input_.next();
        if (!is_rest_whole_) line.reset();
    }
    if (line && !std::exchange(seen_first_line_, true) && input_.ended_in_crlf()) end_ = "\r\n";
    return line;
}

// The rest of a line that is too long may be all that is left of one.
bool LineDialect::has_lines() const {
    return !input_.buffered().empty() || (input_ended_ && !input_.at_line_start());
}

// A telnet client sends a command first, or, on a port that is not telnet's, nothing but what is typed: then
// the first line, which ends in CR LF, or, where keys are sent as they are pressed, in CR NUL, comes alone.
// The two bytes may come by themselves, and a while apart. nc does neither, unless with -C: of a pipe it
// sends line by line without a pause; what a person is sent who types at nc -C, see telnet_dialect.hh.
std::unique_ptr<TelnetDialect> LineDialect::take_successor() {
    constexpr std::chrono::milliseconds pause{100}, half_pause{1000};
    const std::string_view bytes = input_.buffered();
    if (seen_first_line_ || bytes.empty()) return nullptr;
    if (bytes[0] == iac)
        return std::make_unique<TelnetDialect>(TelnetStart{question_, std::string{bytes}, {}});
    const std::size_t end = bytes.find_first_of(std::string_view{"\r\n\0", 3});
    const std::string_view enter = bytes.substr(std::min(end, bytes.size()));
    const bool is_half = enter == "\r" && !is_half_given_up_;
    const bool is_whole = enter == "\r\n" || enter == std::string_view{"\r\0", 2};
    if (!(is_half || is_whole) || !input_.at_line_start() || input_ended_) {
        alone_until_.reset();
        return nullptr;
    }
    if (!alone_until_ || is_half != awaits_half_)
        alone_until_ = Clock::now() + (is_half ? half_pause : pause);
    awaits_half_ = is_half;
    if (Clock::now() < *alone_until_) return nullptr;
    if (is_half) {
        alone_until_.reset();
        is_half_given_up_ = true;
        return nullptr;
    }
    return std::make_unique<TelnetDialect>(
        TelnetStart{question_, {}, Line{std::string{bytes.substr(0, end)}}});
}

std::string LineDialect::ask(Asked asked, std::string_view words) {
    if (asked == Asked::nothing) return {};
    if (!seen_first_line_) question_ = words;
    return std::string{words};
}

} // namespace chatd
