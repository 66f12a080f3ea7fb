// SPDX-License-Identifier: ISC
// The client's side of LS, GET and PUT on the control connection (ftpd/verbs_inband.cc is the server's). Run
// by fcp and fls; trusts nothing the server sends: lines are capped, numbers checked, texts escaped, and
// nothing is waited for without an end. Whatever goes wrong throws std::runtime_error in words for a person,
// after which the client is of no more use than to be destroyed.
#pragma once

#include "common/address.hh"
#include "common/fd.hh"
#include "common/line_reader.hh"

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace ftpd {

class InBandClient {
public:
    // Connects and reads the greeting. patience: how long the server may say, send or take nothing.
    explicit InBandClient(std::span<const common::Address> server,
                          std::chrono::milliseconds patience = std::chrono::seconds{30});

    using Sink = std::function<void(std::string_view)>;
    // Fills the buffer, or a part of it, and returns how many bytes; 0 at the end.
    using Source = std::function<std::size_t(std::span<char>)>;

    // Calls line for each line of the listing, as the server wrote it.
    void list(std::string_view path, const Sink& line);

    // Asks for a file; returns how many bytes the server sends.
    std::uint64_t start_get(std::string_view path);
    // Receives them. It returns only if there were as many, with the checksum the server named.
    void receive(const Sink& bytes);

    // Asks to store a file of this size; without one, what comes until the source's end, and only under a
    // name that is not there yet.
    void start_put(std::string_view path, std::optional<std::uint64_t> size);
    // Sends it, of a known size exactly that much. It returns only if the server stored it all, with the
    // checksum of what was sent.
    void send(const Source& source);

private:
    struct Reply {
        int code = 0;
        bool is_whole = true; // false: more lines follow (RFC 959, section 4.2)
        std::string text;
    };
    std::string read_line();
    Reply read_first_line();
    Reply finish(Reply reply); // reads what is left of it
    Reply read_reply() { return finish(read_first_line()); }
    Reply expect(int code);
    [[noreturn]] void refuse(const Reply& reply) const;
    void send_command(std::string_view line);
    void send_bytes(std::string_view bytes);
    std::size_t read_body(std::span<char> into);
    bool wait(short events); // true when there is something to read
    void check_sum(const std::string& ours);

    common::Fd socket_;
    std::chrono::milliseconds patience_;
    common::LineReader reader_;
    std::optional<std::uint64_t> body_; // bytes of the transfer; none: not known
};

} // namespace ftpd
