// SPDX-License-Identifier: ISC
// Many exchanges with a server under way at once over one connection: commands and bodies go out while the
// answers to earlier ones come in. What is read is never held up by what is to be sent, so neither side waits
// for the other; what is asked ahead is bounded. Run by fcp and fls.
#pragma once

#include "ftpd/fcp/exchange.hh"

#include <deque>
#include <functional>
#include <memory>
#include <optional>

namespace ftpd {

class Pipeline {
public:
    // connect makes a connection that is logged in; again when one had to be given up.
    using Connect = std::function<ServerLink()>;
    explicit Pipeline(Connect connect) : connect_(std::move(connect)) {}

    // After, or before, all that have not begun.
    void add(std::unique_ptr<Exchange> exchange) { waiting_.push_back(std::move(exchange)); }
    void add_next(std::unique_ptr<Exchange> exchange) { waiting_.push_front(std::move(exchange)); }
    // When all others are complete.
    void add_last(std::unique_ptr<Exchange> exchange) { last_.push_back(std::move(exchange)); }

    // Until nothing is left to do; exchanges may add others. A connection that breaks costs the exchange that
    // was being answered, and the rest goes on over another. Throws what connect does, and PeerError when the
    // server is silent, does not keep to the protocol, says 421, or breaks off again without any answer.
    void run();

private:
    void begin_more();
    void send();
    void receive();
    bool receive_some();
    void take_line(std::string_view line);
    void take_reply(const Reply& reply);
    void follow(const Next& next);
    void reconnect();
    void give_up_connection();
    void lose_connection();

    Connect connect_;
    std::deque<std::unique_ptr<Exchange>> waiting_;
    std::deque<std::unique_ptr<Exchange>> last_;
    std::deque<std::unique_ptr<Exchange>> under_way_; // in the order of their answers
    std::optional<ServerLink> link_;
    Exchange* sender_ = nullptr; // the last of those under way, while it has a body to send
    bool begins_ = false;        // more, until as many are under way as may be
    bool ends_ = false;          // nothing more can be begun on this connection
    std::optional<Reply> lines_; // a reply of several, so far
    std::size_t line_count_ = 0;
    std::uint64_t body_left_ = 0; // bytes for the first of those under way
    bool has_answered_ = false;   // anything on this connection
    std::vector<char> buffer_ = std::vector<char>(std::size_t{256} * 1024);
};

} // namespace ftpd
