// SPDX-License-Identifier: ISC
#include "ftpd/inband_client.hh"

#include "common/cksum.hh"
#include "common/errors.hh"
#include "common/socket.hh"
#include "common/text.hh"
#include "ftpd/command.hh"

#include <algorithm>
#include <poll.h>
#include <vector>

using namespace common;

namespace ftpd {
namespace {

constexpr std::size_t longest_line = 65536;      // bytes; a listing's line holds a name and a link's target
constexpr std::size_t most_lines = 1000;         // of a reply that is no listing
constexpr std::size_t buffer_size = 256 * 1024;  // bytes
constexpr std::size_t most_in_error = 16 * 1024; // bytes of the server's words that are shown

// Not write(2): SIGPIPE is for standard output.
ssize_t send_some(int fd, std::string_view bytes) {
    return retry([&] { return ::send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL); });
}

} // namespace

InBandClient::InBandClient(std::span<const Address> server, std::chrono::milliseconds patience)
    : socket_(connect_to(server, std::chrono::steady_clock::now() + patience)),
      patience_(patience),
      reader_(longest_line, LineEnds::first_decides) {
    expect(220);
    // The first line fixes CR LF as the end of lines; only then may a path hold an LF.
    send_command("NOOP");
    expect(200);
}

void InBandClient::list(std::string_view path, const Sink& line) {
    send_command(text("LS ", path));
    Reply reply = read_first_line();
    if (reply.code != 213) refuse(finish(reply));
    while (!reply.is_whole) {
        const std::string next = read_line();
        if (next.substr(0, 1) == " ")
            line(std::string_view{next}.substr(1));
        else if (next.substr(0, 4) == "213 ")
            reply.is_whole = true;
        else
            throw PeerError(text("the server broke off the listing: ", escape(next)));
    }
}

std::uint64_t InBandClient::start_get(std::string_view path) {
    send_command(text("GET ", path));
    const Reply reply = expect(150);
    body_ = parse_number<std::uint64_t>(reply.text.substr(0, reply.text.find(' ')));
    if (!body_) throw PeerError(text("the server did not say how many bytes follow: ", escape(reply.text)));
    return *body_;
}

void InBandClient::receive(const Sink& bytes) {
    Cksum sum;
    std::vector<char> buffer(buffer_size);
    for (std::uint64_t left = body_.value(); left > 0;) {
        const auto wanted = static_cast<std::size_t>(std::min<std::uint64_t>(left, buffer.size()));
        const std::size_t got = read_body(std::span{buffer}.first(wanted));
        if (got == 0)
            throw PeerError(text("the server broke off: ", left, " of ", *body_, " bytes are missing"));
        left -= got;
        sum.add({buffer.data(), got});
        bytes({buffer.data(), got});
    }
    check_sum(sum.shown());
}

void InBandClient::start_put(std::string_view path, std::optional<std::uint64_t> size) {
    body_ = size;
    // A body that its size does not guard ends with the connection, and must not look complete if we die.
    if (!size) set_reset_on_close(socket_.get());
    if (size) {
        send_command(text("ALLO ", *size));
        const Reply reply = read_reply();
        if (reply.code != 200 && reply.code != 202) refuse(reply);
    }
    send_command(text("PUT ", path));
    expect(150);
}

void InBandClient::send(const Source& source) {
    Cksum sum;
    std::vector<char> buffer(buffer_size);
    while (!body_ || sum.size() < *body_) {
        const auto wanted = static_cast<std::size_t>(
            std::min<std::uint64_t>(body_.value_or(UINT64_MAX) - sum.size(), buffer.size()));
        const std::size_t got = source(std::span{buffer}.first(wanted));
        if (got == 0 && body_)
            throw UserError(text("the file has shrunk to ", sum.size(), " of ", *body_,
                                 " bytes while it was sent: nothing was stored"));
        if (got == 0) break;
        sum.add({buffer.data(), got});
        send_bytes({buffer.data(), got});
    }
    if (!body_) checked("end the output", {}, [&] { return ::shutdown(socket_.get(), SHUT_WR); });
    check_sum(sum.shown());
}

