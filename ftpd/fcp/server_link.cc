// SPDX-License-Identifier: ISC
#include "ftpd/fcp/server_link.hh"

#include "common/errors.hh"
#include "common/network.hh"
#include "common/socket.hh"
#include "common/text.hh"
#include "ftpd/command.hh"

#include <algorithm>
#include <poll.h>
#include <utility>

using namespace common;

namespace ftpd {
namespace {

constexpr std::size_t max_line_length = 65536;  // bytes; a listing's line holds a name and a link's target
constexpr std::size_t max_at_once = 256 * 1024; // bytes that are read together
constexpr std::size_t max_small = 64 * 1024;    // of a body, or what is left of it, with what comes behind it
constexpr std::size_t max_lines = 1000;         // of a reply that is not a listing
constexpr std::size_t max_in_error = 16 * 1024; // bytes of the server's words that are shown

} // namespace

ServerLink::ServerLink(std::span<const Address> addresses, std::chrono::milliseconds patience)
    : socket_(connect_to(addresses, std::chrono::steady_clock::now() + patience)),
      patience_(patience),
      reader_(max_line_length, LineEnds::first_decides, max_at_once) {
    set_no_delay(socket_.get());
}

void ServerLink::secure(TlsClient& tls, SecuredConnection relay) {
    if (has_buffered()) throw PeerError("the server speaks before TLS has begun: somebody may be in between");
    relay_.emplace(std::move(relay));
    socket_ = tls.secure(*relay_, std::move(socket_), patience_);
    reader_ = LineReader{max_line_length, LineEnds::first_decides, max_at_once};
}

bool ServerLink::crosses_network() const {
    const std::optional<Network> own = Network::parse("127.0.0.0/8");
    const Address peer = peer_address(socket_.get());
    return peer.family() != AF_UNIX && !own->contains(peer) && peer.host() != "::1";
}

void ServerLink::say(std::string_view command) { queue(encode_command(command)); }

// Not write(2): SIGPIPE is for standard output.
void ServerLink::flush() {
    while (sent_ < unsent_.size() && !takes_nothing_) {
        const ssize_t sent = retry([&] {
            return ::send(socket_.get(), unsent_.data() + sent_, unsent_.size() - sent_, MSG_NOSIGNAL);
        });
        if (sent >= 0)
            sent_ += static_cast<std::size_t>(sent);
        else if (means_vanished(errno))
            takes_nothing_ = true; // it has said why, or has just gone: reading tells
        else if (errno == EAGAIN || errno == EWOULDBLOCK)
            return;
        else
            fail("send");
    }
    unsent_.clear();
    sent_ = 0;
    if (!ends_output_ || std::exchange(output_ended_, true)) return;
    if (relay_) relay_->say_whole();
    ::shutdown(socket_.get(), SHUT_WR);
}

void ServerLink::guard_unfinished() {
    if (relay_)
        relay_->leave_open();
    else
        set_reset_on_close(socket_.get());
}

std::string ServerLink::why_ended() {
    if (relay_) relay_->hear_end();
    if (relay_ && !relay_->fault().empty()) return text("the connection was cut: ", relay_->fault());
    return "the server has closed the connection";
}

IoState ServerLink::fill() { return reader_.fill(socket_.get()); }

std::optional<std::string> ServerLink::next_line() {
    const bool was_full = reader_.full();
    const std::optional<Line> line = reader_.next();
    if (line ? line->too_long : was_full || reader_.buffered().size() > max_line_length)
        throw PeerError(text("the server sends a line of more than ", max_line_length, " bytes"));
    if (!line) return {};
    return decode_telnet(line->text).text;
}

IoResult ServerLink::read_body(std::span<char> into) {
    if (!has_buffered() && into.size() <= max_small)
        if (const IoState state = reader_.fill(socket_.get()); state != IoState::done) return {state, 0};
    if (const std::string_view before = reader_.buffered(); !before.empty()) {
        const std::size_t taken = before.copy(into.data(), into.size());
        reader_.consume(taken);
        return {IoState::done, taken};
    }
    return read_some(socket_.get(), into);
}

void ServerLink::wait(bool wants_room, std::chrono::milliseconds extra) {
    const bool sends = (wants_room || queued() > 0) && !takes_nothing_;
    pollfd waited{socket_.get(), static_cast<short>(sends ? POLLIN | POLLOUT : POLLIN), 0};
    const auto limit = patience_ + extra;
    const int ready = checked("wait for", "the server",
                              [&] { return ::poll(&waited, 1, static_cast<int>(limit.count())); });
    if (ready > 0) return;
    throw PeerError(text("the server has been silent for ",
                         std::chrono::ceil<std::chrono::seconds>(limit).count(), " seconds"));
}

// A line must not drip in for longer than patience_.
std::string ServerLink::wait_for_line() {
    const auto deadline = std::chrono::steady_clock::now() + patience_;
    for (;;) {
        flush();
        if (std::optional<std::string> line = next_line()) return *std::move(line);
        switch (fill()) {
        case IoState::done: break;
        case IoState::would_block: wait(false); break;
        case IoState::ended:
        case IoState::vanished: throw PeerError(why_ended());
        }
        if (std::chrono::steady_clock::now() > deadline)
            throw PeerError("the server is too slow to wait for");
    }
}

Reply ServerLink::read_reply() {
    ReplyLine first = parse_reply_line(wait_for_line());
    Reply reply{first.code, std::move(first.text)};
    const std::string end = text(reply.code, ' ');
    bool is_whole = first.is_last;
    for (std::size_t lines = 0; !is_whole; ++lines) {
        if (lines == max_lines) throw PeerError("the server's answer does not end");
        const std::string line = wait_for_line();
        is_whole = line.substr(0, end.size()) == end;
        reply.text += '\n' + line;
    }
    return reply;
}

ReplyLine parse_reply_line(std::string_view line) {
    constexpr std::size_t digits = 3;
    const auto code = parse_number(line.substr(0, digits), 100, 599);
    const std::string_view behind = line.substr(std::min(line.size(), digits));
    if (!code || (!behind.empty() && behind[0] != ' ' && behind[0] != '-'))
        throw PeerError(text("this is not an FTP server: it says ", escape(line, 64)));
    return {*code, behind.substr(0, 1) != "-", std::string{behind.substr(behind.empty() ? 0 : 1)}};
}

std::optional<StatedSum> parse_stated_sum(std::string_view given) {
    const std::size_t blank = given.find(' ');
    if (blank == given.npos) return {};
    const std::size_t end = std::min(given.find(' ', blank + 1), given.size());
    const auto size = parse_number<std::uint64_t>(given.substr(blank + 1, end - blank - 1));
    if (!parse_number<std::uint32_t>(given.substr(0, blank)) || !size) return {};
    return StatedSum{std::string{given.substr(0, end)}, *size};
}

std::string words_of(const Reply& reply) {
    std::string words = escape(reply.text, max_in_error);
    if (reply.code >= 400) return words;
    return text("unexpected answer from the server: ", reply.code, ' ', words);
}

} // namespace ftpd
