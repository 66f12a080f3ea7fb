// SPDX-License-Identifier: ISC
// A dialect is how one kind of client is spoken to: what its bytes mean and what an event looks like to it. A
// handler has one; the hub knows none of them. Works on bytes and values, without descriptors.
#pragma once

#include "chatd/protocol.hh"

#include <memory>
#include <string>
#include <string_view>

namespace chatd {

class Dialect {
public:
    virtual ~Dialect() = default;

    // Bytes to show. What they are made from is safe: the hub has neutralised it.
    virtual std::string ask_name() const = 0;
    virtual std::string ask_code() const = 0;
    virtual std::string refused(Refusal why, unsigned tries_left) const = 0;
    virtual std::string entered(std::string_view room) const = 0;
    virtual std::string record(const Record& record) const = 0; // one of the four kinds that people see
    virtual std::string lost(std::uint64_t lines) const = 0;
    virtual std::string listing(std::string_view lines) const = 0;
    virtual std::string notice(std::string_view text) const = 0; // words of the server
    virtual std::string help() const = 0;

    // After the client's first line: whether it ended in CR LF.
    virtual void saw_crlf() = 0;
};

// For nc: lines of text.
std::unique_ptr<Dialect> make_line_dialect();

} // namespace chatd