void InBandClient::check_sum(const std::string& ours) {
    const Reply reply = expect(226);
    if (reply.text.substr(0, ours.size() + 1) == ours + ' ') return;
    throw PeerError(text("damaged on the way: its checksum and size are ", ours,
                         " here, but the server says ", escape(reply.text)));
}

InBandClient::Reply InBandClient::expect(int code) {
    Reply reply = read_reply();
    if (reply.code != code) refuse(reply);
    return reply;
}

void InBandClient::refuse(const Reply& reply) const {
    const std::string words = escape(reply.text, most_in_error);
    if (reply.code >= 400) throw PeerError(words);
    throw PeerError(text("unexpected answer from the server: ", reply.code, ' ', words));
}

// A line must not drip in for longer than patience_.
std::string InBandClient::read_line() {
    const auto deadline = std::chrono::steady_clock::now() + patience_;
    for (;;) {
        const bool was_full = reader_.full();
        if (const std::optional<Line> line = reader_.next(); line && !line->too_long)
            return decode_telnet(line->text).text;
        else if (line || was_full)
            throw PeerError(text("the server sends a line of more than ", longest_line, " bytes"));
        switch (reader_.fill(socket_.get())) {
        case IoState::done: break;
        case IoState::would_block: wait(POLLIN); break;
        case IoState::ended:
        case IoState::vanished: throw PeerError("the server has closed the connection");
        }
        if (std::chrono::steady_clock::now() > deadline)
            throw PeerError("the server is too slow to wait for");
    }
}

InBandClient::Reply InBandClient::read_first_line() {
    const std::string line = read_line();
    const auto code = parse_number(std::string_view{line}.substr(0, 3), 100, 599);
    const std::string_view behind = std::string_view{line}.substr(std::min<std::size_t>(line.size(), 3));
    if (!code || (!behind.empty() && behind[0] != ' ' && behind[0] != '-'))
        throw PeerError(text("this is no FTP server: it says ", escape(line, 64)));
    return {*code, behind.substr(0, 1) != "-", std::string{behind.substr(behind.empty() ? 0 : 1)}};
}

InBandClient::Reply InBandClient::finish(Reply reply) {
    const std::string end = text(reply.code, ' ');
    for (std::size_t lines = 0; !reply.is_whole; ++lines) {
        if (lines == most_lines) throw PeerError("the server's answer does not end");
        const std::string line = read_line();
        reply.is_whole = line.substr(0, end.size()) == end;
        reply.text += '\n' + line;
    }
    return reply;
}

void InBandClient::send_command(std::string_view line) { send_bytes(encode_command(line)); }

void InBandClient::send_bytes(std::string_view bytes) {
    while (!bytes.empty()) {
        const ssize_t sent = send_some(socket_.get(), bytes);
        if (sent >= 0)
            bytes.remove_prefix(static_cast<std::size_t>(sent));
        else if (means_vanished(errno))
            refuse(read_reply()); // it has said why, or has just gone
        else if (errno != EAGAIN && errno != EWOULDBLOCK)
            fail("send");
        else if (wait(POLLOUT | POLLIN))
            refuse(read_reply()); // whatever it says now, it takes no more
    }
}

// Bytes of a body, at least one; none when the server has ended the connection.
std::size_t InBandClient::read_body(std::span<char> into) {
    if (const std::string_view before = reader_.buffered(); !before.empty()) {
        const std::size_t taken = before.copy(into.data(), into.size());
        reader_.consume(taken);
        return taken;
    }
    for (;;) {
        const IoResult got = read_some(socket_.get(), into);
        if (got.state != IoState::would_block) return got.bytes;
        wait(POLLIN);
    }
}

bool InBandClient::wait(short events) {
    pollfd waited{socket_.get(), events, 0};
    const int ready = checked("wait for", "the server",
                              [&] { return ::poll(&waited, 1, static_cast<int>(patience_.count())); });
    if (ready == 0)
        throw PeerError(text("the server has been silent for ",
                             std::chrono::ceil<std::chrono::seconds>(patience_).count(), " seconds"));
    return (waited.revents & POLLIN) != 0;
}

} // namespace ftpd
