// SPDX-License-Identifier: ISC
// fcp's connection to a server: lines and raw bytes both ways, reading while it writes, and never waiting
// without a limit. Trusts nothing the server sends: lines are capped, and passed on as they are. Throws
// PeerError in words for a person.
#pragma once

#include "common/address.hh"
#include "common/fd.hh"
#include "common/line_reader.hh"
#include "common/tls/tls_client.hh"

#include <chrono>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace ftpd {

struct Reply {
    int code = 0;
    std::string text; // of all its lines, without their code
};

class ServerLink {
public:
    // patience: how long the server may say, send and take nothing. Throws std::system_error when none of the
    // addresses answers.
    ServerLink(std::span<const common::Address> addresses, std::chrono::milliseconds patience);

    // From now on under TLS, which both sides have agreed to. relay: started for this connection. Throws as
    // TlsClient::secure does, and PeerError when the server has said more already, which would pass for its
    // first words under TLS.
    void secure(common::TlsClient& tls, common::SecuredConnection relay);

    // Whether others than this machine can see what goes over it, as far as its address tells.
    bool crosses_network() const;

    // Commands and bytes are queued, and sent by flush as far as the server takes them.
    void say(std::string_view command);
    void queue(std::string_view bytes) { unsent_.append(bytes); }
    std::size_t queued() const { return unsent_.size(); }
    void flush();
    // No more will come from us, once all queued is sent.
    void end_output() { ends_output_ = true; }
    // Closing it resets the connection: what was sent without a length must not look complete.
    void guard_unfinished();
    // Why there is no connection any more, in words.
    std::string why_ended();

    // Reads what has arrived: done, would_block, ended or vanished.
    common::IoState fill();
    std::optional<std::string> next_line();
    bool has_buffered() const { return !reader_.buffered().empty(); }
    // Bytes of a body, at least one when the state is done; what was read with the lines comes first.
    common::IoResult read_body(std::span<char> into);

    // Until there is something to read, or, when something is queued or wants_room is set, to send. Throws
    // PeerError when patience is over, longer by extra.
    void wait(bool wants_room, std::chrono::milliseconds extra = {});

    // One reply, waited for; what is queued is sent meanwhile. For the conversation before any pipeline.
    Reply read_reply();

private:
    std::string wait_for_line();

    common::Fd socket_; // or the stream in its place
    std::optional<common::SecuredConnection> relay_;
    std::chrono::milliseconds patience_;
    common::LineReader reader_;
    std::string unsent_;
    std::size_t sent_ = 0; // of unsent_
    bool ends_output_ = false;
    bool output_ended_ = false;
    bool takes_nothing_ = false; // the server takes no more; what it said can still be read
};

// The first line of a reply: code and text; whether it is the last, too (RFC 959, section 4.2). Throws
// PeerError for anything else.
struct ReplyLine {
    int code;
    bool is_last;
    std::string text;
};
ReplyLine parse_reply_line(std::string_view line);

// "CKSUM SIZE", with which the text of SITE CKSUM's reply begins, and of GET's and PUT's last; no value for
// anything else.
struct StatedSum {
    std::string shown;
    std::uint64_t size; // bytes
};
std::optional<StatedSum> parse_stated_sum(std::string_view text);

// What a reply of an error says, escaped and capped; of another code, that it was unexpected.
std::string words_of(const Reply& reply);

} // namespace ftpd
